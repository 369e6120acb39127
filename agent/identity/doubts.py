"""Scans that came before something that core did not see: its own end, or a tap that was away.

Between such a scan and the next sale that core sees, another sale may have been printed, whose paper still lies with
the tap. So a doubted scan belongs to the first sale after it, wherever that turns up: a spooled sale claims it by its
own time; a sale that prints now claims it only when the tap has nothing older left, and until then its claim waits
(`defer`). Whoever is found this way earns, flagged; nothing personal is printed, as always in doubt.

Decides only: the counter journals what is claimed and drops what is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.identity.binding import QUIET_AFTER, Scan

KEPT_AT_MOST = timedelta(days=1)
"""A tap that has not handed over its spool for a day has lost it, or its lane is closed: its scans die with the day."""

DEFERRED_MAX = 200
"""Sales of one lane that wait for its spool: half an hour of the busiest lane. Later ones find nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a sale found: its scan, and all scans that are over with it (they belong to nobody later)."""

    scan: Scan | None = None
    gone: tuple[Scan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deferred:
    """A sale whose turn has not come. `tell` is None where the document only ends what was open."""

    at: datetime
    tell: Callable[[Claim], None] | None


@dataclass(slots=True)
class _LaneDoubts:
    scans: tuple[Scan, ...] = ()
    waits: bool = False
    deferred: list[_Deferred] = field(default_factory=list)


class Doubts:
    """All lanes' doubted scans; used by core's loop only."""

    def __init__(self) -> None:
        self._lanes: dict[str, _LaneDoubts] = {}

    def __repr__(self) -> str:
        return f"<Doubts {sum(len(lane.scans) for lane in self._lanes.values())} scans>"

    def add(self, workstation_id: str, scans: Iterable[Scan]) -> None:
        """Take scans over; nobody has seen what was printed behind them."""
        lane = self._lane(workstation_id)
        lane.scans = tuple(sorted({*lane.scans, *scans}, key=lambda scan: scan.at))

    def waits(self, workstation_id: str) -> bool:
        """Return whether the lane's tap still has papers that are older than what it prints now."""
        return self._lane(workstation_id).waits

    def has_scans(self, workstation_id: str) -> bool:
        """Return whether a scan of the lane is in doubt."""
        return bool(self._lane(workstation_id).scans)

    def wait(self, workstation_id: str, *, waits: bool) -> tuple[Scan, ...]:
        """Learn whether the tap has older papers; when it has none any more, everyone who waited gets their answer.

        Returns the scans that are over without a sale of their own.
        """
        lane = self._lane(workstation_id)
        lane.waits = waits
        if waits:
            return ()
        over: tuple[Scan, ...] = ()
        deferred, lane.deferred = lane.deferred, []
        for each in deferred:
            claim = self.claim(workstation_id, each.at)
            if each.tell is not None and claim.scan is not None:
                each.tell(claim)
            else:
                over += claim.gone
        return over

    def defer(self, workstation_id: str, at: datetime, tell: Callable[[Claim], None] | None) -> None:
        """Let a sale that prints now wait for its claim; `tell` None lets a document end what was open before it."""
        lane = self._lane(workstation_id)
        if lane.scans and len(lane.deferred) < DEFERRED_MAX:
            lane.deferred.append(_Deferred(at=at, tell=tell))

    def claim(self, workstation_id: str, at: datetime) -> Claim:
        """End the sale of a moment: the last scan before it is its own, unless it is too old; all before are over."""
        lane = self._lane(workstation_id)
        before = tuple(scan for scan in lane.scans if scan.at <= at)
        lane.scans = lane.scans[len(before) :]
        found = before[-1] if before and at - before[-1].at <= QUIET_AFTER else None
        return Claim(scan=found, gone=before)

    def undo(self, scan_id: str) -> tuple[Scan, ...]:
        """Take a scan back; return it where it was in doubt."""
        for lane in self._lanes.values():
            found = tuple(scan for scan in lane.scans if scan.scan_id == scan_id)
            if found:
                lane.scans = tuple(scan for scan in lane.scans if scan.scan_id != scan_id)
                return found
        return ()

    def expire(self, at: datetime) -> tuple[Scan, ...]:
        """Let time pass; return what died of age."""
        dead: tuple[Scan, ...] = ()
        for lane in self._lanes.values():
            if not lane.scans:
                continue
            age = KEPT_AT_MOST if lane.waits else QUIET_AFTER
            old = tuple(scan for scan in lane.scans if at - scan.at > age)
            lane.scans = lane.scans[len(old) :]
            dead += old
        return dead

    def _lane(self, workstation_id: str) -> _LaneDoubts:
        return self._lanes.setdefault(workstation_id, _LaneDoubts())
