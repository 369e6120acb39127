"""A technician at a real terminal (a PTY), and the shop's machines: a printer, a hub, a till with three receipts."""

from __future__ import annotations

import errno
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agent.demo.printer_answers import answer_to
from receipt.escpos.tokenizer import Tokenizer

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 120.0  # only a failing test waits so long

RECEIPTS = [
    b"\x1b@CORNER SHOP\nReceipt 000%d   21.11.2026 14:0%d\n\nMilk 1 l                   1.20\nBread                      3.10\n\n"
    b"TOTAL                GBP 4.30\nCash                       5.00\nChange                     0.70\nThank you\n\n\n"
    b"\x1dV\x42\x00" % (number, number)
    for number in (1, 2, 3)
]


@dataclass
class Printer:
    """A receipt printer on loopback: answers as a TM printer of a model does, keeps what it printed."""

    model: bytes = b"TM-T20III"
    printed: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._session, args=(link,), daemon=True).start()

    def _session(self, link: socket.socket) -> None:
        data, tokens = bytearray(), Tokenizer()
        with link:
            while True:
                try:
                    piece = link.recv(4096)
                    if not piece:
                        break
                    data += piece
                    for token in tokens.feed(piece):
                        if said := self._answer(bytes(token.data)):
                            link.sendall(said)
                except OSError:
                    break
        self.printed.append(bytes(data))

    def _answer(self, command: bytes) -> bytes:
        own = {b"\x1dIB": b"_EPSON\0", b"\x1dIC": b"_" + self.model + b"\0"}
        return own.get(command) or answer_to(command)


@contextmanager
def printing(printer: Printer) -> Iterator[Printer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        printer.port = listener.getsockname()[1]
        thread = threading.Thread(target=printer.serve, args=(listener,), daemon=True)
        thread.start()
        yield printer
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


class Technician:
    """Types at `tillstream setup` and reads the screen; a question that never comes fails the test with the screen."""

    def __init__(self, *words: str, folder: Path, language: str = "en") -> None:
        environment = os.environ | {"LANG": f"{language}_XX.UTF-8", "LC_ALL": "", "HOME": str(folder), "COLUMNS": "200"}
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agent", "setup", *words], stdin=slave, stdout=slave, stderr=slave, cwd=folder,
            env=environment | {"PYTHONPATH": str(ROOT)}, start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - two system calls, between fork and exec
        )  # fmt: skip
        os.close(slave)
        self.screen = ""
        self._read_to = 0

    def sees(self, pattern: str) -> str:
        """Wait for a text behind the last one seen."""
        until_s = time.monotonic() + PATIENCE_S
        while True:
            found = re.compile(pattern).search(self.screen, self._read_to)
            if found:
                self._read_to = found.end()
                return found[0]
            assert time.monotonic() < until_s, f"never on the screen: {pattern!r}\n{self.screen}"
            if not self._read(1.0) and self.process.poll() is not None:
                assert self._read(0.5), f"ended before {pattern!r}\n{self.screen}"

    def types(self, text: str) -> None:
        os.write(self._master, text.encode() + b"\n")

    def answers(self, pattern: str, text: str) -> None:
        self.sees(pattern)
        self.types(text)

    def presses_ctrl_c(self) -> None:
        os.write(self._master, b"\x03")

    def ends(self) -> int:
        """Read to the end and return the exit code."""
        until_s = time.monotonic() + PATIENCE_S
        while self._read(0.5) or self.process.poll() is None:
            assert time.monotonic() < until_s, self.screen
        return self.process.wait()

    def goes(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._master)

    def _read(self, within_s: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], within_s)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # the other side is closed
                raise
            return False
        self.screen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)


def _own_terminal() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C is a signal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs tests in the background has it ignored


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
