"""kill -9 at system calls of the real core and the real hub, counted out by a run that nobody kills."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from retail.errors import TillstreamError
from tests.faults.programs import RealCore, RealHub, check_core, check_hub, running

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here: apt-get install strace"),
]
STORAGE = ("pwrite64", "write", "fsync", "fdatasync", "ftruncate", "unlink", "rename", "link", "openat")
POINTS_QUICK = 1  # of each program: a life of a hub takes five seconds
POINTS_A_CALL = 40  # of each call in the long tier; beyond that every n-th
SEED = int(os.environ.get("TILLSTREAM_SEED", "7"))


def strace(*options: str) -> tuple[str, ...]:
    return ("strace", "-f", "-qq", *options)


def core_life(folder: Path, prefix: tuple[str, ...]) -> None:
    """Live one life of a core, however short, then start on what is left."""
    root = folder / "disk"
    root.mkdir(parents=True)
    core = RealCore(folder, root)
    with running([*prefix, *core.command]) as process:
        if core.until_up(process):
            for number in range(6):
                if not core.append(str(number)):
                    break
    check_core(root, set(core.acknowledged))


def hub_life(folder: Path, prefix: tuple[str, ...]) -> None:
    """Live one life of a hub; then the store sends everything again and each sale is there once."""
    root = folder / "disk"
    root.mkdir(parents=True)
    hub = RealHub(root)
    code = hub.code()
    hub.before = prefix
    with running(hub.command, stdout=subprocess.PIPE) as process, contextlib.suppress(TillstreamError):
        url = hub.url(process)
        if url is not None:
            hub.enrol(url, code)
            for _ in range(3):
                hub.upload(url)
    hub.before = ()
    with running(hub.command, stdout=subprocess.PIPE) as process:
        url = hub.url(process)
        assert url is not None, "it always starts"
        if hub.device.enrolled is not None and hub.device.journal.records:
            hub.send_all(url)
    check_hub(root, set(hub.acknowledged))


LIVES = {"core": core_life, "hub": hub_life}


def calls_of(program: str, folder: Path) -> dict[str, int]:
    """Return how often each call is made by the busiest thread of a run that nobody kills."""
    folder.mkdir()
    log = folder / "calls"
    LIVES[program](folder, strace("-o", str(log), "-e", f"trace={','.join(STORAGE)}"))
    made: dict[tuple[str, str], int] = {}
    for line in log.read_text(errors="replace").splitlines():
        if found := re.match(r"(\d+) +(\w+)\(", line):
            key = (found.group(1), found.group(2))
            made[key] = made.get(key, 0) + 1
    most: dict[str, int] = {}
    for (_, call), count in made.items():
        most[call] = max(most.get(call, 0), count)
    return most


def points(most: dict[str, int], *, a_call: int) -> list[tuple[str, int]]:
    """Return (call, n): every n up to a bound, beyond it every so many."""
    found = []
    for call, count in sorted(most.items()):
        step = max(1, count // a_call)
        found += [(call, number) for number in range(1, count + 1, step)]
    return found


@pytest.mark.parametrize("program", ["core", "hub"])
def test_killed_at_a_system_call_nothing_acknowledged_is_lost(tmp_path, program):
    """A sample of the late storage calls, where there is something to lose."""
    late = [
        ("fsync", 9),
        ("fdatasync", 2),
        ("pwrite64", 25),
        ("pwrite64", 40),
        ("unlink", 2),
        ("link", 2),
        ("fsync", 14),
    ]
    for number, (call, when) in enumerate(random.Random(SEED).sample(late, POINTS_QUICK)):
        LIVES[program](tmp_path / str(number), kill_at(call, when))


@pytest.mark.slow
@pytest.mark.parametrize("program", ["core", "hub"])
def test_killed_at_every_storage_call_nothing_acknowledged_is_lost(tmp_path, program):
    most = calls_of(program, tmp_path / "counted")
    assert most
    for call, when in points(most, a_call=POINTS_A_CALL):
        folder = tmp_path / f"{call}-{when}"
        try:
            LIVES[program](folder, kill_at(call, when))
        except AssertionError as error:
            raise AssertionError(f"killed at {call} number {when}: {error}") from error
        shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("program", ["core", "hub"])
def test_killed_at_any_system_call_at_all_it_always_starts(tmp_path, program):
    """Calls of every kind; the n-th of whichever kind is the first to be made n times."""
    chance = random.Random(SEED)
    for when in sorted(chance.sample(range(1, 900), 60)):
        folder = tmp_path / str(when)
        LIVES[program](
            folder, strace("-o", "/dev/null", "-e", "trace=all", "-e", f"inject=all:signal=KILL:when={when}")
        )
        shutil.rmtree(folder)


def kill_at(call: str, when: int) -> tuple[str, ...]:
    return strace("-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}")
