"""Z reports beside what was captured: counts and tenders of each lane and trading day, kept while the day runs.

Used by core's loop only. Filled from the journal at start (`DayLedger.restore`), so that a core that was killed at noon
compares the evening's report with the whole day. Refunds count as documents with a negative total, voids not at all:
that is how tills count, and how the hub does.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from agent.intake.payloads import Content
from pos_adapters.reading.values import DayReport
from retail.line_items import TenderLineItem, TenderType
from retail.transaction import RetailTransaction

DAYS_KEPT = 2  # the running day, and the one before for a report that is printed in the morning
NUMBERS_MAX = 20_000  # printed numbers of one lane and day; a busy lane has 2,000
MISSING_MAX = 500  # missing numbers that a record names; more is a counter that was reset
CONSECUTIVE_SHARE = 2  # more than twice as many holes as numbers: the till does not count by one, nothing is missing

Lane = tuple[str, date]
"""A workstation and one of its trading days."""


@dataclass(slots=True)
class Counted:
    """What was captured of one lane and day."""

    sales: int = 0
    total: Decimal = Decimal(0)
    tenders: dict[str, Decimal] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)

    def add(self, total: Decimal, tenders: Iterable[tuple[str, Decimal]], number: str | None, *, sign: int = 1) -> None:
        """Count one document, or with -1 take it back."""
        self.sales += sign
        self.total += sign * total
        for tender, amount in tenders:
            self.tenders[tender] = self.tenders.get(tender, Decimal(0)) + sign * amount
        plain = plain_number(number)
        if plain is None:
            return
        if sign < 0:
            self.numbers.discard(plain)
        elif len(self.numbers) < NUMBERS_MAX:
            self.numbers.add(plain)

    @property
    def cash(self) -> Decimal:
        """How much of it was paid in cash."""
        return self.tenders.get(TenderType.CASH.value, Decimal(0))


class DayLedger:
    """What was captured, per lane and day; the days before the newest two are forgotten."""

    def __init__(self) -> None:
        self._counted: dict[Lane, Counted] = {}

    def add(self, sale: RetailTransaction, *, sign: int = 1) -> None:
        """Count a sale or a return of a known lane and day, or with -1 take it back (it did not reach the disk)."""
        assert sale.workstation_id is not None
        assert sale.business_day is not None
        tenders = [
            (line.tender_type.value, line.amount.amount) for line in sale.line_items if isinstance(line, TenderLineItem)
        ]
        self._of((sale.workstation_id, sale.business_day)).add(
            sale.total.amount, tenders, sale.sequence_number, sign=sign
        )

    def restore(self, rows: Iterable[tuple[str, str, str, str | None, str]]) -> None:
        """Count what the journal holds: workstation, day, total, printed number, tenders as JSON pairs."""
        for workstation_id, day, total, number, tenders in rows:
            pairs = [(str(tender), decimal_or_zero(amount)) for tender, amount in json.loads(tenders or "[]")]
            self._of((workstation_id, date.fromisoformat(day))).add(decimal_or_zero(total), pairs, number)

    def closed(self, workstation_id: str, day: date, report: DayReport) -> Content:
        """Return what `day.closed` says: told, counted, the difference (counted less told), missing numbers."""
        counted = self._counted.get((workstation_id, day), Counted())
        others = [each.numbers for lane, each in self._counted.items() if lane[1] == day and lane[0] != workstation_id]
        return closed_content(report, counted, missing_numbers(counted.numbers, set().union(*others)))

    def _of(self, lane: Lane) -> Counted:
        if lane not in self._counted:
            self._counted[lane] = Counted()
            days = sorted({day for _, day in self._counted})[-DAYS_KEPT:]
            self._counted = {each: value for each, value in self._counted.items() if each[1] in days}
        return self._counted.get(lane, Counted())


def closed_content(report: DayReport, counted: Counted, missing: list[str]) -> Content:
    """Return the payload of `day.closed`; what the report does not print is null, and so is its difference."""
    told_tenders: dict[str, Decimal] = defaultdict(Decimal)
    for tender, amount in report.tenders:
        told_tenders[tender.value] += amount
    told_cash = told_tenders.get(TenderType.CASH.value)
    return {
        "told": {
            "number": report.number,
            "sales": report.transaction_count,
            "total": _text(report.total),
            "cash": _text(told_cash),
            "tenders": _texts(told_tenders),
        },
        "counted": {
            "sales": counted.sales,
            "total": _text(counted.total),
            "cash": _text(counted.cash),
            "tenders": _texts(counted.tenders),
        },
        "difference": {
            "sales": None if report.transaction_count is None else counted.sales - report.transaction_count,
            "total": None if report.total is None else _text(counted.total - report.total),
            "cash": None if told_cash is None else _text(counted.cash - told_cash),
            "tenders": _texts(
                {tender: counted.tenders.get(tender, Decimal(0)) - amount for tender, amount in told_tenders.items()}
            ),
        },
        "missing_numbers": missing,
    }


def missing_numbers(numbers: set[int], elsewhere: set[int]) -> list[str]:
    """Return the holes between the first and the last printed number that no other lane has.

    Nothing is missing where the till plainly does not count by one.
    """
    if not numbers:
        return []
    first, last = min(numbers), max(numbers)
    if last - first + 1 > (1 + CONSECUTIVE_SHARE) * len(numbers) + len(elsewhere):
        return []
    missing = [number for number in range(first, last) if number not in numbers and number not in elsewhere]
    return [str(number) for number in missing[:MISSING_MAX]]


def plain_number(text: str | None) -> int | None:
    """Return a printed number as one that can be counted; None for none, and for long ones with letters in them."""
    digits_max = 12  # beyond it is a fiscal identity or a moment, not a count
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= digits_max else None


def decimal_or_zero(text: object) -> Decimal:
    """Return an amount of the journal; 0 for what is none."""
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return Decimal(0)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {tender: f"{amount:f}" for tender, amount in sorted(amounts.items())}
