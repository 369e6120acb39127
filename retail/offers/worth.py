"""What a benefit is worth in a basket: to the customer, and so to us as cost.

Most offers are for the next visit, whose basket nobody knows: this basket stands in for it. `cost_max` bounds the
guess where the campaign says it.
"""

from __future__ import annotations

from decimal import Decimal

from retail.facts import Basket, Facts
from retail.offers.campaign import Benefit, BenefitKind

_NOTHING = Decimal(0)


def value_for(benefit: Benefit, facts: Facts) -> Decimal:
    """Return the benefit's value for this person: the first depth whose rule holds, else the campaign's own."""
    for depth in benefit.depths:
        if depth.who.is_true(facts):
            return depth.value
    return benefit.value


def worth_of(benefit: Benefit, value: Decimal, basket: Basket) -> Decimal:
    """Return what the benefit would take off a basket like this, unrounded; `cost_max` for points and gifts.

    Points and gifts cost what the campaign says, because only the chain knows what one costs. Where goods that it is
    for are in the basket, nothing goes below the benefit's floor.
    """
    match benefit.kind:
        case BenefitKind.PERCENT:
            worth = basket.amounts.get(benefit.applies_to, _NOTHING) * value / 100
        case BenefitKind.AMOUNT:
            worth = value
        case BenefitKind.NTH_FREE:
            worth = _dearest_unit(benefit, basket)
        case BenefitKind.FIXED_PRICE:
            worth = max(_dearest_unit(benefit, basket) - value, _NOTHING)
        case BenefitKind.POINTS_MULTIPLIER | BenefitKind.POINTS | BenefitKind.GIFT | BenefitKind.SERVICE:
            return benefit.cost_max or _NOTHING
    if benefit.floor is not None:
        worth = min(worth, _above_floor(benefit, benefit.floor, basket, otherwise=worth))
    return worth if benefit.cost_max is None else min(worth, benefit.cost_max)


def _above_floor(benefit: Benefit, floor: Decimal, basket: Basket, *, otherwise: Decimal) -> Decimal:
    """Return how much the goods of a benefit cost above its floor; `otherwise` when none of them are in the basket."""
    prices = [
        (line.line.amount.amount, max(line.line.quantity, _NOTHING) or Decimal(1))
        for line in basket.lines
        if not benefit.applies_to or benefit.applies_to in line.keys
    ]
    room = sum((max(amount - floor * units, _NOTHING) for amount, units in prices), _NOTHING)
    return room if prices else otherwise


def _dearest_unit(benefit: Benefit, basket: Basket) -> Decimal:
    """Return the highest price of one unit of the goods: a cautious guess of what will be chosen next time."""
    prices = (
        line.line.amount.amount / line.line.quantity
        for line in basket.lines
        if line.line.quantity > 0 and (not benefit.applies_to or benefit.applies_to in line.keys)
    )
    return max(prices, default=_NOTHING)
