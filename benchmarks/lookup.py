"""Finding a customer among ten million: our file beside a Python dict, SQLite and LMDB, all warm.

The index look-up (`find`) is compared with the peers' get of a value of the same size; opening the sealed record
is a figure of its own. Tokens are synthetic: evenly spread, without scrypt's cost (`token_cost.py` has that: the name
`token` belongs to the standard library).
"""

from __future__ import annotations

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


def core_mb(snapshot: Path, folder: Path) -> float:
    """Return the resident memory of a whole core, in MB, that has this mirror, and has sold to nobody yet."""
    folder.mkdir()
    store = bench_store.make_store(folder, workstations=12, customers=100, campaigns=100)
    in_use = store.state.mirror / bench_store.SNAPSHOT
    in_use.unlink()
    os.link(snapshot, in_use)
    core = subprocess.Popen(
        [sys.executable, "-m", "agent.core", "--config", str(store.config)],
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


def measure(*, quick: bool) -> list[harness.Figure]:
    """Measure 100,000 customers when quick, else one and ten million."""
    found: list[harness.Figure] = []
    for count in (100_000,) if quick else (1_000_000, 10_000_000):
        with tempfile.TemporaryDirectory() as folder:
            found += figures(Path(folder), count)
    return found


if __name__ == "__main__":
    harness.main("lookup", measure)
