"""What core's intake needs from the rest of the house; `agent/bootstrap.py` fulfils it, tests do with small fakes.

Everything here is called on core's event loop and must not wait. What a method may raise is said; nothing else may.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from agent.identity.recognition import Recognition
from agent.journal.batch import Batch, Committed, Haste
from pos_adapters.reading.ahead import Preview
from pos_adapters.reading.values import Reading
from pos_adapters.taps.sealed_job import SealedJob
from receipt.paper import Paper
from receipt.printers import PrinterModel
from sync.protocol.tokens import CodeKind


class JobReader(Protocol):
    """Turns a job's bytes into papers while they stream in (`agent.intake.papers.MaskedJob`)."""

    @property
    def data(self) -> bytearray:
        """What was fed and can no longer be part of a payment card number, masked, byte for byte."""
        ...

    def feed(self, data: bytes, *, cut_has_come: bool = False) -> Sequence[Paper]:
        """Take bytes as they come; return the documents that ended within them. Never raises.

        `cut_has_come`: `finish_here` is called next, so that nothing need be worked out ahead of it.
        """
        ...

    def finish_here(self) -> Paper | None:
        """End the document now, at a held cut; None when nothing has been printed since the last one."""
        ...

    def ended_before(self) -> Sequence[Paper]:
        """Return the documents before the one that `finish_here` has just returned, which were kept back until then."""
        ...

    @property
    def is_proved(self) -> bool:
        """Whether the document that is being printed is a sale by all that has come."""
        ...

    def preview(self) -> Preview | None:
        """Return what the document is, should it end here; None where nobody can say before its end."""
        ...

    def close(self) -> Sequence[Paper]:
        """End the job; return what is left of it."""
        ...


class Papers(Protocol):
    """The reading side of the house."""

    def new_job(self, model: PrinterModel, *, workstation_id: str | None = None) -> JobReader:
        """Begin to read a job that goes to a printer of a model; `workstation_id` where somebody may wait for it."""
        ...

    def read(self, paper: Paper, workstation_id: str) -> Reading:
        """Say what a paper is. Bounded in time; never raises."""
        ...

    def mask(self, data: bytes, member_code: str | None) -> bytes:
        """Return a capture with personal numbers masked at equal length. Never raises."""
        ...


class People(Protocol):
    """Whom a code belongs to (`agent.identity.recognition.Recogniser`)."""

    async def recognise(self, scan_id: str, code: str, kind: CodeKind) -> Recognition:
        """Return whom a code belongs to; takes 12 ms on another thread."""
        ...

    def recognition(self, scan_id: str) -> Recognition:
        """Return what a scan turned out to be; nobody while it is still being looked up."""
        ...

    def pending(self, scan_id: str) -> Future[Recognition] | None:
        """Return what to wait for while a scan is being looked up, None when nothing is."""
        ...

    def is_another(self, scan_id: str, code: str) -> bool:
        """Return whether a card's number is another code than the one that was scanned."""
        ...


class Journalling(Protocol):
    """The journal's writing side (`agent.journal.writer.JournalWriter`)."""

    def hand_over(
        self, batch: Batch, *, meanwhile: Callable[[], object] | None = None, haste: Haste = Haste.AT_ONCE
    ) -> Future[Committed]:
        """Take a batch; the future is done when it is on disk, or fails with a TillstreamError. Order is kept.

        `meanwhile` may be called on the loop once the batch is with the disk: for work that fits into a sync.
        """
        ...

    async def documents_of(self, job_id: str) -> frozenset[int]:
        """Return which documents of a job are already here. Raises TillstreamError when the journal is away."""
        ...


class Captures(Protocol):
    """Where large captures lie (`agent.intake.captures.CaptureFiles`)."""

    def place(self, body: bytes) -> tuple[str, Awaitable[None]]:
        """Return the name of a sealed file and what to await until it is on disk. A repeat writes nothing."""
        ...


class Unsealing(Protocol):
    """Opens jobs that a tap sealed (`pos_adapters.taps.sealed_job.open_sealed` with the agent's key)."""

    def __call__(self, blob: bytes) -> SealedJob:
        """Return the job. Raises RefusedError when it is none of ours. Runs on another thread."""
        ...
