"""A scanner's line to core: codes in, core's word about ours out. Nothing here waits longer than it was told to.

Newline-delimited JSON over core's control socket: `scan` tells a code, `judge` asks about one of ours. While core is
away a code is kept for `KEPT_S` and then forgotten: a card that reached core after its sale had ended would be taken
for the next customer's.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pos_adapters.scanners.code_reader import ScannedCode
from pos_adapters.taps.events import EventLog

RECONNECT_S = 0.2
KEPT_S = 2.0  # core is back from `kill -9` within a second; no sale ends so soon behind its customer's scan
KEPT_MAX = 20
SEND_WITHIN_S = 0.02  # into the kernel's buffer; a core that does not read for 20 ms hangs


class Action(Enum):
    """What the till gets instead of a code of ours."""

    PASS = "pass"  # noqa: S105 - no secret: the code itself
    WITHHOLD = "withhold"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Core's word; `code` is what the till gets where it is REPLACE."""

    action: Action = Action.PASS
    code: str = ""


@dataclass(slots=True, eq=False)
class _Asked:
    """A question that somebody waits for."""

    done: threading.Event
    answer: dict[str, Any]


class CoreScans:
    """One scanner's line; its methods may be called while the line is away."""

    def __init__(self, path: Path, *, workstation_id: str, log: EventLog) -> None:
        self._path = path
        self._workstation_id = workstation_id
        self._log = log
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._asked: dict[int, _Asked] = {}
        self._kept: deque[tuple[float, ScannedCode]] = deque(maxlen=KEPT_MAX)
        self._last_id = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="core", daemon=True)

    def start(self) -> None:
        """Begin to connect, and go on doing so."""
        self._thread.start()

    def stop(self) -> None:
        """Hang up."""
        self._stopped.set()
        self._hang_up()

    def tell(self, code: ScannedCode) -> None:
        """Let core see a code; returns at once."""
        if self._send("scan", code, source="scanner") is None:
            self._kept.append((time.monotonic(), code))

    def judge(self, code: ScannedCode, *, within_s: float) -> Verdict:
        """Ask what the till is to get for a code of ours. No answer in time, or none that makes sense, is PASS."""
        began_s = time.monotonic()
        asked = self._send("judge", code)
        if asked is None or not asked.done.wait(max(0.0, began_s + within_s - time.monotonic())):
            return Verdict()
        try:
            verdict = Verdict(action=Action(asked.answer.get("action")), code=str(asked.answer.get("code", "")))
        except ValueError:
            return Verdict()
        return Verdict() if verdict.action is Action.REPLACE and not verdict.code.isprintable() else verdict

    def _send(self, op: str, code: ScannedCode, **more: str) -> _Asked | None:
        """Send a request; None when core is not there."""
        with self._lock:
            if self._socket is None:
                return None
            self._last_id += 1
            asked = self._asked[self._last_id] = _Asked(threading.Event(), {})
            request = {
                "id": self._last_id,
                "op": op,
                "workstation_id": self._workstation_id,
                "code": code.text,
                "symbology": code.symbology,
                **more,
            }
            try:
                self._socket.sendall(json.dumps(request).encode() + b"\n")
            except OSError:
                self._asked.clear()
                self._socket.close()
                self._socket = None
                return None
            return asked

    def _run(self) -> None:
        """Connect and read answers, again and again; a system without Unix sockets has no core to talk to."""
        if sys.platform == "win32":
            return
        while not self._stopped.is_set():
            with suppress(OSError):
                self._serve_one_connection()
            self._hang_up()
            self._stopped.wait(RECONNECT_S)

    def _serve_one_connection(self) -> None:
        line = socket.socket(socket.AF_UNIX)
        line.connect(str(self._path))
        line.settimeout(SEND_WITHIN_S)
        with self._lock:
            self._socket = line
        self._log.event("core_connected")
        self._tell_kept()
        pending = b""
        while not self._stopped.is_set():
            try:
                data = line.recv(65536)
            except TimeoutError:
                continue
            if not data:
                self._log.event("core_lost")
                return
            *lines, pending = (pending + data).split(b"\n")
            for each in lines:
                self._answered(each)

    def _tell_kept(self) -> None:
        while self._kept:
            at_s, code = self._kept.popleft()
            if time.monotonic() - at_s <= KEPT_S:
                self.tell(code)

    def _answered(self, line: bytes) -> None:
        try:
            answer = json.loads(line)
        except ValueError:
            return
        asked = self._asked.pop(int(answer.get("id") or 0), None) if isinstance(answer, dict) else None
        if asked is None:
            return
        if not answer.get("ok"):
            self._log.event("core_refused", code=str(answer.get("code", "")))
        asked.answer = answer
        asked.done.set()

    def _hang_up(self) -> None:
        with self._lock:
            line, self._socket = self._socket, None
            self._asked.clear()
        if line is not None:
            line.close()
