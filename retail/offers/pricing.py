"""What the offers of a sale take off which line: the quote of level T, exact to the minor unit.

Line benefits before basket benefits, in the order of the decision's rewards; each on the price that the one before
left (sequential stacking). No unit goes below the benefit's floor, no line below zero; a benefit on the whole basket
is spread over the lines by their prices, so that every line, and a later return of it, knows its share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import assert_never

from retail.facts import Basket, BasketLine
from retail.identifiers import CampaignId
from retail.money import Money, minor_units
from retail.offers.campaign import Benefit, BenefitKind
from retail.offers.decision import Reward

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEffect:
    """What one offer takes off one line: `amount` is negative; `line` counts the basket's lines from 0."""

    campaign_id: CampaignId
    line: int
    amount: Money


def price_effects(rewards: Sequence[Reward], basket: Basket) -> tuple[PriceEffect, ...]:
    """Return the effects of all rewards on a basket, none of them zero; points, gifts and services have none."""
    pricing = _Pricing(basket)
    for reward in sorted(rewards, key=lambda reward: not reward.campaign.benefit.applies_to):
        pricing.apply(reward)
    return tuple(pricing.effects)


class _Pricing:
    """The prices left on each line while offers are taken off one after the other."""

    def __init__(self, basket: Basket) -> None:
        self._basket = basket
        self._currency = basket.total.currency
        self._step = Decimal(1).scaleb(-minor_units(self._currency))
        self._left = [line.line.amount.amount for line in basket.lines]
        self.effects: list[PriceEffect] = []

    def apply(self, reward: Reward) -> None:
        benefit = reward.campaign.benefit
        lines = [place for place, line in enumerate(self._basket.lines) if _answers(line, benefit)]
        wanted = self._wanted(benefit, reward.value, lines)
        limited = self._limited(wanted, benefit)
        for place, amount in limited:
            self._left[place] -= amount
            effect = Money(-amount, self._currency)
            self.effects.append(PriceEffect(campaign_id=reward.campaign.campaign_id, line=place, amount=effect))

    def _wanted(self, benefit: Benefit, value: Decimal, lines: list[int]) -> list[tuple[int, Decimal]]:
        """Return what the benefit would take off each line before floors."""
        match benefit.kind:
            case BenefitKind.PERCENT:
                return [(place, self._down(self._left[place] * value / 100)) for place in lines]
            case BenefitKind.AMOUNT:
                return self._spread(value, lines, benefit)
            case BenefitKind.NTH_FREE:
                return self._nth_free(int(value), lines)
            case BenefitKind.FIXED_PRICE:
                return [(place, max(self._left[place] - value * self._units(place), _NOTHING)) for place in lines]
            case BenefitKind.POINTS_MULTIPLIER | BenefitKind.POINTS | BenefitKind.GIFT | BenefitKind.SERVICE:
                return []
            case _:
                assert_never(benefit.kind)

    def _spread(self, amount: Decimal, lines: list[int], benefit: Benefit) -> list[tuple[int, Decimal]]:
        """Spread an amount over lines by what may still be taken off each; the last ones carry the rounding."""
        room = {place: self._room(place, benefit) for place in lines}
        rest, rest_room = min(amount, sum(room.values(), _NOTHING)), sum(room.values(), _NOTHING)
        shares = []
        for place in lines:
            share = self._down(rest * room[place] / rest_room) if rest_room else _NOTHING
            if room[place] == rest_room:
                share = rest
            shares.append((place, share))
            rest -= share
            rest_room -= room[place]
        return shares

    def _nth_free(self, nth: int, lines: list[int]) -> list[tuple[int, Decimal]]:
        """Give one unit in `nth` away, the cheapest ones: whole units only, weighed goods are none."""
        units = sorted(
            (self._left[place] / self._units(place), place)
            for place in lines
            for _unit in range(int(self._units(place)))
            if self._units(place) == int(self._units(place))
        )
        free: dict[int, Decimal] = {}
        for price, place in units[: len(units) // nth]:
            free[place] = free.get(place, _NOTHING) + price
        return [(place, self._down(amount)) for place, amount in free.items()]

    def _limited(self, wanted: Iterable[tuple[int, Decimal]], benefit: Benefit) -> list[tuple[int, Decimal]]:
        """Cut what is wanted to the floor of each line and to what the campaign may cost."""
        budget = benefit.cost_max
        limited = []
        for place, amount in wanted:
            allowed = min(amount, self._room(place, benefit))
            if budget is not None:
                allowed = min(allowed, budget)
                budget -= max(allowed, _NOTHING)
            allowed = self._down(allowed)
            if allowed > 0:
                limited.append((place, allowed))
        return limited

    def _room(self, place: int, benefit: Benefit) -> Decimal:
        floor = (benefit.floor or _NOTHING) * self._units(place)
        least = floor.quantize(self._step, ROUND_CEILING)
        return max(self._left[place] - least, _NOTHING)

    def _units(self, place: int) -> Decimal:
        quantity = self._basket.lines[place].line.quantity
        return quantity if quantity > 0 else Decimal(1)

    def _down(self, amount: Decimal) -> Decimal:
        """Round towards zero: what is taken off is never more than was promised."""
        return amount.quantize(self._step, ROUND_FLOOR) if amount > 0 else _NOTHING


def _answers(line: BasketLine, benefit: Benefit) -> bool:
    return line.line.amount.amount > 0 and (not benefit.applies_to or benefit.applies_to in line.keys)
