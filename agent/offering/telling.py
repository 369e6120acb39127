"""What the journal is told of a decision: `offer.decided`, `offer.withheld`, `coupon.issued`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.intake.payloads import Content, decision_content
from agent.journal.records import JournalKind
from agent.offering.coupons import IssuedCoupon
from retail.identifiers import CampaignId
from retail.offers.decision import Decision, Reward


def records_of(
    decision: Decision, rewards: tuple[Reward, ...], coupons: Mapping[CampaignId, IssuedCoupon], *, who: Content
) -> tuple[tuple[tuple[JournalKind, Content], ...], Content]:
    """Return the records of a decision, and the content of the decided one (empty when nothing is offered)."""
    serials = {str(campaign): str(coupon.serial) for campaign, coupon in coupons.items()}
    records: list[tuple[JournalKind, Content]] = []
    decided: Content = {}
    if rewards:
        decided = {**who, **decision_content(decision, rewards, serials=serials)}
        records.append((JournalKind.OFFER_DECIDED, decided))
    if decision.withheld:
        withheld = {**who, **decision_content(decision, decision.withheld, serials={})}
        records.append((JournalKind.OFFER_WITHHELD, withheld))
    for reward in rewards:
        coupon = coupons.get(reward.campaign.campaign_id)
        if coupon is not None:
            records.append((JournalKind.COUPON_ISSUED, _issued(coupon, reward, who)))
    return tuple(records), decided


def till_codes(
    records: tuple[tuple[JournalKind, Content], ...], coupons: Mapping[CampaignId, IssuedCoupon]
) -> tuple[tuple[Content, str], ...]:
    """Return the contents of `coupon.issued` records, each with the till's own barcode (empty for none)."""
    by_serial = {coupon.serial: coupon.till_code[1] if coupon.till_code else "" for coupon in coupons.values()}
    issued = [content for kind, content in records if kind is JournalKind.COUPON_ISSUED]
    return tuple((content, by_serial[content["serial"]]) for content in issued)


def _issued(coupon: IssuedCoupon, reward: Reward, who: Content) -> dict[str, Any]:
    return {
        "transaction_id": who["transaction_id"],
        "customer_id": who["customer_id"],
        "campaign_id": reward.campaign.campaign_id,
        "serial": coupon.serial,
        "valid_from": coupon.claims.valid_from.isoformat(),
        "valid_until": coupon.claims.valid_until.isoformat(),
        "cost": str(reward.cost),
    }
