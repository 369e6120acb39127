"""Words that the tests of pages share: opening a page, scanning, signing up."""

from __future__ import annotations

import base64
import re

import httpx
from page_browser import scan_by_wedge
from playwright.sync_api import expect

CARD = "2912345678901"
PNG = base64.b64decode(  # one dot
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


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
