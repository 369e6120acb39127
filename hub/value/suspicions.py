"""What the stores' ledgers found odd, for the people at the chain: staff cards, split baskets, cards after payment, ...

A suspicion is a question to a person with the numbers that raised it. It has stopped no sale, and stops none here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.storage.ports import Database
from hub.value.events import told_of

_ZONES = timedelta(days=1)
"""How far apart two clocks can write one moment: stores write their own time, and rows are picked by its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """One suspicion: where and when, what it looks like, of whose card and which sale, with its numbers."""

    store: str
    workstation_id: str
    at: str
    pattern: str
    customer_id: str
    transaction_id: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)


def suspicions(database: Database, tenant_id: str, *, since: datetime) -> list[Suspicion]:
    """Return what stores have told since a moment, oldest first; a record told twice is one."""
    with database.reading() as session:
        rows = session.rows("fraud_records", tenant_id=tenant_id, since=(since - _ZONES).isoformat())
    found = [
        Suspicion(
            store=record.store_id,
            workstation_id=record.text("workstation_id"),
            at=record.occurred_at,
            pattern=record.text("pattern"),
            customer_id=record.text("customer_id"),
            transaction_id=record.text("transaction_id"),
            why=record.text("why"),
        )
        for record in told_of(rows)
        if datetime.fromisoformat(record.occurred_at) >= since
    ]
    return sorted(dict.fromkeys(found), key=lambda each: datetime.fromisoformat(each.at))
