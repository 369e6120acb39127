"""Which journal content speaks of a person: the same answer at the agent and at the hub, so that both erase the same.

A customer ID may be any text - `1` too, which is also a quantity and a lane - so only members that name a person
count. A locator is half of a token, 32 hexadecimal digits, and means its holder wherever it stands; or it is the id
under which somebody joined at a screen, and means them where it is called so.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

PERSON_KEYS = frozenset(
    {"account", "customer_id", "holder", "holder_id", "member_id", "referrer_id", "referred_id", "into_id"}
)
"""Members of payloads whose value is a customer ID."""

LOCATOR = re.compile(r"[0-9a-f]{32}")
"""Half of a token, as text."""

ENROLMENT_KEY = "enrolment_id"
"""Whose value is the id under which somebody joined at a screen; a page has chosen it, so that it may be any text."""

DEPTH_MAX = 64  # a payload nests a dozen levels; deeper is no record of ours


def names_person(content: object, customer_ids: Collection[str], locators: Collection[str]) -> bool:
    """Return whether content names one of these people."""
    return _names(content, customer_ids, locators, 0)


def token_halves(locators: Iterable[str]) -> list[bytes]:
    """Return those of an erasure's locators by which mirror files find somebody; the others stand in records only."""
    return [bytes.fromhex(each) for each in locators if LOCATOR.fullmatch(each)]


def _names(content: object, customer_ids: Collection[str], locators: Collection[str], depth: int) -> bool:
    if depth > DEPTH_MAX:
        return True  # in doubt it is forgotten: what cannot be looked at cannot be kept
    if isinstance(content, str):
        return content in locators and LOCATOR.fullmatch(content) is not None
    if isinstance(content, dict):
        if any(
            isinstance(value, str)
            and ((key in PERSON_KEYS and value in customer_ids) or (key == ENROLMENT_KEY and value in locators))
            for key, value in content.items()
        ):
            return True
        return any(_names(value, customer_ids, locators, depth + 1) for value in content.values())
    if isinstance(content, list):
        return any(_names(value, customer_ids, locators, depth + 1) for value in content)
    return False
