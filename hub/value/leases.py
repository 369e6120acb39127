"""Granting leases: points leave an account's balance for one store, durably, before the store hears of them.

Never more than the balance less what is leased already; a lease counts until its store has told what became of it,
however long it is over: a store that is silent may have spent it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.storage.ports import Database, Row
from hub.value.accounts import AccountStand, accounts_of, leases_of, spendable
from retail.errors import RefusedError
from retail.identifiers import BusinessUnitId
from retail.leases import Lease, grantable

LEASE_ID_BYTES = 12
LEASE_LIFE_MAX = timedelta(days=31)
"""A longer lease is points that nobody else can spend for a season, and an exposure that nobody remembers."""

REQUEST_LIFE = timedelta(minutes=40)
"""For the purchase at hand: half an hour at a counter and the ten minutes that clocks may be off."""


@dataclass(frozen=True, slots=True)
class Leasing:
    """Used by the hub's threads; grants of one chain wait for each other in the database."""

    database: Database

    def grant(
        self,
        tenant_id: str,
        *,
        account: str,
        store_id: str,
        asked: int,
        life: timedelta,
        for_request: bool,
        now: datetime,
    ) -> Lease:
        """Grant as many of the points asked for as there are; RefusedError when there are none.

        A repeat grants more: whoever asks twice holds two leases, and both count.
        """
        if not timedelta() < life <= LEASE_LIFE_MAX or asked <= 0:
            raise RefusedError(
                f"a lease of {asked} points for {life} cannot be granted",
                fix=f"ask for at least one point and at most {LEASE_LIFE_MAX.days} days",
                code="lease",
            )
        with self.database.writing() as session:
            session.row("lock_leases", tenant_id=tenant_id)
            stands, records = accounts_of(session, tenant_id, today=now.date(), account=account)
            granted = [(each, True) for each in _leases(session.rows("leases", tenant_id=tenant_id))]
            mine = [(lease, flag) for lease, flag in granted if lease.account == account]
            out = [
                Lease(
                    lease_id=each.lease.lease_id,
                    account=account,
                    store=each.lease.store,
                    points=each.outstanding,
                    expires_at=each.lease.expires_at,
                )
                for each in leases_of(mine, records).values()
            ]
            points = grantable(
                spendable=spendable(stands.get(account, AccountStand()), now.date()), outstanding=out, asked=asked
            )
            if not points:
                raise RefusedError(
                    f"nothing can be leased of account {account}: its points are spent or leased already",
                    fix="wait until the stores that hold leases have reported",
                    code="lease_none",
                )
            lease = Lease(
                lease_id=f"l-{secrets.token_hex(LEASE_ID_BYTES)}",
                account=account,
                store=BusinessUnitId(store_id),
                points=points,
                expires_at=now + life,
            )
            session.run(
                "put_lease",
                tenant_id=tenant_id,
                lease_id=lease.lease_id,
                account=account,
                store_id=store_id,
                points=points,
                expires_at=lease.expires_at.isoformat(),
                for_request=int(for_request),
                now=now.isoformat(),
            )
        return lease

    def held_by(self, tenant_id: str, store_id: str, *, now: datetime) -> list[tuple[Lease, bool]]:
        """Return the leases that a store should hold, and whether each was for a purchase at hand."""
        with self.database.reading() as session:
            rows = session.rows("leases_of_store", tenant_id=tenant_id, store_id=store_id, now=now.isoformat())
        return [(lease, bool(row[5])) for lease, row in zip(_leases(rows), rows, strict=True)]


def _leases(rows: list[Row]) -> list[Lease]:
    return [
        Lease(
            lease_id=row[0],
            account=row[1],
            store=BusinessUnitId(row[2]),
            points=row[3],
            expires_at=datetime.fromisoformat(row[4]),
        )
        for row in rows
    ]


leases_from = _leases
