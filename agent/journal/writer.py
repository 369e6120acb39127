"""The journal's one writing thread: commits of all workstations that wait at the same time share one sync.

`commit` may be awaited from many tasks at once. Order is kept: what was handed over first stands first. On return it
is on disk; on an exception nothing of that batch is. What can wait is not written just before a cut, which would have
to wait for its sync, but with it. Upkeep runs on the same thread between two commits (`run`), so
the database never has a second writer. The write-ahead log is checkpointed by this thread only, and not while a cut is
held. What a held cut waits for is written by the loop where the thread has nothing to do: its sync is left to that.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from typing import TypeVar, cast

from agent.journal.batch import Batch, Committed, Haste
from agent.journal.database import JournalFullError
from agent.journal.reserve import Reserve
from agent.journal.store import CHECKPOINT_PAGES, JournalStore, Result
from retail.errors import DefectError, TillstreamError, TryAgainError

GROUP_MAX = 256  # batches a sync: 12 workstations never have more in flight; a backlog still commits in steps
CHECKPOINT_PAGES_BUSY = 2 * CHECKPOINT_PAGES  # lanes without a pause between them wait for a checkpoint all the same
CHECKPOINT_PAGES_MAX = 80_000  # a store whose cuts are always held must not fill its disk either: 166 MB
QUIET_S = 0.25  # how soon to look again after a held cut or a reader was in the way; upkeep comes after so much silence
PATIENCE_S = 0.1  # what follows a receipt shares a sync, in a busy store the next cut's; its tap keeps the job so long
AFTER_PAPER_S = 0.01  # a tap has passed its block on by then, with a processor that no commit has taken from it
NEAR_S = 0.05  # so soon a cut comes behind its total on a cable; longer nobody is kept waiting for its sync
LOOK_EVERY = 64  # commits between two looks at the log's size

T = TypeVar("T")

Turns = Callable[[Callable[[], None]], None]
"""Calls what it is given once, soon, on the loop."""

Meanwhile = Callable[[], object]
"""Work of the loop's that fits into a sync: it needs the interpreter while the thread needs the disk."""


@dataclass(frozen=True, slots=True)
class _Request:
    """Something for the thread: a batch, or a piece of upkeep; the future lives on the loop."""

    work: Batch | Callable[[JournalStore], object]
    future: asyncio.Future[object]
    meanwhile: Meanwhile | None = None


class JournalWriter:
    """One thread, one connection.

    `cut_is_held` says whether a customer is waiting for their receipt right now, `cut_is_near` whether one will within
    some hundredths of a second.
    `turns` is for a world with one thread (the drill): it is given `turn` and sees to it that it is called soon.
    """

    def __init__(
        self,
        store: JournalStore,
        *,
        cut_is_held: Callable[[], bool],
        cut_is_near: Callable[[], bool] = lambda: False,
        turns: Turns | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        self._store = store
        self._reserve = reserve
        self._cut_is_held = cut_is_held
        self._turns = turns
        self._turn_is_due = False
        self._cut_is_near = cut_is_near
        self._in_flight = 0  # requests that the thread has been given and has not answered, as the loop knows
        self._has_store = threading.Lock()  # held by whoever uses the store; goes to the thread with what is begun
        self._begun: _Request | None = None  # the first of the requests whose rows are written
        self._queue: queue.SimpleQueue[list[_Request] | None] = queue.SimpleQueue()
        self._patient: list[_Request] = []
        self._patient_until_s = inf
        self._is_put_off = False
        self._handing_over = threading.Lock()  # `close` is called by whatever thread may wait for the disk
        self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._since_look = 0
        self._checkpoint_due = False
        self.trouble: TillstreamError | None = None

    def __repr__(self) -> str:
        epoch, seq, _ = self._store.head
        return f"<JournalWriter {epoch}/{seq} trouble={self.trouble and self.trouble.code}>"

    @property
    def head_seq(self) -> int:
        """The last sequence number on disk, as far as this thread has told."""
        return self._store.head[1]

    def start(self) -> None:
        """Start the thread; call on the loop that will await commits."""
        self._loop = asyncio.get_running_loop()
        if self._turns is None:
            self._thread.start()

    async def commit(self, batch: Batch) -> Committed:
        """Return when the batch is on disk. Raises TillstreamError, sorted by who must act; then nothing of it is."""
        return await self.hand_over(batch)

    def hand_over(
        self, batch: Batch, *, meanwhile: Meanwhile | None = None, haste: Haste = Haste.AT_ONCE
    ) -> asyncio.Future[Committed]:
        """Take a batch and return at once; the future is done when it is on disk, or fails as `commit` does.

        `meanwhile` is called on the loop when the rows are written and only the sync is left to wait for; not at all
        when that goes wrong.
        """
        return cast("asyncio.Future[Committed]", self._submit(batch, meanwhile=meanwhile, haste=haste))

    async def documents_of(self, job_id: str) -> frozenset[int]:
        """Return which documents of a job are in the journal already."""
        return await self.run(lambda store: store.documents_of(job_id))

    async def run(self, work: Callable[[JournalStore], T]) -> T:
        """Run upkeep on the thread, between two commits; keep it short, commits wait meanwhile. Raises what it does."""
        return cast("T", await self._submit(work))

    def close(self) -> None:
        """Finish what was handed over, then close the database; what comes later fails with TryAgainError.

        Blocks for the commits in flight, so a loop that must go on calls it on another thread. Once.
        """
        with self._handing_over:
            self._is_closed = True
            self._queue_patient()
            self._queue.put(None)
        if self._turns is not None:
            self.turn()
        elif self._thread.is_alive():
            self._thread.join()

    def _submit(
        self,
        work: Batch | Callable[[JournalStore], object],
        *,
        meanwhile: Meanwhile | None = None,
        haste: Haste = Haste.AT_ONCE,
    ) -> asyncio.Future[object]:
        assert self._loop is not None, "start() was not called"
        future: asyncio.Future[object] = self._loop.create_future()
        with self._handing_over:
            if self._is_closed:
                future.set_exception(TryAgainError("the journal is closed: core is stopping", fix="start core again"))
                return future
            self._patient.append(_Request(work, future, meanwhile))
            patience_s = self._patience_s(haste)
            if not patience_s:
                self._begin_where_waited_for()
                self._queue_patient()
            else:
                self._patient_until_s = min(self._patient_until_s, self._loop.time() + patience_s)
                self._loop.call_at(self._patient_until_s, self._look_at_patient)
        if self._turns is not None and not self._turn_is_due:
            self._turn_is_due = True
            self._turns(self.turn)
        return future

    def _begin_where_waited_for(self) -> None:
        """Write the rows here and now while a cut is held and the thread has nothing to do: its part is their sync.

        To wake it for them, and to be woken by it for what is to be done meanwhile, takes longer than the rows do.
        """
        if self._in_flight or self._turns is not None or not self._cut_is_held():
            return
        batches = [request.work for request in self._patient if isinstance(request.work, Batch)]
        if len(batches) < len(self._patient) or not self._has_store.acquire(blocking=False):
            return
        if not self._store.begin(batches):
            self._has_store.release()
            return
        assert self._loop is not None
        for request in self._patient:
            if request.meanwhile is not None:
                self._loop.call_soon(request.meanwhile)
        self._patient = [replace(request, meanwhile=None) for request in self._patient]
        self._begun = self._patient[0]

    def _patience_s(self, haste: Haste) -> float:
        """Return how long something may wait for company before it is written."""
        if haste is Haste.AT_ONCE or self._turns is not None:
            return 0.0
        if haste is Haste.LATER:
            return PATIENCE_S
        if haste is Haste.PRINTED:
            return AFTER_PAPER_S
        return NEAR_S if self._cut_is_near() else 0.0

    def _look_at_patient(self) -> None:
        """Write what has waited long enough; when a cut is near by then, with it, but once only."""
        assert self._loop is not None
        with self._handing_over:
            if self._loop.time() < self._patient_until_s:  # what this look was for has gone with something else
                return
            if self._cut_is_near() and not self._is_put_off:
                self._is_put_off = True
                self._patient_until_s = self._loop.time() + NEAR_S
                self._loop.call_at(self._patient_until_s, self._look_at_patient)
            else:
                self._queue_patient()

    def _queue_patient(self) -> None:
        """Give the thread all that has been handed over, in order; the caller holds the lock."""
        if self._patient:
            self._in_flight += len(self._patient)
            self._queue.put(self._patient)  # as one: the thread would begin with the first and sync it by itself
        self._patient, self._patient_until_s, self._is_put_off = [], inf, False

    def turn(self) -> None:
        """Carry out what waits, as the thread would; where there is none."""
        self._turn_is_due = False
        while not self._queue.empty():
            if self._one_group():
                return

    def _run(self) -> None:
        while not self._one_group():
            pass

    def _one_group(self) -> bool:
        """Carry out one group; return whether it was the last."""
        group, stop = self._take_group()
        is_begun = bool(group) and group[0] is self._begun
        if not is_begun and not self._has_store.acquire(blocking=bool(group) or stop):
            return False  # nothing to do, and somebody has just begun what will be in the queue
        self._begun = None
        try:
            if group:
                self._carry_out(group)
            elif self._store.log_is_short and not self._cut_is_held():
                self._store.lengthen_log()
            self._checkpoint_when_due()
            if stop:
                self._store.close()
        finally:
            self._has_store.release()
        return stop

    @property
    def _has_upkeep(self) -> bool:
        return self._checkpoint_due or self._store.log_is_short

    def _take_group(self) -> tuple[list[_Request], bool]:
        """Wait for work and take all that waits; the flag says that no more will come."""
        try:
            requests = self._queue.get(timeout=QUIET_S if self._has_upkeep else None)
        except queue.Empty:
            return [], False
        group: list[_Request] = []
        while requests is not None:
            group += requests
            if len(group) >= GROUP_MAX or self._queue.empty():
                return group, False
            requests = self._queue.get_nowait()  # nobody else takes from it
        return group, True

    def _carry_out(self, group: list[_Request]) -> None:
        """Commit runs of batches together, upkeep between them, and tell the loop once."""
        answers: list[tuple[asyncio.Future[object], object]] = []
        batches: list[_Request] = []
        for request in group:
            if isinstance(request.work, Batch):
                batches.append(request)
                continue
            answers += self._commit(batches)
            batches = []
            answers.append((request.future, self._upkeep(request.work)))
        answers += self._commit(batches)
        self._on_loop(lambda: self._deliver(answers))

    def _on_loop(self, work: Callable[[], object]) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more, and what is on disk is on disk
            self._loop.call_soon_threadsafe(work)

    def _commit(self, requests: list[_Request]) -> list[tuple[asyncio.Future[object], object]]:
        if not requests:
            return []
        batches = [cast("Batch", request.work) for request in requests]
        waiting = [request.meanwhile for request in requests if request.meanwhile is not None]

        def syncs() -> None:
            if waiting:
                self._on_loop(lambda: [each() for each in waiting])

        results = self._with_reserve(batches, self._store.append(batches, syncs=syncs))
        self.trouble = next((result for result in results if isinstance(result, TillstreamError)), None)
        self._since_look += 1
        return [(request.future, result) for request, result in zip(requests, results, strict=True)]

    def _with_reserve(self, batches: list[Batch], results: list[Result]) -> list[Result]:
        """Return the results; what a full disk refused is tried once more on the space kept back for it."""
        full = [at for at, result in enumerate(results) if isinstance(result, JournalFullError)]
        if not full or self._reserve is None or not self._reserve.release():
            return results
        again = iter(self._store.append([batches[at] for at in full]))
        return [next(again) if at in full else result for at, result in enumerate(results)]

    def _upkeep(self, work: Callable[[JournalStore], object]) -> object:
        try:
            return work(self._store)
        except TillstreamError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the one writing thread must outlive any defect in upkeep
            return DefectError(f"upkeep failed: {error!r}", fix="send the log to support")

    def _checkpoint_when_due(self) -> None:
        """Checkpoint a long log as soon as nobody waits; a very long one at once."""
        if not self._store.is_open or not (self._checkpoint_due or self._since_look >= LOOK_EVERY):
            return
        try:
            pages = self._store.wal_pages()
            self._since_look = 0
            self._checkpoint_due = pages >= CHECKPOINT_PAGES
            if self._checkpoint_due and pages >= self._pages_worth_a_wait():
                self._checkpoint_due = not self._store.copy_log()
        except TillstreamError as error:
            self.trouble = error
            self._checkpoint_due = False

    def _deliver(self, answers: list[tuple[asyncio.Future[object], object]]) -> None:
        """Wake those who wait, on the loop."""
        self._in_flight -= len(answers)
        for future, answer in answers:
            if future.done():
                continue
            if isinstance(answer, TillstreamError):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _pages_worth_a_wait(self) -> int:
        """Return from how many pages on a checkpoint is worth that somebody waits for it."""
        if self._cut_is_held():
            return CHECKPOINT_PAGES_MAX
        return CHECKPOINT_PAGES if self._queue.empty() else CHECKPOINT_PAGES_BUSY
