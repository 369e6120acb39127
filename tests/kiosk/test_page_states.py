"""Every state of every page: accessible, big enough to touch, within its screen, kept as a picture."""

import re

import pytest
from kiosk_fakes import ANNA
from page_browser import SIZES, page_of, shoot, small_targets, violations
from page_words import CARD, open_cashier, open_kiosk, scan
from playwright.sync_api import expect

from kiosk.events import EventName

pytestmark = pytest.mark.browser


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
