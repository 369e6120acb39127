"""The list of the stores' coupon keys that the hub vouches for: whose, until which day, and whether revoked.

The list lies in the feed, which the hub signs. An entry is good until its day and is renewed long before; a store that
hears nothing any more cannot hear of a revocation either, and after that day takes only what its ledger knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

KEY_LIFE = timedelta(days=30)
"""How long a stolen key can hurt a store that hears nothing: a shop that is cut off for a month has other troubles."""

RENEWED_BEFORE = timedelta(days=15)
"""Half of its life: a store that looks once a fortnight misses nothing, and the list is written anew twice a month."""

Entry = Mapping[str, Any]


def entries(keys: Iterable[tuple[str, str]], *, revoked: Iterable[str], now: datetime) -> list[dict[str, Any]]:
    """Return the list for stores: every (store, key), revoked or good until a month from now."""
    stolen, until = frozenset(revoked), (now.date() + KEY_LIFE).isoformat()
    return [{"store": store, "key": key, "revoked": key in stolen, "until": until} for store, key in keys]


def is_due(told: Sequence[Entry], keys: Iterable[tuple[str, str]], *, now: datetime) -> bool:
    """Return whether the list that stores have lacks a key, or ends within half of its life."""
    if {(each["store"], each["key"]) for each in told} != set(keys):
        return True
    last = (now + RENEWED_BEFORE).date()
    return any(date.fromisoformat(each.get("until") or "0001-01-01") < last for each in told)


def revoked_of(told: Iterable[Entry]) -> set[str]:
    """Return the keys that were revoked before; what is revoked stays so."""
    return {each["key"] for each in told if each.get("revoked")}
