"""The spool of one lane: un-acknowledged jobs go to disk sealed, and to core when it is there.

Jobs are handed over one at a time and only while no job is open, so that no receipt waits behind yesterday's. A file
is deleted when core has acknowledged it; core takes one that comes twice without harm. Files are read and deleted in a
thread, never on the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pos_adapters.taps.book import JobBook
from pos_adapters.taps.core_link import CoreLink
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.frames import FRAME_BYTES_MAX, JOB_BYTES, FrameType
from pos_adapters.taps.job import Job
from pos_adapters.taps.own_program import SEAL, own_program
from pos_adapters.taps.spool_files import SpooledFile, spooled_files

# Core commits a handed-over job in milliseconds; one that it does not acknowledge stays on disk for the next time.
HAND_OVER_WITHIN_S = 10.0


def sealing_command(folder: Path, key_file: Path) -> Sequence[str]:
    """Return the command line of the sealing child."""
    return (*own_program(), SEAL, str(folder), str(key_file))


class Sealing(Protocol):
    """Who writes jobs sealed to disk (`sealer.Sealer`, a child process). Every method returns at once."""

    on_sealed: Callable[[UUID, str], None]

    @property
    def idle(self) -> bool:
        """Whether every job given is on disk, or the disk has just said that it takes none."""
        ...

    def save(self, job: Job) -> None:
        """Begin to write a job; `on_sealed(job_id, path)` comes once it is durable. A repeat changes nothing."""

    def drop(self, job_id: UUID) -> bool:
        """Forget a job that need not be written any more; False when it is being written or is not here."""
        ...

    def stop(self) -> None:
        """Write what was begun and nothing else."""


class Spool:
    """See the module's contract. Without a sealer (no key) nothing can be sealed: such jobs are given up, and said."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        folder: Path,
        sealer: Sealing | None,
        link: CoreLink,
        log: EventLog,
        disk: Executor | None = None,
    ) -> None:
        self._loop = loop
        self._folder = folder
        self._sealer = sealer
        self._link = link
        self._log = log
        self.disk = disk or ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._written: dict[UUID, Path] = {}
        self._acknowledged: set[UUID] = set()  # while the child still has them
        self._skipped: set[UUID] = set()
        self._offered: SpooledFile | None = None
        self._looking: asyncio.Task[None] | None = None
        self._late: asyncio.TimerHandle | None = None
        self._may_hand_over: Callable[[], bool] = _never
        self._is_empty = False  # nobody has looked yet
        self._has_saved = False  # since the look that is under way began
        if sealer is not None:
            sealer.on_sealed = self._sealed

    @property
    def idle(self) -> bool:
        """Whether nothing waits for the disk."""
        return self._sealer is None or self._sealer.idle

    def follow(self, book: JobBook) -> None:
        """Hand over whenever the book has no job open."""
        self._may_hand_over = lambda: book.open_jobs == 0
        self._link.has_older = lambda: not self._is_empty or book.open_jobs > 0
        book.on_idle = self.look
        self._link.on_ready.append(self._core_ready)

    def save(self, job: Job) -> None:
        """Begin to seal an ended job to disk (see `book.JobSpool`)."""
        if self._sealer is None:
            self._log.event("job_given_up", job=str(job.job_id), cause="no --agent-key to seal it to")
        else:
            self._is_empty, self._has_saved = False, True
            self._sealer.save(job)

    def forget(self, job_id: UUID) -> None:
        """Delete a job that core has on disk (see `book.JobSpool`)."""
        if self._offered is not None and self._offered.job_id == job_id:
            self._written[job_id] = self._offered.path
            self._withdraw()
        path = self._written.pop(job_id, None)
        if path is not None:
            self._log.event("job_handed_over", job=str(job_id))
            self.disk.submit(_delete, path)
        elif self._sealer is not None and not self._sealer.drop(job_id) and not self._sealer.idle:
            self._acknowledged.add(job_id)
        self.look()

    def stop(self) -> None:
        """Hand over no more; the child writes what it was given."""
        self._withdraw()
        if self._looking is not None:
            self._looking.cancel()
        if self._sealer is not None:
            self._sealer.stop()
        self.disk.shutdown(wait=False)

    def look(self) -> None:
        """Hand over the oldest job, if core is there and nothing else goes on."""
        if self._link.ready and self._offered is None and self._looking is None and self._may_hand_over():
            self._looking = self._loop.create_task(self._offer_oldest())

    async def _offer_oldest(self) -> None:
        self._has_saved = False
        try:
            found = await self._loop.run_in_executor(self.disk, self._read_oldest)
        finally:
            self._looking = None
        self._is_empty = found is None and self.idle and not self._has_saved
        if self._is_empty:
            self._link.nothing_older()
        if found is None or not self._link.ready:
            return
        self._offered, blob = found
        self._link.send(FrameType.SEALED, self._offered.job_id.bytes, blob)
        self._late = self._loop.call_later(HAND_OVER_WITHIN_S, self._not_taken)

    def _read_oldest(self) -> tuple[SpooledFile, bytes] | None:
        """Return the oldest sealed job and its content (runs in the thread)."""
        for file in spooled_files(self._folder):
            if file.job_id in self._skipped:
                continue
            try:
                blob = file.path.read_bytes()
            except OSError:
                continue
            if len(blob) + JOB_BYTES <= FRAME_BYTES_MAX:
                return file, blob
        return None

    def _sealed(self, job_id: UUID, path: str) -> None:
        self._written[job_id] = Path(path)
        if job_id in self._acknowledged:
            self._acknowledged.discard(job_id)
            self.forget(job_id)
        else:
            self.look()

    def _core_ready(self) -> None:
        self._withdraw()
        self._skipped.clear()
        self.look()

    def _not_taken(self) -> None:
        if self._offered is not None:
            self._log.event("hand_over_refused", job=str(self._offered.job_id), within_s=HAND_OVER_WITHIN_S)
            self._skipped.add(self._offered.job_id)
        self._withdraw()
        self.look()

    def _withdraw(self) -> None:
        self._offered = None
        if self._late is not None:
            self._late.cancel()
            self._late = None


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)


def _never() -> bool:
    return False
