"""The book of jobs of one lane: what core has been told, what core has on disk, and what goes to the spool instead.

The print path tells the book what happened; the book never makes the print path wait. A job leaves the book in one of
two ways: core acknowledged it (ACK), or it lies sealed on disk. Until then its bytes are in memory only.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pos_adapters.taps.alarm import Alarm
from pos_adapters.taps.core_link import CoreLink
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.frames import (
    ANSWER_BODY,
    CUT_BODY,
    JOB_BYTES,
    OUTCOME_BODY,
    Frame,
    FrameType,
    Outcome,
)
from pos_adapters.taps.job import EndReason, Job
from pos_adapters.taps.job_ids import new_job_id
from pos_adapters.taps.lent import LentBlock

# Core commits in milliseconds. After this a job that has ended is sealed to disk all the same; an ACK that comes
# later deletes the file, and core takes the same job twice without harm.
ACK_WITHIN_S = 5.0

# The offset of a cut travels as u32 and its number as u16; a job beyond either is no receipt.
CUTS_MAX = 0xFFFF


class JobSpool(Protocol):
    """Where jobs go that core does not acknowledge."""

    def save(self, job: Job) -> None:
        """Begin to seal an ended job to disk; returns at once. A job saved twice is written once."""

    def forget(self, job_id: UUID) -> None:
        """Delete a job that core has on disk; unknown jobs are nothing to do."""


class Taker(Protocol):
    """The print path, as far as answers of core concern it."""

    look_through: Callable[[bytes], None]
    """Takes what the next BLOCK may bring."""

    def answered(self, job: Job, cut_no: int, block: bytes | None) -> bool:
        """Take a BLOCK (bytes) or NONE (None) for a cut; False when nobody waits for it any more."""

    def slip_came(self, job: Job, slip: bytes) -> bool:
        """Take a SLIP; False when it cannot be printed any more."""

    def core_lost(self) -> None:
        """Wait for no answer any more."""


@dataclass(frozen=True, slots=True)
class AskedCut:
    """The last cut that core was asked about."""

    job_id: UUID
    cut_no: int
    asked_at_s: float


class JobBook:
    """See the module's contract."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        link: CoreLink,
        spool: JobSpool,
        now: Callable[[], datetime],
        log: EventLog,
        new_id: Callable[[], UUID] = new_job_id,
    ) -> None:
        self._loop = loop
        self._link = link
        self._spool = spool
        self._now = now
        self._new_id = new_id
        self._log = log
        self._jobs: dict[UUID, Job] = {}
        self._timers: dict[UUID, asyncio.TimerHandle] = {}
        self._taker: Taker | None = None
        self.silence = Alarm(loop)  # a lane has one job that has not ended; see `job_turns`
        self._lent = LentBlock(right=lambda: link.right, now_s=loop.time)
        self.asked: AskedCut | None = None
        self.on_late_slip: Callable[[UUID, bytes], bool] = _no_slip
        self.on_idle: Callable[[], None] = _ignore
        link.on_lost = self._core_lost

    @property
    def open_jobs(self) -> int:
        """Jobs that have not ended, or that core has not acknowledged and the disk not taken."""
        return len(self._jobs)

    @property
    def is_wanted(self) -> bool:
        """Whether there is a core that jobs are kept for."""
        return self._link.is_wanted

    @property
    def answers(self) -> bool:
        """Whether a cut may wait for core."""
        return self._link.answers

    def attach(self, taker: Taker | None) -> None:
        """Name the passage that answers are for; None when there is none."""
        self._taker = taker

    def begin(self) -> Job:
        """Open a job and tell core, when core is there."""
        session = self._link.session if self._link.ready else None
        job = Job(job_id=self._new_id(), received_at=self._now(), session=session)
        self._jobs[job.job_id] = job
        if session is not None:
            self._tell(job, FrameType.JOB, json.dumps({"received_at": job.received_at.isoformat()}).encode())
        return job

    def reads(self, job: Job) -> bool:
        """Return whether core has had every byte of this job, so that its answer can be right."""
        return self._link.ready and job.session == self._link.session and not job.truncated

    def take(self, job: Job, data: bytes) -> None:
        """Keep the register's bytes and send them to core."""
        kept = job.take(data)
        if kept:
            self._tell(job, FrameType.BYTES, kept)

    def ask(self, job: Job, offset: int) -> int | None:
        """Ask core about the cut at `offset` of the job; return its number, None when core cannot answer."""
        if not self.reads(job) or job.cuts_asked >= CUTS_MAX:
            return None
        job.cuts_asked += 1
        self.asked = AskedCut(job.job_id, job.cuts_asked, self._loop.time())
        self._tell(job, FrameType.CUT, CUT_BODY.pack(job.cuts_asked, offset))
        return job.cuts_asked

    def use_lent(self, job: Job, offset: int, *, may_send: Callable[[bytes], bool]) -> bytes | None:
        """Return the block that was lent for the cut at `offset` of the job, and tell core that it is printed; or None.

        The number of the cut is then the job's last (`cuts_asked`).
        """
        block = self._lent.use(job, offset, may_send=may_send)
        if block is not None:
            job.cuts_asked += 1
            self._tell(job, FrameType.USED, CUT_BODY.pack(job.cuts_asked, offset))
        return block

    def unanswered(self, job: Job, cut_no: int) -> None:
        """Note that the budget was over before core answered."""
        self._log.event("budget_over", job=str(job.job_id), cut=cut_no)
        self._link.missed()

    def settle_late(self, job_id: UUID, cut_no: int, outcome: Outcome) -> None:
        """Report what became of a block or slip of a job that may have left the book."""
        job = self._jobs.get(job_id)
        if job is not None:
            self.settle(job, cut_no, outcome)
            return
        self._log.event("outcome", job=str(job_id), cut=cut_no, outcome=outcome.name.lower())
        self._link.send(FrameType.OUTCOME, job_id.bytes, OUTCOME_BODY.pack(cut_no, outcome))

    def settle(self, job: Job, cut_no: int, outcome: Outcome) -> None:
        """Note and report what became of a block or slip; the first outcome stands."""
        if cut_no in job.outcomes:
            return
        job.outcomes[cut_no] = outcome
        self._tell(job, FrameType.OUTCOME, OUTCOME_BODY.pack(cut_no, outcome))
        self._log.event("outcome", job=str(job.job_id), cut=cut_no, outcome=outcome.name.lower())

    def end(self, job: Job, reason: EndReason) -> None:
        """Close a job; core acknowledges it, or it is spooled."""
        job.ended_by = reason
        if not self._link.ready or job.session != self._link.session:
            self._to_spool(job)
            return
        told = json.dumps({"reason": reason.value, "truncated": job.truncated}).encode()
        self._tell(job, FrameType.JOB_END, told)
        self._timers[job.job_id] = self._loop.call_later(ACK_WITHIN_S, self._ack_late, job)

    def spool_open_jobs(self) -> None:
        """Spool all that core has not acknowledged: the tap is about to stop."""
        for job in list(self._jobs.values()):
            job.ended_by = job.ended_by or EndReason.CLOSE
            self._to_spool(job)

    def on_frame(self, frame: Frame) -> None:
        """Take a frame of core's. One that concerns no job of ours is answered or ignored, never trusted."""
        if len(frame.payload) < JOB_BYTES:
            return
        job_id, body = UUID(bytes=frame.payload[:JOB_BYTES]), frame.payload[JOB_BYTES:]
        if frame.type is FrameType.ACK:
            self._acknowledged(job_id)
        elif frame.type in (FrameType.BLOCK, FrameType.NONE) and len(body) >= ANSWER_BODY.size:
            (cut_no,) = ANSWER_BODY.unpack_from(body)
            block = body[ANSWER_BODY.size :] if frame.type is FrameType.BLOCK else None
            self._answer(job_id, cut_no, block)
        elif frame.type is FrameType.SLIP:
            self._slip(job_id, body)
        elif frame.type is FrameType.AHEAD and self._taker is not None:
            self._lent.told(job_id, body)
            self._taker.look_through(body)
        elif frame.type is FrameType.LEND:
            self._lent.lend(job_id, body)

    def _answer(self, job_id: UUID, cut_no: int, block: bytes | None) -> None:
        asked = self.asked
        if asked and (asked.job_id, asked.cut_no) == (job_id, cut_no):
            self._link.answered(after_s=self._loop.time() - asked.asked_at_s)
        job = self._jobs.get(job_id)
        if job is not None and self._taker is not None and self._taker.answered(job, cut_no, block):
            return
        if block:
            self.settle_late(job_id, cut_no, Outcome.LATE)

    def _slip(self, job_id: UUID, slip: bytes) -> None:
        job = self._jobs.get(job_id)
        if job is not None and self._taker is not None and self._taker.slip_came(job, slip):
            return
        if not self.on_late_slip(job_id, slip):
            is_last = self.asked is not None and self.asked.job_id == job_id
            cut_no = self.asked.cut_no if self.asked is not None and is_last else 0
            self.settle_late(job_id, cut_no, Outcome.NOT_SENT)

    def _tell(self, job: Job, frame_type: FrameType, body: bytes) -> None:
        if job.session == self._link.session:
            self._link.send(frame_type, job.job_id.bytes, body)

    def _acknowledged(self, job_id: UUID) -> None:
        job = self._jobs.get(job_id)
        if job is not None and job.ended_by is None:
            return  # core cannot have all of a job that has not ended
        self._leave(job_id)
        self._spool.forget(job_id)

    def _ack_late(self, job: Job) -> None:
        self._log.event("not_acknowledged", job=str(job.job_id), within_s=ACK_WITHIN_S)
        self._to_spool(job)

    def _core_lost(self) -> None:
        self._lent.end()
        for job in list(self._jobs.values()):
            job.session = None
            if job.ended_by is not None:
                self._to_spool(job)
        if self._taker is not None:
            self._taker.core_lost()

    def _to_spool(self, job: Job) -> None:
        self._leave(job.job_id)
        if job.taken_bytes and self._link.is_wanted:
            self._spool.save(job)

    def _leave(self, job_id: UUID) -> None:
        self._jobs.pop(job_id, None)
        timer = self._timers.pop(job_id, None)
        if timer is not None:
            timer.cancel()
        if not self._jobs:
            self.on_idle()


def _ignore() -> None:
    return


def _no_slip(job_id: UUID, slip: bytes) -> bool:
    del job_id, slip
    return False
