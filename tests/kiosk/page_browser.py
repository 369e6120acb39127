"""Chromium as a store's PC runs it, and the words that page tests share."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
OUTPUT = ROOT / "tests" / "output" / "screens"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"small": (1024, 600), "tall": (800, 1280), "large": (1920, 1080)}
PHONE = (390, 844)
PATIENCE_MS = 60_000
"""A machine that does ten other things at once is slow, not wrong: nothing here gives up before a minute."""

expect.set_options(timeout=PATIENCE_MS)
NEEDS_CHROMIUM = "needs Debian's browser: apt-get install chromium"
NEEDS_AXE = "needs axe-core: npm ci"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Start the browser, or skip with the command that installs it."""
    if not CHROMIUM.exists():
        pytest.skip(NEEDS_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS, *flags], timeout=PATIENCE_MS)
        yield browser
        browser.close()


@contextmanager
def page_of(
    browser: Browser,
    *,
    language: str = "en",
    size: str = "small",
    scheme: str = "light",
    service_workers: str = "block",
) -> Iterator[Page]:
    """Open a page in a fresh profile; whatever it writes to the console as an error fails the test."""
    width, height = PHONE if size == "phone" else SIZES[size]
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        service_workers=service_workers,
        reduced_motion="reduce",  # pictures show states, not ways between them
    )
    context.add_init_script(f"localStorage.setItem('tillstream.language', {json.dumps(language)})")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    wrongs: list[str] = []
    page.on("pageerror", lambda error: wrongs.append(str(error)))
    page.on("console", lambda message: wrongs.append(message.text) if message.type == "error" else None)
    page.wrongs = wrongs
    yield page
    context.close()
    assert [each for each in wrongs if "net::" not in each and "Failed to load resource" not in each] == []


def scan_by_wedge(page: Page, code: str) -> None:
    """Type a code as a keyboard-wedge scanner does, a key a millisecond, ended by Enter.

    The keys carry the times that a keyboard's would: however busy this machine is, they are a millisecond apart.
    """
    keyboard = page.context.new_cdp_session(page)
    began_s = time.time()
    for number, character in enumerate([*code, "Enter"]):
        pressed: dict[str, object] = {"key": character, "text": character, "timestamp": began_s + number / 1000}
        if character == "Enter":
            pressed |= {"text": "\r", "code": "Enter", "windowsVirtualKeyCode": 13}
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", **pressed})
        released = {name: value for name, value in pressed.items() if name != "text"}
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **released})
    keyboard.detach()


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page as it is now, each with its element."""
    if not AXE.exists():
        pytest.skip(NEEDS_AXE)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async (tags) => await axe.run(document, {runOnly: tags})", TAGS)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


def small_targets(page: Page) -> list[str]:
    """Return what can be touched and is smaller than 44 CSS pixels either way."""
    return page.evaluate(
        """() => [...document.querySelectorAll('button, a, input, summary, select')]
            .filter((each) => each.checkVisibility())
            .map((each) => [each.outerHTML.slice(0, 120), each.getBoundingClientRect()])
            .filter(([, box]) => box.width < 44 || box.height < 44)
            .map(([html, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""
    )


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page; tests/output is not committed."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(OUTPUT / f"{name}.png"))
