"""Two machines of the kernel's own making: network namespaces joined by a cable, on which real packets get lost.

The addresses are loopback ones, taken off `lo` and put on the cable, because agents speak plain http to nothing else.
Needs root, `ip` and `tc` (iproute2); where the kernel or the container says no, the test is skipped with its words.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

STORE, HUB = "127.9.0.1", "127.9.0.2"
NETNS = Path("/run/netns")
CLONE_NEWNET = 0x40000000

T = TypeVar("T")


@dataclass(frozen=True)
class Cable:
    """The cable between a store's machine and a hub's; each end is a namespace with one interface."""

    store: str
    hub: str

    @property
    def in_hub(self) -> tuple[str, ...]:
        """What runs a program on the hub's machine."""
        return ("ip", "netns", "exec", self.hub)

    def on_store(self, work: Callable[[], T]) -> Call[T]:
        """Begin some work on a thread that lives on the store's machine."""
        return Call(self.store, work)

    def swallow(self) -> None:
        """Lose whatever the hub sends from now on, also on open connections: nobody is told."""
        must("ip", "-n", self.hub, "route", "add", "blackhole", f"{STORE}/32")

    def swallow_no_more(self) -> None:
        """Let packets through again."""
        must("ip", "-n", self.hub, "route", "del", "blackhole", f"{STORE}/32")

    def unplug(self) -> None:
        """Take the store's end out of its socket."""
        must("ip", "-n", self.store, "link", "set", "cable", "down")

    def plug_in(self) -> None:
        """Put it back."""
        must("ip", "-n", self.store, "link", "set", "cable", "up")

    def reset_all(self) -> bool:
        """Reset every connection with the hub; return whether there was one."""
        found = must(*self.in_hub, "ss", "-H", "-n", "-t", "-K", "dst", STORE)
        return bool(found.strip())

    def be_slow(self, rate: str, *, queue_bytes: int) -> None:
        """Carry so much each way; what does not fit into the queue is dropped, as a router does."""
        for name in (self.store, self.hub):
            shape = ("root", "tbf", "rate", rate, "burst", "1600", "limit", str(queue_bytes))
            must("ip", "netns", "exec", name, "tc", "qdisc", "replace", "dev", "cable", *shape)

    def dropped_packets(self) -> int:
        """Return how many packets did not fit."""
        told = [
            must("ip", "netns", "exec", each, "tc", "-s", "qdisc", "show", "dev", "cable")
            for each in (self.store, self.hub)
        ]
        return sum(int(text.partition("dropped ")[2].partition(",")[0]) for text in told)


class Call(threading.Thread):
    """Some work on another machine; `result` waits for it and raises what it raised."""

    def __init__(self, namespace: str, work: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._namespace = namespace
        self._work = work
        self._found: T | None = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            with (NETNS / self._namespace).open("rb") as there:
                moved = ctypes.CDLL(None).setns(there.fileno(), CLONE_NEWNET)  # this thread alone
            assert moved == 0, "this thread could not be moved to the other machine"
            self._found = self._work()
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - whoever waits gets it
            self._error = error

    def result(self, within_s: float) -> T:
        """Return what the work returned."""
        self.join(within_s)
        assert not self.is_alive(), "it is not done"
        if self._error is not None:
            raise self._error
        return self._found


@contextlib.contextmanager
def cable() -> Iterator[Cable]:
    """Make the two machines and the cable; skips where that is not allowed."""
    one, other = f"till-store-{os.getpid()}", f"till-hub-{os.getpid()}"
    try:
        for name in (one, other):
            may("ip", "netns", "add", name)
        may("ip", "-n", one, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", other)
        for name, address in ((one, STORE), (other, HUB)):
            local = "echo 1 > /proc/sys/net/ipv4/conf/{}/route_localnet"
            may("ip", "netns", "exec", name, "sh", "-c", f"{local.format('all')} && {local.format('cable')}")
            may("ip", "-n", name, "link", "set", "lo", "up")
            for net in ("127.0.0.0/8", "127.0.0.1"):
                may("ip", "-n", name, "route", "del", "local", net, "dev", "lo", "table", "local")
            may("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "cable")
            may("ip", "-n", name, "link", "set", "cable", "up")
        yield Cable(store=one, hub=other)
    finally:
        for name in (one, other):
            with contextlib.suppress(OSError):
                subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def may(*command: str) -> None:
    """Run a command that a kernel may refuse; skips with what was said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"{command[0]} is not here (apt-get install iproute2): {error}")
    if done.returncode != 0:
        pytest.skip(f"no network namespaces here: {' '.join(command)}: {done.stderr.strip()}")


def must(*command: str) -> str:
    """Run a command that works where the cable does."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout
