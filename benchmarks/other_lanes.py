"""Eleven other lanes: tills, scanners and printers. In a shop they are other machines, so here they run at nice 19.

`python benchmarks/other_lanes.py JSON` listens as the printers that JSON names and says `ready`; from a line on its
standard input on it sells at every lane until the input ends, and then prints as JSON what it did.
"""

from __future__ import annotations

import json
import os
import random
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hold_at_cut import CUT, receipt

NICENESS = 19
SALE_EVERY_S = 1.0  # a card and a receipt of 2 KB, at each lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """Where to sell: `taps[n]` and `cards[n]` belong to workstation `workstations[n]`."""

    url: str
    workstations: list[str]
    cards: list[str]
    taps: list[int]
    printers: list[int]


@dataclass(slots=True, kw_only=True)
class Sold:
    """What came of it."""

    sales: int
    seconds: float
    refused: list[str]


class OtherLanes:
    """The running process, from the benchmark's side."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def begin(self) -> None:
        """Begin to sell."""
        self._say("sell\n")

    def end(self) -> Sold:
        """End, and return what was sold. Once."""
        return Sold(**json.loads(self._process.communicate(timeout=60)[0]))

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()


@contextmanager
def other_lanes(lanes: Lanes) -> Iterator[OtherLanes]:
    """Start the process; its printers listen when this yields."""
    command = [sys.executable, str(Path(__file__)), json.dumps(asdict(lanes))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()
            yield OtherLanes(process)
        finally:
            process.terminate()


def post_scan(url: str, workstation_id: str, code: str) -> str:
    """Present a code at a workstation; return the scan's id. Raises OSError for every refusal."""
    body = json.dumps({"workstation_id": workstation_id, "code": code, "symbology": "ean13"}).encode()
    request = urllib.request.Request(
        f"{url}/v1/scans", data=body, headers={"origin": url, "content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.loads(answer.read())["scan_id"])


class _Paper(socketserver.BaseRequestHandler):
    """A printer: takes what it is given."""

    def handle(self) -> None:
        while self.request.recv(4096):
            pass


def _listen(ports: Sequence[int]) -> None:
    for port in ports:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", port), _Paper)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()


def _print(port: int, paper: bytes) -> None:
    """Send a receipt to a tap as a register does, and wait until it has been taken."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as till:
        till.sendall(paper + CUT)
        till.shutdown(socket.SHUT_WR)
        while till.recv(4096):
            pass


def _sell(lanes: Lanes, *, until: threading.Event) -> Sold:
    """Sell at each lane, out of step with the others: a card, then its receipt."""
    sold = Sold(sales=0, seconds=0.0, refused=[])
    counted = threading.Lock()

    def lane(place: int) -> None:
        numbers, number = random.Random(place), 0
        due = time.monotonic() + numbers.random() * SALE_EVERY_S
        while not until.wait(max(0.0, due - time.monotonic())):
            due += SALE_EVERY_S * (0.5 + numbers.random())
            number += 1
            try:
                post_scan(lanes.url, lanes.workstations[place], lanes.cards[place])
                _print(lanes.taps[place], receipt(1000 * (place + 1) + number))
            except OSError as error:
                sold.refused.append(str(error))
            with counted:
                sold.sales += 1

    threads = [threading.Thread(target=lane, args=(place,)) for place in range(len(lanes.taps))]
    began_s = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sold.seconds = time.monotonic() - began_s
    return sold


def main(told: dict[str, Any]) -> None:
    """Be the lanes until the input ends."""
    os.nice(NICENESS)
    lanes, stop = Lanes(**told), threading.Event()
    receipt(0)  # its form is made once
    _listen(lanes.printers)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if not sys.stdin.readline():
        return
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set())).start()
    sys.stdout.write(json.dumps(asdict(_sell(lanes, until=stop))))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
