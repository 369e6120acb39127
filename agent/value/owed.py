"""What this store's own ledger promises: points earned here, lot by lot, and points that the hub lent it.

A store knows only its own sales. What members may spend in all, and what they have spent of it, the hub knows
(`tillstream hub liability`): points earned here are spent against leases, wherever they were earned.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Any

from agent.value.book import ValueBook, What
from agent.value.rows import lease_of, points_of
from retail.money import Money, minor_units
from retail.points import balance, report


def owed(book: ValueBook, *, today: date, point_value: Decimal, currency: str) -> dict[str, Any]:
    """Return what was earned here and still stands, and what is lent to this store, in points and in money."""
    ledgers = [points_of(row) for _account, row in book.each(What.POINTS)]
    leases = [lease_of(row) for _lease, row in book.each(What.LEASE)]
    expiring = [balance(ledger, today) for ledger in ledgers]
    told = asdict(report(ledgers, today))
    told["expiring"] = sum(stands.expiring for stands in expiring)
    told["leased"] = sum(lease.points - lease.spent for lease in leases)
    step = Decimal(1).scaleb(-minor_units(currency))
    return {
        "accounts": len(ledgers),
        "leases": len(leases),
        "point_value": str(point_value),
        "currency": currency,
        "expires_next": min(
            (stands.expires_next.isoformat() for stands in expiring if stands.expires_next), default=None
        ),
        **{
            name: {
                "points": points,
                "money": str(Money((points * point_value).quantize(step, ROUND_CEILING), currency)),
            }
            for name, points in told.items()
        },
    }
