"""Which job the bytes of a connection belong to: begins one, ends it in silence, splits it behind a cut.

Most tills open a connection a receipt, and the close ends the job. On a kept connection silence ends it: a short one
after a cut, a long one without. Inside a command, or while anything of it is still to be printed, a job does not end.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from pos_adapters.taps.book import JobBook
from pos_adapters.taps.cut_watch import TAIL_BYTES, CutWatch, ends_like_a_cut
from pos_adapters.taps.job import SPLIT_BYTES, EndReason, Job
from pos_adapters.taps.policy import Policy, Profile

CUT_COMMAND_BYTES_MAX = 4  # GS V m n


class Stream(Protocol):
    """The passage, as far as the end of a job concerns it."""

    def is_settled(self) -> bool:
        """Return whether everything of the job is with the kernel and nothing of ours is still to come."""

    def job_ends(self, job: Job) -> None:
        """Settle what became of the job's blocks: nothing can be reported after the end."""


class JobTurns:
    """The jobs of one connection, one after the other."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, stream: Stream, *, book: JobBook, policy: Policy, watch: CutWatch
    ) -> None:
        self._loop = loop
        self._stream = stream
        self._book = book
        self._policy = policy
        self.watch = watch
        self._last_print_at_s = 0.0  # when bytes of the job last came that do more than ask for status
        self._printed_bytes = 0  # of the job, without status requests behind it
        self.job: Job | None = None
        self.start = 0  # where in the stream the job begins
        self.last_cut_at: int | None = None

    def take_turn(self) -> Job:
        """Return the job that bytes which have just come belong to; call before the watch has read them."""
        if self.job is not None and self._should_split(self.job):
            self.end(EndReason.SILENCE)
        if self.job is None:
            self.job = self._book.begin()
            self.start = self.watch.taken_bytes
            self.last_cut_at = None
            self.watch.begin_job()
            self._last_print_at_s = self._loop.time()
            self._printed_bytes = 0
            self._book.silence.set(self._last_print_at_s + self._policy.silence_after_cut_s, self._look_for_silence)
        return self.job

    def register_printed(self, now_s: float) -> None:
        """Note that bytes came which do more than ask for status; call when the job has taken them.

        In profile `off` the stream is not read, so the end of what has come is looked at for a cut (once it matters);
        status requests that follow a cut must not hide it.
        """
        self._last_print_at_s = now_s
        self._printed_bytes = 0 if self.job is None else len(self.job.captured)

    def _ends_like_a_cut(self, job: Job) -> bool:
        tail = bytes(job.captured[max(0, self._printed_bytes - TAIL_BYTES) : self._printed_bytes])
        return self._policy.profile is Profile.OFF and ends_like_a_cut(tail, self._policy.dialect)

    def end(self, reason: EndReason) -> None:
        """End the job, if there is one."""
        job, self.job = self.job, None
        if job is not None:
            self._stream.job_ends(job)
            self._book.silence.clear()
            self._book.end(job, reason)

    def _should_split(self, job: Job) -> bool:
        """Return whether a new job begins here: right behind a cut, when this one is long, or lost to core."""
        watch = self.watch
        if self.last_cut_at is None or watch.within_command or watch.transparent or not self._stream.is_settled():
            return False
        if watch.taken_bytes - self.last_cut_at > CUT_COMMAND_BYTES_MAX:
            return False
        return job.taken_bytes > SPLIT_BYTES or (self._book.answers and not self._book.reads(job))

    def _look_for_silence(self) -> None:
        """End the job when the register has been silent; else look again when it could have been."""
        is_cut = self.last_cut_at is not None or (self.job is not None and self._ends_like_a_cut(self.job))
        limit_s = self._policy.silence_after_cut_s if is_cut else self._policy.silence_s
        now_s = self._loop.time()
        left_s = self._last_print_at_s + limit_s - now_s
        if left_s <= 0 and not self.watch.within_command and self._stream.is_settled():
            self.end(EndReason.SILENCE)
            return
        again_s = left_s if left_s > 0 else self._policy.silence_after_cut_s
        self._book.silence.set(now_s + again_s, self._look_for_silence)
