"""One lane: a register, the tap's real passage with its book and spool, and a printer that keeps what it gets."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from uuid import NAMESPACE_OID, UUID, uuid5

from agent.drill.lines import CoreSocket, WireEnd, wire
from agent.drill.loop import InPlace, StoryLoop
from agent.drill.till import CUT, Register
from pos_adapters.taps.book import JobBook
from pos_adapters.taps.core_link import CoreLink
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.frames import PROTOCOL_VERSION
from pos_adapters.taps.job import Job
from pos_adapters.taps.passage import Passage
from pos_adapters.taps.policy import Policy, Profile
from pos_adapters.taps.printer_health import PrinterHealth
from pos_adapters.taps.right import Right
from pos_adapters.taps.sealed_job import SealedJob, seal_job
from pos_adapters.taps.side import Side
from pos_adapters.taps.spool import Spool
from pos_adapters.taps.spool_files import write_sealed

CHUNK_BYTES_MAX = 400  # a register's writes are small; where they are cut must not matter
SEAL_S = 0.05  # what the child process takes
SEAL_AGAIN_S = 30.0  # `sealer.RETRY_AFTER_S`
PRINTED_WITHIN_S = 5.0
NOBODY = -1  # a descriptor that takes no line: the taps of a drill log nothing


class InlineSealer:
    """In the place of the sealing child: the same seal, the same file, a moment later. Full disks refuse."""

    def __init__(self, loop: StoryLoop, *, folder: Path, key: bytes, about: tuple[str, str]) -> None:
        self._loop = loop
        self._folder = folder
        self._key = key
        self._about = about
        self._queue: deque[Job] = deque()
        self._is_due = False
        self.is_full: Callable[[], bool] = lambda: False
        self.on_sealed: Callable[[UUID, str], None] = lambda _job, _path: None

    @property
    def idle(self) -> bool:
        """Whether nothing waits for the disk."""
        return not self._queue

    def save(self, job: Job) -> None:
        """Seal a job soon."""
        self._queue.append(job)
        self._soon(SEAL_S)

    def drop(self, job_id: UUID) -> bool:
        """Forget a job that waits."""
        found = next((each for each in self._queue if each.job_id == job_id), None)
        if found is not None:
            self._queue.remove(found)
        return found is not None

    def stop(self) -> None:
        """Nothing to end: there is no child."""

    def _soon(self, after_s: float) -> None:
        """Look at the queue once, however many jobs wait: a full disk for days must not cost the story its pace."""
        if not self._is_due:
            self._is_due = True
            self._loop.call_later(after_s, self._next)

    def _next(self) -> None:
        self._is_due = False
        if not self._queue:
            return
        if self.is_full():
            self._soon(SEAL_AGAIN_S)
            return
        job = self._queue.popleft()
        sealed = SealedJob(
            job_id=job.job_id,
            workstation_id=self._about[0],
            printer=self._about[1],
            received_at=job.received_at.isoformat(),
            reason=job.ended_by.value if job.ended_by else "close",
            truncated=job.truncated,
            outcomes={cut_no: int(outcome) for cut_no, outcome in job.outcomes.items()},
            data=bytes(job.captured),
        )
        path = write_sealed(
            self._folder, job_id=job.job_id, received_at=job.received_at, blob=seal_job(self._key, sealed)
        )
        self.on_sealed(job.job_id, str(path))
        if self._queue:
            self._soon(SEAL_S)


@dataclass(slots=True, kw_only=True)
class Print:
    """One job as it went: what the register sent, what the printer got."""

    job_no: int
    sent: bytes
    arrived: bytearray = field(default_factory=bytearray)
    job_id: UUID | None = None


class _Noting:
    """The spool, and a note of every job that core acknowledged (`book.JobSpool`)."""

    def __init__(self, spool: Spool, acknowledged: set[UUID]) -> None:
        self._spool = spool
        self._acknowledged = acknowledged

    def save(self, job: Job) -> None:
        self._spool.save(job)

    def forget(self, job_id: UUID) -> None:
        self._acknowledged.add(job_id)
        self._spool.forget(job_id)


class Lane:
    """See the module's contract. `acknowledged` are the jobs that core said it has on disk."""

    def __init__(
        self, loop: StoryLoop, *, name: str, workstation_id: str, folder: Path, core: CoreSocket, seal_key: bytes,
        now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._loop = loop
        self._name = name
        self._policy = Policy(profile=Profile.APPENDIX)
        self.workstation_id = workstation_id
        self.register = Register(store_name=name)
        self.acknowledged: set[UUID] = set()
        self.prints: list[Print] = []
        self._log = EventLog(NOBODY, now=now, as_json=False)
        hello = {
            "protocol": PROTOCOL_VERSION, "workstation": workstation_id, "printer": "drill", "tap": name,
            "model": "TM-T88V", "profile": self._policy.profile.value,
        }  # fmt: skip
        self._link = CoreLink(
            loop, core, hello=hello, budget_s=self._policy.budget_s, log=self._log, makes_right=Right.made
        )  # fmt: skip
        self.sealer = InlineSealer(loop, folder=folder, key=seal_key, about=(workstation_id, "drill"))
        self.spool = Spool(loop, folder=folder, sealer=self.sealer, link=self._link, log=self._log, disk=InPlace())
        self.book = JobBook(
            loop, link=self._link, spool=_Noting(self.spool, self.acknowledged), now=now, log=self._log,
            new_id=self._new_id,
        )  # fmt: skip
        self._health = PrinterHealth("drill", link=self._link, now=now, log=self._log)
        self._link.on_frame = self.book.on_frame
        self.spool.follow(self.book)

    def start(self) -> None:
        """Let the tap connect to core, for as long as the story goes."""
        self._link.start()

    def stop(self) -> None:
        """End the tap."""
        self._link.stop()

    async def print_job(self, data: bytes, random: Random) -> Print:
        """Send a job through the tap, in pieces cut anywhere, and return when the printer has it all."""
        job = Print(job_no=len(self.prints) + 1, sent=data)
        self.prints.append(job)
        register, taps_register = wire(self._loop)
        printer, taps_printer = wire(self._loop)
        done: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(printer.fileno(), _collect, printer, job)
        passage = Passage(
            self._loop,
            register=Side(self._loop, taps_register),
            printer=Side(self._loop, taps_printer),
            book=self.book,
            policy=self._policy,
            health=self._health,
            log=self._log,
            on_done=partial(_over, done),
        )
        passage.start()
        for piece in _pieces(data, random):
            register.send(piece)
            await asyncio.sleep(random.uniform(0.001, 0.02))
        register.half_close()
        await asyncio.wait_for(done, PRINTED_WITHIN_S)
        register.close()
        return job

    def _new_id(self) -> UUID:
        """Return the id of the job that the last print is: every job of a lane is one print."""
        job = self.prints[-1]
        job.job_id = uuid5(NAMESPACE_OID, f"{self._name}/{self.workstation_id}/{job.job_no}")
        return job.job_id


def _over(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _collect(printer: WireEnd, job: Print) -> None:
    data = printer.receive(1 << 20)
    job.arrived += data
    if not data:
        printer.close()


def _pieces(data: bytes, random: Random) -> list[bytes]:
    """Return a job as a register writes it: cut anywhere, its feed and cut behind the last line by themselves."""
    pieces, at, end = [], 0, len(data.removesuffix(CUT))
    while at < end:
        size = random.randint(1, CHUNK_BYTES_MAX)
        pieces.append(data[at : min(at + size, end)])
        at += size
    return [*pieces, data[end:]] if end < len(data) else pieces
