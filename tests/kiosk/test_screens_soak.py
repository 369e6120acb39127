"""A kiosk's day of eight hours in minutes: 10,000 people scan, and the page keeps nothing and greets nobody wrongly."""

from __future__ import annotations

import pytest
from kiosk_fakes import running_desk
from page_browser import chromium, page_of
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1800)]

SCANS = 10_000
DAY_MS = 8 * 3600 * 1000
WARM_UP = 1_000
"""After so many the engine has compiled what it compiles, and every cache of the page is full."""

GROWTH_BYTES_MAX = 2_000_000
"""A heap that is as large after nine thousand more people as before, but for the engine's own noise."""

NODES_GROWN_MAX = 200

WATCH = """
() => {
  window.shown = [];
  const look = () => {
    const name = document.querySelector(".greeting h1")?.textContent.trim() ?? "";
    if (name !== "" && name !== window.shown.at(-1)) window.shown.push(name);
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true});
}
"""
"""Every name that ever stands on the page is noted the moment it does."""

ONE_PERSON = """
(code) => new Promise((done) => {
  for (const key of [...code, "Enter"]) {
    document.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  }
  const watch = new MutationObserver(() => {
    const name = document.querySelector(".greeting h1")?.textContent ?? "";
    if (!name.includes(code)) return;
    watch.disconnect();
    document.querySelector("footer button.main").click();
    const seen = window.shown;
    window.shown = [];
    done(seen);
  });
  watch.observe(document.body, {childList: true, subtree: true, characterData: true});
})
"""


def measured(page) -> tuple[float, float]:
    """Return the heap and the nodes of a page after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return found["JSHeapUsedSize"], found["Nodes"]


def test_ten_thousand_people_in_a_day_of_eight_hours_leave_nothing_behind() -> None:
    with running_desk() as desk, chromium() as browser, page_of(browser) as page:
        desk.core.knows_everybody = True
        page.clock.install(time=0)
        page.goto(f"{desk.url}/kiosk")
        expect(page.locator(".age")).to_have_text("Connected")
        page.clock.pause_at(60_000)
        page.evaluate(WATCH)
        before = (0.0, 0.0)
        for number in range(1, SCANS + 1):
            code = f"29{number:011d}"
            seen = page.evaluate(ONE_PERSON, code)
            assert seen == [f"Hello, {code}"], f"person {number}"
            if number % 10 == 0:
                page.clock.run_for(10 * DAY_MS // SCANS)
            if number == WARM_UP:
                before = measured(page)
        after = measured(page)
        assert "29" not in page.locator("main").inner_text()
        assert after[0] - before[0] < GROWTH_BYTES_MAX, (before, after)
        assert after[1] - before[1] < NODES_GROWN_MAX, (before, after)
        assert len(desk.core.scans) == SCANS
