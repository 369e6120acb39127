"""The events that pages live on: their names, which of them are personal, and how one is written on the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from kiosk.ports import JsonObject


class EventName(StrEnum):
    """What may happen on a page; `kiosk/ports.py` says what each carries."""

    CUSTOMER = "customer"
    OFFERS = "offers"
    SALE = "sale"
    TROUBLE = "trouble"
    CLEAR = "clear"
    STALE = "stale"


PERSONAL = frozenset({EventName.CUSTOMER, EventName.OFFERS, EventName.SALE})
"""Events that tell of a person or a basket: a `clear` takes them out of every memory we have."""


class PlaceKind(StrEnum):
    """What sort of place a page stands at."""

    WORKSTATION = "workstation"
    KIOSK = "kiosk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page stands: a checkout position or a kiosk."""

    kind: PlaceKind
    place_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as a page receives it; `number` grows by one a place, `event_id` also names the desk's life."""

    number: int
    event_id: str
    name: EventName
    data: JsonObject

    def __repr__(self) -> str:
        """Show which event it is and never whom it tells of."""
        return f"Event({self.name.value} {self.event_id})"

    def wire(self) -> bytes:
        """Return the event as server-sent events are written (HTML Living Standard, 9.2.6)."""
        body = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"), default=str)
        return f"id: {self.event_id}\nevent: {self.name.value}\ndata: {body}\n\n".encode()
