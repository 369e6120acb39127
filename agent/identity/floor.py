"""The lanes of one store: whose open sale it is at each, who was put by, and what pages are told when that changes.

The only place that keeps `identity.Lane`s; it takes happenings and hands back what they mean.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from agent.identity.binding import Effect, EffectKind, Event, Happening, Lane, Phase, Sale, Scan, now, step

PUT_BY_MAX = 200  # suspended sales with a member; a store has a handful, until they are resumed or the day ends
CLEAR_REASONS: Mapping[Event, str] = {
    Event.UNDONE: "undone",
    Event.SOLD: "completed",
    Event.VOIDED: "voided",
    Event.QUIET: "expired",
}
"""What pages are told when a person is known no more; everything else is `replaced`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Something for pages: `place_kind` is `workstation`, `kiosk`, or empty for the whole store."""

    event: str
    data: Mapping[str, Any]
    place_kind: str = "workstation"
    place_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """What the end of a sale means for its lane: whose it is, and every scan that is over with it."""

    scan: Scan | None = None
    gone: tuple[Scan, ...] = ()


class Keeper(Protocol):
    """Where scans are kept over a restart (`agent.identity.keeping.ScanKeeper`)."""

    def gone(self, scans: Iterable[Scan]) -> None:
        """Drop scans that belong to no sale."""

    def put_by(self, workstation_id: str, scan: Scan, number: str) -> None:
        """Note that a scan waits under a suspension number now."""


@dataclass(slots=True)
class _LaneState:
    lane: Lane = field(default_factory=Lane)
    wants_paper: bool = False


class Floor:
    """Used by core's loop only. `publish` is called at once; it must not wait, and no more must `keeper`."""

    def __init__(self, *, publish: Callable[[Push], None], keeper: Keeper) -> None:
        self._publish = publish
        self._keeper = keeper
        self._lanes: dict[str, _LaneState] = {}
        self._put_by: OrderedDict[str, Scan] = OrderedDict()
        self.before_change: Callable[[str], None] = _nobody_minds
        """Called with a workstation whose lane is about to change."""
        self.cuts_held = 0
        self.cuts_near: set[str] = set()
        """The workstations where a sale's total has been printed and its cut has not."""

    @property
    def is_waited_for(self) -> bool:
        """Whether a customer waits for a receipt right now."""
        return self.cuts_held > 0

    def lane(self, workstation_id: str, at: datetime) -> Lane:
        """Return the state of a lane at a moment."""
        return now(self._state(workstation_id).lane, at).lane

    def scanned(self, workstation_id: str, scan: Scan) -> list[Effect]:
        """Take a member code."""
        return self._tell(workstation_id, Happening(event=Event.SCANNED, at=scan.at, scan=scan))

    def lanes_with(self, scan_id: str) -> tuple[str, ...]:
        """Return the workstations where a scan counts, or would if a later one were taken back."""
        return tuple(
            workstation_id
            for workstation_id, state in self._lanes.items()
            if any(scan.scan_id == scan_id for scan in state.lane.scans)
        )

    def undone(self, scan_id: str, at: datetime) -> list[Effect]:
        """Take a scan back, wherever it was made; nothing happens when it no longer counts anywhere."""
        effects: list[Effect] = []
        for workstation_id in self.lanes_with(scan_id):
            effects += self._tell(workstation_id, Happening(event=Event.UNDONE, at=at, scan_id=scan_id))
        return effects

    def happened(self, workstation_id: str, event: Event, at: datetime) -> list[Effect]:
        """Take an event that carries nothing."""
        return self._tell(workstation_id, Happening(event=event, at=at))

    def sold(self, workstation_id: str, sale: Sale, at: datetime) -> Sold:
        """End a sale; return whose it is. The caller drops what is over with it, in the sale's own commit."""
        self.before_change(workstation_id)
        state = self._state(workstation_id)
        before = state.lane.scans
        result = step(state.lane, Happening(event=Event.SOLD, at=at, sale=sale))
        state.lane = result.lane
        state.wants_paper = False
        effects = self._announce(workstation_id, result.effects, at)
        scan = next((each.scan for each in effects if each.kind is EffectKind.CONSUMED), None)
        return Sold(scan=scan, gone=_left(before, state.lane.scans))

    def doubted(self, workstation_id: str, at: datetime) -> tuple[Scan, ...]:
        """Take everybody off a lane whose last papers nobody has seen; return their scans, which are in doubt."""
        self.before_change(workstation_id)
        state = self._state(workstation_id)
        before = state.lane.scans if state.lane.phase is Phase.BOUND else ()
        result = step(state.lane, Happening(event=Event.SIGNED_OFF, at=at))
        state.lane = result.lane
        self._announce(workstation_id, result.effects, at)
        return before

    def suspended(self, workstation_id: str, number: str, at: datetime) -> list[Effect]:
        """Put the open sale's person by under a number; without a number they are scanned again."""
        effects = self._tell(workstation_id, Happening(event=Event.SUSPENDED, at=at, number=number))
        if number:
            for effect in effects:
                self._keeper.put_by(workstation_id, effect.scan, number)
                self.put_by(number, effect.scan)
        return effects

    def put_by(self, number: str, scan: Scan) -> None:
        """Let somebody wait under a suspension number."""
        self._put_by[number] = scan
        if len(self._put_by) > PUT_BY_MAX:
            _, forgotten = self._put_by.popitem(last=False)
            self._keeper.gone((forgotten,))

    def is_put_by(self, number: str) -> bool:
        """Return whether somebody waits under a suspension number."""
        return number in self._put_by

    def resumed(self, workstation_id: str, number: str, at: datetime) -> list[Effect]:
        """Fetch whoever was put by under a number, once."""
        scan = self._put_by.pop(number, None)
        effects = self._tell(workstation_id, Happening(event=Event.RESUMED, at=at, scan=scan, number=number))
        if scan is not None and scan not in self._state(workstation_id).lane.scans:
            self._drop((scan,))
        return effects

    def new_day(self) -> None:
        """Forget who was put by: suspended sales do not outlive their day."""
        self._keeper.gone(self._put_by.values())
        self._put_by.clear()

    def ask_for_paper(self, workstation_id: str) -> None:
        """Remember that the customer of the open sale wants our paper (profile `on_request`)."""
        self.before_change(workstation_id)
        self._state(workstation_id).wants_paper = True

    def wants_paper(self, workstation_id: str) -> bool:
        """Return whether they do."""
        return self._state(workstation_id).wants_paper

    def scans(self) -> Iterable[Scan]:
        """Return every scan that counts somewhere, those put by included."""
        for state in self._lanes.values():
            yield from state.lane.scans
        yield from self._put_by.values()

    def expire(self, at: datetime) -> list[Effect]:
        """Let time pass everywhere, so that pages forget people who walked away."""
        effects: list[Effect] = []
        for workstation_id, state in list(self._lanes.items()):
            if now(state.lane, at).lane is not state.lane:
                self.before_change(workstation_id)
            before, passed = state.lane.scans, now(state.lane, at)
            state.lane = passed.lane
            self._drop(_left(before, state.lane.scans))
            effects += self._announce(workstation_id, passed.effects, at)
        return effects

    def _tell(self, workstation_id: str, happening: Happening) -> list[Effect]:
        self.before_change(workstation_id)
        state = self._state(workstation_id)
        before, result = state.lane.scans, step(state.lane, happening)
        state.lane = result.lane
        left = _left(before, state.lane.scans)
        if happening.event is Event.SUSPENDED and happening.number:
            left = tuple(scan for scan in left if all(scan is not effect.scan for effect in result.effects))
        self._drop(left)
        return self._announce(workstation_id, result.effects, happening.at)

    def _drop(self, scans: tuple[Scan, ...]) -> None:
        if scans:
            self._keeper.gone(scans)

    def _announce(self, workstation_id: str, effects: Iterable[Effect], at: datetime) -> list[Effect]:
        """Tell pages that somebody is known no more; being known is told when it is found out who they are."""
        told = list(effects)
        for effect in told:
            if effect.kind in (EffectKind.RELEASED, EffectKind.CONSUMED, EffectKind.DETACHED_LATE):
                reason = CLEAR_REASONS.get(effect.why, "replaced")
                data = {"as_of": at.isoformat(), "reason": reason, "scan_id": effect.scan.scan_id}
                self._publish(Push(event="clear", data=data, place_id=workstation_id))
        return told

    def _state(self, workstation_id: str) -> _LaneState:
        return self._lanes.setdefault(workstation_id, _LaneState())


def _nobody_minds(workstation_id: str) -> None:
    del workstation_id


def _left(before: tuple[Scan, ...], after: tuple[Scan, ...]) -> tuple[Scan, ...]:
    """Return the scans that were there and are not any more."""
    return tuple(scan for scan in before if scan not in after) if before else ()
