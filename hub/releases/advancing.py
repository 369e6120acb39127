"""Moves a release from ring to ring, or takes it back: `tillstream hub release advance`, by hand or by a timer.

Each ring is a channel of its name. One step a call: judge the rings that offer the release; point the next one to it
when they are well, point all of them back to what the last ring offers when one is ill, else wait. Doing it twice in a
row changes nothing more: what was taken back is withdrawn from its stores, and begins nowhere again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.fleet import troubles_of
from hub.releases.repository import Repository
from hub.releases.rings import RINGS, RingState, Verdict, ring_state
from hub.reports import StoreLine
from retail.errors import ConfigurationError

PROGRAM = "tillstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a call found and what is to be done: `rings` are pointed to `to`; none is a wait, or the end."""

    states: Sequence[RingState]
    rings: Sequence[str]
    to: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        told = [each.to_json() for each in self.states]
        return {"states": told, "pointed": list(self.rings), "to": self.to, "why": self.why}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a channel offers, and since when; `withdrawn` are versions that it was taken back from."""

    version: str
    since: datetime
    withdrawn: tuple[str, ...] = ()


def offers_of(repository: Repository, architecture: str) -> Mapping[str, Offer]:
    """Return what each channel offers to an architecture."""
    found = {}
    for each in repository.released():
        folder, _, name = each["target"].partition("/")
        channel, _, rest = name.rpartition(f"-{architecture}")
        if folder == "channels" and rest == ".json":
            custom = each["custom"]
            withdrawn = tuple(custom.get("withdrawn", "").split())
            found[channel] = Offer(custom["version"], datetime.fromisoformat(custom["released_at"]), withdrawn)
    return found


def next_step(
    stores: Sequence[StoreLine], offers: Mapping[str, Offer], version: str, *, now: datetime, through: int
) -> Step:
    """Return what to do next with a release. Raises ConfigurationError when there is nothing to go back to."""
    if any(version in offer.withdrawn for offer in offers.values()):
        return Step(states=[], rings=[], to=version, why=f"{version} was taken back: release a mended one")
    judged = [(store, troubles_of(store, now=now, through=through)) for store in stores]
    states: list[RingState] = []
    for ring in RINGS:
        offer = offers.get(ring)
        if offer is None or offer.version != version:
            return Step(states=states, rings=[ring], to=version, why=f"{ring} is next")
        state = ring_state(
            ring, judged, has_it=lambda store: store.program == f"{PROGRAM} {version}", since=offer.since, now=now
        )
        states.append(state)
        if state.verdict is Verdict.GO_BACK:
            return _back(states, offers, version)
        if state.verdict is Verdict.WAIT:
            return Step(states=states, rings=[], to=version, why=f"{ring}: {state.why}")
    return Step(states=states, rings=[], to=version, why="every ring has it")


def _back(states: Sequence[RingState], offers: Mapping[str, Offer], version: str) -> Step:
    rings = [ring for ring in RINGS if ring in offers and offers[ring].version == version]
    others = [
        offers[ring].version for ring in reversed(tuple(RINGS)) if ring in offers and offers[ring].version != version
    ]
    if not others:
        raise ConfigurationError(
            f"{states[-1].ring} is ill of {version} ({states[-1].why}), and no ring offers another program",
            fix="release a mended one: tillstream hub release add",
            code="no_way_back",
        )
    return Step(states=states, rings=rings, to=others[0], why=f"{states[-1].ring}: {states[-1].why}")
