"""What looks like fraud, from what this store remembers of the last day: told to the journal, never in a sale's way."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agent.journal.records import JournalKind
from agent.value.book import Row
from retail.fraud import FraudPolicy, SaleSeen, flags

SEEN_MAX = 5_000
"""Sales of the last day with a card that are remembered: the busiest store's; the oldest go first."""

DAY = timedelta(days=1)


_Name = tuple[str, str]


class Suspicions:
    """Used by core's loop only. In memory: after a restart a pattern needs its sales anew."""

    def __init__(self) -> None:
        self._seen: deque[SaleSeen] = deque()
        self._of: defaultdict[_Name, deque[SaleSeen]] = defaultdict(deque)

    def seen(self, sale: SaleSeen, policy: FraudPolicy) -> list[tuple[JournalKind, Row]]:
        """Remember a sale and return the records of what it looks like; a repeat gives the same."""
        while self._seen and (sale.at - self._seen[0].at > DAY or len(self._seen) >= SEEN_MAX):
            self._drop_oldest()
        related = {each.transaction_id: each for name in _names(sale) for each in self._of.get(name, ())}
        found = flags(sale, tuple(related.values()), policy)
        if sale.customer_id is not None:
            self._remember(sale)
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
        kept = [each for each in self._seen if each.customer_id != customer_id]
        self._seen.clear()
        self._of.clear()
        for each in kept:
            self._remember(each)

    def _remember(self, sale: SaleSeen) -> None:
        self._seen.append(sale)
        for name in _names(sale):
            self._of[name].append(sale)

    def _drop_oldest(self) -> None:
        oldest = self._seen.popleft()
        for name in _names(oldest):
            self._of[name].popleft()
            if not self._of[name]:
                del self._of[name]


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
