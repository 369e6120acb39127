"""Patterns that cost a loyalty programme its points: told to the journal and the hub, never in the way of a sale.

`flags` looks at one sale and at what the store remembers of the last day; thresholds are the chain's policy. A flag is
a question to a person, not a verdict: families share cards, and a regular may well come three times a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from retail.identifiers import CustomerId, OperatorId, TransactionId, WorkstationId


class Pattern(StrEnum):
    """What is suspected."""

    STAFF_CARD = "staff_card"
    CARD_TOO_OFTEN_AN_HOUR = "card_too_often_an_hour"
    CARD_TOO_OFTEN_A_DAY = "card_too_often_a_day"
    CARD_OF_ONE_OPERATOR = "card_of_one_operator"
    CARD_AFTER_PAYMENT = "card_after_payment"
    EARN_AND_RETURN = "earn_and_return"
    SPLIT_BASKETS = "split_baskets"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleSeen:
    """What fraud patterns see of a sale or return. `after_payment`: the card came when the receipt was printed."""

    transaction_id: TransactionId
    at: datetime
    workstation_id: WorkstationId
    customer_id: CustomerId | None = None
    operator_id: OperatorId | None = None
    is_staff: bool = False
    is_return: bool = False
    after_payment: bool = False
    total: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudPolicy:
    """Thresholds; each default is the number that an honest member hardly ever reaches.

    `operator_share` of an operator's sales with a card, from `operator_sales` sales on, carry one and the same card.
    `split_within`: sales of one card at one till, so close together that they were one basket.
    """

    per_hour_and_till: int = 3
    per_day: int = 6
    operator_share: Decimal = Decimal("0.2")
    operator_sales: int = 10
    staff_per_day: int = 3
    late_per_day: int = 2
    returns_per_day: int = 2
    split_within: timedelta = timedelta(minutes=5)
    split_sales: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A suspicion about a sale, with the numbers that raised it."""

    pattern: Pattern
    transaction_id: TransactionId
    customer_id: CustomerId
    why: str


def flags(sale: SaleSeen, before: Sequence[SaleSeen], policy: FraudPolicy) -> tuple[Flag, ...]:
    """Return what a sale looks like together with those before it; nothing where nobody is known.

    `before` is what the store remembers, in any order; what is older than a day, and the sale itself, do not count,
    so that a repeat gives the same flags.
    """
    if sale.customer_id is None:
        return ()
    day = [
        each
        for each in before
        if each.transaction_id != sale.transaction_id and timedelta() <= sale.at - each.at < timedelta(days=1)
    ]
    mine = [sale, *(each for each in day if each.customer_id == sale.customer_id)]
    suspected = (
        _too_often(sale, mine, policy),
        _staff(sale, mine, policy),
        _of_one_operator(sale, [sale, *day], policy),
        _late(sale, mine, policy),
        _returns(sale, mine, policy),
        _split(sale, mine, policy),
    )
    return tuple(
        Flag(pattern=pattern, transaction_id=sale.transaction_id, customer_id=sale.customer_id, why=why)
        for found in suspected
        for pattern, why in found
    )


_Found = list[tuple[Pattern, str]]


def _too_often(sale: SaleSeen, mine: list[SaleSeen], policy: FraudPolicy) -> _Found:
    sales = [each for each in mine if not each.is_return]
    found: _Found = []
    here = [
        each for each in sales if each.workstation_id == sale.workstation_id and sale.at - each.at < timedelta(hours=1)
    ]
    if len(here) > policy.per_hour_and_till:
        found.append((Pattern.CARD_TOO_OFTEN_AN_HOUR, f"{len(here)} sales at till {sale.workstation_id} in an hour"))
    if len(sales) > policy.per_day:
        found.append((Pattern.CARD_TOO_OFTEN_A_DAY, f"{len(sales)} sales in a day"))
    return found


def _staff(sale: SaleSeen, mine: list[SaleSeen], policy: FraudPolicy) -> _Found:
    if not sale.is_staff or len(mine) <= policy.staff_per_day:
        return []
    return [(Pattern.STAFF_CARD, f"a staff card in {len(mine)} sales in a day")]


def _of_one_operator(sale: SaleSeen, day: list[SaleSeen], policy: FraudPolicy) -> _Found:
    if sale.operator_id is None:
        return []
    theirs = [each for each in day if each.operator_id == sale.operator_id and each.customer_id is not None]
    with_card = sum(each.customer_id == sale.customer_id for each in theirs)
    if len(theirs) < policy.operator_sales or with_card <= policy.operator_share * len(theirs):
        return []
    why = f"{with_card} of {len(theirs)} sales with a card of operator {sale.operator_id} carry this one"
    return [(Pattern.CARD_OF_ONE_OPERATOR, why)]


def _late(sale: SaleSeen, mine: list[SaleSeen], policy: FraudPolicy) -> _Found:
    late = sum(each.after_payment for each in mine)
    if not sale.after_payment or late <= policy.late_per_day:
        return []
    return [(Pattern.CARD_AFTER_PAYMENT, f"the card came after payment {late} times in a day")]


def _returns(sale: SaleSeen, mine: list[SaleSeen], policy: FraudPolicy) -> _Found:
    returns = sum(each.is_return for each in mine)
    if not sale.is_return or returns <= policy.returns_per_day:
        return []
    return [(Pattern.EARN_AND_RETURN, f"{returns} returns in a day")]


def _split(sale: SaleSeen, mine: list[SaleSeen], policy: FraudPolicy) -> _Found:
    """Find sales of one card at one till that follow each other without a pause."""
    here = sorted(
        (each.at for each in mine if each.workstation_id == sale.workstation_id and not each.is_return), reverse=True
    )
    chain = 1
    for later, earlier in pairwise(here):
        if later - earlier > policy.split_within:
            break
        chain += 1
    if chain < policy.split_sales:
        return []
    return [(Pattern.SPLIT_BASKETS, f"{chain} sales one after the other at till {sale.workstation_id}")]
