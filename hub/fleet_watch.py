"""Tells somebody when a store falls ill, and when it is well again: one message a look, by the chain's own web hook.

Each trouble is told once when it begins and once when it is over; what could not be told is told at the next look,
because what was told is kept with the stores. A chain that goes dark is one message, not three thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.fleet import Trouble, troubles_of
from hub.reports import Reports
from hub.storage.ports import Database

NAMED_MAX = 20  # stores that the line for a chat names

TOLD = frozenset(Trouble) - {Trouble.NEVER_HEARD}
"""A store that was never heard of is being built, not ill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A trouble of a store that has begun, or is over."""

    store_id: str
    trouble: str
    is_over: bool

    def to_json(self) -> dict[str, Any]:
        """Return the change as a JSON object."""
        return {"store_id": self.store_id, "trouble": self.trouble, "over": self.is_over}


@dataclass(frozen=True, slots=True)
class FleetWatch:
    """The watch over one chain. `tell` gets what to post, and raises TryAgainError when nobody takes it."""

    database: Database
    tenant_id: str
    tell: Callable[[dict[str, Any]], None]

    def look(self, *, now: datetime, through: int) -> Sequence[Change]:
        """Tell what has changed since the last look, then remember it; `through` is the last erasure's number."""
        stores = Reports(self.database).stores(self.tenant_id, troubles_only=True)
        found = {
            (store.store_id, trouble.value)
            for store in stores
            for trouble in troubles_of(store, now=now, through=through)
            if trouble in TOLD
        }
        with self.database.reading() as session:
            rows = session.rows("troubles_told", tenant_id=self.tenant_id)
        told = {(store_id, trouble) for store_id, trouble, _ in rows}
        changes = [
            Change(store_id=store_id, trouble=trouble, is_over=(store_id, trouble) in told)
            for store_id, trouble in sorted(found ^ told)
        ]
        if changes:
            self.tell(_message(changes, in_trouble=len({store_id for store_id, _ in found})))
            self._remember(changes, now)
        return changes

    def _remember(self, changes: Sequence[Change], now: datetime) -> None:
        with self.database.writing() as session:
            for each in changes:
                what = {"tenant_id": self.tenant_id, "store_id": each.store_id, "trouble": each.trouble}
                if each.is_over:
                    session.run("drop_trouble", **what)
                else:
                    session.run("put_trouble", **what, now=now.isoformat())


def _message(changes: Sequence[Change], *, in_trouble: int) -> dict[str, Any]:
    begun = [each for each in changes if not each.is_over]
    named = [f"{each.store_id}: {each.trouble}" for each in begun[:NAMED_MAX]]
    more = f" and {len(begun) - NAMED_MAX} more" if len(begun) > NAMED_MAX else ""
    over = f"{len(changes) - len(begun)} troubles are over" if len(changes) > len(begun) else ""
    parts = [", ".join(named) + more, over, f"{in_trouble} stores are in trouble now"]
    return {"text": "; ".join(part for part in parts if part), "changes": [each.to_json() for each in changes]}
