"""Coupons that the hub has given to this store, and what it has said of those that it has not.

A grant is a row: it stands until this store has told in its journal that it is over, used or not; until then no other
store may redeem that coupon. What else the hub said - used elsewhere, held by another store - is good for a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from agent.journal.records import JournalKind
from agent.value.book import Row, ValueBook, What
from retail.coupon_life import CouponState
from retail.errors import RefusedError
from retail.leases import CLOCK_ERROR_MAX

SAID_FOR = timedelta(minutes=1)
"""How long the hub's word about a coupon is not asked for again: the customer still stands there."""

SAID_MAX = 200
"""Coupons whose answers are remembered: more are not held out in a minute."""

KEPT = timedelta(days=2)
"""How long an ended grant is known: the hub tells of it for a day, in case its first answer was lost."""

FREE = "free"
"""The hub's word for a coupon that nobody has used and nobody holds."""


class CouponLeases:
    """Used by core's loop only; changes rows of the book and returns records, the caller commits them."""

    def __init__(self, book: ValueBook) -> None:
        self._book = book
        self._said: dict[str, tuple[datetime, Mapping[str, Any]]] = {}

    def granted(self, lease: Mapping[str, Any]) -> Row | None:
        """Take a grant and return its record's content; None for one that is here already."""
        serial, lease_id = str(lease["serial"]), str(lease["lease_id"])
        known = self._book.get(What.COUPON_LEASE, lease_id)
        if known is not None:
            return None
        expires_at = datetime.fromisoformat(str(lease["expires_at"]))
        row = {"lease_id": lease_id, "serial": serial, "expires_at": expires_at.isoformat(), "closed": False}
        self._book.put(What.COUPON_LEASE, lease_id, row)
        self._said.pop(serial, None)
        return {name: row[name] for name in ("lease_id", "serial", "expires_at")}

    def is_granted(self, serial: str, now: datetime) -> bool:
        """Return whether only this store may redeem a coupon now; not in a grant's last minutes, as clocks are."""
        return any(
            not row["closed"] and now < datetime.fromisoformat(row["expires_at"]) - CLOCK_ERROR_MAX
            for _id, row in self._book.leases_of_coupon(serial)
        )

    def said(self, serial: str, answer: Mapping[str, Any], now: datetime) -> None:
        """Remember what the hub said of a coupon."""
        self._said[serial] = now, answer
        if len(self._said) > SAID_MAX:
            del self._said[next(iter(self._said))]

    def word(self, serial: str, now: datetime) -> Mapping[str, Any]:
        """Return what the hub said of a coupon within the last minute; empty: nothing."""
        at, answer = self._said.get(serial, (now, {}))
        return answer if timedelta() <= now - at < SAID_FOR else {}

    def check(self, serial: str, *, here: str, now: datetime) -> None:
        """Raise RefusedError for a coupon that another store has used or may use; this store's own uses it knows."""
        said = self.word(serial, now)
        at = str(said.get("at", ""))[:16].replace("T", " at ")
        if not said or said.get("store") == here:
            return
        if said["verdict"] == "used":
            raise RefusedError(
                f"this coupon was already used on {at}, store {said['store']}, till {said['workstation_id']}",
                fix="tell the customer when and where",
                code="coupon_used",
            )
        if said["verdict"] == "held":
            raise RefusedError(
                f"store {said['store']} may redeem this coupon until {at}, and no other",
                fix="tell the customer where",
                code="coupon_elsewhere",
            )
        if said["verdict"] == "void":
            raise RefusedError(
                "this coupon is void: the purchase that it came with was cancelled or returned",
                fix="tell the customer so",
                code="coupon_void",
            )

    def close_ended(self, now: datetime) -> list[tuple[JournalKind, Row]]:
        """Hand ended grants back to the hub: it gives a coupon to nobody else before it was told."""
        told = []
        for lease_id, row in self._book.each(What.COUPON_LEASE):
            ended = datetime.fromisoformat(row["expires_at"])
            if row["closed"] and now >= ended + KEPT:
                self._book.drop(What.COUPON_LEASE, lease_id)
            if row["closed"] or now < ended or self._is_reserved(row["serial"], now):
                continue
            self._book.put(What.COUPON_LEASE, lease_id, {**row, "closed": True})
            told.append((JournalKind.COUPON_UNLEASED, {"lease_id": lease_id, "serial": row["serial"]}))
        return told

    def _is_reserved(self, serial: str, now: datetime) -> bool:
        row = self._book.get(What.COUPON, serial) or {}
        until = row.get("reserved_until")
        return (
            row.get("state") == CouponState.RESERVED.value
            and bool(until)
            and now < datetime.fromisoformat(str(until)) + CLOCK_ERROR_MAX
        )
