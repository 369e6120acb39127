"""A purchase decided on while its receipt is still being printed: what it would mean, and whether that still holds.

Pure as far as anybody can see: the book is put back before anything else happens. Returns and voids are not rehearsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from agent.value.book import Entry, Seen
from agent.value.room import ValueRoom
from agent.value.taking_back import SaleTold
from retail.value_policy import ValuePolicy

HOLDS_FOR = timedelta(seconds=5)
"""The rows name the moment of the rehearsal; a till cuts a second after its last line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What a purchase would mean, and what that rests on."""

    told: SaleTold
    entry: Entry
    seen: Seen
    policy: ValuePolicy

    def holds(self, told: SaleTold, room: ValueRoom) -> bool:
        """Whether the room would decide the same of this purchase now."""
        return (
            timedelta() <= told.now - self.told.now <= HOLDS_FOR
            and told == self.told
            and self.policy == room.rules.policy
            and room.book.is_as(self.seen)
        )


def rehearsed(told: SaleTold, room: ValueRoom) -> Rehearsed | None:
    """Return the rehearsal of a purchase; None where something comes back in it, and where it fails."""
    if told.returned():
        return None
    try:
        entry, seen = room.rehearse(told)
    except Exception:  # noqa: BLE001 - whatever it is happens again at the cut, where it is told
        return None
    return Rehearsed(told=told, entry=entry, seen=seen, policy=room.rules.policy)
