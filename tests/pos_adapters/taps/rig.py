"""A real tap process between a register and a printer made here, and a core that can be told to misbehave.

Everything is real but core's mind and the printer's paper: processes, sockets, frames, files. Waiting is always for
something that happens, with a limit that only a failing test reaches.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from tests.pos_adapters.taps.fake_core import PATIENCE_S, Condition, CoreJob, FakeCore

ROOT = Path(__file__).resolve().parents[3]

CUT = b"\x1dV\x00"
CUT_FEED = b"\x1dVB\x00"


class Printed:
    """What one connection brought to the printer."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.sent = bytearray()
        self.ended = False
        self.at: list[float] = []

    def __repr__(self) -> str:
        return f"<{len(self.data)} bytes{' and its end' if self.ended else ''}: {bytes(self.data[:60])!r}>"


class Printer:
    """A printer on loopback. `answers` maps a request's bytes to what the printer sends back when it sees them."""

    def __init__(
        self,
        *,
        answers: dict[bytes, bytes] | None = None,
        stop_reading_after: int | None = None,
        reset_after: int | None = None,
        close_after: int | None = None,
        bytes_per_s: int | None = None,
        keeps_open: bool = False,
        buffer_bytes: int | None = None,
        port: int = 0,
    ) -> None:
        self.answers = answers or {}
        self.stop_reading_after = stop_reading_after
        self.reset_after = reset_after
        self.close_after = close_after
        self.bytes_per_s = bytes_per_s
        self.keeps_open = keeps_open
        self.go_on = threading.Event()
        self.jobs: list[Printed] = []
        self.connections: list[socket.socket] = []
        self.seen = Condition()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if buffer_bytes:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.go_on.set()
        for connection in self.connections:
            connection.close()

    def wait_jobs(self, count: int, *, ended: bool = True) -> list[Printed]:
        self.seen.until(
            lambda: len(self.jobs) >= count and (not ended or all(job.ended for job in self.jobs[:count])),
            lambda: f"{count} finished connections at the printer, who has {self.jobs[:count]}",
        )
        return self.jobs

    def wait_job_where(self, first: int, holds: Callable[[Printed], bool]) -> Printed:
        """Return the first of the connections from `first` on for which something holds."""
        found = lambda: next((job for job in self.jobs[first:] if holds(job)), None)  # noqa: E731
        job: Printed = self.seen.until(found, "such a connection at the printer")
        return job

    def wait_bytes(self, job_no: int, count: int) -> bytes:
        self.seen.until(
            lambda: len(self.jobs) > job_no and len(self.jobs[job_no].data) >= count, f"{count} bytes at the printer"
        )
        return bytes(self.jobs[job_no].data)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            job = Printed()
            with self.seen.change():
                self.jobs.append(job)
                self.connections.append(connection)
                self.seen.change().notify_all()
            threading.Thread(target=self._print, args=(connection, job), daemon=True).start()

    def _print(self, connection: socket.socket, job: Printed) -> None:
        with contextlib.suppress(OSError):
            while self._print_some(connection, job):
                pass
        with self.seen.change():
            job.ended = True
            self.seen.change().notify_all()
        if not self.keeps_open:
            connection.close()

    def _print_some(self, connection: socket.socket, job: Printed) -> bool:
        if self.stop_reading_after is not None and len(job.data) >= self.stop_reading_after:
            self.go_on.wait()
            self.stop_reading_after = None
        limit = min(
            (mark - len(job.data) for mark in (self.stop_reading_after, self.reset_after, self.close_after) if mark),
            default=65536,
        )
        if self.bytes_per_s:
            limit = max(1, self.bytes_per_s // 20)
            self.go_on.wait(0.05)
        data = connection.recv(min(65536, limit))
        with self.seen.change():
            job.data += data
            job.at.append(time.monotonic())
            self.seen.change().notify_all()
        for request, answer in self.answers.items():
            if request in data:
                job.sent += answer * data.count(request)
                connection.sendall(answer * data.count(request))
        if self.reset_after and len(job.data) >= self.reset_after:
            reset(connection)
            return False
        if self.close_after and len(job.data) >= self.close_after:
            return False
        return bool(data)


class Tap:
    """A real `tillstream-tap` process."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None, **popen: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self.seen = Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pos_adapters.taps", "--json", *arguments],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            **popen,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def port(self) -> int:
        return int(self.wait_event("listening")["port"])

    def wait_event(self, name: str, number: int = 0, **fields: Any) -> dict[str, Any]:
        def found() -> Any:
            matching = [e for e in self.events if e["event"] == name and fields.items() <= e.items()]
            return matching[number] if len(matching) > number else None

        return self.seen.until(found, f"event {name} {fields} (have {[e['event'] for e in self.events]})")

    def count(self, name: str) -> int:
        return sum(event["event"] == name for event in self.events)

    def rss_kb(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self.seen.change():
                try:
                    self.events.append(json.loads(line))
                except ValueError:
                    self.events.append({"event": "not_json", "line": line.decode("utf-8", "replace")})
                self.seen.change().notify_all()


class Register:
    """A register's connection to the tap."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_for_ever(self, data: bytes) -> NoReturn:
        while True:
            self.socket.sendall(data)

    def send_until_it_blocks(self, data: bytes) -> int:
        """Return how much the other side took; the socket's timeout says how long it may think."""
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < len(data):
                sent += self.socket.send(data[sent : sent + 10_000])
        return sent

    def receive(self, count: int) -> bytes:
        data = b""
        while len(data) < count and (more := self.socket.recv(count - len(data))):
            data += more
        return data

    def receive_all(self) -> bytes:
        data = b""
        with contextlib.suppress(ConnectionError):
            while more := self.socket.recv(65536):
                data += more
        return data

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        reset(self.socket)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Rig:
    """A tap with everything around it; closes all of it at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._closing = contextlib.ExitStack()
        self.core_path = folder / "core.sock"

    def printer(self, **how: Any) -> Printer:
        printer = Printer(**how)
        self._closing.callback(printer.close)
        return printer

    def core(self, answer: Callable[[CoreJob, int, int], Any] | None = None) -> FakeCore:
        core = FakeCore(self.core_path, answer)
        self._closing.callback(core.close)
        return core

    def tap(
        self, printer: Printer, *more: str, profile: str = "appendix", listen: str = "127.0.0.1:0", **how: Any
    ) -> Tap:
        tap = Tap(
            *("--listen", listen, "--printer", printer.address, "--workstation", "1"),
            *("--agent", f"unix://{self.core_path}", "--profile", profile, *more),
            **how,
        )
        self._closing.callback(tap.stop)
        return tap

    def keep(self, tap: Tap) -> Tap:
        """Stop a tap of the test's own making at the end."""
        self._closing.callback(tap.stop)
        return tap

    def spooling(self) -> tuple[Any, tuple[str, ...]]:
        """Return the agent's private key and the options that make a tap seal to it."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        private = X25519PrivateKey.generate()
        key_file = self.folder / "agent_seal.pub"
        key_file.write_text(private.public_key().public_bytes_raw().hex() + "\n")
        return private, ("--state-dir", str(self.folder / "state"), "--agent-key", str(key_file))

    def spool_folder(self) -> Path:
        return self.folder / "state" / "spool" / "1"

    def register(self, tap: Tap) -> Register:
        register = Register(tap.port)
        self._closing.callback(register.close)
        return register

    def print_job(self, tap: Tap, job: bytes) -> bytes:
        """Print a job on a connection of its own, as most tills do; return what came back."""
        register = self.register(tap)
        register.send(job)
        register.half_close()
        answer = register.receive_all()
        register.close()
        return answer

    def close(self) -> None:
        self._closing.close()


@contextlib.contextmanager
def rigged(folder: Path) -> Iterator[Rig]:
    rig = Rig(folder)
    try:
        yield rig
    finally:
        rig.close()
