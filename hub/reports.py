"""What people see of the fleet: one line a store, from counts that are kept as records arrive."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hub.storage.ports import Database, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLine:
    """One store; times are ISO 8601 or None.

    `parked` counts records kept here that could not be used, and those that the agent says it has parked. `health` is
    the store's own report (`StoreHealth` of the wire), empty until one has come.
    """

    store_id: str
    name: str
    last_contact_at: str | None
    epoch: int | None
    sales: int
    returns: int
    offers_decided: int
    offers_printed: int
    offers_withheld: int
    coupons_redeemed: int
    forks: int
    parked: int
    backlog_records: int | None
    erased_through: int
    mirror_version: int | None
    program: str
    feed_refused: list[dict[str, str]]
    region: str
    ring: str
    health: dict[str, Any]
    totals: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the line as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkLine:
    """A second story of one identity: two machines have written from one disk."""

    store_id: str
    agent_id: str
    epoch: int
    branch: int
    shared_through_seq: int
    head_seq: int
    opened_at: str


@dataclass(frozen=True, slots=True)
class Reports:
    """Read-only views of one hub."""

    database: Database

    def stores(self, tenant_id: str, *, troubles_only: bool = False) -> list[StoreLine]:
        """Return every store of a chain; `troubles_only` leaves out the counts of sales and offers, for a fleet."""
        with self.database.reading() as session:
            totals: defaultdict[str, dict[str, int]] = defaultdict(dict)
            counted = "store_troubles" if troubles_only else "store_totals"
            for store_id, what, total in session.rows(counted, tenant_id=tenant_id):
                totals[store_id][what] = total
            rows = session.rows("stores", tenant_id=tenant_id)
        refused, health = _column(rows, 10), _column(rows, 14)
        return [
            _store_line(row, totals.get(row[0], {}), refused=refused[number], health=health[number])
            for number, row in enumerate(rows)
        ]

    def forks(self, tenant_id: str) -> list[ForkLine]:
        """Return every fork of a chain, newest first."""
        with self.database.reading() as session:
            rows = session.rows("forks", tenant_id=tenant_id)
        return [
            ForkLine(
                store_id=row[0],
                agent_id=row[1],
                epoch=row[2],
                branch=row[3],
                shared_through_seq=row[4],
                head_seq=row[5],
                opened_at=row[6],
            )
            for row in rows
        ]


def _column(rows: Sequence[Row], number: int) -> list[Any]:
    """Return a column of JSON texts read in one go: ten thousand little ones cost ten times as much."""
    found: list[Any] = json.loads(f"[{','.join(row[number] for row in rows)}]")
    return found


def _store_line(
    row: Row, totals: dict[str, int], *, refused: list[dict[str, str]], health: dict[str, Any]
) -> StoreLine:
    store_id, name, last_contact_at, _, erased_through, mirror, _, backlog, parked, program, _, epoch = row[:12]
    region, ring, _ = row[12:]
    return StoreLine(
        store_id=store_id,
        name=name,
        last_contact_at=last_contact_at,
        epoch=epoch,
        sales=totals.get("sales", 0),
        returns=totals.get("returns", 0),
        offers_decided=totals.get("decided", 0),
        offers_printed=totals.get("printed", 0),
        offers_withheld=totals.get("withheld", 0),
        coupons_redeemed=totals.get("coupon.redeemed", 0),
        forks=totals.get("forks", 0),
        parked=totals.get("refused", 0) + (parked or 0),
        backlog_records=backlog,
        erased_through=erased_through,
        mirror_version=mirror,
        program=program,
        feed_refused=refused,
        region=region,
        ring=ring,
        health=health,
        totals=totals,
    )
