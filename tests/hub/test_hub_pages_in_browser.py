"""The hub's own pages in a real browser: what a telephone opens, and what the chain's people look at."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

sys.path.insert(0, str(Path(__file__).parents[1] / "kiosk"))

from page_browser import chromium, page_of, shoot, small_targets, violations

from hub.app import create_app
from hub.users.roles import Role
from tests.hub.claim_house import SALE, token
from tests.hub.rig import Device, HubRig
from tests.hub.test_handover import shown
from tests.hub.test_upload import deliver_all

pytestmark = [pytest.mark.browser, pytest.mark.real]

PASSWORD = "correct horse battery staple"
LANGUAGES = ("en", "ru")


@dataclass
class Served:
    """A hub on a thread of its own, with one store, one stranger's sale, and what a kiosk has shown."""

    rig: HubRig
    device: Device
    handover: str
    messages: list

    def address(self, path: str) -> str:
        return self.rig.url + path

    def link(self) -> str:
        """Return the path that the newest message leads to."""
        text = str(self.messages[-1][0])
        address = next(word for word in text.replace("\\n", " ").split() if "/c/confirm/" in word)
        parts = urlsplit(address.strip("'\"},"))
        return parts.path


@pytest.fixture
def served(tmp_path: Path, gateway) -> Iterator[Served]:
    rig = HubRig(
        tmp_path / "hub",
        chain_name="Corner shops",
        country="DE",
        public_url="https://hub.example",
        claim_points="100",
        sms=f"http://127.0.0.1:{gateway[0].server_port}/send",
        sms_token="secret",
    )
    server = uvicorn.Server(
        uvicorn.Config(create_app(rig.hub), host="127.0.0.1", port=0, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    waits = threading.Event()
    while not server.started:
        waits.wait(0.01)
    rig.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    async def fill() -> tuple[Device, str]:
        device = await rig.enrolled()
        line = {"type": "sale", "description": "Sidamo beans, 250 g", "amount": "4.30"}
        body = {"transaction_id": SALE, "total": "4.30", "currency": "EUR", "line_items": [line]}
        device.journal.append("transaction.completed", {"transaction": body | {"occurred_at": "2026-11-21T12:00:00"}})
        code = shown(device)
        await deliver_all(rig, device)
        return device, code

    with ThreadPoolExecutor(1) as beside:  # the browser's own loop runs on this thread
        device, code = beside.submit(lambda: asyncio.run(fill())).result()
    yield Served(rig, device, code, gateway[1])
    server.should_exit = True
    thread.join()
    rig.hub.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def looks_right(page: Page, name: str) -> None:
    """Hold a page to WCAG by axe, by day and by night, to fingers, and to its own width; keep a picture."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == [], (name, scheme)
    page.emulate_media(color_scheme="light")
    shoot(page, name)
    assert small_targets(page) == [], name
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_strangers_way_from_receipt_to_member_is_open_to_everybody(
    browser: Browser, served: Served, language: str
) -> None:
    with page_of(browser, language=language, size="phone") as page:
        page.goto(served.address(f"/c/{token(served.device)}?lang={language}"))
        expect(page.locator(".receipt")).to_contain_text("Sidamo beans")
        looks_right(page, f"claim-form-{language}-phone")
        page.locator("#contact").fill("nobody")
        page.locator("[name=consent_membership]").check()
        page.locator("main button").click()
        expect(page.locator("[role=alert]")).to_be_visible()
        looks_right(page, f"claim-problem-{language}-phone")
        page.locator("#contact").fill("+49 151 99887766")
        page.locator("main button").click()
        expect(page.locator("form")).to_have_count(0)
        looks_right(page, f"claim-sent-{language}-phone")
        page.goto(served.address(f"{served.link()}?lang={language}"))
        looks_right(page, f"claim-confirm-{language}-phone")
        page.locator("main button").click()
        expect(page.locator("form")).to_have_count(0)
        looks_right(page, f"claim-done-{language}-phone")
        page.goto(served.address(f"/c/{token(served.device)}?lang={language}"))
        expect(page.locator("h1[role=alert]")).to_be_visible()
        looks_right(page, f"claim-refused-{language}-phone")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_kiosk_hands_over_is_open_to_everybody(browser: Browser, served: Served, language: str) -> None:
    with page_of(browser, language=language, size="phone") as page:
        page.goto(served.address(f"/p/{served.handover}?lang={language}"))
        looks_right(page, f"handover-{language}-phone")
        page.locator("main button").click()
        expect(page.locator("h1")).to_contain_text("Anna")
        looks_right(page, f"handover-open-{language}-phone")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chains_own_pages_are_open_to_everybody(browser: Browser, served: Served, language: str) -> None:
    users = served.rig.hub.users
    users.put("ina", Role.STORE_IT, PASSWORD, by="root")
    users.put("ada", Role.AUDITOR, PASSWORD, by="root")
    with page_of(browser, language=language, size="small") as page:
        page.goto(served.address(f"/sign-in?lang={language}"))
        looks_right(page, f"hub-sign-in-{language}-small")
        for name, path in (("ina", "/fleet"), ("ina", "/"), ("ada", "/audit")):
            page.goto(served.address(f"/sign-in?lang={language}"))
            page.locator("#name").fill(name)
            page.locator("#password").fill(PASSWORD)
            page.locator("main button").click()
            expect(page.locator(".who")).to_be_visible()
            page.goto(served.address(f"{path}?lang={language}"))
            looks_right(page, f"hub-{path[1:] or 'stores'}-{language}-small")
            page.locator(".who button").click()
