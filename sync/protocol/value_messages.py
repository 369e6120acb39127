"""What hub and store say of points that one store may spend: leases asked for, and leases held."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from sync.protocol.messages import Message, Versioned

LEASES_MAX: Final = 10_000
"""Leases one store may hold: its regulars', one each, and the purchases of the last hour."""

POINTS_MAX: Final = 1_000_000_000

Account = Annotated[str, StringConstraints(max_length=200)]


class LeaseQuestion(Versioned):
    """Ask for points of one account for the purchase at hand, or, with `points` 0, only for what is held."""

    account: Account = ""
    """Whose points: a customer's id, or the household's that pools them."""

    points: Annotated[int, Field(ge=0, le=POINTS_MAX)] = 0
    """How many are wanted."""


class LeaseHeld(Message):
    """Points of one account that left its balance for this store."""

    lease_id: Annotated[str, StringConstraints(max_length=64)]
    """Names the lease in the journal's records."""

    account: Account
    """Whose points they are."""

    store: str
    """The only store that may spend them."""

    points: Annotated[int, Field(ge=1, le=POINTS_MAX)]
    """How many."""

    expires_at: str
    """ISO 8601: until when; clocks are forgiven ten minutes on the near side."""

    for_request: bool
    """Granted for a purchase at hand: no cap of spending without a link applies."""


class LeasesAnswer(Versioned):
    """Every lease that this store should hold now."""

    leases: list[LeaseHeld] = Field(max_length=LEASES_MAX)
    """The oldest first; the newest is the one asked for, when there was anything to lease."""
