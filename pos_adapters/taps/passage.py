"""A passage: one register connection joined to its own printer connection (invariant I1).

    register --> [ cut held? ] --> printer       in order, unchanged; with at most one block before a cut
    register <-------------------- printer       at once, always

What moves a passage:

    passing   --an insertable cut whose block was lent-->     passing, behind the block
    passing   --another insertable cut, core answers-->       asking
    passing   --bytes that may begin a cut end a chunk-->     passing, those bytes (1 or 2) wait
    waiting   --the next byte, or the budget is over-->       passing (or asking)
    asking    --BLOCK, NONE, budget over, core lost-->        passing
    passing   --register has ended and all is with the kernel--> leaving: half-closed, the printer may still answer
    any       --both have ended, or the printer broke-->      done

While asking, nothing is read from the register: what it sends, and its close, wait in the kernel, in order. Nothing is
held otherwise, and nothing at all when core is not connected.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from uuid import UUID

from pos_adapters.taps.book import JobBook
from pos_adapters.taps.cut_watch import Cut, CutWatch
from pos_adapters.taps.delivery import Delivery
from pos_adapters.taps.dialects import is_poll
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.frames import Outcome
from pos_adapters.taps.job import EndReason, Job
from pos_adapters.taps.job_turns import JobTurns
from pos_adapters.taps.policy import Policy, Profile
from pos_adapters.taps.printer_health import PrinterHealth
from pos_adapters.taps.printer_watch import PrinterWatch
from pos_adapters.taps.recorder import PRINTER, REGISTER, Recorder
from pos_adapters.taps.side import AnySide
from pos_adapters.taps.slips import Slips

# The register has closed and has asked for status behind our block: the answer comes when the paper has moved.
CONFIRM_WITHIN_S = 2.0
CABLE_LOOK_EVERY_S = 0.02


class Passage:
    """Joins the two sides until both are closed, then calls `on_done` once."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        register: AnySide,
        printer: AnySide,
        book: JobBook,
        policy: Policy,
        health: PrinterHealth,
        log: EventLog,
        on_done: Callable[[], None],
        recorder: Recorder | None = None,
    ) -> None:
        self._loop = loop
        self._register = register
        self._printer = printer
        self._book = book
        self._policy = policy
        self._log = log
        self._on_done = on_done
        self._recorder = recorder
        self._nobody_reads = policy.profile is Profile.OFF and recorder is None and not book.is_wanted
        self._watch = CutWatch(policy.dialect)
        self._delivery = Delivery(book, printer, policy.dialect)
        self.look_through: Callable[[bytes], None] = self._delivery.look_through  # see `book.Taker`
        self._answers = PrinterWatch(health, on_worked_off=self._worked_off)
        self._waiting = bytearray()  # taken from the register, not passed on
        self._cuts: deque[Cut] = deque()  # recognised, not passed on
        self._passed_bytes = 0
        self._jobs = JobTurns(loop, self, book=book, policy=policy, watch=self._watch)
        self._slips = Slips(
            loop, jobs=self._jobs, delivery=self._delivery, book=book, policy=policy, on_over=self._leave_if_all_passed
        )
        self._asking: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._leaving = self._done = self.has_spoken = False
        self.last_byte_at_s = 0.0
        register.on_bytes = self._from_register
        register.on_end = self._register_ended
        register.on_drained = register.on_deaf = partial(printer.listen, on=True)
        printer.on_bytes = self._from_printer
        printer.on_end = self._printer_ended
        printer.on_drained = self._printer_drained
        printer.on_deaf = self._printer_broke

    def start(self) -> None:
        """Let the bytes flow: both sides are open."""
        self.last_byte_at_s = self._loop.time()
        self._book.attach(self)
        self._printer.listen(on=True)
        self._register.listen(on=True)

    @property
    def half_over(self) -> bool:
        """Whether one of the two has ended and has all it was sent, so that only the other keeps the lane busy."""
        return self._printer.ended or (self._leaving and not self._printer.undelivered_bytes)

    def may_be_answered(self) -> bool:
        """Whether the printer may have an answer for a register that has finished."""
        return self._answers.is_spoken_with or self._watch.may_have_asked

    def abandon(self) -> None:
        """End now: somebody else waits, or the tap stops. What the kernel has been handed is still delivered."""
        self._finish(self._register.close)

    # Register to printer

    def _from_register(self, data: bytes) -> None:
        self.has_spoken = True
        self.last_byte_at_s = self._loop.time()
        if self._nobody_reads:
            self._printer.write(data)
            self._watch.skip(data)
        else:
            self._pass_and_read(data)
        if self._printer.waiting_bytes:
            self._register.listen(on=False)

    def _pass_and_read(self, data: bytes) -> None:
        """Pass on, and take into the job, what has come."""
        asks_only = is_poll(data) and not self._waiting
        if asks_only and self._jobs.job is None:
            self._pass_between_jobs(data)
        elif self._policy.holds:
            self._pass_up_to_cuts(data)
        else:
            self._pass_at_once(data)
        if self._recorder is not None and self._jobs.job is not None:
            self._recorder.note(REGISTER, data)
        if not asks_only:
            self._jobs.register_printed(self.last_byte_at_s)
            self._slips.turn.register_spoke()

    def _pass_between_jobs(self, data: bytes) -> None:
        """Pass status requests that belong to no job: core need not know, the printer's answers are understood."""
        self._printer.write(data)
        self._passed_bytes += len(data)
        self._watch.feed(data)
        self._note_requests()

    def _pass_up_to_cuts(self, data: bytes) -> None:
        """Pass what cannot be a cut before anything else is done, then read, then decide about the rest."""
        free_bytes = 0 if self._waiting else self._watch.free_bytes(data)
        free = data if free_bytes == len(data) else data[:free_bytes]
        if free:
            self._printer.write(free)
        if self._done:  # the printer was found to be gone
            return
        job = self._jobs.take_turn()
        self._passed_bytes += free_bytes
        self._book.take(job, free)
        if free_bytes < len(data):
            self._waiting += data[free_bytes:]
        self._cuts.extend(self._watch.feed(data))
        self._note_requests()
        self._advance()

    def _pass_at_once(self, data: bytes) -> None:
        """Pass everything; tell core where the cuts are, so that it may send a slip."""
        self._printer.write(data)
        if self._done:
            return
        job = self._jobs.take_turn()
        start, told = self._passed_bytes, 0
        self._passed_bytes += len(data)
        if not self._policy.prints_slips:
            self._watch.skip(data)
            self._book.take(job, data)
            return
        for cut in self._watch.feed(data):
            self._jobs.last_cut_at = cut.offset
            if cut.offset < start:  # it began in an earlier chunk, which core has had
                continue
            self._book.take(job, data[told : cut.offset - start])
            told = cut.offset - start
            self._slips.ask(job, cut)
        self._book.take(job, data[told:] if told else data)
        self._note_requests()

    def _advance(self) -> None:
        """Pass on what waits, up to the next cut that core is asked about."""
        while self._asking is None:
            cut = self._cuts.popleft() if self._cuts else None
            self._pass_until(cut.offset if cut else self._watch.taken_bytes - self._prefix_bytes())
            if cut is None:
                break
            if cut.offset == self._passed_bytes and self._hold(cut):
                self._register.listen(on=False)
                return
        if self._waiting and self._asking is None and self._timer is None:
            self._timer = self._loop.call_later(self._policy.budget_s, self._prefix_waited_enough)

    def _prefix_bytes(self) -> int:
        """Return how many bytes at the end wait for the next one, because they may begin a cut."""
        if self._register.ended or self._jobs.job is None or not self._may_hold(self._jobs.job):
            return 0
        return self._watch.prefix_bytes()

    def _pass_until(self, offset: int) -> None:
        size, job = offset - self._passed_bytes, self._jobs.job
        if size <= 0 or job is None:
            return
        data = bytes(memoryview(self._waiting)[:size])
        del self._waiting[:size]
        self._passed_bytes = offset
        if not self._asking and not self._waiting:
            self._stop_timer()
        self._printer.write(data)
        if not self._done:
            self._book.take(job, data)
            self._note_requests()

    def _note_requests(self) -> None:
        """Note the status requests that have been passed on, so that their answers can be understood."""
        for command, end in self._watch.requests_until(self._passed_bytes):
            self._answers.requested(command, end + self._delivery.inserted_bytes)

    def _prefix_waited_enough(self) -> None:
        self._timer = None
        self._pass_until(self._watch.taken_bytes)

    def _may_hold(self, job: Job) -> bool:
        return self._policy.holds and self._book.answers and self._book.reads(job)

    def _hold(self, cut: Cut) -> bool:
        """Print what was lent for a cut, or ask core about it; return whether the cut waits for the answer."""
        self._jobs.last_cut_at, job = cut.offset, self._jobs.job
        if job is None or not cut.insertable:
            return False
        waits, offset = self._may_hold(job), cut.offset - self._jobs.start
        if waits and self._delivery.send_lent(job, offset):
            return False
        cut_no = self._book.ask(job, offset)
        if cut_no is None or not waits:
            return False
        self._stop_timer()
        self._asking = cut_no
        self._timer = self._loop.call_later(self._policy.budget_s, self._budget_over)
        return True

    def answered(self, job: Job, cut_no: int, block: bytes | None) -> bool:
        """Take core's answer (see `book.Taker`). A second answer to the same cut is not one."""
        if job is not self._jobs.job or cut_no != self._asking:
            if block is None and job is self._jobs.job:
                self._slips.turn.declined(cut_no)
            return block is None or self._delivery.knows(job, cut_no)
        if block is not None and not self._delivery.may_send(block):
            self._log.event("block_refused", job=str(job.job_id), cut=cut_no, bytes=len(block))
            self._book.settle(job, cut_no, Outcome.NOT_SENT)
            block = None
        self._release(block)
        return True

    def core_lost(self) -> None:
        """Wait for nothing (see `book.Taker`)."""
        self._slips.turn.cancel()
        if self._asking is not None:
            self._release(None)
        elif self._waiting:
            self._prefix_waited_enough()
        self._leave_if_all_passed()

    def _budget_over(self) -> None:
        if self._jobs.job is not None and self._asking is not None:
            self._book.unanswered(self._jobs.job, self._asking)
        self._release(None)

    def _release(self, block: bytes | None) -> None:
        """Let the cut and what waits behind it go, after the block if there is one."""
        self._stop_timer()
        cut_no, self._asking = self._asking, None
        if block and self._jobs.job is not None and cut_no is not None:
            self._delivery.send(self._jobs.job, cut_no, block)
        self._advance()
        if self._asking is None:
            self._register.listen(on=not self._printer.waiting_bytes)
            self._leave_if_all_passed()

    def slip_came(self, job: Job, slip: bytes) -> bool:
        """Take a slip of its own (see `book.Taker`)."""
        return self._slips.came(job, slip)

    def print_late_slip(self, job_id: UUID, cut_no: int, slip: bytes) -> bool:
        """Print a slip behind a receipt of this connection that is long over; False when it cannot be printed here."""
        busy = self._leaving or self._waiting or self._asking is not None
        return not busy and self._slips.print_late(job_id, cut_no, slip)

    # Printer to register

    def _from_printer(self, data: bytes) -> None:
        self.last_byte_at_s = self._loop.time()
        self._register.write(data)
        if self._register.waiting_bytes:
            self._printer.listen(on=False)
        self._answers.feed(data)
        if self._recorder is not None and self._jobs.job is not None:
            self._recorder.note(PRINTER, data)

    def _worked_off(self, position: int) -> None:
        self._delivery.worked_off(position)
        if self._leaving and self._timer is not None:
            self._leave_if_handed()

    def _printer_ended(self) -> None:
        if self._leaving:
            self._leave_if_handed()
        self._register.finish()

    def _printer_broke(self) -> None:
        """Tell the register the way a printer would: its connection is reset."""
        self._log.event("printer_broke")
        self._finish(self._register.reset)

    def _printer_drained(self) -> None:
        if self._leaving:
            self._leave_if_handed()
        elif self._asking is None:
            self._register.listen(on=True)

    # The end

    def _register_ended(self) -> None:
        bare_cut = bool(self._waiting) and self._watch.ends_in_bare_cut()
        if bare_cut and self._hold(Cut(self._passed_bytes, self._watch.insertable)):
            return
        self._pass_until(self._watch.taken_bytes)
        self._slips.turn.register_ended()
        self._leave_if_all_passed()

    def _leave_if_all_passed(self) -> None:
        """Half-close towards the printer once everything has been written."""
        if self._leaving or self._done or not self._register.ended:
            return
        if self._waiting or self._asking is not None or self._slips.turn.pending:
            return
        self._leaving = True
        self._printer.finish()
        self._leave_if_handed()

    def _leave_if_handed(self) -> None:
        """End the job once the kernel has it all, and the printer has answered what can still prove a block."""
        if self._printer.waiting_bytes or self._done:
            return
        if self._delivery.is_open and self._answers.expects_answer and not self._printer.ended:
            if self._timer is None:
                self._timer = self._loop.call_later(CONFIRM_WITHIN_S, self._jobs.end, EndReason.CLOSE)
            return
        self._jobs.end(EndReason.CLOSE)
        if self._printer.ended:
            self._finish(self._register.close)
        elif not self._printer.can_end:
            self._leave_cable()

    def _leave_cable(self) -> None:
        """Leave a printer that cannot close: when the wire is silent, and what was asked has been answered."""
        silent_s = self._loop.time() - self.last_byte_at_s
        waits = self._printer.undelivered_bytes or self._answers.expects_answer
        if not waits or silent_s >= CONFIRM_WITHIN_S:
            self._finish(self._register.close)
        elif not self._done:
            self._timer = self._loop.call_later(CABLE_LOOK_EVERY_S, self._leave_cable)

    def _finish(self, leave_register: Callable[[], None]) -> None:
        if self._done:
            return
        self._done = True
        leave_register()  # first: it waits to be told
        self._stop_timer()
        self._slips.turn.cancel()
        self._jobs.end(EndReason.CLOSE)
        self._book.attach(None)
        self._printer.close()
        self._on_done()

    def is_settled(self) -> bool:
        """Return whether nothing of the job is still to come (see `job_turns.Stream`)."""
        return not (
            self._waiting or self._asking is not None or self._printer.waiting_bytes or self._slips.turn.pending
        )

    def job_ends(self, job: Job) -> None:
        """Settle the job's blocks (see `job_turns.Stream`)."""
        self._delivery.settle()
        if self._recorder is not None:
            self._recorder.end(job)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
