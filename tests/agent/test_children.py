"""A child that branches off has its own place and hands; the one who keeps it sees it end as any other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import asyncio, os, signal, sys
from agent.children import Child, branch_off
from agent.starting_line import StartingLine, wait_for_go

handed = os.open(sys.argv[1], os.O_WRONLY)      # as the service manager hands over a socket
child = Child(name="core", command=["nobody starts this"])
line = StartingLine()
if branch_off(child, line=line.descriptor):
    try:
        os.write(handed, b"still open")
    except OSError:
        wait_for_go(os.environ)
        with open(sys.argv[2], "w") as told:
            told.write(open("/proc/self/comm").read() + os.readlink("/proc/self/fd/0") + os.environ.get("NOTIFY_SOCKET", ""))
    if sys.argv[3] == "hang":
        signal.pause()
    sys.exit(7)

async def keep():
    assert child.report()["pid"] == child.process.pid
    if sys.argv[3] == "hang":
        child.process.kill()
    first, second = await asyncio.gather(child.process.wait(), child.process.wait())
    assert first == second == child.process.returncode
    assert child.report()["pid"] is None
    print(first)

with line:
    if sys.argv[3] != "give up":
        line.go()
asyncio.run(keep())
"""


def kept(folder: Path, what: str) -> tuple[str, Path]:
    (folder / "handed").touch()
    environment = os.environ | {"NOTIFY_SOCKET": "/run/of/the/service/manager"}
    words = [sys.executable, "-c", PARENT, str(folder / "handed"), str(folder / "told"), what]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True, timeout=120, env=environment)
    return done.stdout.strip(), folder / "told"


def test_a_branch_is_named_and_has_nothing_that_was_handed_to_its_parent_nor_speaks_for_the_service(
    tmp_path: Path,
) -> None:
    code, told = kept(tmp_path, "end")
    assert code == "7"
    assert told.read_text() == "tillstream-core\n/dev/null"
    assert (tmp_path / "handed").read_bytes() == b""


def test_a_branch_that_is_killed_is_seen_to_have_been(tmp_path: Path) -> None:
    code, _ = kept(tmp_path, "hang")
    assert code == "-9"


def test_a_branch_whose_line_is_given_up_ends_and_has_touched_nothing(tmp_path: Path) -> None:
    code, told = kept(tmp_path, "give up")
    assert code == "1"
    assert not told.exists()


def test_a_branch_is_seen_to_end_although_whoever_started_us_ignores_such_ends(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # what a process ignores, those that it starts ignore, too
    try:
        code, _ = kept(tmp_path, "hang")
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert code == "-9"
