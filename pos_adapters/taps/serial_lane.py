"""A register on a serial cable: there is no connection to accept, the cable is the connection.

When bytes come, the printer is reached (over the network or another cable) and joined; while it cannot be, the bytes
wait in the port's buffer, as they would before a printer that is switched off. A network printer is let go of again
when the receipt is over, because it serves one connection at a time; a printer on a cable stays joined.
"""

from __future__ import annotations

import asyncio
from functools import partial

from pos_adapters.taps.ends import End
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.passage import Passage
from pos_adapters.taps.serial_line import SerialEnd, SerialLine

REOPEN_AFTER_S = 1.0  # a cable is plugged in by hand
RETRY_AFTER_S = 1.0
LOOK_EVERY_S = 1.0
LET_GO_AFTER_S = 5.0  # two and a half times the silence that ends a receipt


class SerialLane:
    """One cable from a register."""

    def __init__(self, parts: LaneParts, register: SerialLine) -> None:
        self._parts = parts
        self._loop = parts.loop
        self._line = register
        self._end: SerialEnd | None = None
        self._passage: Passage | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_open: bool | None = None  # None before the first try, so that either outcome is said once
        self._stopped = False
        if isinstance(parts.printer, SerialLine):
            parts.printer.on_ready_changed = register.show_ready

    @property
    def busy(self) -> bool:
        """Whether a receipt is on its way."""
        return self._passage is not None and not self._passage.is_settled()

    def start(self) -> None:
        """Open the port and wait for bytes."""
        self._open()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopped = True
        self._stop_timer()
        self._unwatch()

    def abandon(self) -> None:
        """End what is being served, and close the port."""
        if self._passage is not None:
            self._passage.abandon()
        self._line.close()

    def _open(self) -> None:
        try:
            self._end = self._line.lend()
        except OSError as error:
            if self._is_open is not False:
                self._parts.log.event("register_line_missing", cause=error.strerror or str(error), fix="plug it in")
            self._is_open = False
            self._timer = self._loop.call_later(REOPEN_AFTER_S, self._open)
            return
        if not self._is_open:
            self._parts.log.event("register_line_open")
        self._is_open = True
        self._watch()

    def _watch(self) -> None:
        if self._end is not None and not self._stopped:
            self._loop.add_reader(self._end.fileno(), self._bytes_came)

    def _unwatch(self) -> None:
        if self._end is not None and self._passage is None:
            self._loop.remove_reader(self._end.fileno())

    def _bytes_came(self) -> None:
        assert self._end is not None
        self._loop.remove_reader(self._end.fileno())
        self._parts.printer.connect(partial(self._join, self._end), self._refused)

    def _refused(self, cause: str) -> None:
        self._parts.log.event("printer_refused", cause=cause)
        self._parts.health.reachable(yes=False)
        self._timer = self._loop.call_later(RETRY_AFTER_S, self._watch)

    def _join(self, register: End, printer: End) -> None:
        printer.stays()
        self._passage = self._parts.join(register, printer, self._passage_done)
        self._timer = self._loop.call_later(LOOK_EVERY_S, self._look, printer.can_end)

    def _passage_done(self) -> None:
        self._passage = None
        self._end = None
        self._stop_timer()
        if not self._stopped:
            self._timer = self._loop.call_later(0.0, self._open)

    def _look(self, lets_go: bool) -> None:
        """Let go of a network printer that has nothing to print, or has gone."""
        if self._passage is None:
            return
        silent_s = self._loop.time() - self._passage.last_byte_at_s
        idle = lets_go and silent_s >= LET_GO_AFTER_S and self._passage.is_settled()
        if idle or (self._passage.half_over and silent_s >= LOOK_EVERY_S):
            self._passage.abandon()
            return
        self._timer = self._loop.call_later(LOOK_EVERY_S, self._look, lets_go)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
