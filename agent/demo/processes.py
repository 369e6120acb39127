"""Processes of the demo: started on loopback, told apart by name, stopped in order, none left behind.

`Child` is any program; `Talker` is one that speaks JSON lines on its standard input and output (register, printers).
Whatever a child writes elsewhere goes to a log file that an error message names.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Any

from agent.children import program_start
from retail.errors import DefectError, OnSiteError

STOP_TIMEOUT_S = 5.0  # a child that does not end on SIGTERM by then is killed
POLL_S = 0.02  # how often something that has no event is looked at
LOG_TAIL_LINES = 5  # of a child's log in an error message: enough for its last traceback line
PR_SET_PDEATHSIG = 1  # prctl(2): be told when the parent dies, so that a killed demo leaves nothing behind


class Child:
    """One program that was started and will be stopped."""

    def __init__(self, name: str, command: Sequence[str], *, log: Path, talks: bool = False) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                list(command),
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is ours; children are stopped in order
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads yet hold locks we need
            )

    def check(self) -> None:
        """Raise OnSiteError when the program has ended."""
        if (code := self.process.poll()) is not None:
            raise OnSiteError(
                f"{self.name} ended with code {code}: {self.last_words()}",
                fix=f"read {self.log}",
                code="demo_process_ended",
            )

    def last_words(self) -> str:
        """Return the last lines of the program's log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " | ".join(lines[-LOG_TAIL_LINES:])

    def stop(self) -> None:
        """End the program, by force when it does not go. A repeat changes nothing."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Talker(Child):
    """A program that answers JSON lines with JSON lines."""

    def __init__(self, name: str, command: Sequence[str], *, log: Path) -> None:
        super().__init__(name, command, log=log, talks=True)
        self._said: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        assert self.process.stdout is not None
        self._ear = threading.Thread(target=_listen, args=(self.process.stdout, self._said), daemon=True)
        self._ear.start()

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send one message."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, *, timeout_s: float) -> dict[str, Any]:
        """Return the next message; raises OnSiteError when none comes in time or the program has ended."""
        try:
            return self._said.get(timeout=timeout_s)
        except queue.Empty:
            self.check()
            raise OnSiteError(
                f"{self.name} said nothing for {timeout_s:.0f} s: {self.last_words()}",
                fix=f"read {self.log}",
                code="demo_silence",
            ) from None


def wait_until(
    what: str, holds: Callable[[], bool], *, timeout_s: float, alive: Sequence[Child] = (), poll_s: float = POLL_S
) -> None:
    """Look until `holds()`; raises OnSiteError naming `what` when time is up or a child of `alive` has ended."""
    deadline_s = monotonic() + timeout_s
    while not holds():
        for child in alive:
            child.check()
        if monotonic() > deadline_s:
            raise OnSiteError(
                f"waited {timeout_s:.0f} s in vain: {what}",
                fix="look at the logs in the demo's folder (tillstream demo --keep)",
                code="demo_timeout",
            )
        sleep(poll_s)


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Tell whether somebody accepts connections on this port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ourselves(*arguments: str) -> list[str]:
    """Return the command that runs `tillstream ARGUMENTS`, frozen or by this interpreter."""
    return [*program_start("agent"), *arguments]


def _listen(pipe: IO[bytes], said: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in pipe:
        message = json.loads(line)
        if not isinstance(message, dict):
            raise DefectError(f"a talker said no object: {line[:80]!r}")
        said.put(message)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
