"""Members who must be forgotten in a drill, and what must hold afterwards: nothing of them is left, nor comes back.

A member who was erased does not show their card any more. The order is given again until the hub hears it, as people
do; from then on it is the program's duty, through restored hubs, cloned disks and records that arrive late.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from random import Random
from typing import TYPE_CHECKING

from agent.drill.people import MEMBERS
from retail.errors import RefusedError
from sync.feed_files import load_state
from sync.mirror import read_current
from sync.protocol.mirror_file import MirrorFile, is_whole
from sync.protocol.persons import names_person

if TYPE_CHECKING:
    from agent.drill.ports import HubSide
    from agent.drill.store import StorePc
    from agent.drill.world import Chain

ASKED_EVERY_S = 900.0  # a hub that is down is asked again
ASKED_TIMES = 20


@dataclass(slots=True)
class Forgetting:
    """Who was forgotten: customer ID -> the first halves of their tokens."""

    locators: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def card(self, random: Random) -> str | None:
        """Draw a member's card; None for one who was forgotten."""
        number = random.randrange(len(MEMBERS))
        return None if _customer(number) in self.locators else MEMBERS[number]

    async def forget(self, hub: HubSide, random: Random) -> None:
        """Have one member forgotten; nobody when nobody is left."""
        known = [_customer(number) for number in range(len(MEMBERS)) if _customer(number) not in self.locators]
        if not known:
            return
        customer_id = random.choice(known)
        self.locators[customer_id] = ()
        for _ in range(ASKED_TIMES):
            with suppress(ConnectionError):
                self.locators[customer_id] = hub.erase(customer_id)
                return
            await asyncio.sleep(ASKED_EVERY_S)


def behind(store: StorePc, *, erased_through: int) -> str:
    """Return what a machine has still to deliver or to forget; empty when it is done."""
    with store.reading() as reader:
        cursor = reader.cursor("hub")
        left = reader.count_behind(cursor.acked_seq if cursor else 0)
    waiting = sum(lane.book.open_jobs for lane in store.lanes)
    owed = max(0, erased_through - load_state(store.state.mirror).erased_through)
    if not left and not waiting and not owed:
        return ""
    return f"{left} records and {waiting} jobs are left to deliver, {owed} erasures to do"


def nothing_is_left_of_who_was_forgotten(chain: Chain) -> Iterator[tuple[str, str]]:
    """I5: no record, row or mirror speaks of somebody who was erased."""
    for customer_id, locators in chain.world.forgetting.locators.items():
        if where := chain.hub.speaks_of(customer_id, locators):
            yield "hub", f"{customer_id} was erased and is still in {sorted(set(where))[:3]}"
        for store in chain.machines():
            named = [
                each.seq
                for each in chain.journal(store)
                if not each.is_erased and names_person(each.content(), {customer_id}, set(locators))
            ]
            if named:
                yield store.name, f"{customer_id} was erased and is still in records {named[:3]}"
            if rows := _rows_with(store, customer_id, locators):
                yield store.name, f"{customer_id} was erased and is still in {rows[:3]}"
            if files := _mirrors_with(store, locators):
                yield store.name, f"{customer_id} was erased and is still in {files}"


def _rows_with(store: StorePc, customer_id: str, locators: tuple[str, ...]) -> list[str]:
    """Return the rows beside the records that speak of somebody: scans without a sale, papers on their way, value."""
    with store.reading() as reader:
        rows = [("scan", each.scan_id, asdict(each)) for each in reader.open_scans()]
        rows += [("paper", job_id, content) for job_id, _, _, content in reader.awaited()]
        rows += [(what, row_id, json.loads(body)) for what, row_id, body in reader.value_rows()]
    return [
        f"{what} {row_id}"
        for what, row_id, content in rows
        if customer_id in (row_id, *content) or names_person(content, {customer_id}, set(locators))
    ]


def _mirrors_with(store: StorePc, locators: tuple[str, ...]) -> list[str]:
    """Return the mirror files that hold one of these: those in use, and those that wait to be used or removed."""
    folder = store.state.mirror
    paths = set(folder.glob("mirror*"))
    with suppress(RefusedError):
        current = read_current(folder)
        paths |= {folder / name for name in (current.snapshot, *current.overlays)} if current else set()
    found = []
    for path in sorted(paths):
        if is_whole(path):
            with closing(MirrorFile(path)) as file:
                found += [path.name] if any(any(file.find(bytes.fromhex(each))) for each in locators) else []
    return found


def _customer(number: int) -> str:
    return f"c-{number}"
