"""From one printed document to what is journalled of it. Decides only; `intake` carries it out.

What only the store knows is filled in here: ids, business day, the time of a sale. Identity of a transaction is its
business key: fiscal identity where one is printed, else the printed number, else the job and document, so that two
equal coffees never merge.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from agent.clock import BusinessDays, SaleTime, sale_time
from agent.intake.day_close import DayLedger
from agent.intake.payloads import Content, transaction_content
from agent.journal.records import JournalKind
from pos_adapters.reading.values import DayReport, Reading
from retail.identifiers import BusinessUnitId, JobId, TransactionKey, WorkstationId
from retail.transaction import DocumentKind, RetailTransaction

KNOWN_SALES_MAX = 50_000
"""Business keys kept to know a copy: ten days of the busiest supermarket. Older reprints are told by their words."""

PROOFS_MAX = 8  # equations kept with a transaction; more say nothing new


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a document came from."""

    workstation_id: str
    job_id: str
    document_no: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a document tells the journal: a record, or nothing (a drawer slip, a copy). `sale` where it is one."""

    kind: JournalKind | None
    content: Content
    business_day: date
    occurred_at: datetime
    document_kind: DocumentKind
    sale: RetailTransaction | None = None
    parked: str = ""


class KnownSales:
    """Business keys that are journalled already, with their totals; in memory, filled from the journal at start."""

    def __init__(self) -> None:
        self._total_by_id: OrderedDict[str, str] = OrderedDict()
        self.before_change: Callable[[str], None] = _nobody_minds
        """Called with the key of a sale that a paper tells of, before it is looked up."""

    def add(self, transaction_id: str, total: str) -> None:
        """Remember a sale."""
        self._total_by_id[transaction_id] = total
        if len(self._total_by_id) > KNOWN_SALES_MAX:
            self._total_by_id.popitem(last=False)

    def told(self, transaction_id: str, total: str) -> str | None:
        """Return the total that a sale was known by; one that nobody knew is remembered."""
        self.before_change(transaction_id)
        known = self.total(transaction_id)
        if known is None:
            self.add(transaction_id, total)
        return known

    def remove(self, transaction_id: str) -> None:
        """Forget a sale that did not reach the disk."""
        self._total_by_id.pop(transaction_id, None)

    def total(self, transaction_id: str) -> str | None:
        """Return the total of a known sale, None for a new one."""
        return self._total_by_id.get(transaction_id)


def _nobody_minds(transaction_id: str) -> None:
    del transaction_id


_TRANSACTION_KINDS = {
    DocumentKind.SALE: JournalKind.TRANSACTION_COMPLETED,
    DocumentKind.RETURN: JournalKind.TRANSACTION_RETURNED,
    DocumentKind.VOID: JournalKind.TRANSACTION_VOIDED,
}


def report_told(report: DayReport, origin: Origin, *, at: datetime, day: date, ledger: DayLedger) -> Told:
    """Return the journal's word on a Z report: what it told of a day beside what the ledger has counted of it."""
    content = ledger.closed(origin.workstation_id, day, report)
    return Told(
        kind=JournalKind.DAY_CLOSED,
        content={"job_id": origin.job_id, "document_no": origin.document_no, **content},
        business_day=day,
        occurred_at=at,
        document_kind=DocumentKind.REPORT,
    )


class DocumentClerk:
    """Fills in what the store knows, and tells copies and conflicts from sales."""

    def __init__(
        self,
        business_unit_id: BusinessUnitId,
        *,
        zone: ZoneInfo,
        days: BusinessDays,
        known: KnownSales,
        ledger: DayLedger | None = None,
    ) -> None:
        self._business_unit_id = business_unit_id
        self._zone = zone
        self._days = days
        self._known = known
        self._ledger = ledger or DayLedger()

    def foretell(self, reading: Reading, origin: Origin) -> Told | None:
        """Return what `tell` will say of a sale that is still being printed, should nobody know it yet; else None.

        Pure: nothing is remembered, and what is known already is found out by `tell`.
        """
        if reading.kind is not DocumentKind.SALE or reading.transaction is None or reading.parked is not None:
            return None
        moment = sale_time(reading.transaction.occurred_at, origin.received_at, self._zone)
        day = self._days.day_before_it_ends(origin.workstation_id, moment.at, received_at=origin.received_at)
        return self._sale_told(reading, origin, moment, day)

    def would_tell(self, foretold: Told, origin: Origin) -> bool:
        """Whether `tell` would say now what `foretell` said: the day is the same, and nobody knows the sale yet."""
        assert foretold.sale is not None
        at, received = foretold.occurred_at, origin.received_at
        day = self._days.day_before_it_ends(origin.workstation_id, at, received_at=received)
        return day == foretold.business_day and self._known.total(str(foretold.sale.transaction_id)) is None

    def tell(
        self, reading: Reading, origin: Origin, *, parked_day: date | None = None, foretold: Told | None = None
    ) -> Told:
        """Return what to journal of a document. Remembers a new sale's key at once; see `forget`.

        `parked_day`: the document is read again later, and belongs to the day that it was parked under. `foretold` is
        what `foretell` said of this very reading and origin.
        """
        if foretold is not None:
            received = origin.received_at
            day = self._days.day_of(origin.workstation_id, foretold.occurred_at, received_at=received)
            if day == foretold.business_day:
                return self._unless_known(foretold, origin)
        printed = reading.transaction.occurred_at if reading.transaction else None
        moment = sale_time(printed, origin.received_at, self._zone)
        if reading.kind is DocumentKind.REPORT and reading.report is not None and reading.report.closes_day:
            return self._closed(reading.report, origin, moment.at, parked_day)
        day = parked_day or self._days.day_of(origin.workstation_id, moment.at, received_at=origin.received_at)
        told = Told(kind=None, content={}, business_day=day, occurred_at=moment.at, document_kind=reading.kind)
        if reading.parked is not None:
            return self._parked(told, origin, reason=reading.parked.reason.value, detail=reading.parked.detail)
        if reading.transaction is None or reading.kind not in _TRANSACTION_KINDS:
            return told
        return self._unless_known(self._sale_told(reading, origin, moment, day), origin)

    def forget(self, told: Told) -> None:
        """Take back that a sale is known: it did not reach the disk and will be handed over again."""
        if told.sale is not None and told.sale.transaction_id is not None:
            self._known.remove(told.sale.transaction_id)
            if told.kind is not JournalKind.TRANSACTION_VOIDED:
                self._ledger.add(told.sale, sign=-1)

    def _closed(self, report: DayReport, origin: Origin, at: datetime, parked_day: date | None) -> Told:
        """Return the Z report beside what was captured; printed twice, it closes the same day twice."""
        day = parked_day or self._days.close(origin.workstation_id, at)
        return report_told(report, origin, at=at, day=day, ledger=self._ledger)

    def _sale_told(self, reading: Reading, origin: Origin, moment: SaleTime, day: date) -> Told:
        sale = self._completed(reading, origin, moment.at, day)
        content = {
            "transaction": transaction_content(sale),
            "document_no": origin.document_no,
            "proof": list(reading.proof[:PROOFS_MAX]),
            "time_by_receipt": moment.by_receipt,
        }
        return Told(
            kind=_TRANSACTION_KINDS[reading.kind],
            content=content,
            business_day=day,
            occurred_at=moment.at,
            document_kind=reading.kind,
            sale=sale,
        )

    def _completed(self, reading: Reading, origin: Origin, at: datetime, day: date) -> RetailTransaction:
        assert reading.transaction is not None
        printed = reading.fiscal.key if reading.fiscal else reading.transaction.sequence_number
        key = TransactionKey(
            business_unit_id=self._business_unit_id,
            workstation_id=WorkstationId(origin.workstation_id),
            business_day=day,
            sequence_number=printed or f"{origin.job_id}/{origin.document_no}",
        )
        return replace(
            reading.transaction,
            transaction_id=key.transaction_id(),
            job_id=JobId(origin.job_id),
            business_unit_id=self._business_unit_id,
            workstation_id=key.workstation_id,
            business_day=day,
            occurred_at=at,
        )

    def _unless_known(self, told: Told, origin: Origin) -> Told:
        """Return the sale, or what it is when its key is known: a copy, or a conflict."""
        assert told.sale is not None
        assert told.sale.transaction_id is not None
        if told.kind is JournalKind.TRANSACTION_VOIDED:
            return told
        known = self._known.told(told.sale.transaction_id, str(told.sale.total))
        if known is None:
            self._ledger.add(told.sale)
            return told
        if known == str(told.sale.total):
            return replace(told, kind=None, content={}, sale=None, document_kind=DocumentKind.COPY)
        detail = f"number {told.sale.sequence_number} was {known} before and is {told.sale.total} now"
        return self._parked(told, origin, reason="conflict", detail=detail)

    def _parked(self, told: Told, origin: Origin, *, reason: str, detail: str) -> Told:
        content = {
            "job_id": origin.job_id,
            "document_no": origin.document_no,
            "kind": told.document_kind.value,
            "reason": reason,
            "detail": detail,
        }
        return replace(told, kind=JournalKind.DOCUMENT_PARKED, content=content, sale=None, parked=reason)
