"""What stores have told of value, read from their journals' records in an order that every hub repeats.

A record says the same however often it is read; a forked branch is read like any other, because what a copied disk
has spent is spent. Payloads that are not what their kind promises were refused at the door and are passed over here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hub.ingest.contents import content_of
from hub.storage.ports import Row, Session

POINTS_KINDS = ("points.earned", "points.reversed", "points.burned", "points.leased", "points.unleased")
COUPON_KINDS = ("coupon.redeemed", "coupon.restored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One record about value; `identity` is the same for a record told twice."""

    store_id: str
    kind: str
    content: dict[str, Any]
    occurred_at: str
    branch: int

    @property
    def day(self) -> date:
        """Return the day it happened, as the store wrote it."""
        return datetime.fromisoformat(self.occurred_at).date()

    def text(self, name: str) -> str:
        """Return a text member; empty when it is none."""
        value = self.content.get(name)
        return value if isinstance(value, str) else ""

    def points(self) -> int:
        """Return how many points it is about; 0 when nobody can say."""
        value = self.content.get("points")
        return value if type(value) is int and value >= 0 else 0


def told(session: Session, tenant_id: str, kinds: Iterable[str], *, account: str | None = None) -> Iterator[Told]:
    """Yield what stores told of these kinds, all accounts or one, in order of occurrence, then of place."""
    like = "%" if account is None else f"%{_like(json.dumps(account, ensure_ascii=False))}%"
    rows = [row for kind in kinds for row in session.rows("value_records", tenant_id=tenant_id, kind=kind, like=like)]
    for record in told_of(sorted(rows, key=lambda row: (row[3], row[0], row[4]))):
        if account is None or record.content.get("account") == account:
            yield record


def told_of(rows: Iterable[Row]) -> Iterator[Told]:
    """Yield the records of rows `(store_id, kind, payload, occurred_at, branch)` that can be read."""
    for store_id, kind, payload, occurred_at, branch in rows:
        content = content_of(payload)
        if content is not None:
            yield Told(store_id=store_id, kind=kind, content=content, occurred_at=occurred_at, branch=branch)


def standing_uses(records: Iterable[Told]) -> list[Told]:
    """Return uses that were not given back; the record that says which sale a use became is no second use."""
    uses: dict[tuple[str, str], Told] = {}
    restored: set[tuple[str, str]] = set()
    for record in records:
        key = record.text("serial"), record.text("use_id")
        if record.kind == "coupon.restored":
            restored.add(key)
        elif not record.content.get("confirms"):
            uses.setdefault(key, record)
    return [record for key, record in uses.items() if key not in restored]


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
