"""What was acknowledged survives: a real program, killed and failed at its system calls."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.journal.chain import ChainVerifier
from agent.journal.database import BrokenJournalError, JournalFullError
from agent.journal.reader import JournalReader
from tests.agent.journal.writer_program import KEY, batch, store_in

PROGRAM = Path(__file__).with_name("writer_program.py")
COUNT = 30
CALLS = "pwrite64,fsync,ftruncate,unlink,rename,openat,write"

pytestmark = pytest.mark.real
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here: apt-get install strace")


@dataclass(frozen=True)
class Run:
    """What a run of the program said before it ended."""

    acknowledged: list[int]
    refused: list[str]
    whole: bool


def run(folder: Path, *prefix: str, count: int = COUNT) -> Run:
    command = [*prefix, sys.executable, str(PROGRAM), str(folder), str(count)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    lines = done.stdout.decode().splitlines()
    return Run(
        acknowledged=[int(line) for line in lines if line.isdigit()],
        refused=[line[2:] for line in lines if line.startswith("! ")],
        whole="done" in lines,
    )


def strace(inject: str) -> tuple[str, ...]:
    return ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={CALLS}", "-e", f"inject={inject}")


def kept(folder: Path) -> set[int]:
    """Open as the next start does; return what is there. The chain must verify, and there must be room for more."""
    store = store_in(folder)
    store.open()
    assert not isinstance(store.append([batch(10_000)])[0], Exception)
    store.close()
    with contextlib.closing(JournalReader(folder / "journal.db", KEY)) as reader:
        records = reader.all_records_after(0, limit_rows=10_000)
    assert list(ChainVerifier().feed(records)) == []
    return {record.content()["number"] for record in records}


@needs_strace
@pytest.mark.parametrize("call", ["pwrite64", "fsync", "ftruncate", "unlink", "rename", "openat"])
def test_killed_at_any_call_nothing_acknowledged_is_lost(tmp_path: Path, call):
    """Kill at the n-th call of a kind, n growing, until a run ends without being killed."""
    survived = False
    number = 1
    while not survived and number < 400:
        folder = tmp_path / f"{call}{number}"
        folder.mkdir()
        told = run(folder, *strace(f"{call}:signal=KILL:when={number}"), count=12)
        assert set(told.acknowledged) <= kept(folder), f"killed at {call} number {number}"
        survived = told.whole
        number += 1 if number < 12 else 7
        shutil.rmtree(folder)
    assert survived


@needs_strace
@pytest.mark.parametrize(
    ("call", "error", "expected"),
    [
        ("pwrite64", "ENOSPC", {"disk_full", "disk_error"}),
        ("fsync", "EIO", {"disk_error"}),
        ("pwrite64", "EIO", {"disk_error"}),
    ],
)
def test_a_failing_disk_acknowledges_nothing_and_loses_nothing(tmp_path: Path, call, error, expected):
    told = run(tmp_path, *strace(f"{call}:error={error}:when=40+"))
    assert told.refused
    assert set(told.refused) <= expected
    assert set(told.acknowledged) <= kept(tmp_path)


@needs_strace
def test_a_disk_that_fails_once_is_trusted_again_only_after_reopening(tmp_path: Path):
    told = run(tmp_path, *strace("fsync:error=EIO:when=40"))
    assert len(told.refused) == 1
    assert len(told.acknowledged) == COUNT - 1
    assert set(told.acknowledged) <= kept(tmp_path)


def test_a_full_database_refuses_and_goes_on_when_there_is_room(tmp_path: Path):
    store = store_in(tmp_path)
    store.open()
    pages = store.connection().execute("PRAGMA page_count").fetchone()[0]
    store.connection().execute(f"PRAGMA max_page_count = {pages + 3}").fetchall()
    results = [store.append([batch(number)])[0] for number in range(20)]
    assert any(isinstance(result, JournalFullError) for result in results)
    store.connection().execute("PRAGMA max_page_count = 1000000").fetchall()
    assert store.append([batch(99)])[0].seqs
    store.close()
    acknowledged = {number for number, result in enumerate(results) if not isinstance(result, Exception)}
    assert acknowledged | {99} <= kept(tmp_path)


def test_a_disk_without_a_byte_left_refuses_and_recovers(tmp_path: Path):
    """A small file system that fills up for real; needs root for the mount."""
    mount = tmp_path / "small"
    mount.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(mount)], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting a tmpfs needs root")
    try:
        told = run(mount, count=400)
        assert told.acknowledged
        assert set(told.refused) <= {"disk_full", "disk_error"}
        subprocess.run(["mount", "-o", "remount,size=4m", str(mount)], check=True)
        assert set(told.acknowledged) <= kept(mount)
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=True)


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_flipped_bits_cost_the_rows_they_hit_and_never_the_start(tmp_path: Path, every: int):
    """Every page in turn (in the quick tier each fifth): the next start works, and what it keeps verifies."""
    store = store_in(tmp_path)
    store.append([batch(number) for number in range(60)])
    store.checkpoint()
    store.close()
    pristine = (tmp_path / "journal.db").read_bytes()
    lost_most = losses = 0
    for page in range(0, len(pristine) // 2048, every):
        folder = tmp_path / f"page{page}"
        folder.mkdir()
        damaged = bytearray(pristine)
        damaged[page * 2048 + 999] ^= 1
        (folder / "journal.db").write_bytes(damaged)
        (folder / "journal.epoch").write_text("1\n")
        place_store = store_in(folder)
        place_store.open()
        assert not isinstance(place_store.append([batch(500)])[0], Exception)
        moved_aside = bool(list(folder.glob("journal.db.broken-*")))
        assert place_store.head[0] == (2 if moved_aside else 1), "a salvaged journal has a higher epoch"
        place_store.close()
        kept_rows = readable(folder)
        lost_most = max(lost_most, 61 - kept_rows)
        losses += kept_rows < 61
        shutil.rmtree(folder)
    assert lost_most < 61
    assert losses < len(pristine) // 2048 // every


def readable(folder: Path) -> int:
    """Count the records that a reader gets before it meets damage."""
    with contextlib.closing(JournalReader(folder / "journal.db", KEY)) as reader:
        try:
            return len(reader.all_records_after(0, limit_rows=1000))
        except BrokenJournalError:
            return 0
