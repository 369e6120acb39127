"""Which sale does a scan belong to? One state table, and nothing else changes the state.

A scanned member code belongs to its workstation's open sale: from the last finished document to the next sale or
return. In doubt nothing personal is printed: a stranger's name on a receipt is a defect of the first order.

    state     what it means
    EMPTY     nobody is known for the open sale
    BOUND     a member code was given for the open sale; the last one wins, undo brings the one before back
    AFTER     a sale ended without a member less than 60 s ago, and nothing of a new sale has been seen
    LATE      as AFTER, and a code came: it belongs to the ended sale, for earning only, and is flagged

    event      EMPTY          BOUND               AFTER               LATE
    SCANNED    BOUND          BOUND (on top)      LATE (attach)       LATE (2)
    UNDONE     EMPTY          one less; EMPTY     AFTER               AFTER (detach)
    ACTIVE     EMPTY          BOUND               AFTER               LATE
    BEGUN      EMPTY          BOUND               EMPTY               EMPTY
    SOLD       AFTER          EMPTY (consume)     AFTER               AFTER
    VOIDED     EMPTY          EMPTY (release)     EMPTY               EMPTY
    SUSPENDED  EMPTY          EMPTY (put by)      EMPTY               EMPTY
    RESUMED    BOUND (fetch)  BOUND; EMPTY (1)    BOUND (fetch)       BOUND (fetch)
    SIGNED_OFF EMPTY          EMPTY (release)     EMPTY               EMPTY
    QUIET      EMPTY          EMPTY (release)     EMPTY               EMPTY

QUIET is time: 10 minutes without lane activity for BOUND, 60 s after the sale for AFTER and LATE. It is taken before
every other event, so nobody need send it. BEGUN is whatever shows that a new sale is being rung up: a product
scanned, the till's word; printing shows no such thing (card slips follow receipts) and is ACTIVE only. RESUMED
fetches only what was put by under that very number; (1) when that is somebody else than who is bound, nobody can say
whose sale it is: both are released. (2) The same card again changes nothing; another card is a doubt - the ended
sale's or the next one's? - and counts for neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

QUIET_AFTER = timedelta(minutes=10)
"""Without lane activity for so long, whoever scanned has gone (decision 1)."""

LATE_WITHIN = timedelta(seconds=60)
"""A card held out after the receipt: the customer still stands there (decision 1)."""

T = TypeVar("T")

SCANS_MAX = 32
"""Codes of one open sale that undo can walk back; more are a child playing with the scanner."""


class Phase(Enum):
    """Where a workstation's open sale stands."""

    EMPTY = "empty"
    BOUND = "bound"
    AFTER = "after"
    LATE = "late"


class Event(Enum):
    """What happens at a workstation."""

    SCANNED = "scanned"
    UNDONE = "undone"
    ACTIVE = "active"
    BEGUN = "begun"
    SOLD = "sold"
    VOIDED = "voided"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    SIGNED_OFF = "signed_off"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A member code that was presented; who that is, is known elsewhere by `scan_id`.

    `holder` only tells cards apart: two scans of one card share it.
    """

    scan_id: str
    holder: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A finished sale a late scan may belong to. `is_live`: it has ended just now, whatever the clock says."""

    transaction_id: str
    at: datetime
    is_live: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The state of one workstation."""

    phase: Phase = Phase.EMPTY
    scans: tuple[Scan, ...] = ()
    sale: Sale | None = None
    active_at: datetime | None = None

    @property
    def scan(self) -> Scan | None:
        """The code that counts now, whoever it is for."""
        return self.scans[-1] if self.scans else None


class EffectKind(Enum):
    """What a change of state means for a person."""

    CONSUMED = "consumed"  # the scan belongs to the sale that has just ended
    ATTACHED_LATE = "attached_late"  # the scan belongs to the sale before, for earning only, flagged
    DETACHED_LATE = "detached_late"  # that was undone
    DOUBTED = "doubted"  # nobody can say whose sale this scan is for: it counts for none
    RELEASED = "released"  # whoever was known for the open sale is known no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What to do about a change: journal it, tell the pages. `sale` is None where no sale is concerned."""

    kind: EffectKind
    scan: Scan
    sale: Sale | None = None
    why: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event with what it carries; unused members stay empty."""

    event: Event
    at: datetime
    scan: Scan | None = None
    scan_id: str = ""
    sale: Sale | None = None
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The new state, and what it means."""

    lane: Lane
    effects: tuple[Effect, ...] = ()


class IllegalEventError(Exception):
    """The happening lacks what its event needs: our own mistake; nothing was changed."""


def step(lane: Lane, happening: Happening) -> Step:
    """Return the state after a happening. Pure; takes the passing of time into account first."""
    quiet = _time_passed(lane, happening.at)
    after = TABLE[quiet.lane.phase, happening.event](quiet.lane, happening)
    active = replace(after.lane, active_at=happening.at)
    return Step(lane=active, effects=quiet.effects + after.effects)


def now(lane: Lane, at: datetime) -> Step:
    """Return the state at a moment at which nothing happens: only time has passed."""
    return _time_passed(lane, at)


def _time_passed(lane: Lane, at: datetime) -> Step:
    """Let the state die of age, by a clock that may have been set back."""
    lane = _from_now_on(lane, at)
    if lane.phase is Phase.BOUND and lane.active_at is not None and at - lane.active_at > QUIET_AFTER:
        return _release(lane, Happening(event=Event.QUIET, at=at))
    if lane.phase in (Phase.AFTER, Phase.LATE) and lane.sale is not None and at - lane.sale.at > LATE_WITHIN:
        return Step(lane=Lane(active_at=lane.active_at))
    return Step(lane=lane)


def _from_now_on(lane: Lane, at: datetime) -> Lane:
    """Let what is said to happen later have happened now: a clock was set back, and ages are counted from here.

    Left alone, whoever had scanned before would be known for as long as the clock was set back.
    """
    active_at, sale = lane.active_at, lane.sale
    if active_at is not None and active_at > at:
        lane = replace(lane, active_at=at)
    if sale is not None and sale.at > at:
        lane = replace(lane, sale=replace(sale, at=at))
    return lane


def _stay(lane: Lane, _: Happening) -> Step:
    return Step(lane=lane)


def _empty(lane: Lane, _: Happening) -> Step:
    return Step(lane=Lane(active_at=lane.active_at))


def _release(lane: Lane, happening: Happening) -> Step:
    assert lane.scan is not None
    released = Effect(kind=EffectKind.RELEASED, scan=lane.scan, why=happening.event)
    return Step(lane=Lane(active_at=lane.active_at), effects=(released,))


def _bind(lane: Lane, happening: Happening) -> Step:
    scan = _required(happening.scan)
    earlier = lane.scans if lane.phase is Phase.BOUND else ()
    scans = (*earlier, scan)[-SCANS_MAX:]
    return Step(lane=Lane(phase=Phase.BOUND, scans=scans, active_at=lane.active_at))


def _attach_late(lane: Lane, happening: Happening) -> Step:
    scan = _required(happening.scan)
    attached = Effect(kind=EffectKind.ATTACHED_LATE, scan=scan, sale=lane.sale, why=Event.SCANNED)
    return Step(lane=replace(lane, phase=Phase.LATE, scans=(scan,)), effects=(attached,))


def _scan_again(lane: Lane, happening: Happening) -> Step:
    scan = _required(happening.scan)
    assert lane.scan is not None
    if scan.holder == lane.scan.holder:
        return Step(lane=lane)
    return Step(lane=lane, effects=(Effect(kind=EffectKind.DOUBTED, scan=scan, why=Event.SCANNED),))


def _detach_late(lane: Lane, happening: Happening) -> Step:
    assert lane.scan is not None
    if happening.scan_id != lane.scan.scan_id:
        return Step(lane=lane)
    detached = Effect(kind=EffectKind.DETACHED_LATE, scan=lane.scan, sale=lane.sale, why=Event.UNDONE)
    return Step(lane=replace(lane, phase=Phase.AFTER, scans=()), effects=(detached,))


def _undo(lane: Lane, happening: Happening) -> Step:
    """Take one scan back, wherever it lies in the pile; the person changes only when it lay on top."""
    left = tuple(scan for scan in lane.scans if scan.scan_id != happening.scan_id)
    if left == lane.scans or lane.scan is None:
        return Step(lane=lane)
    phase = Phase.BOUND if left else Phase.EMPTY
    fewer = Lane(phase=phase, scans=left, active_at=lane.active_at)
    if lane.scan.scan_id != happening.scan_id:
        return Step(lane=fewer)
    return Step(lane=fewer, effects=(Effect(kind=EffectKind.RELEASED, scan=lane.scan, why=Event.UNDONE),))


def _sold(lane: Lane, happening: Happening) -> Step:
    """End a sale. A scan that came after it (a job handed over late) is the next customer's and stays.

    Every scan came before a sale that ends now: a clock that was set back in between says otherwise, and lies.
    """
    sale = _required(happening.sale)
    if lane.phase is Phase.BOUND:
        later = () if sale.is_live else tuple(scan for scan in lane.scans if scan.at > sale.at)
        if later:
            return Step(lane=replace(lane, scans=later))
        consumed = Effect(kind=EffectKind.CONSUMED, scan=lane.scans[-1], sale=sale, why=Event.SOLD)
        return Step(lane=Lane(active_at=lane.active_at), effects=(consumed,))
    return Step(lane=Lane(phase=Phase.AFTER, sale=sale, active_at=lane.active_at))


def _fetch(lane: Lane, happening: Happening) -> Step:
    """Resume a sale: `scan` is who was put by under its number, None when nobody was."""
    if happening.scan is None:
        return Step(lane=Lane(active_at=lane.active_at))
    return Step(lane=Lane(phase=Phase.BOUND, scans=(happening.scan,), active_at=lane.active_at))


def _resume_bound(lane: Lane, happening: Happening) -> Step:
    assert lane.scan is not None
    same = happening.scan is None or happening.scan.holder == lane.scan.holder
    return Step(lane=lane) if same else _release(lane, happening)


def _required(value: T | None) -> T:
    if value is None:
        raise IllegalEventError("the happening lacks what its event needs")
    return value


Handler = Callable[[Lane, Happening], Step]

TABLE: Mapping[tuple[Phase, Event], Handler] = MappingProxyType(
    {
        (Phase.EMPTY, Event.SCANNED): _bind,
        (Phase.EMPTY, Event.UNDONE): _stay,
        (Phase.EMPTY, Event.ACTIVE): _stay,
        (Phase.EMPTY, Event.BEGUN): _stay,
        (Phase.EMPTY, Event.SOLD): _sold,
        (Phase.EMPTY, Event.VOIDED): _stay,
        (Phase.EMPTY, Event.SUSPENDED): _stay,
        (Phase.EMPTY, Event.RESUMED): _fetch,
        (Phase.EMPTY, Event.SIGNED_OFF): _stay,
        (Phase.EMPTY, Event.QUIET): _stay,
        (Phase.BOUND, Event.SCANNED): _bind,
        (Phase.BOUND, Event.UNDONE): _undo,
        (Phase.BOUND, Event.ACTIVE): _stay,
        (Phase.BOUND, Event.BEGUN): _stay,
        (Phase.BOUND, Event.SOLD): _sold,
        (Phase.BOUND, Event.VOIDED): _release,
        (Phase.BOUND, Event.SUSPENDED): _release,
        (Phase.BOUND, Event.RESUMED): _resume_bound,
        (Phase.BOUND, Event.SIGNED_OFF): _release,
        (Phase.BOUND, Event.QUIET): _release,
        (Phase.AFTER, Event.SCANNED): _attach_late,
        (Phase.AFTER, Event.UNDONE): _stay,
        (Phase.AFTER, Event.ACTIVE): _stay,
        (Phase.AFTER, Event.BEGUN): _empty,
        (Phase.AFTER, Event.SOLD): _sold,
        (Phase.AFTER, Event.VOIDED): _empty,
        (Phase.AFTER, Event.SUSPENDED): _empty,
        (Phase.AFTER, Event.RESUMED): _fetch,
        (Phase.AFTER, Event.SIGNED_OFF): _empty,
        (Phase.AFTER, Event.QUIET): _empty,
        (Phase.LATE, Event.SCANNED): _scan_again,
        (Phase.LATE, Event.UNDONE): _detach_late,
        (Phase.LATE, Event.ACTIVE): _stay,
        (Phase.LATE, Event.BEGUN): _empty,
        (Phase.LATE, Event.SOLD): _sold,
        (Phase.LATE, Event.VOIDED): _empty,
        (Phase.LATE, Event.SUSPENDED): _empty,
        (Phase.LATE, Event.RESUMED): _fetch,
        (Phase.LATE, Event.SIGNED_OFF): _empty,
        (Phase.LATE, Event.QUIET): _empty,
    }
)
