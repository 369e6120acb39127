"""What a reading is: values that the rest of the house takes over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from retail.identifiers import BusinessUnitId, WorkstationId
from retail.line_items import TenderType
from retail.transaction import DocumentKind, RetailTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptText:
    """A document as it stands on paper: lines right-trimmed, every printed code as (symbology, data).

    `images` says that something was printed as a picture.
    """

    lines: tuple[str, ...]
    codes: tuple[tuple[str, str], ...] = ()
    images: bool = False

    @classmethod
    def of(cls, text: str, codes: Iterable[tuple[str, str]] = ()) -> ReceiptText:
        """Make one from a text whose lines end in newlines."""
        return cls(lines=tuple(line.rstrip() for line in text.split("\n")), codes=tuple(codes))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """What only the store knows; None where nobody said. `day_ends_at` is local "HH:MM": the business day rolls."""

    business_unit_id: BusinessUnitId | None = None
    workstation_id: WorkstationId | None = None
    timezone: str | None = None
    currency: str | None = None
    language: str | None = None
    country: str | None = None
    day_ends_at: str = "04:00"
    member_code_patterns: tuple[str, ...] = ()


class ParkReason(StrEnum):
    """Why a document was not read; the words of the contract."""

    NO_AMOUNTS = "no_amounts"
    DOES_NOT_ADD_UP = "does_not_add_up"
    AMBIGUOUS = "ambiguous"
    INCOMPLETE = "incomplete"
    RASTER = "raster"
    UNKNOWN_LANGUAGE = "unknown_language"
    FOREIGN_CURRENCY = "foreign_currency"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A document set aside: nothing was taken from it. `detail` says what a person should look at."""

    reason: ParkReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRole:
    """What one printed line turned out to be, for `explain`: the role, and the equation that it stands in."""

    line: int
    role: str
    amount: Decimal | None = None
    equation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FiscalIdentity:
    """The strongest identity that a paper carries: the fiscal QR code (`fn`, `i`, `fp`) or printed fiscal marks.

    `operation` is the QR's `n` (1 sale, 2 refund of a sale, 3 purchase, 4 refund of a purchase), None when absent.
    `kind` is what the code itself says the document is, None when it does not say.
    """

    scheme: str
    key: str
    occurred_at: datetime | None = None
    total: Decimal | None = None
    operation: int | None = None
    kind: DocumentKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """A Z or X report as read: counts and tenders by kind, for completeness checks. None where not printed."""

    closes_day: bool
    number: str | None = None
    transaction_count: int | None = None
    total: Decimal | None = None
    tenders: tuple[tuple[TenderType, Decimal], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a document is and says.

    `transaction` is there only when the document's own arithmetic proved it. A document
    that should have been a sale and could not be proved is `parked`. `roles` has one entry per printed line.
    """

    kind: DocumentKind
    transaction: RetailTransaction | None = None
    parked: Parked | None = None
    roles: tuple[LineRole, ...] = ()
    fiscal: FiscalIdentity | None = None
    report: DayReport | None = None
    languages: tuple[str, ...] = ()
    workstation_printed: str | None = None
    cashier_printed: str | None = None
    profile: str | None = None
    suspension_number: str | None = field(default=None)

    @property
    def proof(self) -> tuple[str, ...]:
        """The equations that held, in words; nobody asks for them while a cut is held."""
        return self.transaction.equations() if self.transaction is not None else ()
