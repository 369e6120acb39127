"""A cut that is held: from its arrival to its answer, which is given once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from agent.offering.offering import Offering
from pos_adapters.taps.frames import ANSWER_BODY, FrameType, encode

if TYPE_CHECKING:
    from agent.intake.counter import Counter


class HeldCut:
    """Used by core's loop only. While it is neither answered nor given up, a customer waits for their receipt."""

    def __init__(self, counter: Counter, job_id: UUID, cut_no: int, *, send: Callable[[bytes], None]) -> None:
        self._counter = counter
        self._job_id = job_id
        self._cut_no = cut_no
        self._send = send
        self._began_s = time.monotonic()
        self._is_over = False
        self.is_answered = False
        counter.floor.cuts_held += 1

    def answer(self, offering: Offering, *, is_on_disk: bool = True) -> None:
        """Let the till's paper go on, with ours where all that it means is on disk; what comes second is not said."""
        if self._is_over:
            return
        self.give_up()
        self.is_answered = True
        printed, number = offering.draw() if is_on_disk else b"", ANSWER_BODY.pack(self._cut_no)
        if not printed:
            self._say(FrameType.NONE, number)
        else:
            self._counter.goes_out(offering)
            is_slip = offering.is_slip
            self._say(FrameType.SLIP if is_slip else FrameType.BLOCK, printed if is_slip else number + printed)
        self._counter.holds.note(time.monotonic() - self._began_s)

    def give_up(self) -> None:
        """Hold it no longer: its tap is gone, or will wait no more."""
        if not self._is_over:
            self._is_over = True
            self._counter.floor.cuts_held -= 1

    def _say(self, frame_type: FrameType, body: bytes) -> None:
        self._send(encode(frame_type, self._job_id.bytes + body))
