"""The slips of one passage: joins the slip's turn (`slip_turn`) with the paper, the jobs and what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

from pos_adapters.taps.book import AskedCut, JobBook
from pos_adapters.taps.cut_watch import Cut
from pos_adapters.taps.delivery import Delivery, is_whole
from pos_adapters.taps.frames import Outcome
from pos_adapters.taps.job import Job
from pos_adapters.taps.job_turns import JobTurns
from pos_adapters.taps.policy import Policy
from pos_adapters.taps.slip_turn import SlipTurn


def wanted_cut(book: JobBook, policy: Policy, *, job_id: UUID, slip: bytes, now_s: float) -> AskedCut | None:
    """Return the cut that a slip belongs behind: the last one that was asked about, not too long ago; else None."""
    asked = book.asked
    if asked is None or asked.job_id != job_id or not policy.prints_slips:
        return None
    in_time = now_s - asked.asked_at_s <= policy.slip_chance_s
    return asked if in_time and is_whole(slip, policy.dialect, slip=True) else None


class Slips:
    """See the module's contract. `on_over` is called when the register's close need not wait any more."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        jobs: JobTurns,
        delivery: Delivery,
        book: JobBook,
        policy: Policy,
        on_over: Callable[[], None],
    ) -> None:
        self._watch = jobs.watch
        self._jobs = jobs
        self._delivery = delivery
        self._book = book
        self._policy = policy
        self._on_over = on_over
        self._asked_job: UUID | None = None
        self.turn = SlipTurn(loop, self, policy)

    def ask(self, job: Job, cut: Cut) -> None:
        """Ask core about a cut of a job that has been passed on already."""
        cut_no = self._book.ask(job, cut.offset - self._jobs.start) if cut.insertable else None
        if cut_no is not None:
            self._asked_job = job.job_id
            self.turn.asked(cut_no)

    def came(self, job: Job, slip: bytes) -> bool:
        """Take core's slip for the job that is open; False when it cannot be printed in its turn."""
        if job is not self._jobs.job or not self._policy.prints_slips:
            return False
        return is_whole(slip, self._policy.dialect, slip=True) and self.turn.came(slip)

    def print_late(self, job_id: UUID, cut_no: int, slip: bytes) -> bool:
        """Print a slip behind a receipt of this connection that is long over; False when it cannot be printed here."""
        if job_id != self._asked_job or not self.slip_may_print():
            return False
        handed = self._delivery.send_outside_jobs(slip)
        self._book.settle_late(job_id, cut_no, Outcome.UNCONFIRMED if handed else Outcome.NOT_SENT)
        return True

    def slip_may_print(self) -> bool:
        """Return whether the receipt is cut and nothing has been printed since (see `slip_turn.Paper`)."""
        watch = self._watch
        return watch.insertable and not watch.printed_since_cut and not watch.within_command

    def print_slip(self, cut_no: int, slip: bytes) -> None:
        """Print a slip now (see `slip_turn.Paper`)."""
        if self._jobs.job is not None:
            self._delivery.send(self._jobs.job, cut_no, slip)

    def drop_slip(self, cut_no: int) -> None:
        """Report that a slip came too late (see `slip_turn.Paper`)."""
        if self._jobs.job is not None:
            self._book.settle(self._jobs.job, cut_no, Outcome.NOT_SENT)

    def slip_is_over(self) -> None:
        """Let the close wait no longer (see `slip_turn.Paper`)."""
        self._on_over()
