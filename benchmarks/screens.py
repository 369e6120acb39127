"""Screens: from a scan to the cashier's page, a cold kiosk's first paint, 200 screens on one agent.

A whole agent runs as it runs in a store (`agent run`: core, desk and twelve taps; 10,000 customers, 50 campaigns); the
pages are real pages in Debian's Chromium, on the agent's own machine. Meanwhile each of the other eleven lanes scans a
card and prints a receipt of 2 KB through its tap once a second. Tills, scanners and printers are other machines in a
shop: here one process at nice 19 plays all of them, so that they do not take what the agent has; how often they sold,
and what each part took of the processors, stands among the figures. The scan is posted by the page itself, about three
a second, and the clock stops when the name is in the document and a frame has been drawn. The peer of the event stream
is what it replaces: a page that asks every second.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
from bench_store import BenchStore, make_store
from harness import Figure, figure, quantile
from other_lanes import SALE_EVERY_S, Lanes, OtherLanes, other_lanes, post_scan

CHROMIUM = Path("/usr/bin/chromium")
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
WORKSTATIONS = 12
SCREENS = 200
SCAN_EVERY_S = 0.3  # at the lane that is measured, out of step with the others
START_S = 120.0  # fourteen programs start at once, on a machine that others use, too
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
POLL_S = 1.0  # the peer: a page that asks every second learns of a scan after half of that, at best

TO_SCREEN = """
([workstation_id, code]) => new Promise((tell, fail) => {
  const began = performance.now();
  const watch = new MutationObserver(() => {
    const name = document.querySelector("h1:not(.unseen)");
    if (name === null || name.textContent.trim() !== "Katharina") return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => tell(performance.now() - began)));
  });
  watch.observe(document.body, {childList: true, subtree: true, characterData: true});
  setTimeout(() => fail(new Error("no name within 10 s")), 10000);
  fetch("/v1/scans", {method: "POST", headers: {"content-type": "application/json"},
    body: JSON.stringify({workstation_id, code, symbology: "ean13"})});
})
"""
FIRST_PAINT = """
() => new Promise((tell) => {
  const found = () => performance.getEntriesByName("first-contentful-paint")[0];
  const look = () => found() === undefined ? setTimeout(look, 5) : tell(found().startTime);
  look();
})
"""


def measure(*, quick: bool) -> Sequence[Figure]:
    """Return the figures; without Chromium only those that need none."""
    with tempfile.TemporaryDirectory() as folder, _agent(Path(folder)) as store:
        figures = [*_many_screens(store.agent, store.url, scans=60 if quick else 600)]
        if CHROMIUM.exists():
            figures += _in_browser(store, scans=40 if quick else 240, cold=5 if quick else 20)
        return figures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shop:
    """A store that runs, and what plays its other lanes."""

    agent: BenchStore
    url: str
    pid: int
    lanes: OtherLanes


def _in_browser(shop: _Shop, *, scans: int, cold: int) -> list[Figure]:
    from playwright.sync_api import sync_playwright  # not everybody who benchmarks has a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        figures = _cold_kiosk(browser, shop.url, times=cold) + _cashier(browser, shop, scans=scans)
        browser.close()
        return figures


def _cold_kiosk(browser: Any, url: str, *, times: int) -> list[Figure]:
    """Open the kiosk's page in fresh profiles."""
    paints, transferred = [], 0
    for _ in range(times):
        context = browser.new_context(service_workers="block")
        page = context.new_page()
        page.goto(f"{url}/kiosk")
        page.wait_for_selector("h1")
        paints.append(page.evaluate(FIRST_PAINT))
        transferred = page.evaluate(
            "() => performance.getEntriesByType('resource').reduce((sum, each) => sum + each.transferSize, 0)"
            " + performance.getEntriesByType('navigation')[0].transferSize"
        )
        context.close()
    worst = max(paints)
    return [
        figure("first contentful paint of a cold kiosk, worst, ms", worst, goal="<= 1000 ms", holds=worst <= 1000),
        figure("first load of the kiosk, kB", transferred / 1000, goal="<= 60 kB", holds=transferred <= 60_000),
    ]


def _cashier(browser: Any, shop: _Shop, *, scans: int) -> list[Figure]:
    """Scan at the cashier's page while the other lanes sell."""
    page = browser.new_page()
    page.goto(f"{shop.url}/cashier/1")
    page.wait_for_selector(".idle")
    numbers = random.Random(1)
    shop.lanes.begin()
    _one_scan(page, shop.agent)
    began_s, before = time.monotonic(), _processor_s(shop)
    to_screen = []
    for _ in range(scans):
        time.sleep(SCAN_EVERY_S * (0.5 + numbers.random()))
        to_screen.append(_one_scan(page, shop.agent))
    took_s, after = time.monotonic() - began_s, _processor_s(shop)
    sold = shop.lanes.end()
    p99, rate = quantile(to_screen, 0.99), sold.sales / sold.seconds
    enough = 0.9 * (WORKSTATIONS - 1) / SALE_EVERY_S
    return [
        figure(
            "scan to cashier screen, 12 workstations busy, p50, ms",
            quantile(to_screen, 0.5),
            POLL_S * 1000 / 2,
            "asking every second, by arithmetic",
        ),
        figure("scan to cashier screen, 12 workstations busy, p99, ms", p99, goal="<= 100 ms", holds=p99 <= 100),
        figure("cards and receipts of the other lanes, 1/s", rate, goal=f">= {enough:.3g}", holds=rate >= enough),
        figure("sales of the other lanes that were refused", len(sold.refused), goal="0", holds=not sold.refused),
        *(
            figure(f"processors taken by {who} meanwhile, of {os.cpu_count()}", (after[who] - before[who]) / took_s)
            for who in after
        ),
    ]


def _one_scan(page: Any, store: BenchStore) -> float:
    elapsed = float(page.evaluate(TO_SCREEN, ["1", store.cards[0]]))
    page.keyboard.press("F8")
    page.wait_for_selector(".idle")
    return elapsed


def _many_screens(store: BenchStore, url: str, *, scans: int) -> list[Figure]:
    """Open 200 event streams and time each scan until the last screen of its lane has it."""
    delays, opened, rss_mb = asyncio.run(_follow_all(store, url, scans))
    p99 = quantile(delays, 0.99)
    return [
        figure("screens connected at once", opened, goal=">= 200", holds=opened >= SCREENS),
        figure("scan to the last of 17 screens of its lane, p50, ms", quantile(delays, 0.5)),
        figure("scan to the last of 17 screens of its lane, p99, ms", p99, goal="<= 100 ms", holds=p99 <= 100),
        figure("desk's memory with 200 screens, MB RSS", rss_mb),
    ]


async def _follow_all(store: BenchStore, url: str, scans: int) -> tuple[list[float], int, float]:
    screens = [_Screen(url, str(1 + number % WORKSTATIONS)) for number in range(SCREENS)]
    await asyncio.gather(*(screen.open() for screen in screens))
    readers = [asyncio.create_task(screen.follow()) for screen in screens]
    by_lane = {lane: [each for each in screens if each.lane == str(lane)] for lane in range(1, WORKSTATIONS + 1)}
    delays = []
    for number in range(scans):
        lane = 2 + number % (WORKSTATIONS - 1)  # the first lane is the browser's, and empty when it comes
        began = time.perf_counter()
        scan_id = await asyncio.to_thread(post_scan, url, str(lane), store.cards[lane - 1])
        await asyncio.gather(*(each.saw(scan_id) for each in by_lane[lane]))
        delays.append((time.perf_counter() - began) * 1000)
    opened = sum(not reader.done() for reader in readers)
    rss_mb = _rss_mb(url)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    for screen in screens:
        screen.close()
    return delays, opened, rss_mb


class _Screen:
    """One page's event stream, as bytes: 200 browsers would measure the browsers."""

    def __init__(self, url: str, lane: str) -> None:
        self.lane = lane
        self._host, _, self._port = url.removeprefix("http://").partition(":")
        self._seen: set[str] = set()
        self._news = asyncio.Condition()

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, int(self._port))
        head = f"GET /v1/workstations/{self.lane}/events HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n\r\n"
        self._writer.write(head.encode())
        await self._reader.readuntil(b"\r\n\r\n")

    async def follow(self) -> None:
        name = ""
        while line := (await self._reader.readline()).decode():
            if line.startswith("event: "):
                name = line.removeprefix("event: ").strip()
            elif line.startswith("data: ") and name == "customer":
                async with self._news:
                    self._seen.add(json.loads(line.removeprefix("data: "))["scan_id"])
                    self._news.notify_all()

    async def saw(self, scan_id: str) -> None:
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: scan_id in self._seen)

    def close(self) -> None:
        self._writer.close()


@contextmanager
def _agent(folder: Path) -> Iterator[_Shop]:
    """Run a whole agent beside its printers: core, desk and a tap a lane, as the service starts them."""
    store = make_store(folder, workstations=WORKSTATIONS, customers=10_000, campaigns=50)
    url = f"http://127.0.0.1:{store.desk_port}"
    others = Lanes(
        url=url,
        workstations=[str(number + 1) for number in range(1, WORKSTATIONS)],
        cards=store.cards[1:WORKSTATIONS],
        taps=store.tap_ports[1:],
        printers=store.printer_ports,
    )
    command = [sys.executable, "-m", "agent", "agent", "run", "--config", str(store.config)]
    with (
        (folder / "log").open("wb") as log,
        other_lanes(others) as lanes,
        subprocess.Popen(command, cwd=harness.ROOT, stdout=log, stderr=log) as process,
    ):
        try:
            _wait_for_customers(url)
            yield _Shop(agent=store, url=url, pid=process.pid, lanes=lanes)
        finally:
            process.terminate()
            process.wait(60)


def _processor_s(shop: _Shop) -> dict[str, float]:
    """Return the processor time that each part of the run has taken, with all its children."""
    spent: dict[int, tuple[int, float]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            words = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
            spent[int(stat.parent.name)] = int(words[1]), (int(words[11]) + int(words[12])) / TICKS_A_SECOND
    parts = {"the agent": shop.pid, "the other lanes": shop.lanes.pid, "browser and harness": os.getpid()}
    taken = dict.fromkeys(parts, 0.0)
    for pid, (_, seconds) in spent.items():
        ancestor = pid
        while ancestor in spent and ancestor not in parts.values():
            ancestor = spent[ancestor][0]
        for who, root in parts.items():
            taken[who] += seconds if root == ancestor else 0.0
    idle, waiting = (int(word) for word in Path("/proc/stat").read_text(encoding="utf-8").split()[4:6])
    all_s = (os.cpu_count() or 1) * time.monotonic()
    return {**taken, "whatever else ran here": all_s - (idle + waiting) / TICKS_A_SECOND - sum(taken.values())}


def _wait_for_customers(url: str) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        with suppress(OSError, ValueError):
            if _get(url, "/v1/status").get("mirror", {}).get("customers"):
                return
        time.sleep(0.1)
    raise SystemExit("the agent did not start")


def _rss_mb(url: str) -> float:
    pid = _get(url, "/v1/status")["desk"]["pid"]
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _get(url: str, path: str) -> Any:
    with urllib.request.urlopen(url + path, timeout=10) as answer:
        return json.loads(answer.read())


if __name__ == "__main__":
    harness.main("screens", measure)
