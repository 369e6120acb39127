"""Draining a backlog: the courier over the real journal beside persist-queue, with 0, 1 and 5 ms added to every sync.

Ours reads encrypted records, plans batches, hands them to a destination that takes everything, and moves the cursor
durably once a batch. The peer takes its items one by one and acknowledges each, as its manual has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import harness
import slow_sync

from agent.journal import batch as journal_batch
from agent.journal.batch import MoveCursor
from agent.journal.reader import JournalReader
from agent.journal.records import ClockQuality, NewRecord
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.store import JournalStore
from sync.courier import Courier, run_courier
from sync.ports import Batch, Delivered, Located, Position, StoredRecord, SystemPace
from sync.protocol.messages import Mark

ADDED_MS = (0, 1, 5)
RECORDS = 60_000  # twelve days of a shop with 1,700 receipts a day
RECORDS_QUICK = 10_000
PEER_SECONDS = 2.0
RECORD_BYTES = 400
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOAL = 100


def run(program: str, folder: Path, library: Path, *, added_ms: float, count: int) -> dict[str, float]:
    """Run one program of this file under the shim and return its figures."""
    place = Path(tempfile.mkdtemp(dir=folder))
    env = slow_sync.environment(library, added_ms=added_ms, count_file=folder / "syncs")
    command = [sys.executable, __file__, "--program", program, str(place), str(count)]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True, cwd=harness.ROOT)
    told: dict[str, float] = json.loads(done.stdout)
    return told


class DrainedError(Exception):
    """The courier has nothing left to carry."""


class Ports:
    """All that a courier works with: a real journal and cursor, and a destination that takes everything."""

    def __init__(self, place: JournalPlace, store: JournalStore) -> None:
        self.reader = JournalReader(place.path, place.key)
        self.store = store
        self.at: Position | None = None
        self.taken = 0

    async def records_after(self, seq: int, *, rows_max: int, bytes_max: int) -> Sequence[StoredRecord]:
        """Read from the encrypted database."""
        return self.reader.records_after(seq, limit_rows=rows_max, limit_bytes=bytes_max)

    async def position(self, _destination: str) -> Position | None:
        """Return where the cursor is."""
        return self.at

    async def parked(self, _destination: str) -> frozenset[int]:
        """Return nothing."""
        return frozenset()

    async def move(self, destination: str, position: Position) -> None:
        """Move the cursor in one durable commit."""
        moved = MoveCursor(
            destination=destination,
            epoch=position.epoch,
            acked_seq=position.seq,
            head_hash=position.head_hash,
            moved_at=NOW,
        )
        self.store.append([journal_batch.Batch(changes=(moved,))])
        self.at = position

    async def deliver(self, batch: Batch) -> Delivered:
        """Take everything."""
        self.taken += len(batch.records)
        return Delivered(acked_seq=batch.last.seq, head_hash=batch.last.hash.hex())

    async def locate(self, _epoch: int, marks: Sequence[Mark]) -> Located:
        """Know everything."""
        return Located(seq=marks[0].seq, head_hash=marks[0].hash, head_seq=marks[0].seq)

    def clear(self) -> None:
        """Do nothing."""

    async def wait(self) -> None:
        """End the run."""
        raise DrainedError

    def moved(self, _destination: str, _position: Position) -> None:
        """Do nothing."""

    def waiting(self, _destination: str, error: Exception, _wait_s: float) -> None:
        """Fail loudly."""
        raise error

    def forked(self, _destination: str) -> None:
        """Do nothing."""


def courier_program(folder: Path, count: int) -> dict[str, float]:
    """Fill a journal, then drain it."""
    place = JournalPlace(path=folder / "journal.db", key=bytes(32), now=lambda: NOW)
    store = JournalStore(place.path, lambda broken: open_or_recover(place, salvage_first=broken))
    store.open()
    record = NewRecord(
        kind="visit",
        payload=json.dumps({"filler": "x" * (RECORD_BYTES - 13)}).encode(),
        occurred_at=NOW,
        clock_quality=ClockQuality.SYNCHRONISED,
        workstation_id="1",
        business_day=NOW.date(),
    )
    for _ in range(count // 1000):
        store.append([journal_batch.Batch(records=(record,) * 1000)])
    ports = Ports(place, store)
    courier = Courier(
        destination="hub", journal=ports, cursors=ports, transport=ports, pace=SystemPace(), listener=ports
    )
    counter = Path(os.environ["SLOW_SYNC_COUNT"])
    synced = slow_sync.counted(counter)
    began = time.perf_counter()
    with contextlib.suppress(DrainedError):
        asyncio.run(run_courier(courier, ports))
    took = time.perf_counter() - began
    assert ports.taken == count, (ports.taken, count)
    return {"rate": count / took, "syncs_per_1000": (slow_sync.counted(counter) - synced) / count * 1000}


def peer_program(folder: Path, count: int) -> dict[str, float]:
    """Fill a persist-queue without syncing item by item, then take items and acknowledge each for a while."""
    from persistqueue import SQLiteAckQueue

    queue = SQLiteAckQueue(str(folder / "queue"), auto_commit=True)
    body = bytes(RECORD_BYTES)
    items = min(count, 3000)
    for _ in range(items):
        queue.put(body)
    taken, began = 0, time.perf_counter()
    while taken < items and time.perf_counter() < began + PEER_SECONDS:
        queue.ack(queue.get(block=False))
        taken += 1
    return {"rate": taken / (time.perf_counter() - began)}


PROGRAMS = {"courier": courier_program, "persist_queue": peer_program}


def measure(*, quick: bool) -> list[harness.Figure]:
    """Measure both at all added delays."""
    if not slow_sync.is_available():
        sys.stderr.write("drain: gcc is not here (apt-get install gcc libc6-dev); nothing measured\n")
        return []
    count = RECORDS_QUICK if quick else RECORDS
    figures: list[harness.Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = slow_sync.build(folder)
        for added_ms in (0, 1) if quick else ADDED_MS:
            ours = run("courier", folder, library, added_ms=added_ms, count=count)
            peer = run("persist_queue", folder, library, added_ms=added_ms, count=600 if quick else 3000)
            at = f"+{added_ms} ms a sync"
            figures.append(
                harness.figure(
                    f"records drained a second, {at}",
                    ours["rate"],
                    peer["rate"],
                    "persist-queue",
                    goal=f">= {GOAL} x persist-queue" if added_ms == 1 else "reported only",
                    holds=ours["rate"] >= GOAL * peer["rate"] if added_ms == 1 else None,
                )
            )
            figures.append(harness.figure(f"syncs a thousand records, {at}", ours["syncs_per_1000"]))
    return figures


if __name__ == "__main__":
    if sys.argv[1:2] == ["--program"]:
        json.dump(PROGRAMS[sys.argv[2]](Path(sys.argv[3]), int(sys.argv[4])), sys.stdout)
    else:
        harness.main("drain", measure)
