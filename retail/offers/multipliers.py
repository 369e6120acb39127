"""Which campaigns multiply what a purchase earns, line by line; pure.

A campaign `points_multiplier` without a coupon acts on every purchase in its days for which its rule holds: on its
goods, or on all. Of several the best one acts on a line, so that two campaigns never multiply each other. Whoever is
held out or in a control group earns plainly, and nothing needs to have been printed for it to act.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from retail.facts import Facts
from retail.identifiers import CampaignId
from retail.offers.campaign import BenefitKind, Campaign
from retail.offers.control import is_held_out, is_in_control
from retail.offers.worth import value_for

_ONCE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnFactors:
    """What each line of a basket earns times as much as usual (none: all of them once), and whose doing it is."""

    by_line: tuple[Decimal, ...] = ()
    campaigns: tuple[CampaignId, ...] = ()


def multipliers(campaigns: Iterable[Campaign]) -> tuple[Campaign, ...]:
    """Return the campaigns that multiply purchases; one with a coupon acts when its coupon is redeemed, not here."""
    return tuple(
        each for each in campaigns if each.benefit.kind is BenefitKind.POINTS_MULTIPLIER and each.coupon is None
    )


def earn_factors(
    campaigns: Iterable[Campaign],
    facts: Facts,
    *,
    stopped: Collection[CampaignId] = (),
    holdout_percent: Decimal = Decimal(0),
) -> EarnFactors:
    """Return what a member's purchase earns more on each line of its basket."""
    account = facts.account
    if account is None or is_held_out(subject=account.shares_with, percent=holdout_percent):
        return EarnFactors()
    by_line = [_ONCE] * len(facts.basket.lines)
    acting: list[CampaignId] = []
    for campaign in campaigns:
        if campaign.campaign_id in stopped or not _acts(campaign, facts, subject=account.shares_with):
            continue
        factor, goods = value_for(campaign.benefit, facts), campaign.benefit.applies_to
        places = [at for at, line in enumerate(facts.basket.lines) if not goods or goods in line.keys]
        if any(factor > by_line[at] for at in places):
            acting.append(campaign.campaign_id)
        for at in places:
            by_line[at] = max(by_line[at], factor)
    return EarnFactors(by_line=tuple(by_line), campaigns=tuple(acting)) if acting else EarnFactors()


def _acts(campaign: Campaign, facts: Facts, *, subject: str) -> bool:
    in_time = campaign.starts <= facts.today <= campaign.ends
    return (
        in_time
        and not is_in_control(campaign_id=campaign.campaign_id, subject=subject, percent=campaign.control_percent)
        and campaign.who.is_true(facts)
    )
