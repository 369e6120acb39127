"""Slips for a receipt that is over, where a job is one piece (LPD, ePOS-Print): each is a job of the tap's own.

A slip that was asked for at the till or the kiosk comes when its receipt has long been handed over. It waits for a job
that is on its way, is printed on a connection of its own, and is given up when another receipt came first, or when too
much time has gone by. One at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from pos_adapters.taps.book import AskedCut
from pos_adapters.taps.document import DocumentDesk, Fate
from pos_adapters.taps.frames import Outcome
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.slips import wanted_cut
from pos_adapters.taps.stream_lane import ServiceLine, Stream

# A printer that answers when it has printed takes two seconds for a slip; a receipt behind it does not wait for more.
PRINT_WITHIN_S = 5.0

OUTCOMES = {Fate.PRINTED: Outcome.PRINTED, Fate.HANDED: Outcome.UNCONFIRMED, Fate.LOST: Outcome.NOT_SENT}

Deliver = Callable[[Stream, bytes], Awaitable[Fate]]


class LateSlips:
    """See the module's contract. `deliver(printer, slip)` prints by the edge's protocol and tells what came of it."""

    def __init__(self, parts: LaneParts, desk: DocumentDesk, line: ServiceLine, *, deliver: Deliver) -> None:
        self._parts = parts
        self._desk = desk
        self._line = line
        self._deliver = deliver
        self._task: asyncio.Task[None] | None = None
        parts.book.on_late_slip = self.came

    def came(self, job_id: UUID, slip: bytes) -> bool:
        """Begin to print a slip; False when it cannot be printed any more (see `book.JobBook.on_late_slip`)."""
        asked = self._wanted(job_id, slip)
        if asked is None or self._task is not None:
            return False
        self._task = self._parts.loop.create_task(self._print(asked, slip))
        return True

    def _wanted(self, job_id: UUID, slip: bytes) -> AskedCut | None:
        parts = self._parts
        return wanted_cut(parts.book, parts.policy, job_id=job_id, slip=slip, now_s=parts.loop.time())

    async def _print(self, asked: AskedCut, slip: bytes) -> None:
        fate = Fate.LOST
        try:
            async with self._desk.turn(self._parts.policy.slip_chance_s):
                if self._wanted(asked.job_id, slip) is not None:
                    stream = await self._line.open()
                    fate = Fate.HANDED  # unless the printer says more: who knows what it took before it broke off
                    fate = await self._delivered(stream, slip)
        except Exception as error:  # noqa: BLE001 - a slip that fails costs nobody a receipt, whatever the cause
            self._parts.log.event("slip_failed", cause=str(error) or type(error).__name__)
        finally:
            self._task = None
            self._parts.book.settle_late(asked.job_id, asked.cut_no, OUTCOMES[fate])

    async def _delivered(self, stream: Stream, slip: bytes) -> Fate:
        try:
            return await asyncio.wait_for(self._deliver(stream, slip), PRINT_WITHIN_S)
        finally:
            stream.writer.close()
