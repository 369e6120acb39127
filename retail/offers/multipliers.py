"""What campaigns add to the points of a purchase: factors line by line, and bonuses of a number of points; pure.

A campaign `points_multiplier` or `points` without a coupon acts on every purchase in its days for which its rule
holds: on its goods, or on all. Of several multipliers the best one acts on a line, so that two campaigns never multiply
each other; bonuses add up. One with a coupon acts when its coupon is redeemed, whatever its rule says then: the coupon
was judged. Whoever is held out or in a control group earns plainly, and nothing needs to have been printed for it to
act.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from retail.facts import Facts
from retail.identifiers import CampaignId
from retail.offers.campaign import BenefitKind, Campaign
from retail.offers.control import is_held_out, is_in_control
from retail.offers.worth import value_for

_ONCE = Decimal(1)
_EARNING = frozenset({BenefitKind.POINTS_MULTIPLIER, BenefitKind.POINTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bonus:
    """Whole points that a campaign gives on a purchase, and the lines (by place) whose goods bring them."""

    campaign: Campaign
    points: int
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnFactors:
    """What each line of a basket earns times as much as usual (none: all of them once), and whose doing it is.

    `bonuses` come beside it, before the campaigns' caps.
    """

    by_line: tuple[Decimal, ...] = ()
    campaigns: tuple[CampaignId, ...] = ()
    bonuses: tuple[Bonus, ...] = ()


def multipliers(campaigns: Iterable[Campaign]) -> tuple[Campaign, ...]:
    """Return the campaigns that act on purchases; one with a coupon acts when its coupon is redeemed, not here."""
    return tuple(each for each in campaigns if each.benefit.kind in _EARNING and each.coupon is None)


def earn_factors(
    campaigns: Iterable[Campaign],
    facts: Facts,
    *,
    stopped: Collection[CampaignId] = (),
    holdout_percent: Decimal = Decimal(0),
    redeemed: Iterable[Campaign] = (),
) -> EarnFactors:
    """Return what a member's purchase earns more; `redeemed` are the campaigns of coupons that were used in it."""
    account = facts.account
    if account is None:
        return EarnFactors()
    acting: list[Campaign] = []
    if not is_held_out(subject=account.shares_with, percent=holdout_percent):
        acting += [
            each
            for each in campaigns
            if each.campaign_id not in stopped and _acts(each, facts, subject=account.shares_with)
        ]
    acting += [each for each in redeemed if each.benefit.kind in _EARNING]
    by_line, named = _factors(acting, facts)
    return EarnFactors(by_line=by_line, campaigns=named, bonuses=_bonuses(acting, facts))


def _factors(acting: Iterable[Campaign], facts: Facts) -> tuple[tuple[Decimal, ...], tuple[CampaignId, ...]]:
    by_line = [_ONCE] * len(facts.basket.lines)
    named: list[CampaignId] = []
    for campaign in acting:
        if campaign.benefit.kind is not BenefitKind.POINTS_MULTIPLIER:
            continue
        factor, places = value_for(campaign.benefit, facts), _places(campaign, facts)
        if any(factor > by_line[at] for at in places):
            named.append(campaign.campaign_id)
        for at in places:
            by_line[at] = max(by_line[at], factor)
    return (tuple(by_line), tuple(named)) if named else ((), ())


def _bonuses(acting: Iterable[Campaign], facts: Facts) -> tuple[Bonus, ...]:
    found = []
    for campaign in acting:
        if campaign.benefit.kind is BenefitKind.POINTS:
            places = _places(campaign, facts)
            points = int(value_for(campaign.benefit, facts).to_integral_value(ROUND_FLOOR))
            if places and points > 0:
                found.append(Bonus(campaign=campaign, points=points, places=places))
    return tuple(found)


def _places(campaign: Campaign, facts: Facts) -> tuple[int, ...]:
    goods = campaign.benefit.applies_to
    return tuple(at for at, line in enumerate(facts.basket.lines) if not goods or goods in line.keys)


def _acts(campaign: Campaign, facts: Facts, *, subject: str) -> bool:
    in_time = campaign.starts <= facts.today <= campaign.ends
    return (
        in_time
        and not is_in_control(campaign_id=campaign.campaign_id, subject=subject, percent=campaign.control_percent)
        and campaign.who.is_true(facts)
    )
