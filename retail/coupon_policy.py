"""Whether a coupon may be redeemed here and now: its days, its holder, the basket, and what is allowed without a link.

The signature was verified before (`sync/protocol/coupons.py`), the record is judged after (`coupon_life.redeem`): a
coupon passes all three. Without a link to the hub nobody can know of a use in another store, so the policy bounds
what that may cost: issuing store only, any store up to a floor limit, leases, or nowhere. With a link the hub is asked,
and what it has granted to this store no other store may redeem.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from retail.coupon_life import CouponRecord, Use
from retail.coupons import CouponClaims, CouponScope
from retail.errors import RefusedError
from retail.identifiers import BusinessUnitId, CampaignId, CouponSerial, CustomerId
from retail.money import Money

LEASE_DAYS = 1
"""Who comes back to the same shop comes back tomorrow; after that the hub gives the coupon to whoever asks."""


class OfflineRule(StrEnum):
    """Where coupons are redeemed while there is no link.

    LEASES: where the hub has granted it, one store at a time; for the first days the store that issued it has it.
    """

    NOWHERE = "nowhere"
    ISSUING_STORE = "issuing_store"
    ANY_STORE = "any_store"
    LEASES = "leases"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionPolicy:
    """The chain's rule; `floor_limit` bounds a coupon of another store, `stopped` names campaigns that are stopped.

    `lease_days` is how long after its first day a coupon is the issuing store's alone, where OfflineRule.LEASES acts.

    `grace_days` forgives a clock that is a day off, and a customer who comes the morning after.
    """

    offline: OfflineRule = OfflineRule.ISSUING_STORE
    floor_limit: Decimal = Decimal(0)
    grace_days: int = 0
    lease_days: int = LEASE_DAYS
    stopped: frozenset[CampaignId] = frozenset()
    all_stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A coupon held out at a till: what it says, whose it is, what is in the basket.

    `record` is what this store's ledger knows (None: nothing), `only_if_known` the verifier's word that its key is
    revoked; `worth` is what the benefit takes off this basket; `customer_id` None for somebody not identified;
    `granted`: the hub gave the right to redeem it to this store.
    """

    claims: CouponClaims
    campaign_id: CampaignId | None
    issued_at: BusinessUnitId
    here: BusinessUnitId
    today: date
    worth: Money
    record: CouponRecord | None = None
    customer_id: CustomerId | None = None
    only_if_known: bool = False
    granted: bool = False


def check(attempt: Attempt, policy: RedemptionPolicy) -> None:
    """Pass an attempt, or raise RefusedError whose `code` and message say what to tell the customer."""
    _check_days(attempt, policy)
    _check_campaign(attempt, policy)
    _check_holder(attempt)
    _check_place(attempt, policy)


def _check_days(attempt: Attempt, policy: RedemptionPolicy) -> None:
    grace = timedelta(days=policy.grace_days)
    if attempt.today > attempt.claims.valid_until + grace:
        raise RefusedError(
            f"this coupon expired on {attempt.claims.valid_until}", fix="tell the customer so", code="coupon_expired"
        )
    if attempt.today < attempt.claims.valid_from - grace:
        raise RefusedError(
            f"this coupon is valid from {attempt.claims.valid_from}",
            fix="check the clock of this store",
            code="coupon_not_yet",
        )


def _check_campaign(attempt: Attempt, policy: RedemptionPolicy) -> None:
    campaign_id = attempt.campaign_id
    if campaign_id is None or not attempt.claims.is_of(campaign_id):
        raise RefusedError(
            "nobody here knows this coupon's campaign",
            fix="wait for the next contact with the hub",
            code="coupon_campaign",
        )
    if policy.all_stopped or campaign_id in policy.stopped:
        raise RefusedError(
            "coupons of this campaign are stopped at the moment", fix="tell the customer so", code="coupon_stopped"
        )
    if not attempt.worth.amount:
        raise RefusedError(
            "nothing in this basket belongs to the coupon", fix="scan the goods first", code="coupon_basket"
        )


def _check_holder(attempt: Attempt) -> None:
    claims = attempt.claims
    if claims.is_bearer:
        return
    if attempt.customer_id is None:
        raise RefusedError("this coupon is personal", fix="scan the customer's card first", code="coupon_holder")
    if not claims.is_held_by(attempt.customer_id):
        raise RefusedError("this coupon is somebody else's", fix="tell the customer so", code="coupon_holder")


def _check_place(attempt: Attempt, policy: RedemptionPolicy) -> None:
    if attempt.only_if_known and attempt.record is None:
        raise RefusedError(
            "the key that signed this coupon is revoked, or this store has not heard of it for too long",
            fix="keep the paper and tell the manager; see to the link",
            code="coupon_key",
        )
    if attempt.granted or (attempt.issued_at == attempt.here and _is_ours_alone(attempt, policy)):
        return
    if policy.offline is not OfflineRule.ANY_STORE or attempt.claims.scope is not CouponScope.ANY_STORE:
        raise RefusedError(
            "without a link nobody here can know whether this coupon was used elsewhere"
            if attempt.issued_at == attempt.here
            else f"without a link this coupon is good in store {attempt.issued_at} only",
            fix="try again when the link is back",
            code="coupon_elsewhere",
        )
    if attempt.worth.amount > policy.floor_limit:
        raise RefusedError(
            f"without a link a coupon of another store is good up to {policy.floor_limit}",
            fix="try again when the link is back",
            code="coupon_floor_limit",
        )


def _is_ours_alone(attempt: Attempt, policy: RedemptionPolicy) -> bool:
    """Return whether the store that issued a coupon may redeem it on its own word."""
    if policy.offline is OfflineRule.LEASES:
        return attempt.today <= attempt.claims.valid_from + timedelta(days=policy.lease_days)
    return policy.offline is not OfflineRule.NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleUse:
    """A coupon that was used more than once, in the order of use: what reconciliation reports."""

    serial: CouponSerial
    uses: tuple[Use, ...]


def double_uses(uses: Iterable[tuple[CouponSerial, Use]]) -> tuple[DoubleUse, ...]:
    """Return the coupons that more than one transaction used; the same transaction told twice is one use."""
    by_serial: defaultdict[CouponSerial, dict[str, Use]] = defaultdict(dict)
    for serial, use in uses:
        by_serial[serial].setdefault(use.transaction_id, use)
    return tuple(
        DoubleUse(serial=serial, uses=tuple(sorted(used.values(), key=lambda use: use.at)))
        for serial, used in sorted(by_serial.items())
        if len(used) > 1
    )
