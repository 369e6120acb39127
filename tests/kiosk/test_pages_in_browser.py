"""The pages in a real browser, over the real application and a fake core."""

import base64
import re
from dataclasses import replace

import httpx
import pytest
from kiosk_fakes import ANNA, CONTENT, running_desk
from page_browser import SIZES, chromium, page_of, scan_by_wedge, shoot, small_targets, violations
from playwright.sync_api import expect

from kiosk.events import EventName
from kiosk.ports import PaperOutcome

pytestmark = pytest.mark.browser

CARD = "2912345678901"
PNG = base64.b64decode(  # one dot
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture
def store():
    with running_desk() as desk:
        yield desk


def open_cashier(page, desk, workstation="1"):
    page.goto(f"{desk.url}/cashier/{workstation}")
    expect(page.locator(".age")).not_to_have_class(re.compile("away"))


def open_kiosk(page, desk):
    page.goto(f"{desk.url}/kiosk")
    expect(page.locator("h1")).to_be_visible()


def frozen_kiosk(page, desk):
    """Open a kiosk whose time stands still until it is told to run: busy machines wait, the page does not notice."""
    page.clock.install(time=0)
    open_kiosk(page, desk)
    page.clock.pause_at(60)


def greet(page, desk):
    open_kiosk(page, desk)
    be_greeted(page)


def be_greeted(page):
    scan_by_wedge(page, CARD)
    expect(page.locator(".greeting h1")).to_contain_text("Anna")


def hold_events(page):
    """Keep the page's event stream from coming about; return where the requests wait for it."""
    held = []

    def hold(route):
        held.append(route)

    page.route("**/v1/kiosks/1/events*", hold)
    return held


def wait_for(desk, holds):
    """Return when something holds that core was told of behind the page."""
    assert desk.core.told_until(holds), [each["kind"] for each in desk.core.appended]


def scan(desk, code=CARD, workstation="1"):
    answer = httpx.post(
        f"{desk.url}/v1/scans", json={"workstation_id": workstation, "code": code}, headers={"origin": desk.url}
    )
    assert answer.status_code == 202


# ---- cashier ----


def test_an_idle_cashier_page_is_nearly_empty(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        assert page.locator("main").inner_text().split("\n\n") == [
            "Cashier, till 1",
            "Scan a card, or type its number.",
        ]


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


def sign_up(page):
    """Type as a cashier types: 80 ms a key, no mouse."""
    page.keyboard.press("F4")
    expect(page.locator("#first_name")).to_be_focused()
    page.keyboard.type("Vera", delay=80)
    page.keyboard.press("Tab")
    page.keyboard.type("+49 151 12345678", delay=80)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")


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


# ---- kiosk ----


def test_a_kiosk_greets_whom_it_scanned_and_forgets_on_finish(browser, store):
    with page_of(browser) as page:
        greet(page, store)
        expect(page.locator(".points")).to_contain_text("1.240")
        expect(page.locator(".card h2")).to_contain_text(["15 % off coffee beans", "Third loaf free"])
        page.get_by_role("button", name="Finish").click()
        expect(page.locator("h1")).to_have_text("Scan your card")
        assert "Anna" not in page.content()


def test_whoever_scans_before_the_page_hears_core_is_greeted_all_the_same(browser, store):
    """The answer to a scan must not be said while nobody listens: it is asked for once the page hears."""
    with page_of(browser) as page:
        held = hold_events(page)
        open_kiosk(page, store)
        scan_by_wedge(page, CARD)
        expect(page.locator("h1")).to_have_text("One moment …")
        assert store.core.scans == []
        held[0].continue_()
        expect(page.locator(".greeting h1")).to_contain_text("Anna")


def test_whoever_was_followed_by_another_before_the_page_hears_core_is_not_asked_for(browser, store):
    with page_of(browser) as page:
        held = hold_events(page)
        open_kiosk(page, store)
        scan_by_wedge(page, CARD)
        expect(page.locator("h1")).to_have_text("One moment …")
        scan_by_wedge(page, "2900000000815")
        held[0].continue_()
        expect(page.locator(".greeting h1")).to_contain_text("Борис")
        assert [each["code"] for each in store.core.scans] == ["2900000000815"]


def test_a_kiosk_that_is_reloaded_shows_nobody(browser, store):
    with page_of(browser) as page:
        greet(page, store)
        page.reload()
        expect(page.locator("h1")).to_have_text("Scan your card")
        store.publish(EventName.STALE, {"stale": True, "hub_last_contact": None}, kiosk=True)
        expect(page.locator(".care")).to_be_visible()
        assert "Anna" not in page.content()


def test_a_number_can_be_typed_on_the_screen(browser, store):
    with page_of(browser) as page:
        open_kiosk(page, store)
        page.get_by_role("button", name="Type my number").click()
        for digit in CARD:
            page.get_by_role("button", name=digit, exact=True).click()
        page.get_by_role("button", name="Continue").click()
        expect(page.locator(".greeting h1")).to_contain_text("Anna")


def test_why_do_i_see_this_is_answered(browser, store):
    with page_of(browser) as page:
        greet(page, store)
        page.locator("summary").first.click()
        expect(page.locator("details").first).to_contain_text("You bought coffee here 10 weeks ago.")


def test_after_40_seconds_the_kiosk_asks_and_after_60_it_has_forgotten(browser, store):
    with page_of(browser) as page:
        frozen_kiosk(page, store)
        be_greeted(page)
        page.clock.run_for(39_000)
        expect(page.locator(".veil")).to_have_count(0)
        page.clock.run_for(2_000)
        expect(page.get_by_role("alertdialog")).to_contain_text("Are you still there?")
        expect(page.get_by_role("button", name="I need more time")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".veil")).to_have_count(0)
        page.clock.run_for(41_000)
        expect(page.get_by_role("alertdialog")).to_be_visible()
        page.clock.run_for(20_000)
        expect(page.locator("h1")).to_have_text("Scan your card")
        assert "Anna" not in page.content()


def test_an_answer_that_comes_after_the_customer_left_greets_nobody(browser, store):
    with page_of(browser) as page:
        frozen_kiosk(page, store)
        store.core.answers = False
        scan_by_wedge(page, CARD)
        expect(page.locator("h1")).to_have_text("One moment …")
        page.clock.run_for(7_000)
        expect(page.locator(".lead")).to_contain_text("The number was not taken")
        store.publish(EventName.CUSTOMER, {**ANNA, "scan_id": "s1"}, kiosk=True)
        store.publish(EventName.STALE, {"stale": True, "hub_last_contact": None}, kiosk=True)
        expect(page.locator(".care")).to_be_visible()
        assert "Anna" not in page.content()


def join_by_touch(page, words):
    """Walk through joining as a person does who has a kiosk and no keyboard."""
    page.get_by_role("button", name=words["join"]).click()
    page.get_by_role("button", name=words["go_on"]).click()
    for key in "+491511234567":
        page.get_by_role("button", name=key, exact=True).click()
    page.get_by_role("button", name=words["go_on"]).click()
    for key in words["name"]:
        page.get_by_role("button", name=key, exact=True).click()
    page.get_by_role("button", name=words["go_on"]).click()
    page.get_by_role("button", name=words["answer"]).click()
    boxes = page.get_by_role("checkbox")
    expect(boxes).to_have_count(3)
    assert [each.is_checked() for each in boxes.all()] == [False, False, False]
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name=words["join_now"], exact=True).click()


ENGLISH = {
    "join": "Join in a minute",
    "go_on": "Continue",
    "name": "Vera",
    "answer": "For a family",
    "join_now": "Join",
}
RUSSIAN = {
    "join": "Вступить за минуту",
    "go_on": "Дальше",
    "name": "Вера",
    "answer": "Для семьи",
    "join_now": "Вступить",
}


@pytest.mark.parametrize(("language", "words"), [("en", ENGLISH), ("ru", RUSSIAN)])
def test_somebody_joins_at_the_kiosk_with_fingers_alone(browser, store, language, words):
    with page_of(browser, language=language) as page:
        open_kiosk(page, store)
        join_by_touch(page, words)
        expect(page.locator("h1")).to_contain_text(words["name"])
        kinds = [(each["kind"], each["payload"].get("purpose")) for each in store.core.appended]
        assert kinds == [("consent.given", "membership"), ("consent.given", "offers"), ("survey.answered", None)]
        record = store.core.appended[1]["payload"]
        assert (record["by"], record["shown_how"], record["text_language"]) == ("self", "screen", language)
        assert record["double_opt_in"] == {"state": "requested", "channel": "phone"}


def test_an_address_can_be_typed_by_touch_and_by_keyboard(browser, store):
    with page_of(browser) as page:
        open_kiosk(page, store)
        page.get_by_role("button", name="Join in a minute").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="E-mail instead").click()
        for key in "vera@":
            page.get_by_role("button", name=key, exact=True).click()
        page.locator("#told").focus()
        page.keyboard.press("End")
        page.keyboard.type("example.org", delay=60)
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("h1")).to_have_text("What may we call you?")


def test_a_permission_is_withdrawn_at_the_kiosk(browser, store):
    with page_of(browser) as page:
        greet(page, store)
        page.get_by_role("button", name="What you allow us").click()
        page.get_by_role("group", name=CONTENT.consents[1].text["en"]).get_by_role("button", name="No").click()
        expect(page.get_by_role("button", name="No", pressed=True)).to_have_count(1)
        wait_for(store, lambda: [each["kind"] for each in store.core.appended][-1:] == ["consent.withdrawn"])
        page.get_by_role("button", name="Forget me altogether").click()
        expect(page.locator(".lead")).to_contain_text("We have noted that you want to be forgotten.")
        wait_for(store, lambda: store.core.appended[-1]["payload"].get("erasure_requested") is True)


def test_a_greeting_is_a_visit_and_activates_what_was_shown(browser, store):
    with page_of(browser) as page:
        greet(page, store)
        wait_for(store, lambda: len(store.core.appended) == 3)
        assert [each["kind"] for each in store.core.appended] == ["visit", "offer.shown", "offer.activated"]
        assert store.core.appended[2]["payload"]["offers"] == [
            {"campaign_id": "coffee-back"},
            {"campaign_id": "bread"},
        ]


def test_a_product_scanned_at_the_kiosk_can_be_wished_for(browser, store):
    with page_of(browser) as page:
        open_kiosk(page, store)
        scan_by_wedge(page, "4006381333931")
        expect(page.locator("h1")).to_have_text("Sidamo beans, 250 g")
        expect(page.locator(".lead")).to_contain_text("6.90")
        page.get_by_role("button", name="Tell me when it is back").click()
        expect(page.locator(".lead")).to_contain_text("Noted.")
        wait_for(store, lambda: store.core.appended[-1:] and store.core.appended[-1]["payload"]["wish"] == "waiting")
        assert store.core.appended[-1]["payload"]["code"] == "4006381333931"


def test_what_is_seen_is_sent_to_the_customers_telephone(browser, store):
    with page_of(browser) as page:
        greet(page, store)
        page.get_by_role("button", name="Send to my phone").click()
        code = page.get_by_role("img", name="Code for your phone")
        expect(code).to_be_visible()
        assert page.evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)", code.element_handle())
        expect(page.locator(".phone [role=status]")).to_contain_text("It opens once")
        expect(code).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("button", name="Close")).to_be_focused()
        page.get_by_role("button", name="Close").click()
        expect(code).to_have_count(0)


def test_without_core_no_code_is_promised(browser, store):
    with page_of(browser) as page:
        greet(page, store)
        store.core.away = True
        page.get_by_role("button", name="Send to my phone").click()
        expect(page.locator(".phone [role=status]")).to_contain_text("does not work just now")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (PaperOutcome.PRINTED, "Take your coupons from the printer."),
        (PaperOutcome.UNCONFIRMED, "Your coupons should be in the printer."),
        (PaperOutcome.NOT_SENT, "The printer does not answer."),
    ],
)
def test_coupons_are_printed_and_the_page_says_what_became_of_it(browser, store, outcome, said):
    with page_of(browser) as page:
        greet(page, store)
        store.core.printer.outcome = outcome
        page.get_by_role("button", name="Print my coupons").click()
        expect(page.locator(".greeting > [role=status]")).to_contain_text(said)
        assert store.core.printer.coupons == ["s1"]


def test_the_chains_pictures_and_colours_are_worn_by_day_and_by_night(browser):
    theme = {"accent": "#0b57d0", "on_accent": "#ffffff", "accent_dark": "#8ab4f8", "on_accent_dark": "#06241d"}
    poster = replace(CONTENT.posters[0], picture="/content/beans.png")
    content = replace(CONTENT, theme=theme, posters=(poster,), pictures={"beans.png": PNG})
    with running_desk(content=content) as desk, page_of(browser) as page:
        open_kiosk(page, desk)
        ground = "(button) => getComputedStyle(button).backgroundColor"
        assert page.locator("button.main").evaluate(ground) == "rgb(11, 87, 208)"
        page.emulate_media(color_scheme="dark")
        expect(page.locator("button.main")).to_have_css("background-color", "rgb(138, 180, 248)")
        assert violations(page) == []
        loaded = "(image) => image.decode().then(() => image.naturalWidth)"
        assert page.locator(".poster img").evaluate(loaded) == 1
        assert httpx.get(f"{desk.url}/content/nothing.png").status_code == 404


def test_reach_mode_moves_the_controls_down(browser, store):
    with page_of(browser, size="tall") as page:
        open_kiosk(page, store)
        button = page.get_by_role("button", name="Type my number")
        before = button.bounding_box()["y"]
        page.get_by_role("button", name="Controls lower").click()
        expect(page.get_by_role("button", name="Controls lower")).to_have_attribute("aria-pressed", "true")
        assert button.bounding_box()["y"] > before
        assert button.bounding_box()["y"] > SIZES["tall"][1] / 2


# ---- all pages ----


def test_a_desk_that_restarts_is_found_again_and_nobody_stays_on_the_screen(browser):
    with running_desk() as first, page_of(browser) as page:
        port = int(first.address.rpartition(":")[2])
        open_cashier(page, first)
        scan(first)
        expect(page.locator("h1")).to_have_text("Anna")
        first.stop()
        expect(page.locator(".care")).to_contain_text("No connection to the agent on this PC.")
        with running_desk(port=port, boot="b2") as second:
            expect(page.locator(".care")).to_have_count(0)
            expect(page.locator("main")).not_to_contain_text("Anna")
            scan(second)
            expect(page.locator("h1")).to_have_text("Anna")


@pytest.mark.parametrize("path", ["/cashier/1", "/kiosk", "/display/1"])
def test_a_reload_with_the_agent_gone_still_shows_the_page(browser, path):
    with running_desk() as desk, page_of(browser, service_workers="allow", language="ru") as page:
        page.goto(desk.url + path)
        page.evaluate("navigator.serviceWorker.ready")
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        desk.stop()
        page.reload()
        if path != "/display/1":
            expect(page.locator(".care")).to_contain_text("Нет связи с программой на этом компьютере.")
        expect(page.locator("body")).to_contain_text("Corner shop")


def test_the_language_is_switched_and_kept(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        page.get_by_role("button", name="Русский").click()
        expect(page.locator(".idle")).to_have_text("Отсканируйте карту или введите номер.")
        assert page.evaluate("document.documentElement.lang") == "ru"


def test_the_list_of_places_leads_to_every_screen(browser, store):
    with page_of(browser) as page:
        page.goto(f"{store.url}/cashier")
        expect(page.locator("main a")).to_have_count(5)
        links = [each.get_attribute("href") for each in page.locator("main a").all()]
        assert links == ["/cashier/1", "/cashier/2", "/display/1", "/display/2", "/kiosk/1"]


def test_a_customer_display_shows_the_basket_and_thanks(browser, store):
    with page_of(browser) as page:
        page.goto(f"{store.url}/display/1")
        expect(page.locator("h1")).to_have_text("Welcome")
        lines = [{"description": "Milk", "quantity": "1", "amount": "1.20"}]
        store.publish(EventName.SALE, {"state": "open", "lines": lines, "total": "1.20", "currency": "EUR"})
        expect(page.locator(".basket")).to_contain_text("Milk")
        store.publish(EventName.SALE, {"state": "completed", "total": "1.20", "currency": "EUR", "points_earned": 12})
        expect(page.locator("h1")).to_have_text("Thank you!")
        expect(page.locator("main")).to_contain_text("12 points earned")


# ---- every state: accessible, touchable, looked at ----


def cashier_states(page, desk):
    open_cashier(page, desk)
    yield "cashier-idle"
    scan(desk)
    expect(page.locator("h1")).to_have_text("Anna")
    yield "cashier-customer"
    desk.publish(
        EventName.TROUBLE, {"code": "paper_out", "message": "Printer at till 1: no paper.", "fix": "New roll."}
    )
    expect(page.locator(".care")).to_be_visible()
    yield "cashier-trouble"
    scan(desk, "2999999999999")
    expect(page.locator("h1")).not_to_have_text("Anna")
    yield "cashier-stranger"
    page.keyboard.press("F4")
    page.locator(".permission input").last.check()
    page.locator("button[type=submit]").click()
    expect(page.locator("[role=alert]")).not_to_be_empty()
    yield "cashier-sign-up"


def kiosk_states(page, desk):
    page.clock.install()  # goes on by itself: axe needs it
    open_kiosk(page, desk)
    yield "kiosk-attract"
    page.locator("button.main").click()
    expect(page.locator(".keypad")).to_be_visible()
    page.get_by_role("button", name="4", exact=True).click()
    yield "kiosk-keypad"
    page.locator("#told").fill(CARD)
    page.locator(".keypad button.main").click()
    expect(page.locator(".greeting h1")).to_contain_text("Anna")
    page.locator("summary").first.click()
    page.clock.run_for(500)
    yield "kiosk-greeting"
    page.locator(".greeting .row button.main").click()
    page.locator(".phone img").evaluate("(image) => image.decode()")
    yield "kiosk-phone"
    page.locator(".phone button").click()
    page.clock.run_for(41_000)
    expect(page.get_by_role("alertdialog")).to_be_visible()
    yield "kiosk-warning"
    page.keyboard.press("Enter")
    expect(page.locator(".veil")).to_have_count(0)
    page.locator(".greeting .row button").last.click()
    page.locator(".step .card button").first.click()
    yield "kiosk-permissions"
    page.locator("footer button.main").click()
    page.locator(".welcome button.main").click()
    page.locator("#told").fill("4006381333931")
    page.locator(".keypad button.main").click()
    expect(page.locator("h1")).to_have_text("Sidamo beans, 250 g")
    yield "kiosk-product"


def join_states(page, desk):
    open_kiosk(page, desk)
    page.locator(".welcome .row button").nth(1).click()
    yield "kiosk-join-intro"
    page.locator("main button.main").click()
    page.locator("#told").fill("+49 151 12345678")
    yield "kiosk-join-phone"
    page.locator("button.plain", has_text=re.compile("E-mail|почта")).click()
    page.locator("#told").fill("vera@example.org")
    yield "kiosk-join-email"
    page.locator("main button.main").click()
    page.locator("#told").fill("Вера")
    yield "kiosk-join-name"
    page.locator("main button.main").click()
    expect(page.locator(".answers")).to_be_visible()
    yield "kiosk-join-survey"
    page.locator(".answers button").first.click()
    page.locator(".permission input").first.check()
    yield "kiosk-join-permissions"
    page.locator("main button.main").click()
    expect(page.locator("h1")).to_contain_text("Вера")
    yield "kiosk-join-done"


def display_states(page, desk):
    page.goto(f"{desk.url}/display/1")
    expect(page.locator("h1")).to_be_visible()
    yield "display-welcome"
    desk.publish(EventName.CUSTOMER, {**ANNA, "scan_id": "s1"})
    lines = [
        {"description": "Milk 3,5 %", "quantity": "1", "amount": "1.20"},
        {"description": "Rye bread, sliced", "quantity": "1", "amount": "3.10"},
    ]
    desk.publish(EventName.SALE, {"state": "open", "lines": lines, "total": "4.30", "currency": "EUR"})
    expect(page.locator(".basket")).to_be_visible()
    yield "display-sale"
    desk.publish(EventName.SALE, {"state": "completed", "total": "4.30", "currency": "EUR", "points_earned": 43})
    expect(page.locator(".basket")).to_have_count(0)
    yield "display-thanks"
    desk.publish(EventName.CLEAR, {"reason": "completed"})
    stranger = {"state": "completed", "total": "4.30", "currency": "EUR", "qr": "https://hub.example/c/" + "A" * 154}
    desk.publish(EventName.SALE, stranger)
    expect(page.locator("img.qr")).to_be_visible()
    yield "display-thanks-stranger"


def places_states(page, desk):
    page.goto(f"{desk.url}/")
    expect(page.locator("h1")).to_be_visible()
    yield "places"


STORIES = [cashier_states, kiosk_states, join_states, display_states, places_states]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("story", STORIES, ids=lambda each: each.__name__)
def test_every_state_is_accessible_and_big_enough_to_touch(browser, store, story, language):
    with page_of(browser, language=language) as page:
        for state in story(page, store):
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                assert violations(page) == [], (state, scheme)
            assert small_targets(page) == [], state


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("story", STORIES, ids=lambda each: each.__name__)
def test_every_state_fits_its_screen(browser, store, story, language, size):
    """Nothing is cut off sideways; pictures of every state are kept in tests/output to be looked at."""
    with page_of(browser, language=language, size=size) as page:
        for state in story(page, store):
            shoot(page, f"{state}-{language}-{size}")
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, state


@pytest.mark.parametrize("story", STORIES, ids=lambda each: each.__name__)
def test_text_at_twice_its_size_loses_nothing(browser, store, story):
    with page_of(browser, size="small") as page:
        page.add_init_script(
            "document.addEventListener('DOMContentLoaded', () => {document.documentElement.style.fontSize = '200%'})"
        )
        for state in story(page, store):
            shoot(page, f"{state}-en-200-percent")
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, state
            hidden = page.evaluate(
                """() => [...document.querySelectorAll('button, h1, .say li, .care')]
                    .filter((each) => each.checkVisibility())
                    .filter((each) => each.scrollWidth > each.clientWidth + 1 && !each.matches('.unseen'))
                    .map((each) => each.textContent.trim())"""
            )
            assert hidden == [], state


def test_the_policy_lets_no_inline_script_run(browser, store):
    with page_of(browser) as page:
        open_kiosk(page, store)
        ran = page.evaluate(
            """() => new Promise((tell) => {
                const script = document.createElement('script');
                script.textContent = 'window.ran = true';
                document.addEventListener('securitypolicyviolation', () => tell(false));
                document.body.append(script);
                setTimeout(() => tell(Boolean(window.ran)), 500);
            })"""
        )
        assert ran is False
        page.wrongs.clear()


def test_offers_of_the_content_are_shown_to_everybody_and_stand_still_when_told_to(browser, store):
    with page_of(browser, language="ru") as page:
        frozen_kiosk(page, store)
        titles = [each.title["ru"] for each in CONTENT.posters]
        shown = page.locator(".poster h2").inner_text()
        assert shown in titles
        [other] = [each for each in titles if each != shown]
        page.clock.run_for(9_500)
        expect(page.locator(".poster h2")).to_have_text(other)
        page.get_by_role("button", name="Пауза").click()
        page.clock.run_for(30_000)
        expect(page.locator(".poster h2")).to_have_text(other)
