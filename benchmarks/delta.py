"""A night's changes reach a store while it looks customers up: our overlay beside SQLite's update of the same rows.

Both go on being asked at 2,000 look-ups a second by another thread's schedule; what is measured is how long the change
takes until it is in use, and how long a look-up takes at worst meanwhile. Then what the hub pays: building and sealing
a snapshot and an overlay of one percent, and what a store's merge costs in a process of its own.

`--quick` takes 100,000 customers; without it one million and ten million.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import harness
from lookup import customer, tokens

from sync.mirror import Mirror, MirrorVersion, write_current
from sync.protocol.mirror_writer import write_snapshot

LOOKUPS_A_SECOND = 2_000
IDLE_S = 2.0
NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Asker:
    """Looks customers up at a steady rate in this thread's name and notes how long each took, in microseconds."""

    def __init__(self, get: Callable[[bytes], object], asked: list[bytes]) -> None:
        self.took_us: list[float] = []
        self._get = get
        self._asked = asked
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def p99_us(self) -> float:
        """Return the 99th percentile, in microseconds."""
        return harness.quantile(self.took_us, 0.99)

    def _run(self) -> None:
        at = time.perf_counter()
        number = 0
        while not self._over.is_set():
            began = time.perf_counter()
            self._get(self._asked[number % len(self._asked)])
            self.took_us.append((time.perf_counter() - began) * 1e6)
            number += 1
            at += 1 / LOOKUPS_A_SECOND
            time.sleep(max(0.0, at - time.perf_counter()))


def p99_idle_us(get: Callable[[bytes], object], asked: list[bytes]) -> float:
    """Return the 99th percentile of look-ups with nothing else going on."""
    with Asker(get, asked) as asker:
        time.sleep(IDLE_S)
    return asker.p99_us()


def applied(folder: Path, asked: list[bytes], *, name: str) -> tuple[float, float, float]:
    """Swap a store's overlay in while it is asked; return (ms until in use, p99 idle, p99 meanwhile), us."""
    mirror = Mirror(folder)
    idle_us = p99_idle_us(mirror.look_up, asked)
    took_ms = []
    with Asker(mirror.look_up, asked) as asker:
        time.sleep(0.2)
        asker.took_us.clear()
        end = time.perf_counter() + IDLE_S
        while time.perf_counter() < end:
            began = time.perf_counter()
            write_current(folder, MirrorVersion(version=2, as_of=NOW, snapshot="snapshot", overlays=(name,), base=1))
            fresh = Mirror(folder)  # what core does on its own loop; the one that is asked goes on meanwhile
            took_ms.append((time.perf_counter() - began) * 1e3)
            fresh.close()
            time.sleep(0.05)
    meanwhile_us = asker.p99_us()
    mirror.close()
    return harness.quantile(took_ms, 0.5), idle_us, meanwhile_us


def sqlite_applied(
    folder: Path, everybody: list[bytes], changed: list[bytes], asked: list[bytes], size: int
) -> tuple[float, float, float]:
    """Update the same rows in one transaction of SQLite in WAL mode; return as `applied`."""
    path = folder / "peer.db"
    writer = sqlite3.connect(path)
    writer.execute("pragma journal_mode = wal")
    writer.execute("create table customer (token blob primary key, record blob) without rowid")
    writer.executemany("insert into customer values (?, ?)", ((token, bytes(size)) for token in everybody))
    writer.commit()
    reader = sqlite3.connect(path, check_same_thread=False)

    def get(token: bytes) -> object:
        return reader.execute("select record from customer where token = ?", (token,)).fetchone()

    idle_us = p99_idle_us(get, asked)
    with Asker(get, asked) as asker:
        time.sleep(0.2)
        asker.took_us.clear()
        began = time.perf_counter()
        writer.executemany("insert or replace into customer values (?, ?)", ((token, b"x" * size) for token in changed))
        writer.commit()
        took_ms = (time.perf_counter() - began) * 1e3
    with suppress(sqlite3.Error):
        reader.close()
        writer.close()
    return took_ms, idle_us, asker.p99_us()


def figures(folder: Path, count: int) -> Iterator[harness.Figure]:
    """Measure one size of chain."""
    everybody = tokens(count)
    changed = sorted(random.Random(7).sample(everybody, count // 100))
    asked = random.Random(1).choices(everybody, k=20_000)
    label = f"{count:,} customers"
    began = time.perf_counter()
    write_snapshot(
        folder / "snapshot", ((t, customer(n)) for n, t in enumerate(everybody)), count=count, chain="b", version=1
    )
    snapshot_s = time.perf_counter() - began
    size = (folder / "snapshot").stat().st_size
    yield harness.figure(f"hub: build and seal a snapshot of {label}, s", snapshot_s)
    began = time.perf_counter()
    write_snapshot(
        folder / "overlay", ((t, customer(n)) for n, t in enumerate(changed)), count=len(changed), chain="b", version=2
    )
    overlay_s = time.perf_counter() - began
    yield harness.figure(f"hub: build and seal a delta of 1 % of {label}, s", overlay_s, snapshot_s, "snapshot")
    overlay_size = (folder / "overlay").stat().st_size
    yield harness.figure(f"bytes of a delta of 1 % of {label}, MB", overlay_size / 1e6, size / 1e6, "snapshot")
    write_current(folder, MirrorVersion(version=1, as_of=NOW, snapshot="snapshot"))
    ours_ms, idle_us, meanwhile_us = applied(folder, asked, name="overlay")
    peer_ms, peer_idle_us, peer_us = sqlite_applied(folder, everybody, changed, asked, size // count)
    yield harness.figure(
        f"store: 1 % of {label} in use, ms", ours_ms, peer_ms, "SQLite, one transaction",
        goal=">= 100 x SQLite", holds=ours_ms * 100 <= peer_ms,
    )  # fmt: skip
    yield harness.figure(
        f"store: look-up p99 while that goes on at {label}, us", meanwhile_us, idle_us, "the same look-ups, idle",
        goal="<= 1.5 x idle", holds=meanwhile_us <= 1.5 * idle_us,
    )  # fmt: skip
    yield harness.figure(
        f"SQLite: look-up p99 while that goes on at {label}, us", peer_us, peer_idle_us, "SQLite, idle"
    )
    yield merged(folder, asked, idle_us=idle_us, label=label)


def merged(folder: Path, asked: list[bytes], *, idle_us: float, label: str) -> harness.Figure:
    """Merge in another process while customers are looked up here; return what look-ups felt of it."""
    mirror = Mirror(folder)
    with Asker(mirror.look_up, asked) as asker:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "sync.mirror_merging", str(folder)], check=True, cwd=harness.ROOT)
        took_s = time.perf_counter() - began
    mirror.close()
    what = f"store: look-up p99 while another process merges {label} ({took_s:.1f} s), us"
    return harness.figure(what, asker.p99_us(), idle_us, "the same look-ups, idle")


def measure(*, quick: bool) -> list[harness.Figure]:
    """Measure 100,000 customers when quick, else one and ten million."""
    found: list[harness.Figure] = []
    for count in (100_000,) if quick else (1_000_000, 10_000_000):
        with tempfile.TemporaryDirectory() as folder:
            found += figures(Path(folder), count)
    return found


if __name__ == "__main__":
    harness.main("delta", measure)
