"""The block that core has lent a tap: printed at the one cut it was lent for, without asking.

Core lends when all that the cut will mean is on its disk and stands. At a cut that comes at the very byte it was lent
for, or behind feeds that follow it, the tap takes the right to it out of the pipe (`right`) and prints; where core was
first, or anything differs, it asks. No right outlives the connection it came by.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from pos_adapters.taps.frames import LEND_BODY
from pos_adapters.taps.job import Job
from pos_adapters.taps.right import Right

LENT_FOR_S = 1.0
"""A core that is stopped takes nothing back: what it lent is good so long by the tap's own clock. A till cuts within
tenths of a second of its last line; core lends anew every second to one that takes longer."""


_FEEDS = re.compile(rb"(?:[\r\n]|\x1b[dJ].)*", re.DOTALL)
_FEEDS_SO_FAR = re.compile(_FEEDS.pattern + rb"(?:\x1b[dJ]?)?", re.DOTALL)


def only_feeds(data: bytes, *, so_far: bool = False) -> bool:
    """Whether bytes only move paper: LF, CR, ESC d n, ESC J n; `so_far`: the last may not be whole yet.

    They end a line and set nothing, so they change neither what is read nor what a block has to bring back. (Star's
    ESC d is a cut: it is never between a place and its cut.)
    """
    return (_FEEDS_SO_FAR if so_far else _FEEDS).fullmatch(data) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lent:
    job_id: UUID
    cut_no: int
    offset: int
    number: int
    until_s: float


class LentBlock:
    """One lane's. `right` returns the pipe of the connection to core, None while there is none."""

    def __init__(self, *, right: Callable[[], Right | None], now_s: Callable[[], float]) -> None:
        self._right = right
        self._now_s = now_s
        self._told: tuple[UUID, bytes] | None = None
        self._lent: _Lent | None = None

    def told(self, job_id: UUID, block: bytes) -> None:
        """Take a block that may be lent, or come as an answer."""
        self._told, self._lent = (job_id, block), None

    def lend(self, job_id: UUID, body: bytes) -> None:
        """Take LEND: the block that was told of is good for a cut of this job."""
        if len(body) == LEND_BODY.size and self._told is not None and self._told[0] == job_id:
            cut_no, offset, number = LEND_BODY.unpack(body)
            self._lent = _Lent(
                job_id=job_id, cut_no=cut_no, offset=offset, number=number, until_s=self._now_s() + LENT_FOR_S
            )

    def end(self) -> None:
        """Forget what was lent: core is gone."""
        self._told = self._lent = None

    def use(self, job: Job, offset: int, *, may_send: Callable[[bytes], bool]) -> bytes | None:
        """Return the block for the next cut of a job, `offset` bytes into it, and the right to print it; else None."""
        lent, told, right = self._lent, self._told, self._right()
        if lent is None or told is None or right is None:
            return None
        if (lent.job_id, lent.cut_no) != (job.job_id, job.cuts_asked + 1) or lent.offset > offset:
            return None
        if job.truncated or not only_feeds(bytes(memoryview(job.captured)[lent.offset : offset])):
            return None
        self.end()
        if self._now_s() > lent.until_s or not may_send(told[1]) or right.take() != lent.number:
            return None
        return told[1]
