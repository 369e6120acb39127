"""What was misread yesterday is read again with today's reader: from the capture, into the journal, once.

`StoredCaptures` only reads, so the command line can try everything without touching anything; `Rereader` runs in core,
the journal's only writer. A sale that is found this way keeps its own time and day, earns nothing by itself and prints
nothing: the customer has left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from agent.clock import business_day
from agent.config import AgentConfig
from agent.intake.captures import CaptureFiles
from agent.intake.day_close import DayLedger
from agent.intake.documents import DocumentClerk, KnownSales, Origin, Told, report_told
from agent.intake.papers import StorePapers
from agent.intake.recording import RecordMaker
from agent.journal.batch import Batch, Capture, KnowSale
from agent.journal.days import DayReader, KeptCapture
from agent.journal.records import JournalKind
from agent.journal.writer import JournalWriter
from pos_adapters.ocr import sight
from pos_adapters.reading.values import Reading
from receipt.printers import printer_model
from retail.errors import RefusedError
from retail.transaction import DocumentKind

if TYPE_CHECKING:
    from agent.bootstrap import Core

DEFAULT_MODEL = "generic-80mm"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCaptures:
    """The captures of one store, and today's reader."""

    config: AgentConfig
    files: CaptureFiles
    open_reader: Callable[[], DayReader]

    def candidates(self) -> list[KeptCapture]:
        """Return captures that no sale and no Z report came of, oldest first."""
        reader = self.open_reader()
        try:
            return reader.reread_candidates()
        finally:
            reader.close()

    def read(self, kept: KeptCapture, *, ocr: str = "") -> Reading | None:
        """Return what today's reader makes of a capture that is worth journalling; None for nothing.

        `ocr` names the languages to read pictures in. Raises RefusedError when its sealed file is gone or damaged,
        ConfigurationError and OnSiteError as `pos_adapters.ocr.sight`.
        """
        seen = sight(ocr)
        body = self.body(kept)
        if body is None:
            return None
        place = self.config.workstation_of(kept.workstation_id)
        model = printer_model(place.tap.model if place and place.tap else DEFAULT_MODEL)
        papers = StorePapers(self.config)
        job = papers.new_job(model)
        for paper in [*job.feed(body), *job.close()]:
            reading = papers.read(seen(paper), kept.workstation_id)
            if reading.transaction is not None and reading.parked is None:
                return reading
            if reading.kind is DocumentKind.REPORT and reading.report is not None and reading.report.closes_day:
                return reading
        return None

    def body(self, kept: KeptCapture) -> bytes | None:
        """Return the bytes as they were kept; None when they were erased. Raises RefusedError for a lost file."""
        reader = self.open_reader()
        try:
            found = reader.capture(kept.job_id, kept.document_no)
        finally:
            reader.close()
        if found is None:
            return None
        body, name = found
        return self.files.read(name) if name else body


@dataclass(frozen=True, slots=True, kw_only=True)
class Rereader:
    """Used by core's loop; captures are found and read on another thread."""

    captures: StoredCaptures
    clerk: DocumentClerk
    known: KnownSales
    maker: RecordMaker
    writer: JournalWriter
    day_of: Callable[[datetime], date]

    async def take(self, job_id: str, document_no: int, ocr: str = "") -> Mapping[str, Any]:
        """Journal what a capture says now: {kind, seq}, both None when it still says nothing. A repeat adds nothing."""
        found = await asyncio.to_thread(self._find, job_id, document_no, ocr)
        if found is None:
            return {"kind": None, "seq": None}
        kept, reading = found
        told = await self._told(kept, reading)
        if told.document_kind is DocumentKind.COPY:  # of a sale that is journalled: nobody need look at it again
            await self.writer.commit(Batch(capture=_once(kept)))
        if told.kind is None or told.parked:
            return {"kind": None, "seq": None}
        record = self.maker.of_document(
            told.kind, {**told.content, "reread": True}, told=told, workstation_id=kept.workstation_id
        )
        try:
            done = await self.writer.commit(Batch(records=(record,), capture=_once(kept), changes=_changes(told)))
        except BaseException:
            self.clerk.forget(told)
            raise
        if done.repeated:
            self.clerk.forget(told)
            return {"kind": None, "seq": None}
        return {"kind": told.kind.value, "seq": done.seqs[0]}

    def _find(self, job_id: str, document_no: int, ocr: str) -> tuple[KeptCapture, Reading] | None:
        for kept in self.captures.candidates():
            if (kept.job_id, kept.document_no) == (job_id, document_no):
                reading = self.captures.read(kept, ocr=ocr)
                return None if reading is None else (kept, reading)
        raise RefusedError(
            f"no capture of job {job_id}, document {document_no}, waits to be read again",
            fix="tillstream journal reread --dry-run",
            code="not_found",
        )

    async def _told(self, kept: KeptCapture, reading: Reading) -> Told:
        """Return what to journal; a business key that memory has forgotten is looked up in the journal."""
        origin = Origin(
            workstation_id=kept.workstation_id,
            job_id=kept.job_id,
            document_no=kept.document_no,
            received_at=kept.received_at,
        )
        day = kept.parked_day or self.day_of(kept.received_at)
        if reading.report is not None and reading.transaction is None:
            ledger = await asyncio.to_thread(self._counted, day)
            return report_told(reading.report, origin, at=kept.received_at, day=day, ledger=ledger)
        told = self.clerk.tell(reading, origin, parked_day=day)
        if told.sale is None or told.kind is JournalKind.TRANSACTION_VOIDED:
            return told
        transaction_id = str(told.sale.transaction_id)
        total = await asyncio.to_thread(self._known_total, transaction_id)
        if total is None:
            return told
        self.clerk.forget(told)
        self.known.add(transaction_id, total)
        return self.clerk.tell(reading, origin, parked_day=day)

    def _counted(self, day: date) -> DayLedger:
        """Return what the journal holds of a day, which may be long over."""
        ledger, reader = DayLedger(), self.captures.open_reader()
        try:
            ledger.restore(row for row in reader.sales_of_days(day) if row[1] == day.isoformat())
        finally:
            reader.close()
        return ledger

    def _known_total(self, transaction_id: str) -> str | None:
        reader = self.captures.open_reader()
        try:
            return reader.known_total(transaction_id)
        finally:
            reader.close()


def make_rereader(core: Core, maker: RecordMaker) -> Rereader:
    """Put a rereader together from core's parts."""
    store, state, key = core.config.store, core.state, core.keys.journal
    captures = StoredCaptures(
        config=core.config,
        files=CaptureFiles(state.captures, key),
        open_reader=lambda: DayReader(state.journal, key),
    )
    return Rereader(
        captures=captures,
        clerk=core.clerk,
        known=core.known,
        maker=maker,
        writer=core.writer,
        day_of=lambda at: business_day(at, store.zone, store.day_ends_at),
    )


def _once(kept: KeptCapture) -> Capture:
    """Return what makes the batch happen once; it goes with the capture's own retention."""
    return Capture(
        job_id=f"reread/{kept.job_id}",
        document_no=kept.document_no,
        workstation_id=kept.workstation_id,
        received_at=kept.received_at,
        body=None,
    )


def _changes(told: Told) -> tuple[KnowSale, ...]:
    if told.sale is None or told.kind is JournalKind.TRANSACTION_VOIDED:
        return ()
    sale = KnowSale(
        transaction_id=str(told.sale.transaction_id), business_day=told.business_day, total=str(told.sale.total)
    )
    return (sale,)
