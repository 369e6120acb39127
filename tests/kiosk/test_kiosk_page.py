"""The kiosk's page in a real browser, over the real application and a fake core."""

from dataclasses import replace

import httpx
import pytest
from kiosk_fakes import ANNA, CONTENT, running_desk
from page_browser import SIZES, page_of, scan_by_wedge, violations
from page_words import CARD, PNG, be_greeted, frozen_kiosk, greet, hold_events, open_kiosk, wait_for
from playwright.sync_api import expect

from kiosk.events import EventName
from kiosk.ports import PaperOutcome

pytestmark = pytest.mark.browser


def test_a_kiosk_greets_whom_it_scanned_and_forgets_on_finish(browser, store):
    with page_of(browser) as page:
        greet(page, store)
        expect(page.locator(".points")).to_contain_text("1,240")
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


def test_an_offers_card_bears_the_picture_of_its_campaign(browser):
    content = replace(CONTENT, pictures={"coffee-back.png": PNG})
    with running_desk(content=content) as desk, page_of(browser) as page:
        greet(page, desk)
        picture = page.locator(".card", has_text="15 % off coffee beans").locator("img")
        assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 1
        assert page.locator(".card", has_text="Third loaf free").locator("img").count() == 0


def test_reach_mode_moves_the_controls_down(browser, store):
    with page_of(browser, size="tall") as page:
        open_kiosk(page, store)
        button = page.get_by_role("button", name="Type my number")
        before = button.bounding_box()["y"]
        page.get_by_role("button", name="Controls lower").click()
        expect(page.get_by_role("button", name="Controls lower")).to_have_attribute("aria-pressed", "true")
        assert button.bounding_box()["y"] > before
        assert button.bounding_box()["y"] > SIZES["tall"][1] / 2


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
