"""Whom a rule means, by the hub's own tables: the same rules, values and answers as in the stores.

What only a store knows - the basket, the lane, what was bought there an hour ago - is not known here, and a fact that
is not known is not so. So a rule that asks for it means fewer people here than at the till, or, behind a `not`, more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hub.feed.records import distinct, entry_of
from hub.storage.ports import Database
from retail.facts import Facts
from retail.loyalty import Account
from retail.segments import Rule
from retail.tiers import TierPolicy
from sync.protocol.mirror_account import account_of

EVERYWHERE: dict[str, str | int] = {"store_id": "", "since": "", "unplaced": 0}
"""The placeholders that pick every customer (`hub.feed.nearby`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """How many a rule means, of how many that a code leads to; and who, as far as was asked for."""

    customers: int
    meant: int
    examples: tuple[str, ...] = ()


def accounts(database: Database, tenant_id: str, *, tiers: TierPolicy | None = None) -> Iterator[Account]:
    """Yield every customer that a code leads to, once, as stores are told of them."""
    seen: set[str] = set()
    with database.reading() as session:
        for row in distinct(session.each("mirror_entries", tenant_id=tenant_id, **EVERYWHERE)):
            _, record = entry_of(row, tiers)
            if record.customer_id not in seen:
                seen.add(record.customer_id)
                yield account_of(record)


def audience_of(
    database: Database,
    tenant_id: str,
    rule: Rule,
    *,
    at: datetime,
    examples_max: int = 0,
    tiers: TierPolicy | None = None,
) -> Audience:
    """Return whom a rule means at a moment (aware)."""
    customers = meant = 0
    examples: list[str] = []
    for account in accounts(database, tenant_id, tiers=tiers):
        customers += 1
        if rule.is_true(Facts(moment=at, account=account)):
            meant += 1
            if len(examples) < examples_max:
                examples.append(account.customer_id)
    return Audience(customers=customers, meant=meant, examples=tuple(examples))
