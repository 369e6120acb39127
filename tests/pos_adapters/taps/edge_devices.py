"""One register with its printer for every way a receipt travels, behind one face, for the contract of all edges.

An `Edge` prints a job as its register would and tells what reached the printer. The devices speak their protocols with
the standard library's servers and clients, or with bare sockets; nothing of the tap's own code is in them.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import tty
from dataclasses import dataclass
from typing import Any, Protocol

from tests.pos_adapters.taps.fake_core import PATIENCE_S
from tests.pos_adapters.taps.rig import CUT, ROOT, Rig, Tap
from tests.pos_adapters.taps.service_devices import BLOCK, CloudPrntEdge, EposEdge, LpdEdge, Plain


class Edge(Protocol):
    """One way a receipt travels."""

    name: str
    listen: str
    options: tuple[str, ...]

    @property
    def printer_address(self) -> str:
        """What `--printer` names."""

    def job(self, cuts: int = 1) -> bytes:
        """Return a receipt as the register sends it, with so many cuts."""

    def captured(self, cuts: int = 1) -> bytes:
        """Return the same as core gets it."""

    def with_blocks(self, cuts: int = 1, block: bytes = BLOCK) -> bytes:
        """Return the receipt as it leaves the tap with a block before every cut."""

    slip: bytes

    def with_slip(self) -> bytes:
        """Return the receipt with `slip` behind it."""

    def slip_alone(self, tap: Tap, number: int) -> bytes:
        """Wait for a slip that is printed by itself, as the n-th job, and return it."""

    def alone(self) -> bytes:
        """Return `slip` as it leaves the tap by itself."""

    def print(self, tap: Tap, job: bytes) -> bool:
        """Print as a register does; return whether it believes that it has printed."""

    def printed(self, number: int) -> bytes:
        """Wait for the n-th job at the printer, and return it."""

    def switch(self, *, on: bool) -> None:
        """Switch the printer on or off."""

    def close(self) -> None:
        """Take everything away."""


class TcpEdge(Plain):
    """Raw bytes, a connection a receipt."""

    name = "tcp"
    listen = "127.0.0.1:0"
    options: tuple[str, ...] = ()

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._printer = rig.printer()
        self._port = self._printer.port

    @property
    def printer_address(self) -> str:
        return f"tcp://127.0.0.1:{self._port}"

    def print(self, tap: Tap, job: bytes) -> bool:
        register = self._rig.register(tap)
        with contextlib.suppress(OSError):
            register.send(job)
            register.half_close()
            while more := register.socket.recv(100):
                assert not more
            return True
        return False

    def printed(self, number: int) -> bytes:
        return bytes(self._printer.wait_jobs(number + 1)[number].data)

    def switch(self, *, on: bool) -> None:
        if on:
            self._printer = self._rig.printer(port=self._port)
        else:
            self._printer.close()

    def close(self) -> None:
        """Closed by the rig."""


class CupsEdge(TcpEdge):
    """A CUPS queue: the backend as CUPS runs it, over a tap on the network."""

    name = "cups"

    def print(self, tap: Tap, job: bytes) -> bool:
        run = subprocess.run(
            [sys.executable, "-m", "pos_adapters.taps.cups", "17", "cashier", "receipt", "1", ""],
            cwd=ROOT,
            input=job,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "DEVICE_URI": f"tillstream://127.0.0.1:{tap.port}"},
            check=False,
        )
        return run.returncode == 0


class SerialEdge(Plain):
    """A register at a network, the printer at a cable; a pseudo-terminal is the cable."""

    name = "serial"
    listen = "127.0.0.1:0"
    options: tuple[str, ...] = ()

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._ours)
        tty.setraw(self._theirs)
        self._data = b""
        self._sizes: list[int] = []

    @property
    def printer_address(self) -> str:
        return f"serial://{os.ttyname(self._theirs)}?baud=115200"

    def print(self, tap: Tap, job: bytes) -> bool:
        register = self._rig.register(tap)
        register.send(job)
        register.close()
        return True

    def printed(self, number: int) -> bytes:
        """Jobs on a cable have no borders: one ends where the paper is cut for the last time and nothing follows."""
        while len(self._sizes) <= number:
            start = len(self._data)
            while not self._data[start:].endswith(CUT) or select.select([self._ours], [], [], 0.3)[0]:
                ready, _, _ = select.select([self._ours], [], [], PATIENCE_S)
                assert ready, f"only {self._data[start:]!r} came"
                self._data += os.read(self._ours, 4096)
            self._sizes.append(len(self._data) - start)
        start = sum(self._sizes[:number])
        return self._data[start : start + self._sizes[number]]

    def switch(self, *, on: bool) -> None:
        raise NotImplementedError(f"a cable does not tell whether its printer is {'on' if on else 'off'}")

    def close(self) -> None:
        os.close(self._ours)
        os.close(self._theirs)


@dataclass(frozen=True, slots=True)
class EdgeKind:
    """How to make one."""

    name: str
    make: Any


EDGES = [EdgeKind(each.name, each) for each in (TcpEdge, SerialEdge, CupsEdge, LpdEdge, EposEdge, CloudPrntEdge)]
WHOLE_JOBS = [each for each in EDGES if each.name in {"lpd", "epos", "cloudprnt"}]
