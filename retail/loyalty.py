"""Members of a loyalty programme, as the store's mirror knows them.

A record here is what the chain sent: it may be hours old, and it holds no surname, phone, e-mail or year of birth.
Equal values describe the same person at the same mirror version; nothing here looks anything up.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from retail.errors import ConfigurationError
from retail.identifiers import CampaignId, CustomerId, HouseholdId, SegmentId

_LEAP_YEAR = 2024
"""Any leap year: a month and a day are valid when they exist in one, because people are born on 29 February."""

_LEAP_MONTH, _LEAP_DAY = 2, 29


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDay:
    """A birthday without its year: the mirror never knows how old somebody is (architecture, decision 9)."""

    month: int
    day: int

    @classmethod
    def of(cls, text: str) -> MonthDay:
        """Read `MM-DD`, `--MM-DD` or a whole ISO date whose year is dropped; ConfigurationError when it is no day."""
        parts = text.strip().lstrip("-").split("-")
        try:
            month, day = (int(part) for part in parts[-2:])
            date(_LEAP_YEAR, month, day)
        except ValueError as error:
            raise ConfigurationError(
                f"{text!r} is no month and day", fix="write MM-DD, e.g. 02-29", code="birthday"
            ) from error
        return cls(month=month, day=day)

    def days_away(self, today: date) -> int:
        """Return how many days the nearest birthday is from `today`: negative when it was, 0 today.

        29 February is kept on 28 February in other years, so that nobody's birthday is skipped.
        """
        candidates = ((self._in_year(today.year + shift) - today).days for shift in (-1, 0, 1))
        return min(candidates, key=lambda days: (abs(days), -days))

    def _in_year(self, year: int) -> date:
        year = min(max(year, date.min.year), date.max.year)
        if (self.month, self.day) == (_LEAP_MONTH, _LEAP_DAY) and not calendar.isleap(year):
            return date(year, self.month, self.day - 1)
        return date(year, self.month, self.day)

    def __str__(self) -> str:
        return f"{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One member, whoever of the family holds the card (nexo LoyaltyAccount, schema.org ProgramMembership).

    `segments` maps a segment to the last day of the membership (None: until further notice), `entered` to its first
    where the hub sent it. `points` are those that may be spent at the mirror's time; `points_expiring` of them go on
    `points_expire_on`, which is announced before it happens. `last_bought` maps what the hub sent of the past
    (`category:coffee`, `item:4711`, `brand:x`) to the last day it was bought anywhere. `permissions` are what the
    member allowed, in the chain's words; `is_profiled` is false for who has said here that offers must not go by what
    they do. `contacts` counts how often other channels and stores have already made an
    offer of a campaign, because caps count those too.
    """

    customer_id: CustomerId
    first_name: str = field(default="", repr=False)
    language: str = ""
    birthday: MonthDay | None = field(default=None, repr=False)
    tier: str = ""
    points: int = 0
    points_expiring: int = 0
    points_expire_on: date | None = None
    household_id: HouseholdId | None = None
    employee: bool = False
    segments: Mapping[SegmentId, date | None] = field(default_factory=dict)
    entered: Mapping[SegmentId, date] = field(default_factory=dict)
    paper_offers: bool = True
    rfm_cell: str = ""
    purchases: int | None = None
    last_visit: date | None = None
    member_since: date | None = None
    permissions: frozenset[str] = frozenset()
    last_bought: Mapping[str, date] = field(default_factory=dict, repr=False)
    contacts: Mapping[CampaignId, int] = field(default_factory=dict, repr=False)
    is_profiled: bool = True

    def is_in(self, segment: SegmentId, on: date) -> bool:
        """Return whether the account is in `segment` on that day: segments burn out, a membership has an end."""
        if segment not in self.segments:
            return False
        until = self.segments[segment]
        return until is None or on <= until

    @property
    def shares_with(self) -> str:
        """Return the id that carries caps, control group and holdout: the household's, else the customer's own."""
        return self.household_id or self.customer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """Accounts that share caps, control-group membership and points (ODM household)."""

    household_id: HouseholdId
    members: tuple[CustomerId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A level of the programme (schema.org MemberProgramTier); `points_factor` multiplies what purchases earn."""

    tier_id: str
    name: str
    points_factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoyaltyProgram:
    """The scheme: what its points are called and which tiers it has, lowest first (schema.org MemberProgram)."""

    program_id: str
    name: str
    points_name: str = ""
    tiers: tuple[Tier, ...] = ()

    def tier(self, tier_id: str) -> Tier | None:
        """Return the tier of that id; None when the programme has none of that name (any more)."""
        return next((tier for tier in self.tiers if tier.tier_id == tier_id), None)
