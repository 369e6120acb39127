"""What one lane works out before its cut comes: foreseen, put by on disk, told to the tap, lent to it.

bytes_came   the till prints: a pause in it is used (`ahead_of_cut`)
foreseen     what the cut would mean here; nothing has happened by that
put by       all of it is in one row on disk (`kept_ahead`); the tap looks through the block meanwhile (AHEAD)
lent         that row is on disk and stands: the tap may print at a cut that comes here, without asking (LEND)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from agent.intake.ahead_of_cut import AheadOfCut, Steps
from agent.intake.kept_ahead import is_done
from agent.intake.lending import Lent
from agent.intake.open_job import OpenJob
from agent.intake.taken import Foreseen
from agent.journal.batch import Committed
from agent.offering.offering import Place
from pos_adapters.taps.frames import LEND_BODY, BrokenPeerError, FrameType
from pos_adapters.taps.lent import LENT_FOR_S, only_feeds
from pos_adapters.taps.right import Right

if TYPE_CHECKING:
    from agent.intake.counter import Counter

FORESEEN_MAX = 6
"""How often one document is foreseen: a till that drips must not make core decide after every byte."""


class LaneAhead:
    """Used by core's loop only. `place_of` says where the next cut of a job would be; `on_used` takes it."""

    def __init__(
        self,
        counter: Counter,
        *,
        place_of: Callable[[OpenJob], Place],
        say: Callable[[FrameType, OpenJob, bytes], None],
        on_used: Callable[[OpenJob], None],
    ) -> None:
        self._counter = counter
        self._place_of = place_of
        self._say = say
        self._on_used = on_used
        self._soon = AheadOfCut()
        self._looks_through = False
        self._right: Right | None = None
        self._lent: Lent | None = None
        self._behind = b""  # what has come since it was lent
        self._until: asyncio.TimerHandle | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is being worked out, or about to be."""
        return self._soon.is_busy

    def tap_here(self, told: Mapping[str, Any]) -> None:
        """Take from HELLO what the tap can do."""
        self._looks_through = bool(told.get("ahead", False))
        if self._right is None:
            self._right = Right.named(str(told.get("right", "")))

    def bytes_came(self, job: OpenJob) -> None:
        """Work out what a cut would mean as soon as the till pauses."""
        if job.foreseen_times < FORESEEN_MAX and not self._is_lent:
            self._soon.begin_soon(lambda: self._foresee(job))

    def stop(self) -> None:
        """Leave it at what is done, and take back what is lent: the cut has come, or there will be none."""
        self.end_lending()
        self._soon.stop()
        self._stop_timer()

    def forget(self, jobs: Iterable[OpenJob]) -> None:
        """Throw away what was worked out, on the disk, too: the cut works it out again."""
        self.stop()
        for job in jobs:
            job.foreseen = None
            if job.kept_ahead is not None:
                self._counter.kept_ahead.drop(job.kept_ahead)
                job.kept_ahead = None

    def end_lending(self) -> None:
        """Take back what is lent; where the tap has printed it, its cut is taken by that."""
        if self._lent is not None:
            self._counter.lendings.end(self._lent)
            self._lent = None

    def fed(self, data: bytes) -> None:
        """Take bytes that come behind what is lent: they end it unless they only feed paper."""
        if self._is_lent and only_feeds(self._behind + data, so_far=True):
            self._behind += data
        else:
            self.end_lending()

    @property
    def _is_lent(self) -> bool:
        return self._lent is not None and self._counter.lendings.has(self._lent)

    def told_used(self, job: OpenJob, cut_no: int) -> None:
        """Take the cut that the tap has printed our block at, unless that was found out before.

        Raises BrokenPeerError for a cut that nothing was lent for.
        """
        if cut_no == job.used[0]:
            return
        lent, self._lent = self._lent, None
        is_lent = lent is not None and self._counter.lendings.has(lent) and lent.foreseen is job.foreseen
        if lent is None or not is_lent or cut_no != job.cut_no + 1:
            raise BrokenPeerError("a block was printed that was not lent")
        self._counter.lendings.told_used(lent)

    def close(self) -> None:
        """Let go of the tap's pipe: it is gone."""
        right, self._right = self._right, None
        if right is not None:
            right.close()

    def _foresee(self, job: OpenJob) -> Steps | None:
        """Begin to work out what the next cut would mean here; what fails in it fails again at the cut, and is told."""
        preview = job.reader.preview()
        if preview is None:
            return None
        job.foreseen_times += 1
        place = self._place_of(job)
        begun = self._counter.foresee(preview, job.next_origin(place.workstation_id), place, body=job.rest())
        if begun is None:
            return None
        job.foreseen, steps = begun
        return self._then_keep(job, job.foreseen, steps)

    def _then_keep(self, job: OpenJob, foreseen: Foreseen, steps: Steps) -> Steps:
        """Have on disk what the cut will commit, once it is known."""
        yield from steps
        if foreseen.batch is None:
            return
        job.kept_ahead = foreseen.origin
        self._counter.kept_ahead.keep(foreseen)
        block = foreseen.offering.draw()
        if block and self._looks_through and not foreseen.offering.is_slip:
            self._say(FrameType.AHEAD, job, block)
            assert foreseen.kept is not None
            foreseen.kept.add_done_callback(partial(self._when_kept, job, foreseen, job.fed_bytes))

    def _when_kept(self, job: OpenJob, foreseen: Foreseen, offset: int, kept: asyncio.Future[Committed]) -> None:
        if is_done(kept):
            self._lend(job, foreseen, offset)

    def _lend(self, job: OpenJob, foreseen: Foreseen, offset: int) -> None:
        """Lend the block for a cut that comes right here, for a second; then anew."""
        self._stop_timer()
        if self._right is None or self._lent is not None or job.foreseen is not foreseen or job.fed_bytes != offset:
            return
        if not self._counter.standing.stays(foreseen, self._place_of(job)):
            return
        self._lent = self._counter.lendings.lend(foreseen, self._right, on_used=lambda: self._on_used(job))
        self._behind = b""
        if self._lent is not None:
            self._say(FrameType.LEND, job, LEND_BODY.pack(job.cut_no + 1, offset, self._lent.number))
            self._until = asyncio.get_running_loop().call_later(LENT_FOR_S, self._lend_anew, job, foreseen, offset)

    def _lend_anew(self, job: OpenJob, foreseen: Foreseen, offset: int) -> None:
        self.end_lending()
        self._lend(job, foreseen, offset)

    def _stop_timer(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None
