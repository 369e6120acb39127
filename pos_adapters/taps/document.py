"""A job that comes whole (LPD, ePOS-Print, CloudPRNT): the passage of every other job, with its two ends in memory.

A connection to port 9100 is a stream; these protocols send a job in one piece with its length in front, so a block
can only be put in before the piece is passed on. Everything else is the passage's: what is read, where a cut is,
how long core is asked, what is refused, who captures. `insertions` returns where in the job's bytes ours belong;
`settle` says afterwards what became of them. Until then the job stays open.

Fails open: whatever goes wrong, there are no insertions, and the caller sends what it got.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from enum import Enum, auto
from typing import NamedTuple

from pos_adapters.taps.job import EndReason
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.recorder import REGISTER

# Three cuts may wait the whole budget before core is asked without waiting; a job in which every answer comes late
# but in time must not wait longer than this either. Longer, and tills show "printer does not answer".
INSERTIONS_WITHIN_S = 1.0

# A raster receipt is 90 KB, as XML with base64 130 KB, a day's report 300 KB. Larger jobs pass without being read.
DOCUMENT_BYTES_MAX = 2 * 1024 * 1024

# Another job of the same printer is not through (it has no paper, or hangs): the next one does not wait for that.
TURN_WITHIN_S = 0.5


class Fate(Enum):
    """What became of a job that was passed on whole."""

    PRINTED = auto()  # the printer said so
    HANDED = auto()  # the other end took it
    LOST = auto()  # it did not


class Insertion(NamedTuple):
    """Bytes of ours, and how many of the job's bytes go before them."""

    at: int
    data: bytes


class CapturedJob:
    """A job that is passed on without being read: core hears of it, and it is recorded where that is asked for."""

    def __init__(self, parts: LaneParts) -> None:
        self._book = parts.book
        self._job = parts.book.begin()
        self._recorder = parts.make_recorder()

    def take(self, data: bytes) -> None:
        """Keep bytes of the register's."""
        self._book.take(self._job, data)
        if self._recorder is not None:
            self._recorder.note(REGISTER, data)

    def end(self) -> None:
        """Say that the job is over."""
        self._book.end(self._job, EndReason.CLOSE)
        if self._recorder is not None:
            self._recorder.end(self._job)


class DocumentDesk:
    """One lane's jobs, one at a time."""

    def __init__(self, parts: LaneParts) -> None:
        self._parts = parts
        self._turn = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether a job is being passed on."""
        return self._turn.locked()

    @contextlib.asynccontextmanager
    async def turn(self, within_s: float) -> AsyncIterator[None]:
        """Wait until no job is on its way, and let none begin meanwhile. Raises TimeoutError."""
        await asyncio.wait_for(self._turn.acquire(), within_s)
        try:
            yield
        finally:
            self._turn.release()

    async def take(self, data: bytes) -> OpenDocument:
        """Take a job that is in the printer's language; never raises, never waits longer than a till bears."""
        try:
            await asyncio.wait_for(self._turn.acquire(), TURN_WITHIN_S)
        except TimeoutError:
            self.capture(data)
            self._parts.log.event("passed_unread", cause="the job before it is not through")
            return OpenDocument((), _nothing)
        return await self._taken(data)

    def capture(self, data: bytes) -> None:
        """Tell core of a job that nothing is put into."""
        captured = CapturedJob(self._parts)
        captured.take(data)
        captured.end()

    async def _taken(self, data: bytes) -> OpenDocument:
        paper = PaperInMemory(self._parts.loop, data)
        passage = self._parts.join_sides(JobInMemory(self._parts.loop, data), paper, self._turn.release)
        try:
            await asyncio.wait_for(paper.finished.wait(), INSERTIONS_WITHIN_S)
        except TimeoutError:
            self._parts.log.event("passed_unread", cause="core was asked for too long")
            paper.settle(Fate.LOST)
            passage.abandon()
            return OpenDocument((), _nothing)
        except asyncio.CancelledError:  # the register has gone, or the tap stops
            paper.settle(Fate.LOST)
            passage.abandon()
            raise
        return OpenDocument(tuple(paper.insertions), paper.settle)


class OpenDocument:
    """A job on its way to the printer. `settle` must be called; the first call counts."""

    def __init__(self, insertions: tuple[Insertion, ...], on_settled: Callable[[Fate], None]) -> None:
        self.insertions = insertions
        self._on_settled = on_settled

    def settle(self, fate: Fate) -> None:
        """Say what became of the job."""
        on_settled, self._on_settled = self._on_settled, _nothing
        on_settled(fate)

    def applied_to(self, data: bytes) -> bytes:
        """Return the job with what is to be put in."""
        pieces, start = [], 0
        for at, inserted in self.insertions:
            pieces += [data[start:at], inserted]
            start = at
        return b"".join((*pieces, data[start:]))


class JobInMemory:
    """The register's side: all of a job, then its end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, data: bytes) -> None:
        self._loop = loop
        self._data = data
        self._listening = False
        self.can_end = True
        self.ended = self.deaf = self.closed = False
        self.handed_bytes = self.waiting_bytes = self.undelivered_bytes = 0
        self.on_bytes: Callable[[bytes], None] = _nothing
        self.on_end: Callable[[], None] = _nothing
        self.on_drained: Callable[[], None] = _nothing
        self.on_deaf: Callable[[], None] = _nothing
        self.on_worked_off: Callable[[int], None] = _nothing

    def listen(self, *, on: bool) -> None:
        """Give the job, then its end, while somebody listens."""
        self._listening = on
        if on and not self.ended and not self.closed:
            self._loop.call_soon(self._give)

    def _give(self) -> None:
        if not self._listening or self.ended or self.closed:
            return
        data, self._data = self._data, b""
        if data:
            self.on_bytes(data)
            self.listen(on=self._listening)
            return
        self.ended = True
        self.on_end()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take nothing: such a printer's answers travel in its protocol, past us."""
        del data

    def finish(self) -> None:
        """Nothing to do: the printer's end is the protocol's."""

    def close(self) -> None:
        """Give no more."""
        self.closed = True

    def reset(self) -> None:
        """Give no more."""
        self.closed = True


class PaperInMemory:
    """The printer's side: compares what is written with the job, so that it knows what is ours."""

    def __init__(self, loop: asyncio.AbstractEventLoop, job: bytes) -> None:
        self._loop = loop
        self._job = job
        self._position = 0
        self._written_bytes = 0
        self._settled = False
        self.insertions: list[Insertion] = []
        self.finished = asyncio.Event()
        self.can_end = True
        self.ended = self.deaf = self.closed = False
        self.handed_bytes = 0
        self.on_bytes: Callable[[bytes], None] = _nothing
        self.on_end: Callable[[], None] = _nothing
        self.on_drained: Callable[[], None] = _nothing
        self.on_deaf: Callable[[], None] = _nothing
        self.on_worked_off: Callable[[int], None] = _nothing

    @property
    def waiting_bytes(self) -> int:
        """All of it, once it is whole and until its fate is known."""
        return self._written_bytes if self.finished.is_set() and not self._settled else 0

    @property
    def undelivered_bytes(self) -> int:
        """Unknown: the protocol's answer says what happened."""
        return self.waiting_bytes

    def listen(self, *, on: bool) -> None:
        """Nothing comes from here."""
        del on

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Tell the job's bytes from ours: a block stands before a cut and never begins with one (`delivery.is_whole`).

        A slip of its own is written when all of the job has been.
        """
        data = bytes(data)
        self._written_bytes += len(data)
        if not self._settled:
            self.handed_bytes = self._written_bytes
        if self._job.startswith(data, self._position) and self._position < len(self._job):
            self._position += len(data)
        else:
            self.insertions.append(Insertion(self._position, data))

    def finish(self) -> None:
        """All has been written."""
        if not self.finished.is_set():
            self.handed_bytes = 0
            self.finished.set()

    def settle(self, fate: Fate) -> None:
        """End the job: what was put in was printed, handed over, or is lost."""
        if self._settled:
            return
        self.handed_bytes = 0 if fate is Fate.LOST else self._written_bytes
        self._settled = self.ended = True
        self.finished.set()
        if fate is Fate.PRINTED:
            self.on_worked_off(self._written_bytes)
        self.on_drained()

    def close(self) -> None:
        """Nothing to let go of."""
        self.closed = True
        self.finished.set()

    def reset(self) -> None:
        """Nothing to break."""
        self.close()


def _nothing(*_: object) -> None:
    return
