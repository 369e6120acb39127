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

RUNS_KEPT = 8
"""Trading days of a workstation that late paper is sorted into; a tap's spool holds less than a week."""

_ALWAYS = datetime.min.replace(tzinfo=UTC)


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

    A day is never reassigned: this only ever says which day the next document belongs to. Paper that a tap kept while
    core was away comes late, and behind newer paper: it belongs to the day that ran when it was printed.
    """

    def __init__(self, zone: tzinfo, day_ends_at: time_of_day) -> None:
        self._zone = zone
        self._day_ends_at = day_ends_at
        self._runs: dict[str, dict[date, datetime]] = {}  # since which document a day runs, in the order heard of
        self._closed: dict[str, tuple[date, datetime]] = {}

    def day_of(self, workstation_id: str, moment: datetime, *, received_at: datetime | None = None) -> date:
        """Return the trading day of a document of a workstation at a moment, and remember it as the running one.

        `received_at` is when the register sent it, which tells it from paper on the other side of a Z report.
        """
        received = received_at or moment
        day, is_running = self._found(workstation_id, moment, received)
        if is_running:
            self._note(workstation_id, day, received)
        return day

    def day_before_it_ends(self, workstation_id: str, moment: datetime, *, received_at: datetime) -> date:
        """Return what `day_of` would say now of a document that is still being printed; nothing is remembered."""
        return self._found(workstation_id, moment, received_at)[0]

    def _found(self, workstation_id: str, moment: datetime, received: datetime) -> tuple[date, bool]:
        """Return the day, and whether it runs: not for what was printed before a report and handed over after it."""
        by_clock = business_day(moment, self._zone, self._day_ends_at)
        day, closed_at = self._closed.get(workstation_id, (by_clock, None))
        if closed_at is None or (day - by_clock).days not in (0, -1):
            return by_clock, True
        if received >= closed_at:
            return max(by_clock, day + timedelta(days=1)), True
        return day, False

    def restore(
        self,
        workstation_id: str,
        *,
        last: date | None = None,
        began: datetime = _ALWAYS,
        closed: tuple[date, datetime] | None = None,
    ) -> None:
        """Learn from the journal which day ran and which was closed, and when, before this process started."""
        if last is not None and last >= self._last_day(workstation_id, last):
            self._note(workstation_id, last, began)
        if closed is not None:
            self._closed[workstation_id] = max(closed, self._closed.get(workstation_id, closed))

    def close(self, workstation_id: str, moment: datetime) -> date:
        """Note a Z report; return the day it closes: the one of the last document printed before it."""
        running = [(began, day) for day, began in self._runs.get(workstation_id, {}).items() if began <= moment]
        day = max(running)[1] if running else business_day(moment, self._zone, self._day_ends_at)
        closed, closed_at = self._closed.get(workstation_id, (day, moment))
        is_late = moment < closed_at and timedelta() <= closed - day < timedelta(days=RUNS_KEPT)
        if not is_late:
            self._closed[workstation_id] = day, moment
        return day

    def _note(self, workstation_id: str, day: date, began: datetime) -> None:
        runs = self._runs.setdefault(workstation_id, {})
        runs[day] = min(began, runs.pop(day, began))
        if len(runs) > RUNS_KEPT:
            del runs[next(iter(runs))]

    def _last_day(self, workstation_id: str, otherwise: date) -> date:
        runs = self._runs.get(workstation_id)
        return next(reversed(runs)) if runs else otherwise


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
