"""Which tier a member has: reached within a qualifying period, kept for a grace period, announced before it is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

GRACE_DAYS = 90
"""A tier is kept three months beyond the period that earned it: a loyal member may be away for a season."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLevel:
    """A tier and the points that must be earned within a qualifying period to reach it."""

    tier_id: str
    points_needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPolicy:
    """The levels, lowest first, the length of the qualifying period, and the grace after it."""

    levels: tuple[TierLevel, ...]
    period_days: int = 365
    grace_days: int = GRACE_DAYS

    def higher(self, given: str, earned: str) -> str:
        """Return the higher of a tier that was given and one that was earned; one that is no level is the lowest."""
        needed = {level.tier_id: level.points_needed for level in self.levels}
        return given if needed.get(given, -1) > needed.get(earned, -1) else earned or given


@dataclass(frozen=True, slots=True, kw_only=True)
class TierStanding:
    """A member's tier (empty: none yet), the day until which it is safe, and what is missing to the next level."""

    tier_id: str
    safe_until: date | None
    missing_to_next: int | None


def standing(earned_by_day: Mapping[date, int], policy: TierPolicy, today: date) -> TierStanding:
    """Return a member's tier from what was earned day by day (reversals as negative numbers)."""
    earned = _earned_within(earned_by_day, policy.period_days, today)
    levels = sorted(policy.levels, key=lambda level: level.points_needed)
    reached, safe_until = _reached(earned_by_day, levels, policy, today)
    higher = [level for level in levels if reached is None or level.points_needed > reached.points_needed]
    missing = max(higher[0].points_needed - earned, 0) if higher else None
    return TierStanding(tier_id=reached.tier_id if reached else "", safe_until=safe_until, missing_to_next=missing)


def _reached(
    earned_by_day: Mapping[date, int], levels: Sequence[TierLevel], policy: TierPolicy, today: date
) -> tuple[TierLevel | None, date | None]:
    """Return the highest level held on `today`, and the last day on which it is safe."""
    days = sorted(day for day in earned_by_day if day <= today)
    for level in reversed(levels):
        for day in reversed(days):
            safe_until = day + timedelta(days=policy.period_days + policy.grace_days)
            if safe_until < today:
                break
            if _earned_within(earned_by_day, policy.period_days, day) >= level.points_needed:
                return level, safe_until
    return None, None


def _earned_within(earned_by_day: Mapping[date, int], period_days: int, day: date) -> int:
    first = day - timedelta(days=period_days)
    return sum(points for earned_on, points in earned_by_day.items() if first < earned_on <= day)
