"""What a tap adds between register and printer, beside nothing at all, socat, a naive asyncio proxy, and the floor.

The floor is `bare_proxy.py`: what Python takes for moving the bytes alone. One thread plays register and printer, so
that the time from the first byte sent to the last byte received holds no scheduling but the proxy's. `tap` passes only;
`tap, asking` has a core that answers every cut at once.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import harness
from harness import ROOT, Figure, figure, quantile

HOST = "127.0.0.1"
FLOOR = "bare epoll, the floor in Python"
PIECE_BYTES = 65536
SERIES, SERIES_RECEIPTS = 9, 300  # 40 ms each: whatever else the machine does for a moment spoils a shorter one
BETWEEN_JOBS_S = 0.001  # what a proxy does after a job is no delay of the next one: tills print seconds apart
TEXT = (b"\x1b@\x1ba\x01Corner shop\n\x1ba\x00" + b"Milk 3.5 %  1 l            1.20 A\n" * 60)[
    :2040
] + b"\n\n\n\x1dV\x00"
STRIP = b"\x1dv0\x00\x48\x00\x18\x00" + (bytes(range(256)) * 7)[: 72 * 24]  # 24 rows of 576 dots, as drivers send them
RASTER = b"\x1b@" + STRIP * 52 + b"\x1dVB\x00"

CORE = """
import asyncio, os, sys
from pos_adapters.taps.frames import FrameReader, FrameType, encode
class Core(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.reader = transport, FrameReader()
    def data_received(self, data):
        for frame in self.reader.feed(data):
            if frame.type is FrameType.CUT:
                self.transport.write(encode(FrameType.NONE, frame.payload[:18]))
            elif frame.type is FrameType.JOB_END:
                self.transport.write(encode(FrameType.ACK, frame.payload[:16]))
async def main():
    server = await asyncio.get_running_loop().create_unix_server(Core, sys.argv[1])
    await server.serve_forever()
asyncio.run(main())
"""


@dataclass
class Way:
    """A way from register to printer, and what was measured on it (seconds)."""

    name: str
    port: int
    listener: socket.socket
    process: subprocess.Popen[bytes] | None = None
    first: dict[str, list[float]] = field(default_factory=dict)
    last: dict[str, list[float]] = field(default_factory=dict)
    per_s: list[float] = field(default_factory=list)
    mb_per_s: list[float] = field(default_factory=list)


def measure(*, quick: bool) -> list[Figure]:
    """Measure all ways in turn, several rounds, so that a noisy neighbour meets all of them."""
    rounds, repeats, megabytes = (3, 60, 12) if quick else (10, 100, 24)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ways = [stack.enter_context(make(folder)) for make in (direct, tap, asking_tap, socat, naive, floor)]
        for _ in range(rounds):
            for way in ways:
                new_connections(way, "new connection, 2 KB text", TEXT, repeats)
                kept_connection(way, "kept connection, 2 KB text", TEXT, repeats)
                new_connections(way, "new connection, 90 KB raster", RASTER, repeats // 3)
                kept_connection(way, "kept connection, 90 KB raster", RASTER, repeats // 3)
                way.mb_per_s.append(throughput(way, megabytes))
        for _ in range(SERIES):
            for way in ways:
                way.per_s.append(receipts_a_second(way, SERIES_RECEIPTS))
        by_name = {way.name: way for way in ways}
        return [*added(by_name), *rates(by_name), *process_figures(by_name, quick=quick)]


# What is measured


def new_connections(way: Way, what: str, job: bytes, repeats: int) -> None:
    """Connect, print, close, as most tills do; the first of each series warms up."""
    for number in range(repeats + 1):
        time.sleep(BETWEEN_JOBS_S)
        began = time.perf_counter()
        first, last = one_connection(way, job)
        if number:
            note(way, what, first - began, last - began)


def one_connection(way: Way, job: bytes) -> tuple[float, float]:
    """Print one job on a connection of its own, to its very end; return the times of first and last byte."""
    with socket.create_connection((HOST, way.port)) as register:
        register.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        printer, first, last = carry(register, job, lambda: way.listener.accept()[0])
        register.shutdown(socket.SHUT_WR)
        with printer:
            printer.recv(1)
        register.recv(1)
    return first, last


def receipts_a_second(way: Way, count: int) -> float:
    """Return how many connections, each with a text receipt, pass one after the other."""
    began = time.perf_counter()
    for _ in range(count):
        one_connection(way, TEXT)
    return count / (time.perf_counter() - began)


def kept_connection(way: Way, what: str, job: bytes, repeats: int) -> None:
    """Print many jobs on one connection."""
    with socket.create_connection((HOST, way.port)) as register:
        register.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        printer, _, _ = carry(register, job, lambda: way.listener.accept()[0])
        with printer:
            for _ in range(repeats):
                time.sleep(BETWEEN_JOBS_S)
                began = time.perf_counter()
                _, first, last = carry(register, job, lambda: printer)
                note(way, what, first - began, last - began)


def throughput(way: Way, megabytes: int) -> float:
    """Return the rate of raster receipts on a kept connection."""
    job = RASTER * max(1, megabytes * 1_000_000 // len(RASTER))
    with socket.create_connection((HOST, way.port)) as register:
        register.send(b"\n")
        printer = way.listener.accept()[0]
        with printer:
            printer.recv(1)
            began = time.perf_counter()
            _, _, last = carry(register, job, lambda: printer)
    return len(job) / 1e6 / (last - began)


def carry(
    register: socket.socket, job: bytes, printer_of: Callable[[], socket.socket]
) -> tuple[socket.socket, float, float]:
    """Send a job and receive it whole at the printer; return the printer's socket, time of first and last byte."""
    register.settimeout(0)
    sent = register.send(job)
    printer = printer_of()
    printer.settimeout(None)
    received = len(printer.recv(PIECE_BYTES))
    first = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        if sent < len(job):
            selector.register(register, selectors.EVENT_WRITE)
        selector.register(printer, selectors.EVENT_READ)
        while received < len(job):
            for key, _ in selector.select():
                if key.fileobj is printer:
                    received += len(printer.recv(PIECE_BYTES))
                else:
                    sent += register.send(job[sent : sent + PIECE_BYTES])
                    if sent == len(job):
                        selector.unregister(register)
    last = time.perf_counter()
    register.settimeout(None)
    return printer, first, last


def note(way: Way, what: str, first: float, last: float) -> None:
    way.first.setdefault(what, []).append(first)
    way.last.setdefault(what, []).append(last)


# What is said of it


def added(ways: dict[str, Way]) -> Iterator[Figure]:
    """Yield the time each proxy adds to a direct connection (medians)."""
    plain, peer = ways["direct"], ways["socat"]
    for what in plain.last:
        for name, times in (("first byte", "first"), ("last byte", "last")):
            base, theirs = median_us(plain, times, what), median_us(peer, times, what)
            yield figure(f"{what}: {name} direct, us", base)
            for ours in ("tap", "tap, asking"):
                added_us = median_us(ways[ours], times, what) - base
                goal = what.startswith("new connection, 2 KB") and name == "last byte" and ours == "tap"
                yield figure(
                    f"{what}: {name} added by {ours}, us",
                    added_us,
                    theirs - base,
                    "socat",
                    goal="<= 0.5 x socat" if goal else "reported only",
                    holds=added_us <= 0.5 * (theirs - base) if goal else None,
                )
            for beside in ("naive asyncio", FLOOR):
                added_us = median_us(ways[beside], times, what) - base
                yield figure(f"{what}: {name} added by {beside}, us", added_us, theirs - base, "socat")


def rates(ways: dict[str, Way]) -> Iterator[Figure]:
    """Yield receipts and bytes a second."""
    peer_rate = statistics.median(ways["socat"].per_s)
    peer_speed = max(ways["socat"].mb_per_s)
    for name in ("direct", "tap", "tap, asking", "naive asyncio", FLOOR):
        rate = statistics.median(ways[name].per_s)
        is_goal = name == "tap"
        yield figure(
            f"receipts a second, a connection each: {name}",
            rate,
            peer_rate,
            "socat",
            goal=">= 4 x socat" if is_goal else "reported only",
            holds=rate >= 4 * peer_rate if is_goal else None,
        )
    for name in ("direct", "tap", "tap, asking", "naive asyncio"):
        yield figure(f"MB/s of raster, one connection: {name}", max(ways[name].mb_per_s), peer_speed, "socat")


def process_figures(ways: dict[str, Way], *, quick: bool) -> Iterator[Figure]:
    """Yield memory after the run, and the time until a tap listens."""
    for name in ("tap", "tap, asking"):
        memory_mb = rss_mb(ways[name])
        yield figure(
            f"memory after the run: {name}, MB",
            memory_mb,
            rss_mb(ways["naive asyncio"]),
            "naive asyncio",
            goal="<= 25 MB",
            holds=memory_mb <= 25,
        )
    repeats = 5 if quick else 15
    bare = harness.median_seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), repeats=repeats)
    ready = statistics.median(listening_after_s(ways["direct"].port) for _ in range(repeats))
    yield figure(
        "listening after, ms",
        ready * 1e3,
        bare * 1e3,
        "python -c pass",
        goal="<= 10 x python -c pass",
        holds=ready <= 10 * bare,
    )


def median_us(way: Way, times: str, what: str) -> float:
    return quantile(getattr(way, times)[what], 0.5) * 1e6


def rss_mb(way: Way) -> float:
    assert way.process is not None
    status = Path(f"/proc/{way.process.pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1000


# The ways


@contextlib.contextmanager
def direct(folder: Path) -> Iterator[Way]:
    """Put nothing in between."""
    del folder
    with listening() as listener:
        yield Way("direct", port_of(listener), listener)


@contextlib.contextmanager
def tap(folder: Path) -> Iterator[Way]:
    """Run a tap without a core."""
    del folder
    with listening() as listener:
        port = free_port()
        with running([sys.executable, "-m", "pos_adapters.taps", *tap_options(port, listener)], port) as process:
            yield Way("tap", port, listener, process)


@contextlib.contextmanager
def asking_tap(folder: Path) -> Iterator[Way]:
    """Run a tap that asks a core at every cut."""
    path = folder / "core.sock"
    core = subprocess.Popen([sys.executable, "-c", CORE, str(path)], cwd=ROOT)
    try:
        while not path.exists():
            time.sleep(0.01)
        with listening() as listener:
            port = free_port()
            options = [*tap_options(port, listener), "--agent", f"unix://{path}", "--profile", "appendix"]
            with running([sys.executable, "-m", "pos_adapters.taps", *options], port) as process:
                yield Way("tap, asking", port, listener, process)
    finally:
        core.kill()
        core.wait()


@contextlib.contextmanager
def socat(folder: Path) -> Iterator[Way]:
    """Run the peer, which forks for every connection."""
    del folder
    with listening() as listener:
        port = free_port()
        listen = f"TCP-LISTEN:{port},bind={HOST},fork,reuseaddr,nodelay"
        with running(["socat", listen, f"TCP:{HOST}:{port_of(listener)},nodelay"], port) as process:
            yield Way("socat", port, listener, process)


def naive(folder: Path) -> contextlib.AbstractContextManager[Way]:
    """Run two copying tasks over asyncio's streams."""
    del folder
    return proxy("naive asyncio", "naive_proxy.py")


def floor(folder: Path) -> contextlib.AbstractContextManager[Way]:
    """Run what moves the bytes and does nothing else."""
    del folder
    return proxy(FLOOR, "bare_proxy.py")


@contextlib.contextmanager
def proxy(name: str, program: str) -> Iterator[Way]:
    """Run a script of this folder that is told its port and the printer's."""
    script = str(ROOT / "benchmarks" / program)
    with listening() as listener:
        port = free_port()
        with running([sys.executable, script, str(port), str(port_of(listener))], port) as process:
            yield Way(name, port, listener, process)


def tap_options(port: int, listener: socket.socket) -> list[str]:
    return ["--listen", f"{HOST}:{port}", "--printer", f"tcp://{HOST}:{port_of(listener)}", "--workstation", "1"]


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server((HOST, 0), backlog=64) as listener:
        yield listener


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        wait_listening(port, process)
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    """Look for the listening socket in the kernel's table: connecting would already be a job."""
    wanted = f":{port:04X} 00000000:0000 0A"
    while process.poll() is None:
        if wanted in Path("/proc/net/tcp").read_text(encoding="ascii"):
            return
        time.sleep(0.0005)
    raise RuntimeError(f"{process.args!r} ended with {process.returncode}")


def listening_after_s(printer_port: int) -> float:
    """Return the time from starting a tap until a register can connect."""
    port = free_port()
    options = ["--listen", f"{HOST}:{port}", "--printer", f"tcp://{HOST}:{printer_port}", "--workstation", "1"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "pos_adapters.taps", *options], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            with socket.socket() as register:
                if register.connect_ex((HOST, port)) == 0:
                    return time.perf_counter() - began
            time.sleep(0.001)
    finally:
        process.kill()
        process.wait()


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return port_of(probe)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    harness.main("tap_overhead", measure)
