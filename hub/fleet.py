"""How every store is, at one glance: the worst first, and in words what troubles it.

Pure, but for the reading of the rows: a store's line and the time of day make its troubles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from hub.reports import StoreLine

SILENT_AFTER = timedelta(minutes=15)
"""A store asks for its feed every half minute; thirty misses are no hiccup, and nobody drives for less."""

BACKLOG_MAX = 5_000  # records: half a day of a busy store; a link that works brings them in minutes
DISK_FREE_MB_MIN = 500
READING_PERCENT_MIN = 90  # what the reader promises of text receipts it has never seen
LATE_PERCENT_MAX = 5  # more of our blocks than that came after the budget: the PC is too slow, or ill
CAPTURED_PERCENT_MIN = 98  # of what a Z report tells: below it a lane prints past the tap
FEW = 20  # documents or blocks: below it a share says nothing


class Trouble(StrEnum):
    """What may be wrong with a store, the gravest first."""

    FORKED = "forked"
    LEFT = "left"
    SILENT = "silent"
    FEED_REFUSED = "feed_refused"
    ERASURES_LOST = "erasures_lost"
    ERASURES_WAIT = "erasures_wait"
    DISK_FULL = "disk_full"
    BACKLOG = "backlog"
    SPOOLED = "spooled"
    PARKED = "parked"
    READS_LITTLE = "reads_little"
    LATE = "late"
    INCOMPLETE = "incomplete"
    CHECKS_FAIL = "checks_fail"
    NEVER_HEARD = "never_heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetLine:
    """One store of the fleet. A share is None where too few are counted to speak of one."""

    store_id: str
    name: str
    region: str
    ring: str
    program: str
    last_contact_at: str | None
    backlog_records: int | None
    backlog_age_s: int | None
    parked: int
    held_p99_ms: int | None
    reading_percent: int | None
    late_percent: int | None
    captured_percent: int | None
    disk_free_mb: int | None
    checks_failing: tuple[str, ...]
    troubles: tuple[Trouble, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the line as a JSON object."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"troubles": [each.value for each in self.troubles], "checks_failing": list(self.checks_failing)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetView:
    """A page of the fleet: the stores that were asked for, and counts over all of them."""

    lines: Sequence[FleetLine]
    stores: int
    in_trouble: int
    by_trouble: Mapping[str, int]
    by_program: Mapping[str, int]


def fleet_view(
    stores: Sequence[StoreLine], *, now: datetime, through: int, wanted: str = "", first: int = 0, count: int = 200
) -> FleetView:
    """Return the lines that contain `wanted` (id, name, region, ring, program or trouble), the worst first.

    `through` is the number of the last erasure that was ordered.
    """
    judged = [(store, troubles_of(store, now=now, through=through)) for store in stores]
    if wanted:
        judged = [(store, troubles) for store, troubles in judged if _contains(store, troubles, wanted.casefold())]
    gravity = {trouble: place for place, trouble in enumerate(Trouble)}
    judged.sort(key=lambda each: (gravity[each[1][0]] if each[1] else len(gravity), each[0].store_id))
    return FleetView(
        lines=[_line(store, troubles) for store, troubles in judged[first : first + count]],
        stores=len(judged),
        in_trouble=sum(bool(troubles) for _, troubles in judged),
        by_trouble=dict(Counter(trouble.value for _, troubles in judged for trouble in troubles)),
        by_program=dict(Counter(store.program or "-" for store, _ in judged).most_common()),
    )


def troubles_of(store: StoreLine, *, now: datetime, through: int) -> tuple[Trouble, ...]:
    """Return what is wrong with a store, the gravest first; `through` is the number of the last erasure."""
    health = store.health
    if health.get("has_left"):
        return (Trouble.LEFT,)  # wiped: what else is true of it can be mended by nobody
    heard = store.last_contact_at is not None
    captured = health.get("captured_percent")
    disk_free_mb, reading, late = health.get("disk_free_mb"), _reading_percent(health), _late_percent(health)
    holds = (
        (store.forks > 0, Trouble.FORKED),
        (heard and _is_silent(store.last_contact_at, now), Trouble.SILENT),
        (bool(store.feed_refused), Trouble.FEED_REFUSED),
        (store.erased_through > through, Trouble.ERASURES_LOST),
        (heard and store.erased_through < through, Trouble.ERASURES_WAIT),
        (disk_free_mb is not None and disk_free_mb < DISK_FREE_MB_MIN, Trouble.DISK_FULL),
        ((store.backlog_records or 0) > BACKLOG_MAX, Trouble.BACKLOG),
        (health.get("spooled_jobs", 0) > 0, Trouble.SPOOLED),
        (store.parked > 0, Trouble.PARKED),
        (reading is not None and reading < READING_PERCENT_MIN, Trouble.READS_LITTLE),
        (late is not None and late > LATE_PERCENT_MAX, Trouble.LATE),
        (captured is not None and captured < CAPTURED_PERCENT_MIN, Trouble.INCOMPLETE),
        (bool(health.get("troubles")), Trouble.CHECKS_FAIL),
        (not heard, Trouble.NEVER_HEARD),
    )
    return tuple([trouble for is_so, trouble in holds if is_so])


def _line(store: StoreLine, troubles: tuple[Trouble, ...]) -> FleetLine:
    return FleetLine(
        store_id=store.store_id,
        name=store.name,
        region=store.region,
        ring=store.ring,
        program=store.program,
        last_contact_at=store.last_contact_at,
        backlog_records=store.backlog_records,
        backlog_age_s=store.health.get("backlog_age_s") if store.backlog_records else None,
        parked=store.parked,
        held_p99_ms=store.health.get("held_p99_ms"),
        reading_percent=_reading_percent(store.health),
        late_percent=_late_percent(store.health),
        captured_percent=store.health.get("captured_percent"),
        disk_free_mb=store.health.get("disk_free_mb"),
        checks_failing=tuple(store.health.get("troubles", ())),
        troubles=troubles,
    )


def _reading_percent(health: Mapping[str, Any]) -> int | None:
    documents = health.get("documents", 0)
    return _percent(documents - health.get("documents_parked", 0), documents)


def _late_percent(health: Mapping[str, Any]) -> int | None:
    late = health.get("blocks_late", 0)
    return _percent(late, health.get("blocks", 0) + late)


def _is_silent(last_contact_at: str | None, now: datetime) -> bool:
    return last_contact_at is not None and now - datetime.fromisoformat(last_contact_at) > SILENT_AFTER


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole >= FEW else None


def _contains(store: StoreLine, troubles: tuple[Trouble, ...], wanted: str) -> bool:
    said = (store.store_id, store.name, store.region, store.ring, store.program, *troubles)
    return any(wanted in each.casefold() for each in said)
