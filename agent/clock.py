"""What time it is, how far that may be trusted, and which trading day it belongs to.

Order in the journal is by sequence number, never by time; a clock that jumps makes times odd and loses nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from typing import Protocol

from agent.journal.records import ClockQuality

PRINTED_OFF_MAX = timedelta(minutes=10)
"""A till whose printed time is further from ours is wrong (decision 5); registers drift by minutes a month."""

CONTACT_FRESH_S = 26 * 3600.0
"""A quartz clock drifts seconds a day: after a day and a bit without the hub nobody has checked it."""

HUB_OFF_MAX_S = 120.0
"""The hub's time and ours may differ by a slow link's delay; two minutes are no delay."""

JUMP_MAX_S = 60.0
"""Wall clock against monotonic clock since the last contact: more was somebody setting the clock."""


class Clock(Protocol):
    """The time, passed in."""

    def now(self) -> datetime:
        """Return the aware time of day, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that never go backwards; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the aware time of day, UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds since some moment before this program began."""
        return time.monotonic()


class ClockJudge:
    """Says how far the clock may be trusted, from what the hub told of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._contact: tuple[datetime, float] | None = None
        self._agreed = False

    def contact(self, hub_time: datetime | None) -> None:
        """Note that the hub was reached, and what time it had (None: it did not say)."""
        now = self._clock.now()
        self._contact = now, self._clock.monotonic_s()
        if hub_time is not None:
            self._agreed = abs((hub_time - now).total_seconds()) <= HUB_OFF_MAX_S

    @property
    def last_contact(self) -> datetime | None:
        """When the hub was last reached, None when never since the start."""
        return self._contact[0] if self._contact else None

    def quality(self) -> ClockQuality:
        """Return the quality of a time told now."""
        if self._contact is None:
            return ClockQuality.UNKNOWN
        wall, monotonic_s = self._contact
        since_s = self._clock.monotonic_s() - monotonic_s
        jumped = abs((self._clock.now() - wall).total_seconds() - since_s) > JUMP_MAX_S
        if jumped or not self._agreed or since_s > CONTACT_FRESH_S:
            return ClockQuality.FREE_RUNNING
        return ClockQuality.SYNCHRONISED


def business_day(moment: datetime, zone: tzinfo, day_ends_at: time_of_day) -> date:
    """Return the trading day of a moment: until `day_ends_at` local time it is still the day before."""
    local = moment.astimezone(zone)
    return local.date() - timedelta(days=1) if local.time() < day_ends_at else local.date()


class BusinessDays:
    """The trading day of each workstation: by the clock, unless a Z report closed it before (decision 6).

    A day is never reassigned: this only ever says which day the next document belongs to.
    """

    def __init__(self, zone: tzinfo, day_ends_at: time_of_day) -> None:
        self._zone = zone
        self._day_ends_at = day_ends_at
        self._last: dict[str, date] = {}
        self._closed: dict[str, date] = {}

    def day_of(self, workstation_id: str, moment: datetime) -> date:
        """Return the trading day of a document of a workstation at a moment, and remember it as the running one."""
        by_clock = business_day(moment, self._zone, self._day_ends_at)
        closed = self._closed.get(workstation_id)
        day = max(by_clock, closed + timedelta(days=1)) if closed and (closed - by_clock).days in (0, -1) else by_clock
        self._last[workstation_id] = day
        return day

    def restore(self, workstation_id: str, *, last: date | None = None, closed: date | None = None) -> None:
        """Learn from the journal which day ran and which was closed before this process started."""
        if last is not None:
            self._last[workstation_id] = max(last, self._last.get(workstation_id, last))
        if closed is not None:
            self._closed[workstation_id] = max(closed, self._closed.get(workstation_id, closed))

    def close(self, workstation_id: str, moment: datetime) -> date:
        """Note a Z report; return the day it closes: the one of the last document before it."""
        day = self._last.get(workstation_id, business_day(moment, self._zone, self._day_ends_at))
        self._closed[workstation_id] = day
        return day


@dataclass(frozen=True, slots=True)
class SaleTime:
    """When a sale happened; `by_receipt` is False where the printed time was absent or wrong."""

    at: datetime
    by_receipt: bool


def sale_time(printed: datetime | None, received_at: datetime, zone: tzinfo) -> SaleTime:
    """Return when a sale happened, aware, in the store's zone.

    Printed times are local. An hour that the clock change makes ambiguous takes the offset nearest to the time of
    receipt; a time further than ten minutes from it, or none, is the time of receipt.
    """
    received = received_at.astimezone(zone)
    if printed is None:
        return SaleTime(received, by_receipt=False)
    candidates = (
        [printed.astimezone(zone)]
        if printed.tzinfo is not None
        else [printed.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    )
    nearest = min(candidates, key=lambda moment: _apart(moment, received))
    if _apart(nearest, received) > PRINTED_OFF_MAX:
        return SaleTime(received, by_receipt=False)
    return SaleTime(nearest, by_receipt=True)


def _apart(first: datetime, second: datetime) -> timedelta:
    """Return the distance in real time: two moments of one zone are subtracted as wall clocks otherwise."""
    return abs(first.astimezone(UTC) - second.astimezone(UTC))
