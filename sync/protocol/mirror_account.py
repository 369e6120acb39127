"""What the mirror's record of a customer means in the words of the trade: the same account at hub and store."""

from __future__ import annotations

from retail.identifiers import CampaignId, CustomerId, HouseholdId, SegmentId
from retail.loyalty import Account, MonthDay
from sync.protocol.mirror_record import MirrorRecord


def account_of(record: MirrorRecord) -> Account:
    """Return the account that a mirror record describes, as of the mirror's version."""
    return Account(
        customer_id=CustomerId(record.customer_id),
        first_name=record.first_name,
        language=record.language,
        birthday=None if record.birthday is None else MonthDay(month=record.birthday[0], day=record.birthday[1]),
        tier=record.tier,
        points=record.points,
        points_expiring=record.points_expiring,
        points_expire_on=record.points_expire_on,
        household_id=HouseholdId(record.household_id) if record.household_id else None,
        employee=record.employee,
        segments={SegmentId(name): until for name, until in record.segments.items()},
        entered={SegmentId(name): since for name, since in record.entered.items()},
        paper_offers=not record.no_paper_offers,
        rfm_cell=record.rfm_cell,
        purchases=record.purchases,
        last_visit=record.last_visit,
        member_since=record.member_since,
        permissions=frozenset(record.permissions),
        last_bought=record.last_bought,
        contacts={CampaignId(campaign): count for campaign, count in record.contacts.items()},
    )
