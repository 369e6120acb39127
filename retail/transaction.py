"""A completed dealing with a customer, which knows whether it adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from retail.identifiers import BusinessUnitId, JobId, TransactionId, WorkstationId
from retail.line_items import (
    LineItem,
    PriceModificationLineItem,
    ReturnLineItem,
    SaleLineItem,
    TaxLineItem,
    TenderLineItem,
)
from retail.money import NO_CURRENCY, Money, total

_OWED = frozenset((SaleLineItem, ReturnLineItem, PriceModificationLineItem))


class TransactionStatus(StrEnum):
    """How it ended (ODM Cancelled / Voided flags); training and suspended slips are documents, not sales."""

    COMPLETED = "completed"
    VOIDED = "voided"


class DocumentKind(StrEnum):
    """What a printed document is. Only the first three may become transactions."""

    SALE = "sale"
    RETURN = "return"
    VOID = "void"
    COPY = "copy"
    REPORT = "report"
    PAY_IN = "pay_in"
    PAY_OUT = "pay_out"
    KITCHEN = "kitchen"
    CARD_SLIP = "card_slip"
    DRAWER = "drawer"
    TRAINING = "training"
    SUSPENDED = "suspended"
    QUOTE = "quote"
    DEPOSIT = "deposit"
    GIFT_RECEIPT = "gift_receipt"
    ACCOUNT_PAYMENT = "account_payment"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetailTransaction:
    """One transaction as the receipt tells it (ARTS POSLog RetailTransaction).

    What only the store knows (ids, business day) is None until the store's agent fills it in. `total` is what the
    customer owed: negative for a return. `occurred_at` is naive when no time zone is known.
    """

    line_items: tuple[LineItem, ...]
    total: Money
    status: TransactionStatus = TransactionStatus.COMPLETED
    transaction_id: TransactionId | None = None
    job_id: JobId | None = None
    business_unit_id: BusinessUnitId | None = None
    workstation_id: WorkstationId | None = None
    sequence_number: str | None = None
    business_day: date | None = None
    occurred_at: datetime | None = None
    loyalty_code_printed: str | None = None
    loyalty_token: str | None = None

    @property
    def currency(self) -> str | None:
        """ISO 4217 code, or None when none was printed and no store was asked."""
        return None if self.total.currency == NO_CURRENCY else self.total.currency

    @property
    def item_count(self) -> int:
        """How many goods lines there are, sold and returned; voided pairs are not in `line_items` at all."""
        return len(self.goods())

    def goods(self) -> tuple[SaleLineItem | ReturnLineItem, ...]:
        """Return the lines that are goods, in printed order."""
        return tuple([line for line in self.line_items if isinstance(line, (SaleLineItem, ReturnLineItem))])

    def shortfalls(self) -> tuple[str, ...]:
        """Say which sums do not hold; empty when the transaction adds up.

        Items and modifications (and taxes that are not included) make the total; tenders less change make it too,
        where any tender is printed.
        """
        owed, paid = self._owed_and_paid()
        missing = []
        items_make = total([line.amount for line in owed], self.total.currency)
        if items_make != self.total:
            missing.append(f"items make {items_make}, total is {self.total}")
        if paid and (tenders_make := total([line.amount for line in paid])) != self.total:
            missing.append(f"tenders make {tenders_make}, total is {self.total}")
        return tuple(missing)

    def equations(self) -> tuple[str, ...]:
        """Return the sums in words, as they hold where nothing falls short.

        "1.20 + 3.10 = 4.30 (items = total)", and the same of tenders where any is printed.
        """
        owed, paid = self._owed_and_paid()
        classes = {line.__class__ for line in owed}
        names = "items"
        if PriceModificationLineItem in classes:
            names += " and modifications"
        if TaxLineItem in classes:
            names += " and taxes"
        items = f"{_sum_text(owed)} = {self.total} ({names} = total)"
        if not paid:
            return (items,)
        change = any((line.amount.amount < 0) is not (self.total.amount < 0) for line in paid)
        return items, f"{_sum_text(paid)} = {self.total} ({'tenders - change' if change else 'tenders'} = total)"

    def _owed_and_paid(self) -> tuple[list[LineItem], list[LineItem]]:
        owed = [
            line
            for line in self.line_items
            if line.__class__ in _OWED or (line.__class__ is TaxLineItem and not line.included)
        ]
        return owed, [line for line in self.line_items if line.__class__ is TenderLineItem]

    def adds_up(self) -> bool:
        """Return whether items make the total and tenders make the total."""
        return not self.shortfalls()


def _sum_text(lines: Sequence[LineItem]) -> str:
    """Return "1.20 + 3.10 - 0.50"."""
    return " + ".join([str(line.amount.amount) for line in lines]).replace("+ -", "- ")
