"""The chain's rules for value: what earns, what may be redeemed and burned without a link, what looks like fraud.

One table, published by the hub and read by agent and hub alike. What is not said is the safe thing: nothing earns,
coupons are good in the store that issued them, nothing is burned without a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from retail.coupon_policy import LEASE_DAYS, OfflineRule, RedemptionPolicy
from retail.earning import EarnRule
from retail.fields import Fields
from retail.fraud import FraudPolicy
from retail.identifiers import CampaignId
from retail.leases import BurnPolicy, policy_from_mapping
from retail.line_items import TenderType
from retail.offers.chain_rules import ChainOfferRules, offer_rules
from retail.points import SpentRewardPolicy
from retail.tiers import GRACE_DAYS, TierLevel, TierPolicy

RETURN_DAYS = 14
"""How long points stay pending: the usual window in which goods come back."""

POINTS_DAYS = 365
"""How long points are good: a member who comes once a year loses nothing without having been told twice."""

RESERVED_S = 600
"""How long a till may take from reserving to committing: a full trolley is rung up and paid within ten minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnPolicy:
    """What purchases earn; `rule` None: nothing. Points are pending for `pending_days`, good for `valid_days`.

    `debt_max` is how far returns may bring a balance below nothing; what goes beyond is waived. None: no bound.
    """

    rule: EarnRule | None = None
    pending_days: int = RETURN_DAYS
    valid_days: int | None = POINTS_DAYS
    staff_earn: bool = False
    spent_reward: SpentRewardPolicy = SpentRewardPolicy.DEBIT
    debt_max: int | None = None
    factors: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuePolicy:
    """All of it, under one version that every decision made by it names."""

    version: str = ""
    earn: EarnPolicy = field(default_factory=EarnPolicy)
    coupons: RedemptionPolicy = field(default_factory=RedemptionPolicy)
    burn: BurnPolicy = field(default_factory=BurnPolicy)
    tiers: TierPolicy | None = None
    fraud: FraudPolicy = field(default_factory=FraudPolicy)
    offers: ChainOfferRules = field(default_factory=ChainOfferRules)
    reserved_s: int = RESERVED_S


def value_policy_from_mapping(table: object, *, version: str = "", path: str = "value") -> ValuePolicy:
    """Read the chain's rules; ConfigurationError names the field that is wrong."""
    fields = Fields(table, path, code="value_policy")
    burn = fields.value("burn")
    policy = ValuePolicy(
        version=version,
        earn=_earn(fields.table_or_none("earn")),
        coupons=_coupons(fields.table_or_none("coupons")),
        burn=replace(policy_from_mapping(burn if burn is not None else {}, path=f"{path}.burn"), version=version),
        tiers=_tiers(fields.table_or_none("tiers")),
        fraud=_fraud(fields.table_or_none("fraud")),
        offers=offer_rules(fields.table_or_none("offers")),
        reserved_s=fields.count("reserved_s", RESERVED_S, low=30, high=86_400),
    )
    fields.done()
    return policy


def _earn(fields: Fields | None) -> EarnPolicy:
    if fields is None:
        return EarnPolicy()
    tenders = _texts(fields, "excluded_tenders")
    default = EarnRule()
    rule = EarnRule(
        points_per_unit=fields.number("points_per_unit", Decimal(1)),
        excluded_keys=frozenset(_texts(fields, "excluded_keys") or ()),
        excluded_tenders=default.excluded_tenders
        if tenders is None
        else frozenset(_tender(fields, t) for t in tenders),
    )
    factors = fields.table_or_none("factors")
    earn = EarnPolicy(
        rule=rule,
        pending_days=fields.count("pending_days", RETURN_DAYS, high=365),
        valid_days=fields.count("valid_days", POINTS_DAYS, high=36_500) or None,
        staff_earn=fields.flag("staff_earn"),
        spent_reward=fields.choice("spent_reward", SpentRewardPolicy)
        if "spent_reward" in fields
        else SpentRewardPolicy.DEBIT,
        debt_max=fields.count("debt_max") if "debt_max" in fields else None,
        factors={name: factors.number(name) for name in factors.names()} if factors else {},
    )
    fields.done()
    return earn


def _coupons(fields: Fields | None) -> RedemptionPolicy:
    if fields is None:
        return RedemptionPolicy()
    policy = RedemptionPolicy(
        offline=fields.choice("offline", OfflineRule) if "offline" in fields else OfflineRule.ISSUING_STORE,
        floor_limit=fields.number("floor_limit", Decimal(0)),
        grace_days=fields.count("grace_days", 0, high=31),
        lease_days=fields.count("lease_days", LEASE_DAYS, high=31),
        stopped=frozenset(map(CampaignId, _texts(fields, "stopped") or ())),
        all_stopped=fields.flag("all_stopped"),
    )
    fields.done()
    return policy


def _tiers(fields: Fields | None) -> TierPolicy | None:
    if fields is None:
        return None
    levels = []
    for level in fields.tables("level"):
        levels.append(TierLevel(tier_id=level.text("tier"), points_needed=level.count("points")))
        level.done()
    policy = TierPolicy(
        levels=tuple(levels),
        period_days=fields.count("period_days", 365, low=1, high=3_650),
        grace_days=fields.count("grace_days", GRACE_DAYS, high=3_650),
    )
    fields.done()
    return policy


def _fraud(fields: Fields | None) -> FraudPolicy:
    default = FraudPolicy()
    if fields is None:
        return default
    policy = FraudPolicy(
        per_hour_and_till=fields.count("per_hour_and_till", default.per_hour_and_till),
        per_day=fields.count("per_day", default.per_day),
        operator_share=fields.number("operator_share", default.operator_share, high=Decimal(1)),
        operator_sales=fields.count("operator_sales", default.operator_sales),
        staff_per_day=fields.count("staff_per_day", default.staff_per_day),
        late_per_day=fields.count("late_per_day", default.late_per_day),
        returns_per_day=fields.count("returns_per_day", default.returns_per_day),
        split_within=timedelta(seconds=fields.count("split_within_s", int(default.split_within.total_seconds()))),
        split_sales=fields.count("split_sales", default.split_sales, low=2),
    )
    fields.done()
    return policy


def _texts(fields: Fields, name: str) -> list[str] | None:
    value = fields.value(name)
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise fields.error(name, f"must be a list of texts, not {value!r:.80}")
    return [str(each) for each in value]


def _tender(fields: Fields, name: str) -> TenderType:
    try:
        return TenderType(name)
    except ValueError:
        known = ", ".join(each.value for each in TenderType)
        raise fields.error("excluded_tenders", f"knows no {name!r}", fix=f"one of {known}") from None
