"""Papers of other stores at a till that only prints: the till takes them by itself, its receipt tells of it (level P).

This ledger does not know them, so nothing can be said of the paper: which coupon of the chain it is, whether it was
used before, whether it is one at all. The journal is told that it was taken, and the hub, which knows what all stores
have issued, makes a coupon of it (`hub/value/till_codes.py`). What the chain's campaigns do not describe is no paper
of ours and is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from agent.journal.records import JournalKind
from agent.value.book import Row, ValueBook, What
from agent.value.points import Told
from agent.value.rules import ValueRules
from agent.value.taking_back import SaleTold
from retail.coupon_sightings import codes_taken_off, taken_off
from retail.coupons import till_barcode
from retail.identifiers import CampaignId, CouponSerial
from retail.offers.campaign import Benefit, BenefitKind, Campaign

CAMPAIGNS_MAX = 20
"""Campaigns that one till barcode may be of, as a record tells them; chains give each its own digits."""


class StrangersPapers:
    """Used by the value room only; reads the book and returns records."""

    def __init__(self, book: ValueBook, rules: ValueRules) -> None:
        self._book = book
        self._rules = rules

    def taken(self, told: SaleTold, uses: Iterable[Row]) -> list[tuple[Row, list[Told]]]:
        """Return the uses of coupons unknown here that a receipt shows, each with its record.

        One that was held out before, by its QR code, is among the `uses` already.
        """
        issued = self._book.till_codes()
        codes = codes_taken_off(
            told.sale, told.lines, lambda code: code not in issued and bool(self._rules.campaigns_behind(code))
        )
        if not codes:
            return []
        held_out = [code for use in uses if (code := self._till_code_of(use))]
        found = []
        for place, code in enumerate(codes):
            if code in held_out:
                held_out.remove(code)
                continue
            use_id = f"seen/{told.transaction_id}/stranger/{place}"
            campaigns = self._rules.campaigns_behind(code)[:CAMPAIGNS_MAX]
            content = self._content(code, campaigns, told, use_id=use_id)
            use = {"serial": "", "till_code": code, "use_id": use_id, "at": told.now.isoformat()}
            found.append((use, [(JournalKind.COUPON_REDEEMED, content)]))
        return found

    def _content(self, code: str, campaigns: list[Campaign], told: SaleTold, *, use_id: str) -> Row:
        worth = taken_off(told.sale, told.lines, code)
        if worth is None:  # the code stands beside the discount, not in its line
            worth = max(_at_most(each.benefit) for each in campaigns)
        return {
            "serial": "",
            "till_code": code,
            "campaign_id": campaigns[0].campaign_id if len(campaigns) == 1 else "",
            "may_be_of": [
                {"campaign_id": each.campaign_id, "till_barcode": each.coupon.till_barcode}
                for each in campaigns
                if each.coupon is not None
            ],
            "unverified": True,
            "why": "level P: issued elsewhere, unverified",
            "customer_id": told.member.customer_id if told.member else None,
            "issued_at": "",
            "transaction_id": told.transaction_id,
            "use_id": use_id,
            "store": self._rules.store,
            "workstation_id": told.workstation_id,
            "at": told.now.isoformat(),
            "worth": str(worth),
            "seen_later": True,
            **self._rules.stamp(told.now),
        }

    def _till_code_of(self, use: Row) -> str:
        """Return the till barcode of a coupon that another store issued and that was held out here; empty for none."""
        row = self._book.get(What.COUPON, use.get("serial", ""))
        campaign = self._rules.campaign_named(CampaignId(row["campaign_id"])) if row else None
        if row is None or campaign is None or campaign.coupon is None or not campaign.coupon.till_barcode:
            return ""
        return till_barcode(campaign.coupon.till_barcode, CouponSerial(row["serial"]))[1]


def _at_most(benefit: Benefit) -> Decimal:
    """Return what a coupon may take off as far as its campaign says; nothing where it does not."""
    fixed = benefit.value if benefit.kind is BenefitKind.AMOUNT else None
    return benefit.cost_max or fixed or Decimal(0)
