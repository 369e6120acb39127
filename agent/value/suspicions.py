"""What looks like fraud, from what this store remembers of the last day: told to the journal, never in a sale's way."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agent.journal.records import JournalKind
from agent.value.book import Row
from retail.fraud import FraudPolicy, SaleSeen, flags

SEEN_MAX = 5_000
"""Sales of the last day with a card that are remembered: the busiest store's; the oldest go first."""

DAY = timedelta(days=1)


class Suspicions:
    """Used by core's loop only. In memory: after a restart a pattern needs its sales anew."""

    def __init__(self) -> None:
        self._seen: deque[SaleSeen] = deque(maxlen=SEEN_MAX)

    def seen(self, sale: SaleSeen, policy: FraudPolicy) -> list[tuple[JournalKind, Row]]:
        """Remember a sale and return the records of what it looks like; a repeat gives the same."""
        while self._seen and sale.at - self._seen[0].at > DAY:
            self._seen.popleft()
        before = [each for each in self._seen if each.transaction_id != sale.transaction_id]
        found = flags(sale, before, policy)
        if sale.customer_id is not None:
            self._seen.append(sale)
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
        self._seen = deque(kept, maxlen=SEEN_MAX)


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
