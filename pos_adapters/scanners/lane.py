"""One scanner: what it sends goes to the till at once and unchanged, and core sees the codes. Fails open.

    scanner --> [ a code of ours? ] --> till        everything else passes in the piece it came in
    scanner <-------------------------- till        on a cable, at once
                      |
                      v
                    core                            every code; about ours it is asked first, for at most the budget

Without a till the scanner is our own. A device that has gone is looked for every second. Whatever goes wrong between us
and core, the till gets what was scanned.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

from pos_adapters.scanners.code_reader import SILENCE_S as CODE_SILENCE_S
from pos_adapters.scanners.code_reader import CodeReader, ScannedCode
from pos_adapters.scanners.core_scans import Action, CoreScans, Verdict
from pos_adapters.scanners.gate import CodeGate, Held, Pass
from pos_adapters.scanners.keys import KeyReader, key_events, typing
from pos_adapters.scanners.lines import SILENCE_S, Line
from pos_adapters.taps.events import EventLog

BUDGET_S = 0.05
"""How long a code of ours may wait for core's word: people notice a till that hesitates from about 100 ms."""

REOPEN_S = 1.0
Open = Callable[[], Line]


class Scanner:
    """Runs until stopped; one thread reads the scanner, another what the till says to it."""

    def __init__(
        self,
        open_scanner: Open,
        *,
        open_till: Open | None,
        core: CoreScans,
        gate: CodeGate,
        log: EventLog,
        is_keyboard: bool = False,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._open_scanner = open_scanner
        self._core = core
        self._gate = gate
        self._log = log
        self._keys = KeyReader() if is_keyboard else None
        self._budget_s = budget_s
        self._reader = CodeReader()
        self._stopped = threading.Event()
        self._till = _Till(open_till, log=log) if open_till is not None else None
        self._waiting = bytearray()  # key events that the gate's text stands for
        self._silent_s = 0.0

    def run(self) -> None:
        """Pass on what is scanned, until `stop`; blocks."""
        told = False
        while not self._stopped.is_set():
            try:
                line = self._open_scanner()
            except OSError as error:
                if not told:
                    self._log.event("scanner_absent", cause=error.strerror or str(error))
                told = True
                self._stopped.wait(REOPEN_S)
                continue
            told = False
            self._log.event("scanner_here")
            with suppress(OSError):
                self._serve(line)
            line.close()
            self._lost()
            self._stopped.wait(REOPEN_S)  # a port that opens and breaks at once must not eat the machine

    def stop(self) -> None:
        """End; what waits for core's word passes as it is. The till's line is let go of by its own thread."""
        self._stopped.set()
        if self._till is not None:
            self._till.stop()

    def _serve(self, line: Line) -> None:
        if self._till is not None:
            self._till.talks_to(line)
        while not self._stopped.is_set():
            data = line.read()
            if data:
                self._silent_s = 0.0
                self._take(data)
            else:
                self._silence()

    def _lost(self) -> None:
        """Forget half a code of a scanner that has gone: the till gets its bytes, core none of it."""
        self._pass_on(self._gate.silence())
        self._reader.end()
        if not self._stopped.is_set():
            self._log.event("scanner_lost")

    def _take(self, data: bytes) -> None:
        if self._keys is None:
            self._pass_on(self._gate.feed(data))
            self._tell(self._reader.feed(data))
            return
        for event in key_events(data):
            self._waiting += event.encode()
            typed = self._keys.feed((event,))
            self._pass_on(self._gate.feed(typed))
            if not self._gate.holds:
                self._flush_keys()
            self._tell(self._reader.feed(typed))

    def _silence(self) -> None:
        self._silent_s += SILENCE_S
        self._pass_on(self._gate.silence())
        if not self._gate.holds:
            self._flush_keys()
        if self._reader.is_open and self._silent_s >= CODE_SILENCE_S:
            self._tell(self._reader.end())

    def _tell(self, codes: Iterable[ScannedCode]) -> None:
        for code in codes:
            self._core.tell(code)

    def _pass_on(self, pieces: Iterable[Pass | Held]) -> None:
        for piece in pieces:
            if isinstance(piece, Held):
                self._let_pass(piece, self._judged(piece))
            elif self._keys is None:
                self._to_till(piece.data)

    def _judged(self, held: Held) -> Verdict:
        code = ScannedCode(text=held.code.decode("latin-1"), symbology=held.symbology)
        verdict = self._core.judge(code, within_s=self._budget_s) if self._till is not None else Verdict()
        if verdict.action is not Action.PASS:
            self._log.event("code_judged", action=verdict.action.value)
        return verdict

    def _let_pass(self, held: Held, verdict: Verdict) -> None:
        """Give the till what core said it is to get."""
        if verdict.action is Action.WITHHOLD:
            self._waiting.clear()
        elif verdict.action is Action.REPLACE and self._keys is not None:
            self._waiting[:] = b"".join(event.encode() for event in typing(verdict.code + held.tail.decode("latin-1")))
        elif verdict.action is Action.REPLACE:
            self._to_till(verdict.code.encode("latin-1", "replace") + held.tail)
        elif self._keys is None:
            self._to_till(held.data)

    def _flush_keys(self) -> None:
        if self._waiting:
            data, self._waiting = bytes(self._waiting), bytearray()
            self._to_till(data)

    def _to_till(self, data: bytes) -> None:
        if self._till is not None:
            self._till.write(data)


class _Till:
    """The till's end: opened when it is there; what it says goes to the scanner."""

    def __init__(self, open_till: Open, *, log: EventLog) -> None:
        self._open = open_till
        self._log = log
        self._line: Line | None = None
        self._scanner: Line | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        threading.Thread(target=self._listen, name="till", daemon=True).start()

    def talks_to(self, scanner: Line) -> None:
        """Name the scanner that the till's words are for."""
        self._scanner = scanner

    def write(self, data: bytes) -> None:
        """Hand bytes to the till; one that is not there gets none."""
        line = self._opened()
        if line is None:
            return
        try:
            line.write(data)
        except OSError as error:
            self._log.event("till_lost", cause=str(error))
            self._close(line)

    def stop(self) -> None:
        """Open nothing any more; what is open is closed within a read's time."""
        self._stopped.set()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            line = self._opened()
            if line is None:
                self._stopped.wait(REOPEN_S)
                continue
            try:
                said = line.read()
            except OSError:
                self._close(line)
                self._stopped.wait(REOPEN_S)
                continue
            if said and self._scanner is not None:
                with suppress(OSError):
                    self._scanner.write(said)
        if self._line is not None:
            self._close(self._line)

    def _opened(self) -> Line | None:
        with self._lock:
            if self._line is None and not self._stopped.is_set():
                with suppress(OSError):
                    self._line = self._open()
                    self._log.event("till_here")
            return self._line

    def _close(self, line: Line) -> None:
        with self._lock:
            if self._line is line:
                self._line = None
            line.close()
