"""What a commit costs at least: an append, an append that a thread makes for a loop, bare SQLCipher. For `journal.py`.

Each writes as many bytes, or the same rows, as a receipt of the journal does, and syncs; none hashes anything. What the
journal lacks of these is its own work.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

LOG_BYTES = 34 * 1024 * 1024  # the log is lengthened beforehand, as the journal's is
RECORDS = 3
KEY = bytes(32)


def appended(folder: Path, seconds: float, *, body: bytes) -> dict[str, float]:
    """Append and sync, until the time is over."""
    append = _appender(folder, body)
    return _repeated(append, seconds)


def handed_over(folder: Path, seconds: float, *, body: bytes) -> dict[str, float]:
    """Have a thread append and sync, and await each on the loop: what waiting without standing still costs."""
    append = _appender(folder, body)
    waiting: queue.SimpleQueue[asyncio.Future[None] | None] = queue.SimpleQueue()

    async def main() -> dict[str, float]:
        loop = asyncio.get_running_loop()

        def appending() -> None:
            while (done := waiting.get()) is not None:
                append()
                loop.call_soon_threadsafe(done.set_result, None)

        thread = threading.Thread(target=appending)
        thread.start()
        count, began = 0, time.perf_counter()
        while time.perf_counter() < began + seconds:
            done: asyncio.Future[None] = loop.create_future()
            waiting.put(done)
            await done
            count += 1
        rate = count / (time.perf_counter() - began)
        waiting.put(None)
        thread.join()
        return {"rate": rate}

    return asyncio.run(main())


def bare_cipher(folder: Path, seconds: float, *, receipts: int, capture: bytes, payload: bytes) -> dict[str, float]:
    """Insert rows that are ready made into the journal's own schema, some receipts a transaction."""
    from agent.journal.database import create, open_writing
    from agent.journal.queries import load_queries
    from pos_adapters.taps.job_ids import new_job_id

    path = folder / "journal.db"
    path.touch()
    create(path, KEY)
    connection = open_writing(path, KEY)
    sql = load_queries()
    count = 0

    def commit() -> None:
        nonlocal count
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(receipts):
            count += 1
            connection.execute(sql["insert_capture"], {**CAPTURE_ROW, "job_id": str(new_job_id()), "body": capture})
            connection.executemany(
                sql["insert_record"],
                [(RECORDS * count + at, *RECORD_ROW, payload, *HASHES) for at in range(RECORDS)],
            )
        connection.execute("COMMIT")

    commit()
    with path.with_name("journal.db-wal").open("r+b") as log:
        log.seek(0, os.SEEK_END)
        log.write(bytes(LOG_BYTES))
        log.flush()
        os.fsync(log.fileno())
    told = _repeated(commit, seconds)
    connection.close()
    return {"rate": told["rate"] * receipts, "cpu_us": told["cpu_us"] / receipts}


CAPTURE_ROW = {"document_no": 0, "workstation_id": "1", "received_at": "2026-11-21T12:00:00+00:00", "file_hash": None}
RECORD_ROW = ("offer.decided", "1", "2026-11-21T12:00:00+00:00", "synchronised", "2026-11-21", bytes(16))
HASHES = (bytes(32),) * 3


def _appender(folder: Path, body: bytes) -> Callable[[], None]:
    descriptor = os.open(folder / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append() -> None:
        os.write(descriptor, body)
        os.fdatasync(descriptor)

    return append


def _repeated(work: Callable[[], None], seconds: float) -> dict[str, float]:
    count, cpu_began, began = 0, time.process_time(), time.perf_counter()
    while time.perf_counter() < began + seconds:
        work()
        count += 1
    took, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    return {"rate": count / took, "cpu_us": cpu / count * 1e6}
