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
FEW = 20  # documents or blocks: below it a share says nothing


class Trouble(StrEnum):
    """What may be wrong with a store, the gravest first."""

    FORKED = "forked"
    SILENT = "silent"
    FEED_REFUSED = "feed_refused"
    ERASURES_WAIT = "erasures_wait"
    DISK_FULL = "disk_full"
    BACKLOG = "backlog"
    SPOOLED = "spooled"
    PARKED = "parked"
    READS_LITTLE = "reads_little"
    LATE = "late"
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
    parked: int
    reading_percent: int | None
    late_percent: int | None
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
    lines = [fleet_line(store, now=now, through=through) for store in stores]
    found = [line for line in lines if not wanted or _contains(line, wanted.casefold())]
    gravity = {trouble: place for place, trouble in enumerate(Trouble)}
    found.sort(key=lambda line: (gravity[line.troubles[0]] if line.troubles else len(gravity), line.store_id))
    return FleetView(
        lines=found[first : first + count],
        stores=len(found),
        in_trouble=sum(bool(line.troubles) for line in found),
        by_trouble=dict(Counter(trouble.value for line in found for trouble in line.troubles)),
        by_program=dict(Counter(line.program or "-" for line in found).most_common()),
    )


def fleet_line(store: StoreLine, *, now: datetime, through: int) -> FleetLine:
    """Return how one store is."""
    health = store.health
    reading = _percent(health.get("documents", 0) - health.get("documents_parked", 0), health.get("documents", 0))
    blocks = health.get("blocks", 0) + health.get("blocks_late", 0)
    late = _percent(health.get("blocks_late", 0), blocks)
    disk_free_mb = health.get("disk_free_mb")
    checks = tuple(health.get("troubles", ()))
    holds = {
        Trouble.FORKED: store.forks > 0,
        Trouble.SILENT: _silent(store.last_contact_at, now),
        Trouble.FEED_REFUSED: bool(store.feed_refused),
        Trouble.ERASURES_WAIT: store.last_contact_at is not None and store.erased_through < through,
        Trouble.DISK_FULL: disk_free_mb is not None and disk_free_mb < DISK_FREE_MB_MIN,
        Trouble.BACKLOG: (store.backlog_records or 0) > BACKLOG_MAX,
        Trouble.SPOOLED: health.get("spooled_jobs", 0) > 0,
        Trouble.PARKED: store.parked > 0,
        Trouble.READS_LITTLE: reading is not None and reading < READING_PERCENT_MIN,
        Trouble.LATE: late is not None and late > LATE_PERCENT_MAX,
        Trouble.CHECKS_FAIL: bool(checks),
        Trouble.NEVER_HEARD: store.last_contact_at is None,
    }
    return FleetLine(
        store_id=store.store_id,
        name=store.name,
        region=store.region,
        ring=store.ring,
        program=store.program,
        last_contact_at=store.last_contact_at,
        backlog_records=store.backlog_records,
        parked=store.parked,
        reading_percent=reading,
        late_percent=late,
        disk_free_mb=disk_free_mb,
        checks_failing=checks,
        troubles=tuple(trouble for trouble in Trouble if holds[trouble]),
    )


def _silent(last_contact_at: str | None, now: datetime) -> bool:
    return last_contact_at is not None and now - datetime.fromisoformat(last_contact_at) > SILENT_AFTER


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole >= FEW else None


def _contains(line: FleetLine, wanted: str) -> bool:
    said = (line.store_id, line.name, line.region, line.ring, line.program, *line.troubles)
    return any(wanted in each.casefold() for each in said)
