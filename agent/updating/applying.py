"""An update from look to confirmation, and the way back.

    look        what has the chain released, is it newer than what runs, did it fail here before
    fetch       room on the disk, bytes verified
    unpack      into the spare slot, proved by running it
    wait        until no job is in flight
    switch      three links (agent/updating/slots.py), then the running agent is asked to end
    watch       until the new program has confirmed itself; after `ready_within_s` what ran before is put back

Until `switch` nothing that runs has changed; from then on launcher, supervisor and this one may each take the program
back, and doing it twice is doing it once. Only one update at a time: a lock in the slots' folder.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from agent.clock import Clock
from agent.updating.running import Running
from agent.updating.slots import Slots
from agent.updating.trust import Released, Trust
from agent.updating.unpacking import architecture, room_for, unpack
from agent.updating.versions import is_newer
from retail.errors import ConfigurationError, OnSiteError, RefusedError, TryAgainError

IDLE_WITHIN_S = 300.0  # a long receipt takes ten seconds; five minutes without a pause is a Saturday, not a night
LOOK_EVERY_S = 0.25


class State(StrEnum):
    """How an update came out."""

    NOTHING_NEW = "nothing_new"
    AVAILABLE = "available"
    OUTSIDE_HOURS = "outside_hours"
    APPLIED = "applied"
    NEXT_START = "next_start"
    TAKEN_BACK = "taken_back"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found or done; `version` is what was offered or is run now, `was` what ran before."""

    state: State
    version: str
    was: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a store may be updated by itself, in its own time; an end before the start runs over midnight."""

    begin: time
    end: time
    zone: ZoneInfo

    def hold(self, moment: datetime) -> bool:
        """Say whether a moment lies in them."""
        local = moment.astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What an update works with; `pause` waits that many seconds. The first of `channels` that has a release counts."""

    slots: Slots
    running: Running
    clock: Clock
    pause: Callable[[float], None]
    package_version: str
    hours: Hours
    channels: tuple[str, ...]
    ready_within_s: float
    trust: Callable[[], Trust]

    @property
    def version(self) -> str:
        """The version in use."""
        facts = self.slots.facts(self.slots.current)
        return facts.version if facts is not None else self.package_version


def check(house: House) -> Outcome:
    """Say what the chain offers; changes nothing but what is trusted. Raises TillstreamError."""
    return _offer(house, _released(house, house.trust()))


def apply(house: House, *, at_once: bool = False) -> Outcome:
    """Fetch and switch to what the chain offers. `at_once` ignores the store's hours. Raises TillstreamError."""
    with _alone(house.slots):
        house.slots.tidy()
        if house.slots.trial is not None:
            raise TryAgainError("an update is on trial", fix="wait for it: tillstream status", code="update_trial")
        trust = house.trust()
        released = _released(house, trust)
        offer = _offer(house, released)
        if offer.state is not State.AVAILABLE:
            return offer
        if not (at_once or _is_withdrawn(house, released) or house.hours.hold(house.clock.now())):
            return Outcome(
                state=State.OUTSIDE_HOURS,
                version=released.version,
                was=house.version,
                why=f"updates are made from {house.hours.begin:%H:%M} to {house.hours.end:%H:%M}",
            )
        room_for(house.slots, released)
        archive = trust.download(released)
        try:
            name = unpack(archive, released, house.slots)
        finally:
            archive.unlink(missing_ok=True)
        return _switch(house, name, released.version)


def roll_back(house: House) -> Outcome:
    """Run what ran before the last update. Raises RefusedError when nothing did."""
    with _alone(house.slots):
        was = house.version
        if house.slots.back is None:
            raise RefusedError(
                "there is nothing to go back to", fix="install an older package: sudo dpkg -i", code="update_no_back"
            )
        _until_idle(house)
        house.slots.go_back(why="rolled back by hand", at=house.clock.now().isoformat(timespec="seconds"))
        house.running.restart()
        return Outcome(state=State.ROLLED_BACK, version=house.version, was=was)


def _released(house: House, trust: Trust) -> Released:
    """Return what the first channel with a release offers. Raises TillstreamError of the last when none has any."""
    *before, last = house.channels
    for channel in before:
        try:
            return trust.released(channel, architecture())
        except ConfigurationError:
            continue  # nothing was ever released in it
    return trust.released(last, architecture())


def _offer(house: House, released: Released) -> Outcome:
    try:
        newer = is_newer(released.version, house.version) or _is_withdrawn(house, released)
    except ValueError as error:
        raise RefusedError(str(error), fix="make the release again", code="bad") from error
    failed = next((each for each in house.slots.refused if each.get("version") == released.version), None)
    why = f"it failed here before: {failed.get('why')}" if newer and failed else ""
    state = State.AVAILABLE if newer and not failed else State.NOTHING_NEW
    return Outcome(state=state, version=released.version, was=house.version, why=why)


def _is_withdrawn(house: House, released: Released) -> bool:
    """Say whether the chain has taken back what runs here: then it goes, older or not, and in the middle of the day."""
    return house.version in released.withdrawn and released.version != house.version


def _switch(house: House, name: str, version: str) -> Outcome:
    was = house.version
    _until_idle(house)
    runs = house.running.is_running()
    house.slots.switch(name)
    if not runs:
        return Outcome(state=State.NEXT_START, version=version, was=was, why="the agent does not run")
    house.running.restart()
    until_s = house.clock.monotonic_s() + house.ready_within_s
    while house.clock.monotonic_s() < until_s:
        if house.slots.current != name:
            house.slots.tidy()
            return Outcome(state=State.TAKEN_BACK, version=house.version, was=was, why="it did not start")
        if house.slots.trial is None:
            return Outcome(state=State.APPLIED, version=version, was=was)
        house.pause(LOOK_EVERY_S)
    why = f"it did not say READY in {house.ready_within_s:.0f} s"
    house.slots.go_back(why=why, at=house.clock.now().isoformat(timespec="seconds"))
    house.running.restart()
    return Outcome(state=State.TAKEN_BACK, version=house.version, was=was, why=why)


def _until_idle(house: House) -> None:
    until_s = house.clock.monotonic_s() + IDLE_WITHIN_S
    while house.running.is_printing():
        if house.clock.monotonic_s() > until_s:
            raise TryAgainError(
                "a job was in flight all the time; nothing was changed", fix="try in a quiet hour", code="update_busy"
            )
        house.pause(LOOK_EVERY_S)


@contextmanager
def _alone(slots: Slots) -> Iterator[None]:
    slots.create()
    try:
        lock = (slots.root / "lock").open("w", encoding="ascii")
    except OSError as error:
        raise OnSiteError(
            f"{slots.root}: {error.strerror}", fix="run it as the agent's user: sudo -u tillstream tillstream update"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TryAgainError("another update is at work", fix="wait for it", code="update_busy") from error
        yield
