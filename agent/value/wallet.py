"""A member's coupons in hand, for screens: what may still be redeemed, soonest to end first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from agent.value.book import ValueBook, What
from retail.coupon_life import CouponState, PrintOutcome

COUPONS_MAX = 6  # more than a kiosk shows at once


def wallet(book: ValueBook, customer_id: str, *, today: date, title_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return `[{"serial","title","text","valid_until"}]` of coupons issued here to a customer and not used yet."""
    mine = [
        row
        for _, row in book.each(What.COUPON)
        if row["holder"] == customer_id
        and row["state"] == CouponState.ISSUED.value
        and row["outcome"] != PrintOutcome.NOT_PRINTED.value
        and row["valid_from"] <= today.isoformat() <= row["valid_until"]
    ]
    mine.sort(key=lambda row: (row["valid_until"], row["serial"]))
    return [
        {
            "serial": row["serial"],
            "title": title_of(row["campaign_id"]),
            "text": title_of(row["campaign_id"]),
            "valid_until": row["valid_until"],
        }
        for row in mine[:COUPONS_MAX]
    ]
