"""The least that a hold can take on a machine: two processes that say a word to each other, and one SQLCipher commit.

Nothing of ours is in it: no receipt is read, nothing is decided, no tap looks through a block, no till and no printer
is connected. With a receipt that comes in one burst two things have to be done before the commit, and are: reading its
39 lines in one piece, and deciding among a thousand campaigns, each by our own function and nothing around it.
One process asks the other over a Unix socket, as a tap asks core; the other commits as many bytes as a receipt's
journal takes with the journal's own settings, and answers. Both ask Linux for the processor as taps and core do.
`hold_at_cut.py` runs it beside a busy desk, with the same syncs; alone: `hold_floor.py FOLDER SECONDS [burst]`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

import decision
import harness
import read

from agent.journal.database import create, open_writing
from agent.promptness import be_prompt
from retail.offers.decision import decide

QUESTION = b"cut"
ANSWER_BYTES = 2048  # a block
COMMIT_BYTES = 9 * 1024  # with the pages of the tree above it 13 KB of log, as a receipt's commit
WARM_UP = 200  # commits that make the log as long as it will be
EVERY_S = 1 / 12  # twelve lanes at a receipt a second each
KEY = bytes(32)
BURST = "burst"
QUESTIONS = 50  # members, each asking anew


def nothing() -> Iterator[None]:
    """Yield for ever: all was done before the question came."""
    while True:
        yield


def reading_and_deciding() -> Iterator[None]:
    """Read another receipt and decide for another member with every step."""
    questions = decision.typical(QUESTIONS)
    for number in count():
        read.read_at_once(read.job(read.receipt(number)))
        decide(questions[number % QUESTIONS])
        yield


def answer(path: Path, asked: socket.socket, steps: Callable[[], Iterator[None]]) -> None:
    """Do a step of work and commit for every question until there are no more."""
    create(path, KEY)
    connection = open_writing(path, KEY)
    connection.execute("CREATE TABLE receipt (body BLOB)")
    body = os.urandom(COMMIT_BYTES)

    def commit() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO receipt VALUES (?)", (body,))
        connection.execute("COMMIT")

    work = steps()
    for _ in range(WARM_UP):
        next(work)
        commit()
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    asked.send(QUESTION)
    while asked.recv(len(QUESTION)):
        next(work)
        commit()
        asked.send(bytes(ANSWER_BYTES))
    connection.close()


def ask(asking: socket.socket, seconds: float) -> list[float]:
    """Ask at the pace of twelve lanes; return how long each answer took, in ms."""
    took_ms = []
    until_s = time.perf_counter() + seconds
    asking.recv(len(QUESTION))
    while time.perf_counter() < until_s:
        time.sleep(EVERY_S)
        began_s = time.perf_counter()
        asking.send(QUESTION)
        asking.recv(ANSWER_BYTES, socket.MSG_WAITALL)
        took_ms.append((time.perf_counter() - began_s) * 1e3)
    return took_ms


def floor_ms(folder: Path, env: Mapping[str, str], *, seconds: float, is_burst: bool) -> tuple[float, float]:
    """Return p50 and p99 of a process of its own with this environment (whose syncs may be slowed)."""
    command = [sys.executable, __file__, str(folder), str(seconds), *([BURST] if is_burst else ())]
    done = subprocess.run(command, env={**env}, check=True, capture_output=True, text=True)
    p50, p99 = done.stdout.split()
    return float(p50), float(p99)


def main(folder: Path, seconds: float, *, is_burst: bool) -> None:
    """Ask and answer; print p50 and p99 in ms."""
    be_prompt()
    asking, asked = socket.socketpair()
    path = folder / f"floor-{os.getpid()}.db"
    if os.fork() == 0:
        asking.close()
        answer(path, asked, reading_and_deciding if is_burst else nothing)
        os._exit(0)
    asked.close()
    took_ms = ask(asking, seconds)
    asking.close()
    os.wait()
    sys.stdout.write(f"{harness.quantile(took_ms, 0.5)} {harness.quantile(took_ms, 0.99)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), is_burst=BURST in sys.argv)
