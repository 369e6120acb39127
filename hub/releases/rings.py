"""Rings: a new program reaches one store in a hundred, then ten, then half, then all, while nobody gets ill. Pure.

A store's ring follows from its id, so that it is the same tomorrow and nobody chooses who goes first; somebody may,
with `tillstream hub place --ring`. What may go on is judged by the stores themselves: the ring's stores, which are
offered the new program, beside all stores that wait for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from hub.fleet import Trouble
from hub.reports import StoreLine

RINGS: Mapping[str, int] = MappingProxyType({"ring-1": 1, "ring-2": 10, "ring-3": 50, "ring-4": 100})
"""How many of a hundred stores have a release once it has reached a ring."""

SOAK = timedelta(hours=24)
"""A release has to live through a day of every store before it goes on: an evening's rush, a Z report, a night."""

TAKEN_PERCENT_MIN = 90  # of the ring's stores that are heard: the rest is closed for renovation, or off
WORSE_PERCENT_MAX = 2  # points by which the share of ill stores may be larger than among those who wait
ILL_MIN = 2  # stores: one that falls ill is one that falls ill
STOPS_PERCENT_MIN = 50  # of a ring: the one ill store of one or two is too few to blame the release, too many to go on

ILL = frozenset(
    {Trouble.SILENT, Trouble.DISK_FULL, Trouble.SPOOLED, Trouble.READS_LITTLE, Trouble.LATE, Trouble.CHECKS_FAIL}
)
"""Troubles that a program can cause."""


class Verdict(StrEnum):
    """Whether a release may go on to the next ring."""

    GO_ON = "go_on"
    WAIT = "wait"
    GO_BACK = "go_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class RingState:
    """How a release does in one ring, and what follows."""

    ring: str
    stores: int
    running: int
    ill: int
    ill_percent: float
    ill_percent_elsewhere: float
    verdict: Verdict
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return the state as a JSON object."""
        return {name: getattr(self, name) for name in self.__slots__} | {"verdict": self.verdict.value}


def ring_of(store_id: str) -> str:
    """Return the ring that a store belongs to by its id."""
    place = int.from_bytes(hashlib.sha256(store_id.encode()).digest()[:4], "big") % 10_000
    return next(ring for ring, percent in RINGS.items() if place < percent * 100)


def ring_state(
    ring: str,
    judged: Sequence[tuple[StoreLine, tuple[Trouble, ...]]],
    *,
    has_it: Callable[[StoreLine], bool],
    since: datetime,
    now: datetime,
) -> RingState:
    """Judge how a release does in a ring that has been offered it `since`; `judged` are all stores of the chain.

    `has_it` says of a store whether it runs, or has in use, what is released.
    """
    here = [(store, troubles) for store, troubles in judged if _is_there(store, ring, troubles)]
    waiting = [(store, troubles) for store, troubles in judged if not has_it(store) and store.ring != ring]
    running = sum(has_it(store) for store, _ in here)
    ill, others_ill = _ill(here), _ill(waiting)
    share, elsewhere = _percent(ill, len(here)), _percent(others_ill, len(waiting))
    verdict, why = Verdict.GO_ON, "as well as the others" if here else "no store is in this ring"
    if ill >= ILL_MIN and share > elsewhere + WORSE_PERCENT_MAX:
        verdict, why = Verdict.GO_BACK, f"{ill} of {len(here)} stores are ill, {elsewhere:.1f} % of the others"
    elif share >= STOPS_PERCENT_MIN and share > elsewhere + WORSE_PERCENT_MAX:
        verdict, why = Verdict.WAIT, f"{ill} of {len(here)} stores is ill: see to it, or place another one in the ring"
    elif _percent(running, len(here)) < TAKEN_PERCENT_MIN and here:
        verdict, why = Verdict.WAIT, f"{running} of {len(here)} stores have it"
    elif here and now - since < SOAK:
        hours = (since + SOAK - now).total_seconds() / 3600
        verdict, why = Verdict.WAIT, f"{hours:.0f} h more until it has lived through a day"
    return RingState(
        ring=ring,
        stores=len(here),
        running=running,
        ill=ill,
        ill_percent=share,
        ill_percent_elsewhere=elsewhere,
        verdict=verdict,
        why=why,
    )


def _is_there(store: StoreLine, ring: str, troubles: tuple[Trouble, ...]) -> bool:
    return store.ring == ring and store.last_contact_at is not None and Trouble.LEFT not in troubles


def _ill(judged: Sequence[tuple[StoreLine, tuple[Trouble, ...]]]) -> int:
    return sum(bool(ILL.intersection(troubles)) for _, troubles in judged)


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0
