"""Memory of a journal that is written, of a backlog that is drained and of a hub that takes records: it must not grow.

Each runs in a process of its own. The figure is what the process holds at the end of its work; the peer is the same
process after a quarter of it. What grew with the work would be four times as much.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import drain
import harness
import ingest
import journal

RECEIPTS = 40_000  # three weeks of a shop
RECEIPTS_QUICK = 8_000
GROWTH_MAX = 1.15  # of everything the interpreter holds; caches have their size before a quarter of the work is done
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
QUARTERS = 4


def rss_mb() -> float:
    """Return what this process holds of memory now."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE_BYTES / 2**20


def written(folder: Path, receipts: int) -> list[float]:
    """Commit receipts of a 2 KB capture and three records, one by one."""
    store = _store(folder)
    held = []
    for quarter in range(QUARTERS):
        for number in range(receipts // QUARTERS):
            store.append([journal.batch(number, quarter)])
        store.copy_log()
        held.append(rss_mb())
    return held


def drained(folder: Path, receipts: int) -> list[float]:
    """Drain a backlog of three records a receipt through the courier."""
    store = _store(folder)
    for number in range(receipts):
        store.append([journal.batch(number, 1)])
    store.copy_log()
    place, held = drain.JournalPlace(path=folder / "journal.db", key=bytes(32), now=lambda: journal.NOW), []

    class Watched(drain.Ports):
        """Looks at the memory after every quarter."""

        async def move(self, destination: str, position: drain.Position) -> None:
            await super().move(destination, position)
            if self.taken * QUARTERS >= (len(held) + 1) * receipts * 3:
                held.append(rss_mb())

    ports = Watched(place, store)
    courier = drain.Courier(
        destination="hub", journal=ports, cursors=ports, transport=ports, pace=drain.SystemPace(), listener=ports
    )
    with contextlib.suppress(drain.DrainedError):
        asyncio.run(drain.run_courier(courier, ports))
    return held


def taken(folder: Path, receipts: int) -> list[float]:
    """Take sales at a hub on SQLite, 300 in a batch."""
    database = ingest.SqliteDatabase(folder / "hub.db")
    ingest.prepare(database, agents=1)
    head, numbers, held = ingest.GENESIS, ingest.random.Random(1), []
    service = ingest.IngestService(database)
    caller = ingest.Caller(tenant_id="main", store_id="0000", agent_id="agent-0000", epoch=1, key_id="key")
    for batch in range(receipts // 300):
        upload, head = ingest.upload_of(1 + batch * 300, head, kind="transaction.completed", numbers=numbers, count=300)
        service.take(caller, ingest.check_chain(upload), now=ingest.NOW)
        if (batch + 1) * QUARTERS >= (len(held) + 1) * (receipts // 300):
            held.append(rss_mb())
    database.close()
    return held


PROGRAMS: dict[str, Callable[[Path, int], list[float]]] = {
    "journal written": written,
    "backlog drained": drained,
    "hub taking sales": taken,
}


def _store(folder: Path) -> drain.JournalStore:
    place = drain.JournalPlace(path=folder / "journal.db", key=bytes(32), now=lambda: journal.NOW)
    store = drain.JournalStore(place.path, lambda broken: drain.open_or_recover(place, salvage_first=broken))
    store.open()
    return store


def measure(*, quick: bool) -> list[harness.Figure]:
    """Run each and compare its last quarter with its first."""
    receipts = RECEIPTS_QUICK if quick else RECEIPTS
    figures = []
    for name in PROGRAMS:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--program", name, folder, str(receipts)]
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=harness.ROOT)
        held: list[float] = json.loads(done.stdout)
        figures.append(
            harness.figure(
                f"memory, MB, {name}, {receipts:,} receipts", held[-1], held[0], "after a quarter",
                goal=f"<= {GROWTH_MAX} x", holds=held[-1] <= GROWTH_MAX * held[0],
            )
        )  # fmt: skip
    return figures


if __name__ == "__main__":
    if sys.argv[1:2] == ["--program"]:
        json.dump(PROGRAMS[sys.argv[2]](Path(sys.argv[3]), int(sys.argv[4])), sys.stdout)
    else:
        harness.main("memory_flat", measure)
