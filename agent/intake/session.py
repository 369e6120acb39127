"""One tap's connection: frames in, frames out, and between them one commit a document.

    HELLO        who is there, and whether papers will come SEALED that are older than what prints now
    JOB, BYTES*  the job is read while it streams in
    CUT          the document ends here: read, decide, ONE commit (capture, transaction, decision, coupons), then
                 BLOCK, SLIP or NONE
    USED         the same of a block that was lent: it is printed already
    PRINTER      how the printer is: told to the cashier until it is mended
    OUTCOME      what became of the block is a later commit
    JOB_END      what is left is a document or a remainder; ACK once everything of the job is on disk
    SEALED       a spooled job: the same, without printing; what is here already is not taken twice

Frames are taken in order; only a member number first seen on the receipt itself makes the next frame wait. Nothing
here raises: a failed commit is answered with NONE and without ACK, so the tap spools the job and hands it over later.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from agent.intake.bursts import together
from agent.intake.counter import Counter
from agent.intake.documents import Origin
from agent.intake.held_cut import HeldCut
from agent.intake.kept_ahead import completing, is_done, overtaking
from agent.intake.lane_ahead import LaneAhead
from agent.intake.open_job import OpenJob
from agent.intake.taken import Taken
from agent.journal.batch import Committed, Haste
from agent.offering.offering import Place
from pos_adapters.taps.frames import (
    ANSWER_BODY,
    CUT_BODY,
    JOB_BYTES,
    OUTCOME_BODY,
    BrokenPeerError,
    Frame,
    FrameType,
    Outcome,
    encode,
)
from pos_adapters.taps.sealed_job import SealedJob
from receipt.follower import PrinterFollower
from receipt.paper import Paper
from retail.errors import TillstreamError

JOBS_OPEN_MAX = 8  # jobs of one lane that have begun and not ended; a tap has one, a broken peer many
JOB_DATA_BYTES_MAX = 4 * 1024 * 1024  # twice what a tap keeps of a job
SEALED_PIECE_BYTES = 64 * 1024  # fed between two looks at other lanes: 64 KB take 2 ms
WAITING_FRAMES_MAX = 10_000  # frames that wait behind a look-up of 12 ms; more is a tap that floods


class TapSession:
    """See the module's contract. `send` writes bytes to the tap; `drop` closes a connection that makes no sense."""

    def __init__(self, counter: Counter, *, send: Callable[[bytes], None], drop: Callable[[str], None]) -> None:
        self._counter = counter
        self._send = send
        self._drop = drop
        self._jobs: dict[UUID, OpenJob] = {}
        self._waiting: deque[Frame] = deque()
        self._busy: asyncio.Task[None] | None = None
        self._cut_has_come = False  # with the bytes that are read
        self._follower: PrinterFollower | None = None
        self._ahead = LaneAhead(
            counter, place_of=lambda job: self._place(job, job.cut_no + 1), say=self._answer, on_used=self._used
        )
        self.workstation_id = ""
        self.model_name = ""

    def __repr__(self) -> str:
        return f"<TapSession {self.workstation_id or '?'} jobs={len(self._jobs)} waiting={len(self._waiting)}>"

    @property
    def jobs_open(self) -> int:
        """How many jobs have begun and not ended."""
        return len(self._jobs)

    @property
    def is_foreseeing(self) -> bool:
        """Whether something is being worked out, or about to be, that no cut has asked for yet."""
        return self._ahead.is_busy

    def forget_foreseen(self) -> None:
        """Throw away what was worked out before its cut, on the disk, too: the cut works it out again."""
        self._ahead.forget(self._jobs.values())

    def take(self, frames: Iterable[Frame]) -> None:
        """Take frames as they came; what has come together is read together."""
        for frame, self._cut_has_come in together(frames):
            if self._busy is None:
                self._take_safely(frame)
            else:
                self._waiting.append(frame)
                if len(self._waiting) > WAITING_FRAMES_MAX:
                    self._drop("too many frames wait")
                    return

    def lost(self) -> None:
        """Note that the tap is gone: its open jobs come again through its spool."""
        self._no_cut_is_near()
        self.forget_foreseen()
        self._ahead.close()
        self._jobs.clear()
        self._waiting.clear()
        if self._busy is not None:
            self._busy.cancel()
        self._counter.tap_gone(self)

    def _take_safely(self, frame: Frame) -> None:
        try:
            self._take(frame)
        except Exception as error:  # noqa: BLE001 - a peer's nonsense or our defect: the tap spools and comes again
            self._drop(f"{frame.type.name}: {error!r}")

    def _take(self, frame: Frame) -> None:
        if frame.type is FrameType.HELLO:
            self._hello(frame.payload)
            return
        if not self.workstation_id:
            raise BrokenPeerError("the first frame is no HELLO")
        if frame.type is FrameType.PRINTER:
            self._counter.printers.told(self.workstation_id, json.loads(frame.payload[JOB_BYTES:]))
            return
        job_id, body = UUID(bytes=frame.payload[:JOB_BYTES]), frame.payload[JOB_BYTES:]
        if frame.type is FrameType.JOB:
            self._begin(job_id, datetime.fromisoformat(json.loads(body)["received_at"]))
        elif frame.type is FrameType.OUTCOME:
            self._counter.kept_ahead.go_on()
            cut_no, outcome = OUTCOME_BODY.unpack(body)
            self._counter.outcomes.settle(self.workstation_id, (str(job_id), cut_no), Outcome(outcome))
        elif frame.type is FrameType.SEALED:
            self._be_busy(self._sealed(job_id, body))
        elif (job := self._jobs.get(job_id)) is not None:
            self._continue(job, frame.type, body)

    def _continue(self, job: OpenJob, frame_type: FrameType, body: bytes) -> None:
        if frame_type is FrameType.USED:
            self._ahead.told_used(job, CUT_BODY.unpack(body)[0])
        elif frame_type is FrameType.BYTES:
            self._ahead.fed(body)
            self._bytes(job, body)
        elif frame_type is FrameType.CUT:
            cut_no, offset = CUT_BODY.unpack(body)
            self._cut(job, cut_no, offset)
        elif frame_type is FrameType.JOB_END:
            self._end(job, json.loads(body))
        else:
            raise BrokenPeerError(f"a tap does not send {frame_type.name}")

    def _hello(self, payload: bytes) -> None:
        told = json.loads(payload)
        self.workstation_id, self.model_name = str(told["workstation"]), str(told.get("model", ""))
        self._ahead.tap_here(told)
        self._counter.printers.told(self.workstation_id, told)
        self._counter.tap_here(self, tap=str(told.get("tap", "")), has_older=bool(told.get("older", False)))

    def _begin(self, job_id: UUID, received_at: datetime) -> None:
        if len(self._jobs) >= JOBS_OPEN_MAX:
            raise BrokenPeerError("too many open jobs")
        if received_at.tzinfo is None:
            raise BrokenPeerError("a job's time has no offset")
        model = self._counter.model(self.model_name)
        self._follower = self._follower or PrinterFollower(model)
        reader = self._counter.papers.new_job(model, workstation_id=self.workstation_id)
        self._jobs[job_id] = OpenJob(job_id=job_id, received_at=received_at, reader=reader)
        self._counter.active(self.workstation_id)

    def _bytes(self, job: OpenJob, data: bytes) -> None:
        job.fed_bytes += len(data)
        if job.fed_bytes > JOB_DATA_BYTES_MAX:
            raise BrokenPeerError("a job larger than any tap keeps")
        if self._follower is not None:
            self._follower.feed(data)
        papers = job.reader.feed(data, cut_has_come=self._cut_has_come)
        self._documents(job, job.cut_out(papers, self.workstation_id))
        if self._cut_has_come or not job.reader.is_proved:
            return
        self._counter.floor.cuts_near.add(self.workstation_id)
        self._ahead.bytes_came(job)

    def _place(self, job: OpenJob, cut_no: int) -> Place:
        """Return where a paper is printed that is held at a cut right here."""
        assert self._follower is not None, "a cut comes behind its job's beginning"
        state = self._follower.state_here()
        return self._counter.place(self, job_id=str(job.job_id), cut_no=cut_no, state=state)

    def _no_cut_is_near(self) -> None:
        """Leave what a cut would mean as far as it is: the cut has come, or there will be none."""
        self._ahead.stop()
        self._counter.floor.cuts_near.discard(self.workstation_id)

    def _documents(self, job: OpenJob, documents: Iterable[tuple[Paper, bytes, Origin]]) -> None:
        """Take documents that nobody waits for."""
        for each in documents:
            self._hand_over(job, self._counter.take(*each, place=None), on_disk=_nothing)

    # The cut

    def _used(self, job: OpenJob) -> None:
        """Take the cut of a block that was lent for right here, and is printed: that was before whatever comes now."""
        foreseen, number = job.foreseen, job.cut_no + 1
        try:
            assert foreseen is not None, "what is lent was foreseen"
            foreseen.has_stood, job.used = True, (number, foreseen.offering.draw())
            self._cut(job, number, job.fed_bytes, is_used=True)
        except Exception as error:  # noqa: BLE001 - as in `_take_safely`; whoever asks has something else to do
            self._drop(f"a used block: {error!r}")

    def _cut(self, job: OpenJob, cut_no: int, offset: int, *, is_used: bool = False) -> None:
        self._no_cut_is_near()
        if not is_used and cut_no == job.used[0]:  # its tap found the right gone that it had taken itself
            self._answer(FrameType.BLOCK, job, ANSWER_BODY.pack(cut_no) + job.used[1])
            return
        job.cut_no, foreseen = cut_no, job.foreseen
        paper, place = job.reader.finish_here(), self._place(job, cut_no)
        before = job.cut_out(job.reader.ended_before(), self.workstation_id)
        if paper is None and not is_used:
            self._answer(FrameType.NONE, job, ANSWER_BODY.pack(cut_no))
            self._documents(job, before)
            return
        held = HeldCut(self._counter, job.job_id, cut_no, send=_unsaid if is_used else self._send)
        origin, body = job.origin(self.workstation_id), job.cut_off(offset)
        try:
            assert paper is not None, "what a block was printed at has lines"
            taken = self._counter.take(paper, body, origin, place=place, foreseen=foreseen, when_it_stands=held.answer)
            assert held.is_answered or not is_used, "what was lent stands"
        except BaseException:
            held.give_up()
            is_printed = held.is_answered or is_used
            if is_printed and foreseen is not None:  # what is printed is committed, whatever failed behind it
                job.kept_ahead = None
                self._counter.kept_ahead.unfinished(foreseen.as_taken())
                self._counter.kept_ahead.go_on()
            raise
        if taken.awaits is None:
            self._release_when_on_disk(job, held, taken)
        else:
            self._be_busy(self._cut_after_look_up(job, held, taken))
        self._documents(job, before)  # they stand above, but the customer's scan and offer are for what is held

    async def _cut_after_look_up(self, job: OpenJob, held: HeldCut, taken: Taken) -> None:
        """Wait for the member number that stands on this receipt, as long as the tap can, then go on."""
        try:
            decided = await self._counter.after_look_up(taken)
        except BaseException:  # the tap has gone meanwhile
            held.give_up()
            raise
        self._release_when_on_disk(job, held, decided)

    def _release_when_on_disk(self, job: OpenJob, held: HeldCut, taken: Taken) -> None:
        """Answer the cut, where that has not been done, as soon as what it means is on disk, put by or its own."""

        def when_kept(kept: asyncio.Future[Committed]) -> None:
            if is_done(kept):
                held.answer(taken.offering)

        def when_committed(ok: bool) -> None:
            held.answer(taken.offering, is_on_disk=ok)

        if taken.kept is not None:
            when_kept(taken.kept)
            taken.kept.add_done_callback(when_kept)
        haste = Haste.PRINTED if held.is_answered else Haste.AT_ONCE
        self._hand_over(job, taken, on_disk=when_committed, haste=haste)

    def _hand_over(
        self, job: OpenJob, taken: Taken, *, on_disk: Callable[[bool], None], haste: Haste = Haste.AT_ONCE
    ) -> None:
        """Commit a document; a failure costs its offers and leaves the job to the tap's spool."""
        if taken.file is not None:
            job.files.append(taken.file)
        batch = taken.batch
        if job.kept_ahead is not None:
            batch, job.kept_ahead = overtaking(batch, job.kept_ahead), None

        def done(future: asyncio.Future[Committed]) -> None:
            ok = is_done(future)
            job.is_lost = job.is_lost or not ok
            on_disk(ok)  # the customer's paper before the pages, and every customer's of this sync
            asyncio.get_running_loop().call_soon(self._counter.committed, taken, future)

        future = self._counter.journal.hand_over(batch, meanwhile=taken.meanwhile, haste=haste)
        future.add_done_callback(done)

    # The end

    def _end(self, job: OpenJob, told: dict[str, object]) -> None:
        del told
        self._no_cut_is_near()
        self._documents(job, job.cut_out(job.reader.close(), self.workstation_id))
        self._jobs.pop(job.job_id, None)
        remainder = job.cut_off(len(job.reader.data))
        taken = self._counter.remainder(remainder, job.origin(self.workstation_id))
        self._hand_over(job, taken, on_disk=partial(self._acknowledge_when_files_are, job), haste=Haste.LATER)

    def _acknowledge_when_files_are(self, job: OpenJob, ok: bool) -> None:
        if not ok or job.is_lost:
            return
        if not job.files:
            self._answer(FrameType.ACK, job, b"")
            return
        every = asyncio.gather(*job.files, return_exceptions=True)
        every.add_done_callback(lambda done: self._acknowledge_unless_failed(job, done.result()))

    def _acknowledge_unless_failed(self, job: OpenJob, results: list[BaseException | None]) -> None:
        failed = next((each for each in results if isinstance(each, TillstreamError)), None)
        if failed is not None:
            self._counter.trouble(failed)
        elif not any(isinstance(each, BaseException) for each in results):
            self._answer(FrameType.ACK, job, b"")

    # The spool

    async def _sealed(self, job_id: UUID, blob: bytes) -> None:
        """Take a spooled job. One that does not open is not acknowledged: the tap keeps it, a person must look."""
        try:
            sealed = await asyncio.to_thread(self._counter.unseal, blob)
            self._counter.kept_ahead.go_on()
            known = await self._counter.journal.documents_of(str(sealed.job_id))
        except TillstreamError as error:
            self._counter.trouble(error, workstation_id=self.workstation_id)
            return
        if sealed.job_id != job_id:
            raise BrokenPeerError("a sealed job under another job's name")
        if self._counter.kept_ahead.owes(str(job_id)):
            return  # its trouble is told already
        await self._take_sealed(sealed, known)

    async def _take_sealed(self, sealed: SealedJob, known: frozenset[int]) -> None:
        job = OpenJob(
            job_id=sealed.job_id,
            received_at=datetime.fromisoformat(sealed.received_at),
            reader=self._counter.papers.new_job(self._counter.model(self.model_name)),
        )
        for at in range(0, len(sealed.data), SEALED_PIECE_BYTES):
            for paper in job.reader.feed(sealed.data[at : at + SEALED_PIECE_BYTES]):
                self._sealed_document(job, paper, known, sealed.workstation_id)
            await asyncio.sleep(0)
        for paper in job.reader.close():
            self._sealed_document(job, paper, known, sealed.workstation_id)
        self._counter.outcomes.settle_spooled(sealed)
        remainder = job.cut_off(len(job.reader.data))
        taken = self._counter.remainder(remainder, job.origin(sealed.workstation_id))
        self._hand_over(job, taken, on_disk=partial(self._acknowledge_when_files_are, job))

    def _sealed_document(self, job: OpenJob, paper: Paper, known: frozenset[int], workstation_id: str) -> None:
        body, origin = job.cut_off(paper.end), job.origin(workstation_id)
        if origin.document_no in known:
            file = self._counter.rewrite_file(body)
            if file is not None:
                job.files.append(file)
            if (origin.job_id, origin.document_no) not in self._counter.kept_ahead.left_over:
                return
        taken = self._counter.take(paper, body, origin, place=None, is_spooled=True)
        if origin.document_no not in known:
            self._hand_over(job, taken, on_disk=_nothing)
            return
        taken = replace(taken, batch=completing(taken.batch))
        self._hand_over(job, taken, on_disk=partial(self._counter.kept_ahead.completed, origin))

    # Plumbing

    def _be_busy(self, work: object) -> None:
        """Let the next frames wait for a piece of work that awaits something."""
        assert asyncio.iscoroutine(work)
        self._busy = asyncio.get_running_loop().create_task(work)
        self._busy.add_done_callback(self._free_again)

    def _free_again(self, task: asyncio.Task[None]) -> None:
        self._busy = None
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._drop(repr(error))
            return
        while self._waiting and self._busy is None:
            self._take_safely(self._waiting.popleft())

    def _answer(self, frame_type: FrameType, job: OpenJob, body: bytes) -> None:
        self._send(encode(frame_type, job.job_id.bytes + body))


def _nothing(ok: bool) -> None:
    del ok


def _unsaid(data: bytes) -> None:
    """Answer nobody: the block is printed."""
    del data
