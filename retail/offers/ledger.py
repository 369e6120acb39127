"""How often a campaign has spoken already: what caps count, as of the moment of a decision.

The store's journal fills it; a decision only reads it. Offers withheld for control count for customer and household
exactly as if they had been made, so that both groups are asked equally often; they cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from retail.identifiers import CampaignId
from retail.offers.index import CountedPer


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLedger:
    """Offers by campaign: to this customer, to the household, today in this store, in this store ever; money spent.

    `spent` is in the store's currency: what redemptions have cost, and what outstanding coupons may still cost.
    """

    customer: Mapping[CampaignId, int] = field(default_factory=dict)
    household: Mapping[CampaignId, int] = field(default_factory=dict)
    day: Mapping[CampaignId, int] = field(default_factory=dict)
    store: Mapping[CampaignId, int] = field(default_factory=dict)
    spent: Mapping[CampaignId, Decimal] = field(default_factory=dict)

    def has_heard_of(self, campaign_id: CampaignId) -> bool:
        """Return whether anything at all has been counted for a campaign."""
        return (
            campaign_id in self.store
            or campaign_id in self.customer
            or campaign_id in self.household
            or campaign_id in self.day
            or campaign_id in self.spent
        )

    def counts(self) -> Mapping[CountedPer, Mapping[CampaignId, int]]:
        """Return the counts that caps compare with: taken apart once a decision, not once a cap."""
        return {_CUSTOMER: self.customer, _HOUSEHOLD: self.household, _DAY: self.day, _STORE: self.store}


_CUSTOMER, _HOUSEHOLD, _DAY, _STORE = CountedPer
