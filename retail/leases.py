"""Spending points without a link: off by default; against a lease that the hub granted, within caps, and the exposure.

A lease takes points out of the hub's balance and gives them to one store until it expires: whatever happens to the
link, no point is in two places, because leases and the hub's rest never exceed the balance. What can still go wrong is
stated in money by `exposure` before a chain switches it on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from retail.errors import RefusedError
from retail.fields import Fields
from retail.identifiers import BusinessUnitId
from retail.money import Money, minor_units

MIRROR_AGE_MAX = timedelta(hours=4)
"""Older news of an account is no news: a stolen card is blocked within a morning."""

CLOCK_ERROR_MAX = timedelta(minutes=10)
"""How far a store's checked clock may be off (decision 5); a lease ends that much earlier for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Points of one account (or household) that one store may spend without asking, until `expires_at`."""

    lease_id: str
    account: str
    store: BusinessUnitId
    points: int
    expires_at: datetime
    spent: int = 0

    def left(self, now: datetime) -> int:
        """Return how many points may still be spent on it; none in the last minutes, for clocks are never exact."""
        return self.points - self.spent if now < self.expires_at - CLOCK_ERROR_MAX else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnPolicy:
    """The chain's rule for spending without a link; `version` goes into every record made under it.

    Caps are points per transaction, per card and day, per store and day. `point_value` is what one point takes off.
    """

    offline: bool = False
    per_transaction: int = 0
    per_card_and_day: int = 0
    per_store_and_day: int = 0
    mirror_age_max: timedelta = MIRROR_AGE_MAX
    point_value: Decimal = Decimal("0.01")
    stopped: bool = False
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRequest:
    """A member wants to spend points here without a link. The counts are of today, in this store."""

    points: int
    account: str
    store: BusinessUnitId
    now: datetime
    mirror_age: timedelta | None
    clock_is_checked: bool
    spent_by_card_today: int = 0
    spent_in_store_today: int = 0


def spend(lease: Lease | None, request: BurnRequest, policy: BurnPolicy) -> Lease:
    """Return the lease after spending; RefusedError says by `code` what forbids it. Commit it before the discount."""
    _check_switch(request, policy)
    if lease is None or (lease.account, lease.store) != (request.account, request.store):
        raise RefusedError(
            "no points of this member are leased to this store", fix="offer to spend them when the link is back",
            code="burn_no_lease",
        )  # fmt: skip
    for name, cap, before in (
        ("transaction", policy.per_transaction, 0),
        ("card and day", policy.per_card_and_day, request.spent_by_card_today),
        ("store and day", policy.per_store_and_day, request.spent_in_store_today),
    ):
        if before + request.points > cap:
            raise RefusedError(
                f"without a link at most {max(cap - before, 0)} points can be spent now (cap a {name})",
                fix="spend fewer, or wait for the link",
                code="burn_capped",
            )
    left = lease.left(request.now)
    if not 0 < request.points <= left:
        raise RefusedError(
            f"{request.points} points were asked for, {left} are leased to this store",
            fix="spend fewer, or wait for the link",
            code="burn_short",
        )
    return replace(lease, spent=lease.spent + request.points)


def _check_switch(request: BurnRequest, policy: BurnPolicy) -> None:
    """Pass when spending without a link is allowed at all here and now."""
    reason = None
    if not policy.offline:
        reason = ("burn_off", "spending points without a link is switched off")
    elif policy.stopped:
        reason = ("burn_stopped", "spending points is stopped at the moment")
    elif not request.clock_is_checked:
        reason = ("burn_clock", "this store's clock has not been checked by the hub")
    elif request.mirror_age is None or request.mirror_age > policy.mirror_age_max:
        reason = ("burn_stale", "what this store knows of its members is too old")
    if reason is not None:
        raise RefusedError(reason[1], fix="offer to spend them when the link is back", code=reason[0])


def grantable(*, spendable: int, outstanding: Iterable[Lease], asked: int) -> int:
    """Return how many points the hub may lease: never more than the balance less what is leased already.

    A lease counts until its store has reported what became of it, however long it has expired: a store that is
    silent may have spent it.
    """
    leased = sum(lease.points - lease.spent for lease in outstanding)
    return max(min(asked, spendable - leased), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The worst case of spending without a link, in points and in money, and how it comes about."""

    points: int
    money: Money
    because: str


def exposure(
    policy: BurnPolicy, *, stores: int, lease_days: int, currency: str, leases: Iterable[Lease] = ()
) -> tuple[Exposure, ...]:
    """Return the worst cases, one a cause; all is zero while spending without a link is off.

    Leases cannot be spent twice by any loss of link or repeat of messages. What remains: a copied disk whose copy
    spends its leases once more before its fork is seen, and a hub restored to before it granted them. Each store's
    caps bound both; the leases of today, where they are given, bound them closer.
    """
    if not policy.offline:
        return (_exposed(0, "spending points without a link is off", policy, currency),)
    most = policy.per_store_and_day * max(lease_days, 1)
    by_store: dict[BusinessUnitId, int] = {}
    for lease in leases:
        by_store[lease.store] = by_store.get(lease.store, 0) + lease.points - lease.spent
    today = [min(points, most) for points in by_store.values()] or [most] * stores
    return (
        _exposed(
            max(today, default=0), "one store's disk is copied and the copy spends its leases too", policy, currency
        ),
        _exposed(sum(today), "the hub is restored to before it granted the leases that are out now", policy, currency),
        _exposed(most * stores, "the same, with every store's leases up to its cap", policy, currency),
    )


def policy_from_mapping(table: object, *, path: str = "burn") -> BurnPolicy:
    """Read a chain's policy; ConfigurationError names the field that is wrong. What is not said stays off or zero."""
    fields = Fields(table, path)
    policy = BurnPolicy(
        offline=fields.flag("offline"),
        per_transaction=fields.count("per_transaction", 0),
        per_card_and_day=fields.count("per_card_and_day", 0),
        per_store_and_day=fields.count("per_store_and_day", 0),
        mirror_age_max=timedelta(minutes=fields.count("mirror_age_max_minutes", int(MIRROR_AGE_MAX.seconds / 60))),
        point_value=fields.number("point_value", Decimal("0.01")),
        stopped=fields.flag("stopped"),
        version=fields.text("version", ""),
    )
    fields.done()
    return policy


def _exposed(points: int, because: str, policy: BurnPolicy, currency: str) -> Exposure:
    step = Decimal(1).scaleb(-minor_units(currency))
    amount = (points * policy.point_value).quantize(step, ROUND_CEILING)
    return Exposure(points=points, money=Money(amount, currency), because=because)
