"""From a row of the hub's tables to what the mirror says of one customer; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hub.storage.ports import Row
from retail.tiers import TierPolicy
from sync.protocol.mirror_record import MirrorRecord

SEGMENTS_MAX = 100
"""Segments of one customer that go to stores: those with an end first, then by name. No rule asks for so many, and a
record must fit half a page."""

BOUGHT_MAX = 40
"""Goods of one customer that go to stores, the newest first: beyond it, nothing is due any more."""

CONTACTS_MAX = 30
"""Campaigns of one customer with contacts elsewhere; a chain runs fewer at a time for one person."""

SEPARATOR = "\x1f"  # as in `mirror_entries`


def distinct(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield one row a token: two spellings of one code have one token, and the first holder is kept."""
    before = None
    for row in rows:
        if row[0] != before:
            before = row[0]
            yield row


def entry_of(row: Row, tiers: TierPolicy | None = None) -> tuple[bytes, MirrorRecord]:
    """Return a customer's token and record, of a row of `mirror_entries` or `mirror_changes`.

    `tiers` say which is higher, the tier that the chain imported or the one that was earned.
    """
    token, customer_id, first_name, language, birthday, tier, points, household_id, employee, *more = row
    no_paper, member_since, permissions, rfm_cell, purchases, last_visit, expiring, expire_on, earned, *lists = more
    segments, bought, contacts = (_parts(each) for each in lists)
    memberships = [_split(part, 3) for part in segments[:SEGMENTS_MAX]]
    newest = sorted((_split(part, 2) for part in bought), key=lambda each: (each[1], each[0]), reverse=True)
    return bytes(token), MirrorRecord(
        customer_id=customer_id,
        first_name=first_name,
        language=language,
        tier=tiers.higher(tier, earned) if tiers else earned or tier,
        points=points,
        points_expiring=expiring,
        points_expire_on=_day(expire_on),
        birthday=(int(birthday[:2]), int(birthday[3:])) if birthday else None,
        household_id=household_id,
        employee=bool(employee),
        no_paper_offers=bool(no_paper),
        member_since=_day(member_since),
        permissions=tuple(permissions.split()),
        rfm_cell=rfm_cell,
        purchases=purchases,
        last_visit=_day(last_visit),
        segments={name: _day(until) for name, until, _ in memberships},
        entered={name: date.fromisoformat(since) for name, _, since in memberships if since},
        last_bought={key: date.fromisoformat(day) for key, day in newest[:BOUGHT_MAX]},
        contacts={name: int(count) for name, count in (_split(part, 2) for part in contacts[:CONTACTS_MAX])},
    )


def _parts(text: str | None) -> list[str]:
    return sorted(filter(None, (text or "").split(SEPARATOR)))


def _split(part: str, count: int) -> list[str]:
    """Split from the right: a name may hold the sign that joins, a day and a number cannot."""
    return part.rsplit("=", count - 1)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
