"""The cashier's page in a real browser, over the real application and a fake core."""

from dataclasses import replace

import pytest
from kiosk_fakes import ANNA, CONTENT, running_desk
from page_browser import page_of, scan_by_wedge
from page_words import CARD, open_cashier, scan, sign_up, wait_for
from playwright.sync_api import expect

from kiosk.events import EventName

pytestmark = pytest.mark.browser


def test_an_idle_cashier_page_is_nearly_empty(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        assert page.locator("main").inner_text().split("\n\n") == [
            "Cashier, till 1",
            "Scan a card, or type its number.",
        ]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([], "Sale finished: €7.48"),
        (["printed"], "Sale finished: €7.48 The offer was printed."),
        (["unconfirmed"], "Sale finished: €7.48 The offer was sent to the printer."),
        (["late"], "Sale finished: €7.48 The offer was not printed."),
        (["not_sent"], "Sale finished: €7.48 The offer was not printed."),
    ],
)
def test_after_a_sale_the_page_says_what_is_known_of_its_paper(browser, store, outcomes, said):
    paper = [{"campaign_id": "coffee", "outcome": outcome} for outcome in outcomes]
    with page_of(browser) as page:
        open_cashier(page, store)
        store.publish(EventName.SALE, {"state": "completed", "total": "7.48", "currency": "EUR", "paper": paper})
        expect(page.locator(".idle")).to_have_text(said)


def test_a_scan_shows_who_and_at_most_two_sentences_and_the_paper(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        scan(store)
        expect(page.locator("h1")).to_have_text("Anna")
        expect(page.locator(".facts")).to_contain_text("Gold")
        expect(page.locator(".say li")).to_have_text(
            ["Tell them: 15 % off coffee beans today.", "140 points expire on 12 December."]
        )
        expect(page.locator(".paper")).to_contain_text("15 % off coffee beans, with a QR code")


def test_another_tills_customer_is_not_shown_here(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store, "1")
        scan(store, workstation="2")
        store.publish(EventName.STALE, {"stale": True, "hub_last_contact": None})
        expect(page.locator(".care")).to_be_visible()
        expect(page.locator("main")).not_to_contain_text("Anna")


@pytest.mark.parametrize("focused", ["body", "#number"])
def test_a_wedge_scanner_is_caught_whatever_has_the_focus(browser, store, focused):
    """Typed at 1 ms a key into the page while another field has the focus and holds something already."""
    with page_of(browser) as page:
        open_cashier(page, store)
        if focused != "body":
            page.focus(focused)
            page.keyboard.type("49", delay=150)
        scan_by_wedge(page, CARD)
        expect(page.locator("h1")).to_have_text("Anna")
        assert [each["code"] for each in store.core.scans] == [CARD]
        assert page.locator("#number").input_value() == ("" if focused == "body" else "49")


def test_a_number_typed_by_hand_is_a_persons(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        page.keyboard.press("F2")
        page.keyboard.type(CARD, delay=60)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Anna")
        assert store.core.scans[0]["symbology"] == "typed"
        expect(page.locator("#number")).to_have_value("")


def test_a_wrong_card_goes_with_one_key(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        scan(store)
        expect(page.locator("h1")).to_have_text("Anna")
        page.keyboard.press("F8")
        expect(page.locator("main")).not_to_contain_text("Anna")
        expect(page.locator(".notice")).to_have_text("The card was taken back.")
        wait_for(store, lambda: store.core.undone == ["s1"])


def test_a_card_that_nobody_knows_is_said_calmly(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        scan(store, "2999999999999")
        expect(page.locator("h1")).to_have_text("Not known here")


def test_trouble_is_one_line_with_what_to_do_and_goes_when_it_is_over(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        trouble = {"code": "paper_out", "message": "Printer at till 1: no paper.", "fix": "Put in a new roll."}
        store.publish(EventName.TROUBLE, trouble)
        expect(page.locator(".care")).to_have_text("Printer at till 1: no paper.Put in a new roll.")
        store.publish(EventName.TROUBLE, {**trouble, "resolved": True})
        expect(page.locator(".care")).to_have_count(0)


def test_with_the_hub_away_the_page_says_since_when_and_works(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        store.publish(EventName.STALE, {"stale": True, "hub_last_contact": "2026-11-20T12:00:00+00:00"})
        expect(page.locator(".care")).to_contain_text("Working without the link to headquarters since")
        scan(store)
        expect(page.locator("h1")).to_have_text("Anna")


def test_with_core_away_a_scan_says_so(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        store.core.away = True
        scan_by_wedge(page, CARD)
        expect(page.locator(".notice")).to_have_text("The number was not taken. Please try again.")


def test_a_cashier_who_reloads_in_mid_sale_sees_the_customer_again(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        scan(store)
        expect(page.locator("h1")).to_have_text("Anna")
        page.reload()
        expect(page.locator("h1")).to_have_text("Anna")
        store.publish(EventName.CLEAR, {"reason": "completed"})
        expect(page.locator("main")).not_to_contain_text("Anna")


def test_a_name_is_text_whatever_it_is(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        name = "<img src=x onerror=alert(1)>"
        store.publish(EventName.CUSTOMER, {**ANNA, "scan_id": "s1", "first_name": name})
        expect(page.locator("h1")).to_have_text(name)


def test_the_cashiers_page_needs_no_mouse(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        scan(store)
        expect(page.locator("h1")).to_have_text("Anna")
        reached = set()
        for _ in range(12):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
        assert {"number", "Show F2", "Wrong card F8", "English", "Русский"} <= reached


def test_a_new_member_is_signed_up_by_keyboard_alone_within_25_seconds_of_typing(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        began = page.evaluate("performance.now()")
        sign_up(page)
        expect(page.locator(".notice")).to_have_text("Welcome! The new member is saved.")
        assert page.evaluate("performance.now()") - began < 25_000
        assert [each["payload"]["purpose"] for each in store.core.appended] == ["membership", "offers"]
        record = store.core.appended[0]["payload"]
        assert record["text"] == CONTENT.consents[0].text["en"]
        assert (record["shown_how"], record["by"]) == ("read_aloud", "cashier")


def test_a_stranger_who_joins_keeps_the_card_that_was_scanned(browser, store):
    with page_of(browser, language="ru") as page:
        open_cashier(page, store)
        scan(store, "2999999999999")
        expect(page.locator("h1")).to_have_text("Здесь не знаем")
        sign_up(page)
        expect(page.locator(".notice")).to_have_text("Добро пожаловать! Новый участник сохранён.")
        record = store.core.appended[0]["payload"]
        assert record["scan_id"] == "s1"
        assert record["text_language"] == "ru"


def test_a_card_scanned_into_the_form_lands_in_its_field_and_nowhere_else(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        page.keyboard.press("F4")
        page.keyboard.type("Vera", delay=80)
        scan_by_wedge(page, "2912345678999")
        expect(page.locator("#code")).to_have_value("2912345678999")
        expect(page.locator("#first_name")).to_have_value("Vera")
        assert store.core.scans == []


def test_where_paper_is_printed_on_request_one_key_asks_for_it(browser):
    with running_desk(content=replace(CONTENT, paper_on_request=True)) as desk, page_of(browser) as page:
        open_cashier(page, desk)
        scan(desk)
        expect(page.locator("h1")).to_have_text("Anna")
        page.keyboard.press("F9")
        expect(page.locator(".notice")).to_have_text("The offers will be printed with the receipt.")
        expect(page.get_by_role("button", name="Print the offers")).to_have_count(0)
        wait_for(desk, lambda: desk.core.papers == ["1"])
