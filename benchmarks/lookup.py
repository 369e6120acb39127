"""Finding a customer among ten million: our file beside a Python dict, SQLite and LMDB, warm and cold.

Cold, what the disk was read for is counted, which no other load on the machine changes: the pages of 4 KiB that a
process of its own had to fetch for each look-up, after the system's cache of the file was dropped. `--customers N`
measures one size instead, such as 50000000: allow for an hour, 12 GB of memory and 13 GB of disk.

The index look-up (`find`) is compared with the peers' get of a value of the same size; opening the sealed record
is a figure of its own. Tokens are synthetic: evenly spread, without scrypt's cost (`token_cost.py` has that: the name
`token` belongs to the standard library).
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import bench_store
import harness

from sync.protocol.mirror_file import MirrorFile
from sync.protocol.mirror_pages import PAGE_BYTES
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.mirror_writer import write_snapshot

LOOKUPS = 50_000


def tokens(count: int) -> list[bytes]:
    """Return distinct tokens in ascending order, the same for every run."""
    numbers = random.Random(20261121)
    return sorted(numbers.randbytes(32) for _ in range(count))


def customer(number: int) -> MirrorRecord:
    """Return a customer of ordinary size: a first name, a tier, points, a birthday, two segments."""
    return MirrorRecord(
        customer_id=f"{number:08d}",
        first_name="Katharina"[: 3 + number % 7],
        language="de",
        tier="gold",
        points=number % 5000,
        birthday=(1 + number % 12, 1 + number % 28),
        segments={"best": date(2026, 12, 31), "subscribers": None},
    )


def p50_us(get: Callable[[bytes], object], asked: list[bytes]) -> float:
    """Return the median of batches of 100 look-ups, in microseconds a look-up."""
    samples = []
    for start in range(0, len(asked), 100):
        batch = asked[start : start + 100]
        began = time.perf_counter()
        for token in batch:
            get(token)
        samples.append((time.perf_counter() - began) / len(batch) * 1e6)
    return harness.quantile(samples, 0.5)


def floor_us(path: Path) -> float:
    """Return what reading one page of the file costs and nothing else: less than that no look-up of ours can."""
    chance = random.Random(2)
    pages = path.stat().st_size // PAGE_BYTES
    places = [PAGE_BYTES * chance.randrange(pages) for _ in range(LOOKUPS)]
    fd = os.open(path, os.O_RDONLY)
    try:
        samples = []
        for start in range(0, len(places), 100):
            batch = places[start : start + 100]
            began = time.perf_counter()
            for at in batch:
                os.pread(fd, PAGE_BYTES, at)
            samples.append((time.perf_counter() - began) / len(batch) * 1e6)
    finally:
        os.close(fd)
    return harness.quantile(samples, 0.5)


def resident_mb(path: Path, asked: list[bytes]) -> float:
    """Return what a fresh process grows by, in MB, when it opens the file and looks up 2,000 customers."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom sync.protocol.mirror_file import MirrorFile\n"
        "def rss():\n return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "before = rss()\nfile = MirrorFile(Path(sys.argv[1]))\n"
        "for line in sys.stdin: assert file.find(bytes.fromhex(line))\n"
        "sys.stdout.write(str((rss() - before) / 1e6))"
    )
    asked_text = "\n".join(token.hex() for token in asked[:2000])
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        input=asked_text, text=True, capture_output=True, check=True, cwd=harness.ROOT,
    )  # fmt: skip
    return float(done.stdout)


COLD_LOOKUPS = 1_000
"""Few beside the pages of any file here, so that hardly two of them meet in one page."""

_COLD = """
import os, sqlite3, sys, time
from pathlib import Path
kind, path = sys.argv[1:]
asked = [bytes.fromhex(line) for line in sys.stdin]
for name in [path] if kind != "lmdb" else [path + "/data.mdb"]:
    fd = os.open(name, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
if kind == "ours":
    from sync.protocol.mirror_file import MirrorFile
    get = MirrorFile(Path(path)).find
elif kind == "lmdb":
    import lmdb
    get = lmdb.open(path, readonly=True, lock=False, readahead=False).begin().get
else:
    database = sqlite3.connect(path)
    get = lambda token: database.execute("select record from customer where token = ?", (token,)).fetchone()
read = lambda: int(next(line.split()[1] for line in open("/proc/self/io") if line.startswith("read_bytes")))
get(asked[0])
before, began = read(), time.perf_counter()
for token in asked[1:]:
    assert get(token)
took_s, after = time.perf_counter() - began, read()
sys.stdout.write(f"{(after - before) / 4096 / len(asked[1:])} {took_s / len(asked[1:]) * 1e6}")
"""


def cold(kind: str, path: Path, asked: list[bytes]) -> tuple[float, float]:
    """Return the pages read from disk for a look-up, and its microseconds, of a fresh process and a dropped cache."""
    done = subprocess.run(
        [sys.executable, "-c", _COLD, kind, str(path)],
        input="\n".join(token.hex() for token in asked[:COLD_LOOKUPS]),
        text=True, capture_output=True, check=True, cwd=harness.ROOT,
    )  # fmt: skip
    pages, took_us = done.stdout.split()
    return float(pages), float(took_us)


def cold_figures(folder: Path, label: str, asked: list[bytes]) -> Iterator[harness.Figure]:
    """Compare what the disk is read for; nothing where the system does not count it (a folder in memory)."""
    ours, took_us = cold("ours", folder / "snapshot.mirror", asked)
    if not ours:
        return
    goal = "<= 1.05"
    for kind, peer, name in (("sqlite", folder / "peer.db", "SQLite"), ("lmdb", folder / "lmdb", "LMDB")):
        if peer.exists():
            pages, peer_us = cold(kind, peer, asked)
            what = f"cold look-up at {label}"
            yield harness.figure(f"{what}, pages of 4 KiB read", ours, pages, name, goal=goal, holds=ours <= 1.05)
            yield harness.figure(f"{what}, us", took_us, peer_us, name)


def core_mb(snapshot: Path, folder: Path) -> float:
    """Return the resident memory of a whole core, in MB, that has this mirror, and has sold to nobody yet."""
    folder.mkdir()
    store = bench_store.make_store(folder, workstations=12, customers=100, campaigns=100)
    in_use = store.state.mirror / bench_store.SNAPSHOT
    in_use.unlink()
    os.link(snapshot, in_use)
    core = subprocess.Popen(
        [sys.executable, "-m", "agent", "agent", "core", "--config", str(store.config)],
        cwd=harness.ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert core.stderr is not None
        while "core_ready" not in (line := core.stderr.readline()):
            assert line, "core has ended"
        rollup = Path(f"/proc/{core.pid}/smaps_rollup").read_text("ascii")
        return int(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Rss:"))) / 1024
    finally:
        core.terminate()
        core.wait()


def sqlite_peer(folder: Path, all_tokens: list[bytes], size: int) -> Callable[[bytes], object]:
    """Return a look-up in an indexed table of the interpreter's own SQLite."""
    database = sqlite3.connect(folder / "peer.db")
    database.execute("create table customer (token blob primary key, record blob) without rowid")
    value = bytes(size)
    database.executemany("insert into customer values (?, ?)", ((token, value) for token in all_tokens))
    database.commit()
    return lambda token: database.execute("select record from customer where token = ?", (token,)).fetchone()


def lmdb_peer(folder: Path, all_tokens: list[bytes], size: int) -> Callable[[bytes], object] | None:
    """Return a look-up in LMDB inside one read transaction, None where its package is not installed."""
    try:
        import lmdb
    except ImportError:
        return None
    environment = lmdb.open(str(folder / "lmdb"), map_size=(size + 200) * len(all_tokens) + 2**24)
    with environment.begin(write=True) as transaction:
        value = bytes(size)
        for token in all_tokens:
            transaction.put(token, value, append=True)
    environment.sync(force=True)
    get: Callable[[bytes], object] = environment.begin().get
    return get


def figures(folder: Path, count: int) -> Iterator[harness.Figure]:
    """Measure one size of mirror."""
    everybody = tokens(count)
    path = folder / "snapshot.mirror"
    began = time.perf_counter()
    write_snapshot(path, ((t, customer(n)) for n, t in enumerate(everybody)), count=count, chain="benchmark", version=1)
    built_s = time.perf_counter() - began
    label = f"{count:,} customers"
    yield harness.figure(f"build and seal {label}, us a customer", built_s / count * 1e6)
    size = path.stat().st_size / count
    yield harness.figure(f"disk at {label}, bytes a customer", size, goal="<= 100", holds=size <= 100)
    asked = random.Random(1).choices(everybody, k=LOOKUPS)
    began = time.perf_counter()
    file = MirrorFile(path)
    file.find(asked[0])
    opened_ms = (time.perf_counter() - began) * 1e3
    yield harness.figure(f"open and first look-up at {label}, ms", opened_ms, goal="<= 1", holds=opened_ms <= 1)
    find = p50_us(file.find, asked)
    peer = {token: number for number, token in enumerate(everybody)}
    in_dict = p50_us(peer.get, asked)
    yield harness.figure(
        f"index look-up at {label}, us p50", find, in_dict, "dict", goal="<= 1.3 x", holds=find <= 1.3 * in_dict
    )
    del peer
    what = f"reading a page of {label} and nothing else, us p50"
    yield harness.figure(what, floor_us(path), in_dict, "dict")
    yield harness.figure(f"look-up and opening the record at {label}, us p50", p50_us(file.get, asked))
    grown = resident_mb(path, asked)
    yield harness.figure(f"memory after 2,000 look-ups at {label}, MB", grown, goal="<= 18", holds=grown <= 18)
    whole = core_mb(path, folder / "store")
    yield harness.figure(f"memory of a whole core with {label}, MB RSS", whole, goal="<= 60", holds=whole <= 60)
    in_sqlite = p50_us(sqlite_peer(folder, everybody, int(size)), asked)
    yield harness.figure(f"index look-up at {label}, us p50", find, in_sqlite, "SQLite")
    lmdb_get = lmdb_peer(folder, everybody, int(size))
    if lmdb_get is not None:
        yield harness.figure(f"index look-up at {label}, us p50", find, p50_us(lmdb_get, asked), "LMDB")
        del lmdb_get  # nobody may have its pages mapped when they are dropped
    file.close()
    yield from cold_figures(folder, label, asked)


def measure(*, quick: bool, customers: int = 0) -> list[harness.Figure]:
    """Measure 100,000 customers when quick, else one and ten million, or as many as are asked for."""
    found: list[harness.Figure] = []
    for count in (customers,) if customers else (100_000,) if quick else (1_000_000, 10_000_000):
        with tempfile.TemporaryDirectory() as folder:
            found += figures(Path(folder), count)
    return found


def main() -> None:
    """Take `--customers` off the command line; the rest is every benchmark's."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--customers", type=int, default=0)
    own, rest = parser.parse_known_args()

    def measured(*, quick: bool) -> list[harness.Figure]:
        return measure(quick=quick, customers=own.customers)

    harness.main("lookup", measured, rest)


if __name__ == "__main__":
    main()
