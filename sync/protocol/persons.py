"""Which journal content speaks of a person: the same answer at the agent and at the hub, so that both erase the same.

A customer ID may be any text - `1` too, which is also a quantity and a lane - so only members that name a person
count. A locator is half of a token, 32 hexadecimal digits, and means its holder wherever it stands.
"""

from __future__ import annotations

from collections.abc import Collection

PERSON_KEYS = frozenset(
    {"account", "customer_id", "holder", "holder_id", "member_id", "referrer_id", "referred_id", "into_id"}
)
"""Members of payloads whose value is a customer ID."""

DEPTH_MAX = 64  # a payload nests a dozen levels; deeper is no record of ours


def names_person(content: object, customer_ids: Collection[str], locators: Collection[str]) -> bool:
    """Return whether content names one of these people."""
    return _names(content, customer_ids, locators, 0)


def _names(content: object, customer_ids: Collection[str], locators: Collection[str], depth: int) -> bool:
    if depth > DEPTH_MAX:
        return True  # in doubt it is forgotten: what cannot be looked at cannot be kept
    if isinstance(content, str):
        return content in locators
    if isinstance(content, dict):
        if any(
            key in PERSON_KEYS and isinstance(value, str) and value in customer_ids for key, value in content.items()
        ):
            return True
        return any(_names(value, customer_ids, locators, depth + 1) for value in content.values())
    if isinstance(content, list):
        return any(_names(value, customer_ids, locators, depth + 1) for value in content)
    return False
