"""What happened at each place, remembered for as long as a page may need it and no longer.

A `Channel` is one place's bounded ring of events. A page follows it from a position; a page that reconnects names the
last event it saw and gets what it missed, or, when that is no longer known (the desk was restarted, the ring has
turned over), a `clear` and the state as it is now: a page can be behind, but never wrong about who stands there.

Forgetting is part of the contract: `clear` removes every personal event before it from ring and state, and personal
events older than `personal_for_s` are handed to nobody. A cashier who reloads in mid-sale sees the customer again; a
kiosk that opens anew shows nobody, whoever stood there a moment ago.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress

from kiosk.events import PERSONAL, Event, EventName, Place, PlaceKind
from kiosk.ports import Clock, JsonObject

RING_EVENTS_MAX = 256
"""A busy lane makes about six events a sale; 256 cover a page that was away for half an hour."""

TROUBLES_MAX = 16
"""More troubles at once than this are one trouble; the oldest goes."""

WORKSTATION_PERSONAL_FOR_S = 900.0
"""A scan dies after 10 minutes without lane activity (architecture, decision 1); core says so, this is the net."""

KIOSK_PERSONAL_FOR_S = 60.0
"""Nothing personal on a kiosk 60 s after its customer went away."""


class Channel:
    """One place's events; written by the desk's one loop, followed by any number of pages."""

    def __init__(self, *, clock: Clock, boot: str, personal_for_s: float, reopens_with_person: bool) -> None:
        self._clock = clock
        self._boot = boot
        self._personal_for_s = personal_for_s
        self._reopens_with_person = reopens_with_person
        self._ring: deque[tuple[float, Event]] = deque()
        self._turned_over_to = 0
        self._state: dict[EventName, tuple[float, Event]] = {}
        self._troubles: dict[str, tuple[float, Event]] = {}
        self._number = 0
        self._changed = asyncio.Event()
        self.is_closed = False

    def __repr__(self) -> str:
        """Show how far the channel is."""
        return f"Channel({self._boot}-{self._number}, {len(self._ring)} remembered)"

    @property
    def position(self) -> int:
        """Return the number of the newest event, 0 before the first."""
        return self._number

    def event_id(self, number: int) -> str:
        """Return what a page that is at `number` resumes with."""
        return f"{self._boot}-{number}"

    def publish(self, name: EventName, data: JsonObject) -> Event:
        """Remember an event and wake every follower; `as_of` is set to now where the sender gave none."""
        self._number += 1
        body = {"as_of": self._clock.now().isoformat(timespec="milliseconds"), **data}
        event = Event(number=self._number, event_id=self.event_id(self._number), name=name, data=body)
        self._remember(event)
        self._changed.set()
        self._changed = asyncio.Event()
        return event

    def opening(self, last_event_id: str) -> list[Event]:
        """Return what a page gets first: what it missed, or the state of things after a `clear`."""
        missed = self._missed(last_event_id)
        if missed is not None:
            return missed
        return [self._forget_all(), *self._reopened()] if last_event_id else self._reopened()

    def news(self, number: int) -> list[Event]:
        """Return what a page that is at `number` gets next; one that fell behind the ring gets the state anew.

        A page on a slow line must not miss the `clear` that the ring has dropped.
        """
        return self.after(number) if number >= self._turned_over_to else [self._forget_all(), *self._reopened()]

    def after(self, number: int) -> list[Event]:
        """Return the remembered events after `number`, oldest first, without what may no longer be told."""
        return [event for at_s, event in self._ring if event.number > number and self._may_tell(at_s, event)]

    def close(self) -> None:
        """Let every follower go: the desk ends, and a page finds the next one by itself."""
        self.is_closed = True
        self._changed.set()

    async def wait_after(self, number: int, *, timeout_s: float) -> None:
        """Return when there is an event after `number`, when the channel closes, or after `timeout_s` in any case."""
        changed = self._changed
        if self._number <= number and not self.is_closed:
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), timeout_s)

    def _reopened(self) -> list[Event]:
        """Return the state as a page sees it that knows nothing."""
        current = sorted((event for _, event in self._current()), key=lambda each: each.number)
        return [event for event in current if self._reopens_with_person or event.name not in PERSONAL]

    def _remember(self, event: Event) -> None:
        at_s = self._clock.monotonic_s()
        if event.name is EventName.CLEAR:
            self._forget_personal()
        elif event.name is EventName.TROUBLE:
            self._remember_trouble(at_s, event)
        else:
            self._state[event.name] = (at_s, event)
        self._ring.append((at_s, event))
        if len(self._ring) > RING_EVENTS_MAX:
            self._turned_over_to = self._ring.popleft()[1].number

    def _remember_trouble(self, at_s: float, event: Event) -> None:
        code = str(event.data.get("code", ""))
        self._troubles.pop(code, None)
        if not event.data.get("resolved") and not event.data.get("passing"):
            self._troubles[code] = (at_s, event)
        while len(self._troubles) > TROUBLES_MAX:
            del self._troubles[next(iter(self._troubles))]

    def _forget_personal(self) -> None:
        kept = [each for each in self._ring if each[1].name not in PERSONAL]
        self._ring.clear()
        self._ring.extend(kept)
        for name in PERSONAL:
            self._state.pop(name, None)

    def _missed(self, last_event_id: str) -> list[Event] | None:
        """Return what came after `last_event_id`; None when that cannot be known for certain."""
        boot, _, number = last_event_id.rpartition("-")
        if boot != self._boot or not (number.isascii() and number.isdigit()) or int(number) > self._number:
            return None
        return self.after(int(number)) if int(number) >= self._turned_over_to else None

    def _current(self) -> Iterable[tuple[float, Event]]:
        everything = [*self._state.values(), *self._troubles.values()]
        return [(at_s, event) for at_s, event in everything if self._may_tell(at_s, event)]

    def _may_tell(self, at_s: float, event: Event) -> bool:
        return event.name not in PERSONAL or self._clock.monotonic_s() - at_s < self._personal_for_s

    def _forget_all(self) -> Event:
        """Return a `clear` for one page that has lost the thread; it takes no number of its own."""
        data = {"as_of": self._clock.now().isoformat(timespec="milliseconds"), "reason": "resync"}
        return Event(number=0, event_id=self.event_id(0), name=EventName.CLEAR, data=data)


class Switchboard:
    """All places of the store, known from its configuration; a place that is not there is nobody's."""

    def __init__(self, *, workstations: Iterable[str], kiosks: Iterable[str], clock: Clock, boot: str) -> None:
        self._channels: dict[Place, Channel] = {}
        for workstation_id in workstations:
            self._channels[Place(kind=PlaceKind.WORKSTATION, place_id=workstation_id)] = Channel(
                clock=clock, boot=boot, personal_for_s=WORKSTATION_PERSONAL_FOR_S, reopens_with_person=True
            )
        for kiosk_id in kiosks:
            self._channels[Place(kind=PlaceKind.KIOSK, place_id=kiosk_id)] = Channel(
                clock=clock, boot=boot, personal_for_s=KIOSK_PERSONAL_FOR_S, reopens_with_person=False
            )

    @property
    def channels(self) -> Mapping[Place, Channel]:
        """Return every place and its channel."""
        return self._channels

    def find(self, place: Place) -> Channel | None:
        """Return a place's channel; None for a place that this store does not have."""
        return self._channels.get(place)

    def publish(self, place: Place, name: EventName, data: JsonObject) -> bool:
        """Tell one place; return False, having told nobody, when there is no such place."""
        channel = self._channels.get(place)
        if channel is None:
            return False
        channel.publish(name, data)
        return True

    def publish_everywhere(self, name: EventName, data: JsonObject) -> None:
        """Tell all places: troubles of the whole store, the age of the mirror, a core that came back."""
        for channel in self._channels.values():
            channel.publish(name, data)

    def close(self) -> None:
        """Let every page go."""
        for channel in self._channels.values():
            channel.close()
