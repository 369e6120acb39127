"""What a register feels when something behind it fails: a real tap process, each fault many times (docs/print-path.md).

Times are at the register or at the printer, from the event that is named; every figure is a p99 over the repetitions.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import harness
from harness import ROOT, Figure, figure, quantile

HOST = "127.0.0.1"
RECEIPT = b"\x1b@Corner shop\n" + b"Milk 3.5 %  1 l            1.20 A\n" * 40 + b"\n\n\n"
CUT = b"\x1dV\x00"
JOB = RECEIPT + CUT
BUDGET_MS = 50
GOAL_REFUSED_MS = 100
GOAL_RESTART_MS = 1000

CORE = """
import asyncio, os, signal, sys
from pos_adapters.taps.frames import FrameReader, FrameType, encode
how = sys.argv[2]
class Core(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.reader = transport, FrameReader()
    def data_received(self, data):
        for frame in self.reader.feed(data):
            if frame.type is FrameType.CUT:
                self.cut(frame.payload[:18])
            elif frame.type is FrameType.JOB_END and how != "silent":
                self.transport.write(encode(FrameType.ACK, frame.payload[:16]))
    def cut(self, which):
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif how == "garbage":
            self.transport.write(b"HTTP/1.1 500 Internal Server Error")
        elif how == "none":
            self.transport.write(encode(FrameType.NONE, which))
async def main():
    if os.path.exists(sys.argv[1]):
        os.unlink(sys.argv[1])
    server = await asyncio.get_running_loop().create_unix_server(Core, sys.argv[1])
    await server.serve_forever()
asyncio.run(main())
"""


def measure(*, quick: bool) -> list[Figure]:
    """Run every fault."""
    repeats = 20 if quick else 200
    with tempfile.TemporaryDirectory() as folder:
        socket_path = str(Path(folder) / "core.sock")
        return [
            *healthy(socket_path, repeats),
            refused(repeats),
            *core_faults(socket_path, repeats),
            killed_tap(3 if quick else 20),
            memory_over(1_000 if quick else 100_000),
        ]


def healthy(socket_path: str, repeats: int) -> Iterator[Figure]:
    """Yield what a receipt takes without any fault."""
    with printing() as (printer, port), tap(port, printer):
        yield figure("no core: job at the printer after, ms", p99_ms(lambda: print_job(port, printer), repeats))
    with printing() as (printer, port), core(socket_path, "none"), tap(port, printer, agent=socket_path):
        yield figure("core answers: job at the printer after, ms", p99_ms(lambda: print_job(port, printer), repeats))


def refused(repeats: int) -> Figure:
    """Return how fast a register learns that the printer is off."""
    with printing() as (printer, port), tap(port, printer):
        printer.close()
        reset_ms = p99_ms(lambda: refused_once(port), repeats)
    return figure(
        "printer refuses: register reset after, ms",
        reset_ms,
        goal=f"<= {GOAL_REFUSED_MS} ms",
        holds=reset_ms <= GOAL_REFUSED_MS,
    )


def refused_once(port: int) -> float:
    began = time.perf_counter()
    with socket.create_connection((HOST, port)) as register, contextlib.suppress(ConnectionResetError):
        register.recv(1)
    return time.perf_counter() - began


def core_faults(socket_path: str, repeats: int) -> Iterator[Figure]:
    """Yield the delay of the cut when core is killed, speaks nonsense, or hangs while it is asked."""
    for how, what in (("kill", "core killed by the cut's question"), ("garbage", "core answers garbage")):
        samples = []
        for _ in range(max(3, repeats // 10)):
            with printing() as (printer, port), core(socket_path, how), tap(port, printer, agent=socket_path):
                samples.append(print_job(port, printer))
        worst_ms = max(samples) * 1e3
        yield figure(
            f"{what}: job at the printer after, ms",
            worst_ms,
            goal=f"<= budget ({BUDGET_MS} ms)",
            holds=worst_ms <= BUDGET_MS,
        )
    with printing() as (printer, port), core(socket_path, "silent"), tap(port, printer, agent=socket_path):
        first = [print_job(port, printer) * 1e3 for _ in range(3)]
        yield figure(
            "core hangs: first three jobs at the printer after, ms",
            max(first),
            goal=f"<= budget ({BUDGET_MS} ms) + 5 ms",
            holds=max(first) <= BUDGET_MS + 5,
        )
        later_ms = p99_ms(lambda: print_job(port, printer), repeats)
        yield figure(
            "core hangs: all later jobs at the printer after, ms",
            later_ms,
            goal="<= 10 ms",
            holds=later_ms <= 10,
        )


def killed_tap(repeats: int) -> Figure:
    """Return how long a register waits that connects in the moment its tap is killed."""
    samples = []
    for _ in range(repeats):
        # A parent for each kill: one whose tap dies again and again waits longer, which is another promise.
        with printing() as (printer, port), tap(port, printer, "--supervised") as parent:
            print_job(port, printer)
            child = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text(encoding="ascii").split()[0]
            os.kill(int(child), signal.SIGKILL)
            samples.append(print_job(port, printer) * 1e3)
    worst_ms = max(samples)
    return figure(
        "tap killed: the next register's job at the printer after, ms",
        worst_ms,
        goal=f"<= {GOAL_RESTART_MS} ms",
        holds=worst_ms <= GOAL_RESTART_MS,
    )


def memory_over(jobs: int) -> Figure:
    """Return how much a tap grows over many jobs."""
    with printing() as (printer, port), tap(port, printer) as process:
        for _ in range(300):
            print_job(port, printer)
        before = rss_mb(process.pid)
        for _ in range(jobs):
            print_job(port, printer)
        grown = rss_mb(process.pid) - before
    return figure(f"memory grown over {jobs} jobs, MB", grown, goal="<= 1 MB", holds=grown <= 1)


# The stand


def print_job(port: int, printer: socket.socket) -> float:
    """Print one receipt on a connection of its own; return the seconds until its last byte is at the printer."""
    began = time.perf_counter()
    with socket.create_connection((HOST, port)) as register:
        register.sendall(JOB)
        connection, _ = printer.accept()
        with connection:
            received = 0
            while received < len(JOB):
                received += len(connection.recv(65536))
            took = time.perf_counter() - began
            register.shutdown(socket.SHUT_WR)
            connection.recv(1)
        register.recv(1)
    return took


def p99_ms(action: Callable[[], float], repeats: int) -> float:
    return quantile([action() for _ in range(repeats)], 0.99) * 1e3


@contextlib.contextmanager
def printing() -> Iterator[tuple[socket.socket, int]]:
    """Yield a printer's listening socket and a free port for the tap."""
    with socket.create_server((HOST, 0), backlog=64) as printer, socket.create_server((HOST, 0)) as probe:
        printer.settimeout(10)
        port = int(probe.getsockname()[1])
        probe.close()
        yield printer, port


@contextlib.contextmanager
def tap(port: int, printer: socket.socket, *more: str, agent: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """Run a tap; with an agent's socket in profile `appendix`, and connected before it is used."""
    options = ["--listen", f"{HOST}:{port}", "--printer", f"tcp://{HOST}:{printer.getsockname()[1]}"]
    options += ["--workstation", "1", "--profile", "appendix", *(("--agent", f"unix://{agent}") if agent else ())]
    process = subprocess.Popen(
        [sys.executable, "-m", "pos_adapters.taps", *options, *more], cwd=ROOT, stderr=subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        wait_for(process.stderr, b"core_connected" if agent else b"listening")
        yield process
    finally:
        process.terminate()
        process.communicate()


@contextlib.contextmanager
def core(socket_path: str, how: str) -> Iterator[None]:
    """Run a core that behaves as told."""
    Path(socket_path).unlink(missing_ok=True)
    process = subprocess.Popen([sys.executable, "-c", CORE, socket_path, how], cwd=ROOT)
    try:
        while not Path(socket_path).exists():
            time.sleep(0.005)
        yield
    finally:
        process.kill()
        process.wait()


def wait_for(lines: Sequence[bytes] | object, word: bytes) -> None:
    for line in lines:  # type: ignore[attr-defined]
        if word in line:
            return


def rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1000


if __name__ == "__main__":
    harness.main("print_path_faults", measure)
