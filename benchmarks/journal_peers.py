"""Queues on disk that others use, each set to sync every commit: what `benchmarks/journal.py` runs beside the journal.

Each is used as its manual has it for several threads; where its default would not sync, it is told to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import harness

BUSY_S = 120  # twelve connections to one SQLite wait for one another for long

Put = Callable[[bytes], object]


def persist_queue(folder: Path) -> Callable[[], Put]:
    """Open one shared queue; FULL is SQLite's default and is left."""
    from persistqueue import SQLiteQueue

    shared = SQLiteQueue(str(folder / "queue"), multithreading=True, auto_commit=True)
    return lambda: shared.put


def litequeue(folder: Path) -> Callable[[], Put]:
    """Open a connection a thread, NORMAL made FULL; it takes text only."""
    from litequeue import LiteQueue

    def connected() -> Put:
        queue = LiteQueue(folder / "queue.db", timeout=BUSY_S)
        queue.conn.execute("PRAGMA synchronous = FULL")
        return lambda body: queue.put(body.decode("latin-1"))

    connected()
    return connected


def huey(folder: Path) -> Callable[[], Put]:
    """Open its storage without its tasks, `fsync` on; it keeps a connection a thread by itself."""
    from huey.storage import SqliteStorage

    storage = SqliteStorage(filename=str(folder / "huey.db"), fsync=True, timeout=BUSY_S)
    return lambda: storage.enqueue


def diskcache(folder: Path) -> Callable[[], Put]:
    """Open its queue in a cache, NORMAL made FULL; it keeps a connection a thread by itself."""
    from diskcache import Cache

    cache = Cache(str(folder / "cache"), timeout=BUSY_S, sqlite_synchronous=2)
    return lambda: cache.push


PEERS: dict[str, Callable[[Path], Callable[[], Put]]] = {
    "persist-queue": persist_queue,
    "litequeue": litequeue,
    "huey": huey,
    "diskcache": diskcache,
}


def run(name: str, folder: Path, seconds: float, *, threads: int, body: bytes) -> dict[str, float]:
    """Put bodies from some threads, each as fast as it can, until the time is over."""
    connect = PEERS[name](folder)
    latencies: list[float] = []
    began = time.perf_counter()

    def lane() -> None:
        put = connect()
        while time.perf_counter() < began + seconds:
            started = time.perf_counter()
            put(body)
            latencies.append(time.perf_counter() - started)

    lanes = [threading.Thread(target=lane) for _ in range(threads)]
    for each in lanes:
        each.start()
    for each in lanes:
        each.join()
    took = time.perf_counter() - began
    return {"rate": len(latencies) / took, "p99_ms": harness.quantile(latencies, 0.99) * 1e3}
