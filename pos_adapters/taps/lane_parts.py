"""What the lanes of all edges have in common: everything a passage is made of but its two ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pos_adapters.taps.book import JobBook
from pos_adapters.taps.ends import End
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.passage import Passage
from pos_adapters.taps.policy import Policy
from pos_adapters.taps.printer_health import PrinterHealth
from pos_adapters.taps.printer_line import PrinterLine
from pos_adapters.taps.recorder import Recorder
from pos_adapters.taps.side import AnySide, Side


def _everybody(peer: tuple[object, ...]) -> bool:
    del peer
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneParts:
    """The parts of one lane."""

    loop: asyncio.AbstractEventLoop
    printer: PrinterLine
    book: JobBook
    policy: Policy
    health: PrinterHealth
    log: EventLog
    make_recorder: Callable[[], Recorder | None]
    admits: Callable[[tuple[object, ...]], bool] = _everybody  # by the peer's socket address

    def join(self, register: End, printer: End, on_done: Callable[[], None]) -> Passage:
        """Return a passage between two open ends, started."""
        self.health.reachable(yes=True)
        return self.join_sides(Side(self.loop, register), Side(self.loop, printer), on_done)

    def join_sides(self, register: AnySide, printer: AnySide, on_done: Callable[[], None]) -> Passage:
        """Return a passage between two sides, started."""
        passage = self.passage(register, printer, on_done)
        passage.start()
        return passage

    def passage(self, register: AnySide, printer: AnySide, on_done: Callable[[], None]) -> Passage:
        """Return a passage between two sides, which need not be open before it is started."""
        return Passage(
            self.loop,
            register=register,
            printer=printer,
            book=self.book,
            policy=self.policy,
            health=self.health,
            log=self.log,
            on_done=on_done,
            recorder=self.make_recorder(),
        )
