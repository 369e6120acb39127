"""Control group of a campaign, and the chain's global holdout: who gets nothing, so that we learn what it was worth.

Membership is a function of ids alone: the same on every box and at the hub, for ever, with nothing to store. The
campaign's id salts its own group, so that two campaigns leave out different people.
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b

_DRAWS = 1 << 64
"""How many values a draw has; the error of a percentage is far below one person."""

_HOLDOUT_SALT = "global holdout"


def is_in_control(*, campaign_id: str, subject: str, percent: Decimal) -> bool:
    """Return whether `subject` (a household, else a customer) is in the control group of a campaign."""
    return _is_drawn(campaign_id, subject, percent)


def is_held_out(*, subject: str, percent: Decimal) -> bool:
    """Return whether a household (else a customer) is held out of all campaigns of the chain."""
    return _is_drawn(_HOLDOUT_SALT, subject, percent)


def _is_drawn(salt: str, subject: str, percent: Decimal) -> bool:
    if not percent or not subject:
        return False
    draw = int.from_bytes(blake2b(f"{salt}\x1f{subject}".encode(), digest_size=8).digest(), "big")
    return draw * 100 < percent * _DRAWS
