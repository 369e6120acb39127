"""Whether a coupon may be redeemed where it is held out, as far as the chain knows; granted to one store at a time.

A grant counts until its store has told in its journal what became of it, however long it is over: a store that is
silent may have used it. What stores have told of uses counts before any grant. With `offline = "leases"` a young
coupon is still in the hands of the store that issued it, which needs nobody's word for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.callers import Caller
from hub.storage.ports import Database, Row, Session
from hub.value.events import Told, standing_uses, told_of
from retail.coupon_policy import OfflineRule, RedemptionPolicy
from retail.errors import RefusedError
from sync.protocol.value_messages import LEASES_MAX, CouponAnswer, CouponLease, CouponQuestion, CouponVerdict

LEASE_ID_BYTES = 12

REQUEST_LIFE = timedelta(minutes=20)
"""For the purchase at hand: ten minutes from reserving to paying, and the ten that clocks may be off."""

LEASE_DAYS_MAX = 31
"""A coupon that one store alone may take for a month is a promise that the others break."""

ZONES = timedelta(days=1)
"""A store's day may be the next one already while the hub's is not: one more is waited for."""

TOLD_AGAIN = timedelta(days=1)
"""How long after its end a store is told of a grant whose answer it may never have had, so that it hands it back."""


@dataclass(frozen=True, slots=True)
class CouponLeasing:
    """Used by the hub's threads; grants of one chain wait for each other in the database."""

    database: Database

    def ask(self, caller: Caller, question: CouponQuestion, *, policy: RedemptionPolicy, now: datetime) -> CouponAnswer:
        """Say how a coupon stands for the caller's store; one that is free is granted where it is about to be used.

        A repeat is answered the same while the grant lasts.
        """
        with self.database.writing() as session:
            stands = self._stands(session, caller.tenant_id, caller.store_id, serial=question.serial, now=now)
            if stands is None:
                stands = _with_its_issuer(question, caller.store_id, policy=policy, today=now.date())
            if stands is not None or not question.take:
                return stands or CouponAnswer(verdict=CouponVerdict.FREE)
            lease = self._grant(
                session,
                caller.tenant_id,
                caller.store_id,
                serial=question.serial,
                life=REQUEST_LIFE,
                for_request=True,
                now=now,
            )
            return CouponAnswer(verdict=CouponVerdict.GRANTED, lease=lease)

    def grant_ahead(self, tenant_id: str, store_id: str, *, serial: str, days: int, now: datetime) -> CouponLease:
        """Give a store a coupon to redeem without a link. Raises RefusedError when it is not to be had."""
        with self.database.writing() as session:
            stands = self._stands(session, tenant_id, store_id, serial=serial, now=now)
            if stands is not None:
                raise RefusedError(
                    f"coupon {serial} is {stands.verdict.value} {stands.store} {stands.at}".rstrip(),
                    fix="wait until that store has told what became of it",
                    code="lease_none",
                )
            return self._grant(
                session,
                tenant_id,
                store_id,
                serial=serial,
                life=timedelta(days=min(days, LEASE_DAYS_MAX)),
                for_request=False,
                now=now,
            )

    def held_by(self, tenant_id: str, store_id: str, *, now: datetime) -> list[CouponLease]:
        """Return the coupons that a store should hold, or should have handed back lately."""
        with self.database.reading() as session:
            rows = session.rows(
                "coupon_leases_of_store",
                tenant_id=tenant_id,
                store_id=store_id,
                since=(now - TOLD_AGAIN).isoformat(),
                rows_max=LEASES_MAX,
            )
        return [_lease(row) for row in rows]

    def _stands(
        self, session: Session, tenant_id: str, store_id: str, *, serial: str, now: datetime
    ) -> CouponAnswer | None:
        """Return how a coupon stands; None when nothing is in its way."""
        session.row("lock_leases", tenant_id=tenant_id)
        records = list(told_of(session.rows("coupon_told", tenant_id=tenant_id, serial=serial)))
        uses = standing_uses(record for record in records if record.kind in {"coupon.redeemed", "coupon.restored"})
        if uses:
            return _used(uses[0])
        if any(record.kind == "coupon.voided" for record in records):
            return CouponAnswer(verdict=CouponVerdict.VOID)
        open_leases = _open(session.rows("coupon_leases", tenant_id=tenant_id, serial=serial), records)
        for row in open_leases:
            if row[2] != store_id:
                return CouponAnswer(verdict=CouponVerdict.HELD, store=row[2], at=row[3])
        mine = [row for row in open_leases if datetime.fromisoformat(row[3]) - REQUEST_LIFE / 2 > now]
        return CouponAnswer(verdict=CouponVerdict.GRANTED, lease=_lease(mine[-1])) if mine else None

    def _grant(
        self,
        session: Session,
        tenant_id: str,
        store_id: str,
        *,
        serial: str,
        life: timedelta,
        for_request: bool,
        now: datetime,
    ) -> CouponLease:
        lease = CouponLease(
            lease_id=f"k-{secrets.token_hex(LEASE_ID_BYTES)}",
            serial=serial,
            expires_at=(now + life).isoformat(),
            for_request=for_request,
        )
        session.run(
            "put_coupon_lease",
            tenant_id=tenant_id,
            serial=serial,
            lease_id=lease.lease_id,
            store_id=store_id,
            expires_at=lease.expires_at,
            for_request=int(for_request),
            now=now.isoformat(),
        )
        return lease


def _with_its_issuer(
    question: CouponQuestion, store_id: str, *, policy: RedemptionPolicy, today: date
) -> CouponAnswer | None:
    """Return that a young coupon is the issuing store's alone, where that store may redeem it on its own word."""
    if policy.offline is not OfflineRule.LEASES or question.issued_at == store_id:
        return None
    until = question.valid_from + timedelta(days=policy.lease_days) + ZONES
    if today > until:
        return None
    return CouponAnswer(verdict=CouponVerdict.HELD, store=question.issued_at, at=until.isoformat())


def _open(rows: Iterable[Row], records: Iterable[Told]) -> list[Row]:
    """Return the grants whose stores have not told what became of them."""
    closed = {record.text("lease_id") for record in records if record.kind == "coupon.unleased"}
    return [row for row in rows if row[0] not in closed]


def _used(use: Told) -> CouponAnswer:
    return CouponAnswer(
        verdict=CouponVerdict.USED,
        store=use.store_id,
        workstation_id=use.text("workstation_id"),
        at=use.text("at") or use.occurred_at,
    )


def _lease(row: Row) -> CouponLease:
    return CouponLease(lease_id=row[0], serial=row[1], expires_at=row[3], for_request=bool(row[4]))
