"""What looks like fraud, from what this store remembers of the last day: told to the journal, never in a sale's way.

What is remembered stands in the ledger's rows, written with the sale: a restart forgets no pattern.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from agent.journal.records import JournalKind
from agent.value.book import Row, ValueBook, What
from retail.fraud import FraudPolicy, SaleSeen, flags

SEEN_MAX = 5_000
"""Sales of the last day with a card that are remembered: the busiest store's; the oldest go first."""

DAY = timedelta(days=1)


_Name = tuple[str, str]


class Suspicions:
    """Used by core's loop only; changes rows of the book, the caller commits them with the sale."""

    def __init__(self, book: ValueBook) -> None:
        self._book = book
        self._is_recalled = False
        self._seen: deque[SaleSeen] = deque()
        self._of: defaultdict[_Name, deque[SaleSeen]] = defaultdict(deque)

    def seen(self, sale: SaleSeen, policy: FraudPolicy) -> list[tuple[JournalKind, Row]]:
        """Remember a sale and return the records of what it looks like; a repeat gives the same."""
        self._recall()
        while self._seen and (sale.at - self._seen[0].at > DAY or len(self._seen) >= SEEN_MAX):
            self._drop_oldest()
        related = {each.transaction_id: each for name in _names(sale) for each in self._of.get(name, ())}
        found = flags(sale, tuple(related.values()), policy)
        if sale.customer_id is not None and self._book.get(What.SEEN, sale.transaction_id) is None:
            self._remember(sale)
            self._book.put(What.SEEN, sale.transaction_id, _row(sale))
        return [
            (
                JournalKind.FRAUD_FLAGGED,
                {
                    "pattern": flag.pattern.value,
                    "transaction_id": flag.transaction_id,
                    "customer_id": flag.customer_id,
                    "workstation_id": sale.workstation_id,
                    "why": flag.why,
                    "at": sale.at.isoformat(),
                },
            )
            for flag in found
        ]

    def forget(self, customer_id: str) -> None:
        """Forget a person: they were erased."""
        self._recall()
        for row_id, row in self._book.each(What.SEEN):
            if row["customer_id"] == customer_id:
                self._book.drop(What.SEEN, row_id)
        kept = [each for each in self._seen if each.customer_id != customer_id]
        self._seen.clear()
        self._of.clear()
        for each in kept:
            self._remember(each)

    def _recall(self) -> None:
        """Take what the last core remembered, once: the book is loaded before the first sale comes."""
        if not self._is_recalled:
            self._is_recalled = True
            for sale in sorted((_sale(row) for _id, row in self._book.each(What.SEEN)), key=lambda sale: sale.at):
                self._remember(sale)

    def _remember(self, sale: SaleSeen) -> None:
        self._seen.append(sale)
        for name in _names(sale):
            self._of[name].append(sale)

    def _drop_oldest(self) -> None:
        oldest = self._seen.popleft()
        self._book.drop(What.SEEN, oldest.transaction_id)
        for name in _names(oldest):
            self._of[name].popleft()
            if not self._of[name]:
                del self._of[name]


def _row(sale: SaleSeen) -> Row:
    return {**asdict(sale), "at": sale.at.isoformat(), "total": str(sale.total)}


def _sale(row: Row) -> SaleSeen:
    return SaleSeen(**{**row, "at": datetime.fromisoformat(row["at"]), "total": Decimal(row["total"])})


def _names(sale: SaleSeen) -> list[_Name]:
    """Return whose sale it was: a pattern is one of a card, or of an operator, so that no other sale is looked at."""
    names = (("customer", sale.customer_id), ("operator", sale.operator_id))
    return [(kind, name) for kind, name in names if name is not None]


def coupon_flag(content: Mapping[str, Any], *, transaction_id: str) -> tuple[JournalKind, Row]:
    """Return the flag of a coupon that a till took although it was spent, expired or void (level P)."""
    return JournalKind.FRAUD_FLAGGED, {
        "pattern": "spent_coupon_taken",
        "transaction_id": transaction_id,
        "customer_id": content["customer_id"],
        "workstation_id": content["workstation_id"],
        "why": content["message"],
        "at": content["at"],
    }
