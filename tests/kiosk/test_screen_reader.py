"""What a screen reader is told: Chromium's own accessibility tree of the pages, roles, names and live regions."""

import pytest
from kiosk_fakes import ANNA, OFFERS
from page_browser import page_of, scan_by_wedge
from page_words import CARD, be_greeted, frozen_kiosk, open_cashier, open_kiosk, scan
from playwright.sync_api import expect

from kiosk.events import EventName

pytestmark = pytest.mark.browser

PAPER_END = {"code": "printer_paper_end", "message": "", "fix": "", "printer": "1", "resolved": False}

VOICE = """
window.said = [];
speechSynthesis.getVoices = () => [{lang: "en-GB"}, {lang: "ru-RU"}];
speechSynthesis.speak = (words) => window.said.push([words.lang, words.text]);
speechSynthesis.cancel = () => window.said.push(["silence", ""]);
"""
"""A voice for a browser that has none, as Debian's without a display: what it is given to say is written down."""


def heard(page):
    """Return (role, name) of everything that is told, and the roles of what is told by itself when it changes."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    told = [each for each in nodes if not each["ignored"]]
    named = {(each["role"]["value"], each.get("name", {}).get("value", "")) for each in told}
    live = {
        each["role"]["value"]
        for each in told
        for what in each.get("properties", [])
        if what["name"] == "live" and what["value"].get("value") not in {None, "off"}
    }
    return named, live


def nameless(named):
    """Return roles that somebody must find by name and cannot."""
    return {role for role, name in named if role in {"button", "textbox", "checkbox", "img", "link"} and not name}


def test_a_cashier_who_hears_the_page_is_told_who_it_is_what_to_say_and_what_is_wrong(browser, store):
    with page_of(browser) as page:
        open_cashier(page, store)
        scan(store)
        expect(page.locator("h1")).to_have_text("Anna")
        store.publish(EventName.TROUBLE, PAPER_END)
        expect(page.locator(".care")).to_be_visible()
        named, live = heard(page)
        assert ("heading", "Anna") in named
        assert ("textbox", "Card or phone number") in named
        assert ("button", "Wrong card F8") in named
        assert {name for role, name in named if role == "StaticText"} >= {
            OFFERS["sentences"][0],
            "Printer 1: no paper.",
        }
        assert live >= {"main", "status"}, "who comes and what goes wrong is told by itself"
        assert nameless(named) == set()


def test_the_form_of_a_new_member_names_its_fields_and_its_mistake(browser, store):
    with page_of(browser, language="ru") as page:
        open_cashier(page, store)
        page.keyboard.press("F4")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("Без первого согласия")
        named, live = heard(page)
        assert {name for role, name in named if role == "textbox"} >= {"Имя", "Телефон или почта"}
        assert "alert" in live
        assert len([name for role, name in named if role == "checkbox" and len(name) > len("Согласие")]) >= 2
        assert nameless(named) == set()


def test_a_customer_who_hears_the_kiosk_is_greeted_asked_and_told_their_time(browser, store):
    with page_of(browser) as page:
        frozen_kiosk(page, store)
        be_greeted(page)
        expect(page.locator(".card").first).to_be_visible()
        named, live = heard(page)
        assert ("heading", "Hello, Anna") in named
        assert {("heading", each["title"]) for each in OFFERS["offers"]} <= named
        assert ("button", "Finish") in named
        assert "main" in live
        assert nameless(named) == set()
        page.clock.run_for(41_000)
        expect(page.get_by_role("alertdialog")).to_be_visible()
        named, _ = heard(page)
        assert ("alertdialog", "Are you still there?") in named
        assert not {each for each in named if each[0] == "heading" and "Anna" in each[1]}, "what lies behind is silent"
        expect(page.locator("#more-time")).to_be_focused()


def walk(page, name):
    """Reach a control by Tab alone and press it, as keys and switches do."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.textContent?.trim()") == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab never reached {name!r}")


def test_every_flow_of_the_kiosk_is_walked_by_tab_and_enter_alone(browser, store):
    """A switch that steps and presses: greeted by a typed number, permission changed, left; then somebody joins."""
    with page_of(browser) as page:
        frozen_kiosk(page, store)
        walk(page, "Type my number")
        expect(page.locator("#told")).to_be_focused()
        page.keyboard.type(CARD, delay=80)
        walk(page, "Continue")
        expect(page.locator("h1")).to_contain_text(ANNA["first_name"])
        expect(page.locator("h1")).to_be_focused()
        walk(page, "What you allow us")
        expect(page.locator("h1")).to_be_focused()
        walk(page, "Yes")
        walk(page, "Back")
        walk(page, "Finish")
        expect(page.locator("h1")).to_have_text("Scan your card")
        walk(page, "Join in a minute")
        walk(page, "Continue")
        expect(page.locator("#told")).to_be_focused()
        page.keyboard.type("+4915112345678", delay=80)
        walk(page, "Continue")
        page.keyboard.type("Vera", delay=80)
        walk(page, "Continue")
        walk(page, "Skip")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        walk(page, "Join")
        expect(page.locator("h1")).to_contain_text("Vera")


@pytest.mark.parametrize(
    ("language", "button", "finish"), [("en", "Read aloud", "Finish"), ("ru", "Прочитать вслух", "Закончить")]
)
def test_a_voice_reads_the_page_in_its_language_and_falls_silent_when_its_customer_leaves(
    browser, store, language, button, finish
):
    with page_of(browser, language=language) as page:
        page.add_init_script(VOICE)
        open_kiosk(page, store)
        scan_by_wedge(page, CARD)
        expect(page.locator(".greeting h1")).to_contain_text("Anna")
        page.get_by_role("button", name=button).click()
        spoken, text = page.evaluate("window.said.at(-1)")
        assert spoken == language
        assert page.locator(".greeting h1").inner_text() in text
        assert OFFERS["offers"][0]["text"] in text
        page.get_by_role("button", name=finish).click()
        expect(page.locator(".greeting")).to_have_count(0)
        assert page.evaluate("window.said.at(-1)") == ["silence", ""]


def test_where_the_browser_has_no_voice_for_the_language_none_is_offered(browser, store):
    with page_of(browser) as page:
        page.add_init_script(VOICE.replace('{lang: "en-GB"}, ', ""))
        open_kiosk(page, store)
        be_greeted(page)
        expect(page.get_by_role("button", name="Finish")).to_be_visible()
        expect(page.get_by_role("button", name="Read aloud")).to_have_count(0)
