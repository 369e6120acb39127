"""What a benefit is worth in a basket: to the customer, and so to us as cost.

Most offers are for the next visit, whose basket nobody knows: this basket stands in for it. `cost_max` bounds the
guess where the campaign says it.
"""

from __future__ import annotations

from decimal import Decimal

from retail.facts import Basket, Facts
from retail.money import Money
from retail.offers.campaign import Benefit, BenefitKind


def value_for(benefit: Benefit, facts: Facts) -> Decimal:
    """Return the benefit's value for this person: the first depth whose rule holds, else the campaign's own."""
    for depth in benefit.depths:
        if depth.who.is_true(facts):
            return depth.value
    return benefit.value


def worth_of(benefit: Benefit, value: Decimal, basket: Basket) -> Money:
    """Return what the benefit would take off a basket like this; nothing for points, gifts and services.

    Points and gifts cost what the campaign says in `cost_max`, because only the chain knows what one costs.
    """
    currency = basket.total.currency
    goods = basket.amount_of(benefit.applies_to)
    match benefit.kind:
        case BenefitKind.PERCENT:
            worth = goods.share(value)
        case BenefitKind.AMOUNT:
            worth = Money(value, currency)
        case BenefitKind.NTH_FREE:
            worth = Money(_dearest_unit(benefit, basket), currency)
        case BenefitKind.FIXED_PRICE:
            worth = Money(max(_dearest_unit(benefit, basket) - value, Decimal(0)), currency)
        case BenefitKind.POINTS_MULTIPLIER | BenefitKind.POINTS | BenefitKind.GIFT | BenefitKind.SERVICE:
            return Money(benefit.cost_max or Decimal(0), currency)
    if benefit.cost_max is not None and Money(benefit.cost_max, currency) < worth:
        return Money(benefit.cost_max, currency)
    return worth


def _dearest_unit(benefit: Benefit, basket: Basket) -> Decimal:
    """Return the highest price of one unit of the goods: a cautious guess of what will be chosen next time."""
    prices = (
        line.line.amount.amount / line.line.quantity
        for line in basket.lines
        if line.line.quantity > 0 and (not benefit.applies_to or benefit.applies_to in line.keys)
    )
    return max(prices, default=Decimal(0)).quantize(Decimal("0.01"))
