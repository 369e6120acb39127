"""A register of the demo, a process of its own: told to print a job, it behaves to its printer as a real till does.

It opens a connection a job, asks for the printer's status and waits for the answer before it prints, half-closes
when it is done and waits until the printer has closed too. `tillstream demo-register --printer HOST:PORT`
reads one JSON request a line from standard input and answers each with one JSON line:

    {"job": path, "cut_offset": n}                   -> {"event": "printed", ...}
    {"job": path, "cut_offset": n, "hold": true}     -> {"event": "at_cut"}, then waits for {"kill": pid}; sends the
                                                        cut, gives the tap KILL_AFTER_S to hold it and kills pid

`printed` carries `cut_sent_at_s`, `kill_began_at_s` and `killed_at_s` (both null where nobody dies) and `closed_at_s`
on the machine's monotonic clock, which all processes of the demo share, and `status`, the printer's answer in hex
(empty: none came).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.demo.sale import STATUS_REQUEST

CONNECT_TIMEOUT_S = 5.0  # a till gives up on its printer after seconds, not minutes
STATUS_TIMEOUT_S = 2.0  # some tills never print without an answer; ours goes on and says that none came
CLOSE_TIMEOUT_S = 10.0  # a long job at 9,600 baud takes as long
KILL_AFTER_S = 0.010  # well inside the tap's 50 ms: the cut has reached it, the budget has not run out
WRITE_BYTES = 512  # tills write a line at a time; a few hundred bytes are a fair mean


def main(arguments: Sequence[str]) -> int:
    """Serve requests until standard input ends; return the exit code."""
    parser = argparse.ArgumentParser(description="A simulated register.")
    parser.add_argument("--printer", required=True, help="where the tap listens, HOST:PORT")
    host, _, port = parser.parse_args(arguments).printer.rpartition(":")
    for line in sys.stdin:
        _answer(_print((host, int(port)), json.loads(line)))
    return 0


def _print(address: tuple[str, int], request: dict[str, Any]) -> dict[str, Any]:
    """Send one job and say when its parts were sent."""
    data = Path(request["job"]).read_bytes()
    cut_offset = request["cut_offset"]
    with socket.create_connection(address, timeout=CONNECT_TIMEOUT_S) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        status = b""
        if data.startswith(STATUS_REQUEST):
            status = _ask_status(link)
            _send(link, data[len(STATUS_REQUEST) : cut_offset])
        else:
            _send(link, data[:cut_offset])
        kill = _wait_at_cut() if request.get("hold") else None
        cut_sent_at_s = time.monotonic()
        _send(link, data[cut_offset:])
        kill_began_at_s, killed_at_s = _kill(kill) if kill else (None, None)
        link.shutdown(socket.SHUT_WR)
        answers = _read_to_end(link)
    return {
        "event": "printed",
        "cut_sent_at_s": cut_sent_at_s,
        "kill_began_at_s": kill_began_at_s,
        "killed_at_s": killed_at_s,
        "closed_at_s": time.monotonic(),
        "status": (status + answers).hex(),
    }


def _ask_status(link: socket.socket) -> bytes:
    link.sendall(STATUS_REQUEST)
    link.settimeout(STATUS_TIMEOUT_S)
    with contextlib.suppress(TimeoutError):
        return link.recv(16)
    return b""


def _send(link: socket.socket, data: bytes) -> None:
    for start in range(0, len(data), WRITE_BYTES):
        link.sendall(data[start : start + WRITE_BYTES])


def _wait_at_cut() -> int:
    """Say that only the cut is left; return the process that is to die while it is held."""
    _answer({"event": "at_cut"})
    return int(json.loads(sys.stdin.readline())["kill"])


def _kill(pid: int) -> tuple[float, float]:
    """Kill a process once the tap has had the time to hold the cut; return when that began and ended."""
    time.sleep(KILL_AFTER_S)
    began_at_s = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    return began_at_s, time.monotonic()


def _read_to_end(link: socket.socket) -> bytes:
    """Return what the printer still says until it closes, so that the job is over when this returns."""
    link.settimeout(CLOSE_TIMEOUT_S)
    answers = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while chunk := link.recv(4096):
            answers += chunk
    return answers


def _answer(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
