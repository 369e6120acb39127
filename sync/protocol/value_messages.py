"""What hub and store say of points and coupons that one store may use: leases asked for, and leases held."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from sync.protocol.messages import Message, Versioned

LEASES_MAX: Final = 10_000
"""Leases one store may hold: its regulars', one each, and the purchases of the last hour."""

POINTS_MAX: Final = 1_000_000_000

Account = Annotated[str, StringConstraints(max_length=200)]
Serial = Annotated[str, StringConstraints(pattern=r"^[A-Z2-7]{13}$")]


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


class CouponLease(Message):
    """The right to redeem one coupon, which no other store has until this one has told what became of it."""

    lease_id: Annotated[str, StringConstraints(max_length=64)]
    """Names the lease in the journal's records."""

    serial: Serial
    """The coupon."""

    expires_at: str
    """ISO 8601: until when; clocks are forgiven ten minutes on the near side."""

    for_request: bool
    """Granted for a purchase at hand."""


class LeasesAnswer(Versioned):
    """Every lease that this store should hold now."""

    leases: list[LeaseHeld] = Field(max_length=LEASES_MAX)
    """The oldest first; the newest is the one asked for, when there was anything to lease."""

    coupons: list[CouponLease] = Field(max_length=LEASES_MAX, default_factory=list)
    """Coupons that only this store may redeem."""


class CouponQuestion(Versioned):
    """Somebody holds a coupon out here, and the store asks whether it may be redeemed, as far as the chain knows."""

    serial: Serial
    """The coupon's number, verified by the asking store."""

    issued_at: Annotated[str, StringConstraints(max_length=64)]
    """The store that issued it."""

    valid_from: date
    """Its first day, on which it was issued."""

    take: bool
    """Whether it is about to be used: then a free coupon is granted to this store; else it is only looked at."""


class CouponVerdict(StrEnum):
    """How a coupon stands for the store that asks."""

    GRANTED = "granted"
    FREE = "free"
    USED = "used"
    HELD = "held"
    VOID = "void"


class CouponAnswer(Versioned):
    """How a coupon stands; where it is not to be had, where and when it was used, or who may use it until when."""

    verdict: CouponVerdict
    """`granted` to this store, `free`, `used`, `held` by another store, `void`: its purchase was taken back."""

    lease: CouponLease | None = None
    """What was granted."""

    store: str = ""
    """Where it was used, or who holds it."""

    workstation_id: str = ""
    """At which till it was used."""

    at: str = ""
    """When it was used (ISO 8601), or until when it is held."""
