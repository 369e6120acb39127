"""Whether a cut waits longer while a store that was away for a month sends its backlog to a real hub.

A journal with thirty days of records, a store with four workstations that sells on, a hub in a process of its own. The
hold at the cut is measured with the hub away and again while the backlog drains; the peer of the second is the first.
Both programs share this machine's processors, which a store's hub does not. `--quick` takes three days.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bench_store
import harness
import hold_at_cut

from agent.enrolment import load_enrolled
from agent.journal.batch import Batch
from agent.journal.reader import JournalReader
from agent.journal.records import ClockQuality, NewRecord, canonical_json
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.store import JournalStore
from agent.keys import FileSecrets, load_or_create_keys

WORKSTATIONS = 4
RECORDS_A_DAY = 6_000  # 2,000 receipts, a scan and a decision beside each
DAYS, DAYS_QUICK = 30, 3
SECONDS, SECONDS_QUICK = 20.0, 5.0
RECORD_BYTES = 400
AT_ONCE = 500
LOOK_S = 0.2
DRAINED_WITHIN_S = 900.0
DESTINATION = "hub"
NOW = datetime.now(UTC)
QUIET = threading.Event()  # never set: other programs tell nobody when they are done


def measure(*, quick: bool) -> list[harness.Figure]:
    """Measure both holds, in ms, and how fast the backlog goes."""
    records = RECORDS_A_DAY * (DAYS_QUICK if quick else DAYS)
    seconds = SECONDS_QUICK if quick else SECONDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hub_port = bench_store.free_ports(1)[0]
        store = _enrolled_store(folder, hub_port)
        _fill(store, records)
        with (folder / "agent.log").open("wb") as log:
            agent = _start(["agent", "run", "--config", str(store.config)], log)
            hub = None
            try:
                alone = asyncio.run(_sell(store, seconds, first=0))
                hub = _start(_hub(folder, hub_port), log)
                behind = _waits(store)
                _until(lambda: _waits(store) < behind, "the backlog begins to go")  # the store was told to wait a while
                began_s = time.perf_counter()
                beside = asyncio.run(_sell(store, seconds, first=50_000))
                sold_s = time.perf_counter() - began_s
                left = _waits(store)
                _until(lambda: not _waits(store), "the backlog is gone")
                drained_s = time.perf_counter() - began_s
            finally:
                for process in filter(None, (agent, hub)):
                    process.send_signal(signal.SIGTERM)
                    process.wait()
    sys.stderr.write(
        f"backlog: {behind} records waited, {left} after {sold_s:.0f} s of selling, 0 after {drained_s:.0f} s\n"
    )
    figures = []
    for what, share in (("p50", 0.5), ("p99", 0.99)):
        ours, peer = harness.quantile(beside, share), harness.quantile(alone, share)
        figures.append(harness.figure(f"hold {what} while it drains, ms", ours, peer, "hold with the hub away"))
    figures.append(harness.figure("backlog drained beside selling, records/s", behind / drained_s))
    return figures


def _enrolled_store(folder: Path, hub_port: int) -> bench_store.BenchStore:
    """Make a store that a real hub knows; the hub is not there yet when this returns."""
    store = bench_store.make_store(folder, workstations=WORKSTATIONS, customers=20_000, campaigns=100)
    url = f"http://127.0.0.1:{hub_port}"
    store.config.write_text(f'{store.config.read_text("utf-8")}\n[hub]\nurl = "{url}"\n', "utf-8")
    (store.state.keys / "enrolled.json").unlink()
    words = ["hub", "enrol-code", "--store", "7781", "--state-dir", str(folder / "hub"), "--json"]
    made = subprocess.run([sys.executable, "-m", "agent", *words], check=True, capture_output=True, cwd=harness.ROOT)
    with (folder / "hub.log").open("wb") as log:
        hub = _start(_hub(folder, hub_port), log)
        command = [sys.executable, "-m", "agent", "agent", "enrol", "--config", str(store.config), "--code"]
        code = json.loads(made.stdout)["code"]
        until_s = time.perf_counter() + hold_at_cut.START_S
        while subprocess.run([*command, code], capture_output=True, cwd=harness.ROOT, check=False).returncode:
            assert time.perf_counter() < until_s, "the hub never enrolled the store"
            QUIET.wait(LOOK_S)
        hub.send_signal(signal.SIGTERM)
        hub.wait()
    enrolled = load_enrolled(store.state)
    assert enrolled is not None
    bench_store.write_mirror(store.state, store.cards, 20_000, pepper=enrolled.pepper)
    return store


def _fill(store: bench_store.BenchStore, count: int) -> None:
    """Write a month's records; what they say matters to nobody but the line."""
    keys = load_or_create_keys(FileSecrets.of(store.state.keys, dict(os.environ)))
    place = JournalPlace(path=store.state.journal, key=keys.journal, now=lambda: NOW)
    journal = JournalStore(place.path, lambda broken: open_or_recover(place, salvage_first=broken))
    journal.open()
    for start in range(0, count, AT_ONCE):
        journal.append([Batch(records=tuple(_record(number, count) for number in range(start, start + AT_ONCE)))])
    journal.close()


def _record(number: int, count: int) -> NewRecord:
    at = NOW - timedelta(days=DAYS) * (1 - number / count)
    filler = f"{number:08d}-" * (RECORD_BYTES // 9)
    return NewRecord(
        kind="visit",
        payload=canonical_json({"number": number, "note": filler}),
        occurred_at=at,
        clock_quality=ClockQuality.SYNCHRONISED,
        workstation_id="1",
        business_day=at.date(),
    )


async def _sell(store: bench_store.BenchStore, seconds: float, *, first: int) -> list[float]:
    """Sell for a while at a cable's pace and return how long each cut was held, in ms."""
    printers = [hold_at_cut.Printer() for _ in store.printer_ports]
    servers = [printer.serve(port) for printer, port in zip(printers, store.printer_ports, strict=True)]
    core = hold_at_cut.Core(store.state.control_socket)
    await hold_at_cut.until_it_runs(core)
    cards = itertools.cycle(store.cards)
    lanes = [
        hold_at_cut.register(store, lane, printer, core, cards, first=first, seconds=seconds, paced=True)
        for lane, printer in enumerate(printers)
    ]
    held = [hold * 1e3 for lane in await asyncio.gather(*lanes) for hold, _ in lane]
    for server in servers:
        server.close()
    return held


def _waits(store: bench_store.BenchStore) -> int:
    """Return how many records the hub has not taken."""
    keys = load_or_create_keys(FileSecrets.of(store.state.keys, dict(os.environ)))
    reader = JournalReader(store.state.journal, keys.journal)
    try:
        cursor = reader.cursor(DESTINATION)
        return reader.count_behind(cursor.acked_seq if cursor else 0)
    finally:
        reader.close()


def _until(holds: Callable[[], bool], what: str) -> None:
    until_s = time.perf_counter() + DRAINED_WITHIN_S
    while not holds():
        assert time.perf_counter() < until_s, f"never happened: {what}"
        QUIET.wait(LOOK_S)


def _hub(folder: Path, port: int) -> list[str]:
    return ["hub", "run", "--state-dir", str(folder / "hub"), "--listen", f"127.0.0.1:{port}"]


def _start(words: list[str], log: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "agent", *words], cwd=harness.ROOT, stdout=log, stderr=log)


if __name__ == "__main__":
    harness.main("backlog", measure)
