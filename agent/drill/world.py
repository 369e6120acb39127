"""The chain of a drill and its days: sales, Z reports, nights, and the faults that befall it; then everything heals.

All of it follows from the story's seed. Whatever happens by chance has random numbers of its own (per lane and day, per
fault), so that a story with a fault less is the same story otherwise.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from agent.config import parse_config
from agent.drill.coupons import Pockets
from agent.drill.disk import copy_folder
from agent.drill.faults import DAY_S, WIRE_KINDS, Fault, FaultKind
from agent.drill.forgetting import Forgetting, behind
from agent.drill.invariants import AFTER_A_STEP, AT_NIGHT, AT_THE_END, printed, violations_of
from agent.drill.journals import Journals, whole_journal
from agent.drill.lane import Lane
from agent.drill.loop import StoryLoop
from agent.drill.network import StoreWire, Trouble
from agent.drill.people import write_chain_files
from agent.drill.ports import HubSide, OpenHub
from agent.drill.settings import Plant, Story, Told, Violation
from agent.drill.store import CONFIRM_EVERY_S, StoreClock, StorePc, config_text
from agent.journal.records import JournalKind, StoredRecord

BEGINS_AT = datetime(2026, 11, 2, tzinfo=UTC)
TILL_ZONE = ZoneInfo("Europe/Berlin")
OPENS_S, CLOSES_S = 7 * 3600.0, 19 * 3600.0  # 8 to 20 in the stores' zone
Z_REPORT_S = CLOSES_S + 600.0
NIGHT_S = 23.5 * 3600.0
DEAD_S_MAX = 1800.0  # a dead PC or hub is started again within half an hour
CARDS_SHARE = 0.1  # of customers show a card; each costs 12 ms of scrypt
AROUND_CUT_S = 0.025  # from a commit that is put by to the cut, its block and its own commit
COMMIT_LOOKS, LOOK_S = 60, 60.0  # a commit to be cut comes within the hour, or never
HEALS_WITHIN_S = 6 * 3600.0
HEAL_STEP_S = 600.0
CLONE_NUMBERS = 500_000  # where the receipts of a second machine begin
CLONE_SALES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The chain as it stands at one moment, for those who look at it; each journal is read once."""

    world: World
    hub: HubSide
    _journals: dict[str, list[StoredRecord]] = field(default_factory=dict)

    @property
    def time_s(self) -> float:
        """Seconds since the story began."""
        return self.world.loop.time()

    @property
    def stores(self) -> list[StorePc]:
        """The stores, without clones."""
        return self.world.stores

    @property
    def hub_is_behind(self) -> bool:
        """Whether the hub was restored and the stores may not have heard of it, or is down."""
        return self.world.hub_is_behind or not self.hub.is_up

    def machines(self) -> list[StorePc]:
        """Return all store PCs that ever wrote, clones too."""
        return [*self.world.stores, *self.world.clones]

    def running(self) -> list[StorePc]:
        """Return those that run now."""
        return [each for each in self.machines() if each.is_up]

    def rung_up(self) -> dict[tuple[str, str, str], str]:
        """Return (store, lane, number) -> total of every sale that was rung up and printed."""
        return {
            (store.config.store.business_unit_id, lane.workstation_id, str(number)): f"{cents / 100:.2f}"
            for store in self.machines()
            for lane in store.lanes
            for number, cents in lane.register.sold.items()
        }

    def told_by(self, store: StorePc, kind: JournalKind) -> list[StoredRecord]:
        """Return a journal's records of a kind."""
        return [each for each in self.journal(store) if each.kind == kind.value]

    def journal(self, store: StorePc) -> list[StoredRecord]:
        """Return a journal as it lies on its disk."""
        if store.name not in self._journals:
            self._journals[store.name] = self.world.journals.read(store)
        return self._journals[store.name]

    def clocks_were_right(self) -> set[str]:
        """Return the stores whose clock nobody ever set, and which nobody cloned."""
        wrong = {each.store for each in self.world.faults if each.kind in {FaultKind.CLOCK_JUMP, FaultKind.CLONE}}
        return {store.config.store.business_unit_id for number, store in enumerate(self.stores) if number not in wrong}


class World:
    """See the module's contract. One world tells one story, in a folder of its own."""

    def __init__(
        self, loop: StoryLoop, story: Story, faults: tuple[Fault, ...], *, folder: Path, open_hub: OpenHub,
        progress: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.loop = loop
        self.story = story
        self.faults = faults
        self.told = Told(story=story)
        self._folder = folder
        self._progress = progress
        self.hub: HubSide = open_hub(folder, clock=self._true_time)
        self.hub_is_behind = False
        self._restored_at_s = 0.0
        self.stores: list[StorePc] = []
        self.clones: list[StorePc] = []
        self.journals = Journals()
        self.pockets = Pockets()
        self.forgetting = Forgetting()
        self._tasks: list[asyncio.Task[None]] = []

    async def tell(self) -> Told:
        """Tell the whole story."""
        self._publish()
        for number in range(self.story.open_stores or self.story.stores):
            await self._open_store(number)
        for at_s, _, what in sorted(self._happenings(), key=lambda each: each[:2]):
            await asyncio.sleep(max(0.0, at_s - self.loop.time()))
            self._tasks.append(self.loop.create_task(what()))
        await self._settled()
        await self._heal()
        self.look(AT_THE_END)
        return self._sums()

    def look(self, looks: Any = AFTER_A_STEP) -> None:
        """Look whether what must hold holds."""
        known = {(each.invariant, each.where) for each in self.told.violations}
        found = violations_of(Chain(world=self, hub=self.hub), looks)
        self.told.violations += [each for each in found if (each.invariant, each.where) not in known]

    async def close(self) -> None:
        """End every program."""
        for task in self._tasks:
            task.cancel()
        for store in (*self.stores, *self.clones):
            for lane in store.lanes:
                lane.stop()
            store.die()
        await asyncio.sleep(1.0)
        self.hub.close()

    # What happens

    def _happenings(self) -> list[tuple[float, int, Callable[[], Coroutine[Any, Any, None]]]]:
        found: list[tuple[float, int, Callable[[], Coroutine[Any, Any, None]]]] = []
        for day in range(self.story.days):
            for number, store in enumerate(self.stores):
                for lane in store.lanes:
                    found += self._day_of(day, number, store, lane)
            found.append((day * DAY_S + NIGHT_S, len(found), lambda day=day: self._night(day)))  # type: ignore[misc]
        for fault in self.faults:
            found.append((fault.at_s, len(found), lambda fault=fault: self._befall(fault)))  # type: ignore[misc]
        return found

    def _day_of(self, day: int, number: int, store: StorePc, lane: Lane) -> list[tuple[float, int, Any]]:
        about = f"{self.story.seed}/{number}/{lane.workstation_id}/{day}"
        random, coupons = Random(about), Random(f"{about}/coupons")  # noqa: S311 - a story
        slot_s = (CLOSES_S - OPENS_S) / self.story.sales
        times = [OPENS_S + slot_s * (at + random.uniform(0.05, 0.9)) for at in range(self.story.sales)]
        found: list[tuple[float, int, Any]] = [
            (day * DAY_S + at_s, number, lambda: self._sell(store, lane, random, coupons=coupons)) for at_s in times
        ]
        found.append((day * DAY_S + Z_REPORT_S + number, number, lambda: self._close_day(lane, random)))
        return found

    async def _sell(self, store: StorePc, lane: Lane, random: Random, *, coupons: Random) -> None:
        if random.random() < CARDS_SHARE:
            card = self.forgetting.card(random)
            if card is not None:
                await store.scan(lane.workstation_id, card)
            await asyncio.sleep(1.0)
        await self.pockets.hold_out(store, lane.workstation_id, coupons)
        await self._print(lane, lane.register.ring_up(random, self._till_time()), random)

    async def _close_day(self, lane: Lane, random: Random) -> None:
        await self._print(lane, lane.register.close_day(self._till_time()), random)

    async def _print(self, lane: Lane, data: bytes, random: Random) -> None:
        job = await lane.print_job(data, random)
        self.pockets.printed(job)
        wrong = printed(job)
        if wrong is not None:
            self._violated("printed", lane.workstation_id, wrong)

    async def _night(self, day: int) -> None:
        self.hub.keep_house()
        self.hub.back_up()
        for store in self.stores:
            await store.keep_house()
        self.look(AT_NIGHT)
        gc.collect()
        self._progress(day + 1)

    async def _befall(self, fault: Fault) -> None:
        self.told.faults[fault.kind.value] = self.told.faults.get(fault.kind.value, 0) + 1
        if fault.store >= len(self.stores):
            return
        await self._happen(fault, self.stores[fault.store])
        self.look()

    async def _happen(self, fault: Fault, store: StorePc) -> None:  # noqa: C901 - one arm a kind of fault
        lasts_s = min(fault.lasts_s, DEAD_S_MAX)
        match fault.kind:
            case kind if kind in WIRE_KINDS:
                until_s = self.loop.time() + fault.lasts_s
                random = fault.random_of(self.story.seed)
                store.wire.troubles.append(Trouble(kind=kind, until_s=until_s, chance=fault.chance, random=random))
            case FaultKind.CORE_KILLED:
                store.die_after_put_by(fault.random_of(self.story.seed).uniform(0.0, AROUND_CUT_S))
                await self._dead(store, dead_s=lasts_s)
            case FaultKind.POWER_CUT:
                store.cut_at_next_commit()
                await self._dead(store, dead_s=lasts_s, power=True)
            case FaultKind.CLOCK_JUMP:
                store.clock.wrong_by += timedelta(seconds=fault.jump_s)
                await asyncio.sleep(fault.lasts_s)
                store.clock.wrong_by -= timedelta(seconds=fault.jump_s)
            case FaultKind.DISK_FULL:
                store.fill_disk(full=True)
                await asyncio.sleep(fault.lasts_s)
                store.fill_disk(full=False)
            case FaultKind.HUB_KILLED:
                await self._cut_hub(fault, lasts_s)
            case FaultKind.HUB_RESTORED:
                if self.hub.is_up and self.hub.restore():
                    self.hub_is_behind, self._restored_at_s = True, self.loop.time()
            case FaultKind.CLONE:
                await self._clone(fault, store)
            case FaultKind.ERASURE:
                await self.forgetting.forget(self.hub, fault.random_of(self.story.seed))

    async def _dead(self, store: StorePc, *, dead_s: float, power: bool = False) -> None:
        """Let a store die of the commit that awaits it, or of nothing if none comes within the hour; start it later."""
        life = store.life
        for _ in range(COMMIT_LOOKS):
            if store.life is not life:
                break
            await asyncio.sleep(LOOK_S)
        if store.life is life:
            store.die(power=power)
        self.look()
        await self._start_later(store, dead_s)

    async def _cut_hub(self, fault: Fault, dead_s: float) -> None:
        """Kill it between two questions; then cut its power in the middle of the next commit."""
        self.hub.kill(fault.random_of(self.story.seed))
        await asyncio.sleep(dead_s)
        self.hub.start()
        self.hub.cut_next_commit()
        for _ in range(COMMIT_LOOKS):
            await asyncio.sleep(LOOK_S)
            if not self.hub.is_up:
                break
        self.look()
        self.hub.start()

    async def _clone(self, fault: Fault, store: StorePc) -> None:
        """Let a second machine run a copy of the store's disk for a while, sell, and tell the hub."""
        number = len(self.clones)
        folder = self._folder / f"clone-{number}"
        was_up = store.is_up
        store.die()
        copy_folder(store.state.root, folder)
        if was_up:
            await store.start()
        clone = self._machine(
            fault.store, folder, f"{store.name} (clone {number + 1})", wire=StoreWire(loop=self.loop, hub=self.hub)
        )
        self.clones.append(clone)
        lane = self._lane(clone, "1", self._folder / f"clone-{number}-spool")
        lane.register.number = CLONE_NUMBERS + 1000 * number
        await clone.start()
        self.told.starts += 1
        random = fault.random_of(self.story.seed)
        for _ in range(CLONE_SALES):
            await asyncio.sleep(random.uniform(60, 600))
            await self._print(lane, lane.register.ring_up(random, self._till_time()), random)
        await asyncio.sleep(600.0)

    async def _start_later(self, store: StorePc, dead_s: float) -> None:
        await asyncio.sleep(dead_s)
        if not store.is_up:
            await store.start()
            self.told.starts += 1
            self.look()

    async def _settled(self) -> None:
        """Wait for everything that was begun; what failed in a way nobody foresaw is our mistake and told as it is."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            await task

    async def _heal(self) -> None:
        """Mend everything and wait until nothing is left to deliver."""
        self.hub.start()
        for store in (*self.stores, *self.clones):
            store.wire.troubles.clear()
            store.fill_disk(full=False)
            if not store.is_up:
                await store.start()
        ends_s = self.loop.time() + HEALS_WITHIN_S
        while self.loop.time() < ends_s:
            for store in (*self.stores, *self.clones):
                store.wake()
            await asyncio.sleep(HEAL_STEP_S)
            if self.loop.time() - self._restored_at_s > CONFIRM_EVERY_S + 2 * HEAL_STEP_S:
                self.hub_is_behind = False  # every store has asked since, and goes on from what the hub has
            if not self.hub_is_behind and not any(map(self._behind, (*self.stores, *self.clones))):
                self.hub.keep_house()
                return
        for store in (*self.stores, *self.clones):
            if owed := self._behind(store):
                self._violated("everything_converges", store.name, owed)

    def _behind(self, store: StorePc) -> str:
        return behind(store, erased_through=self.hub.erased_through())

    # Building

    async def _open_store(self, number: int) -> None:
        folder = self._folder / f"store-{number + 1}"
        wire = StoreWire(loop=self.loop, hub=self.hub)
        store = self._machine(number, folder, f"S{number + 1}", wire=wire)
        self.stores.append(store)
        for lane in range(self.story.lanes):
            self._lane(store, str(lane + 1), self._folder / f"spool-{number + 1}-{lane + 1}")
        await store.start()
        self.told.starts += 1
        await store.enrol(self.hub.enrolment_code(store.config.store.business_unit_id))

    def _machine(self, number: int, folder: Path, name: str, *, wire: StoreWire) -> StorePc:
        config = parse_config(config_text(number=number, lanes=self.story.lanes, folder=folder))
        random = Random(f"{self.story.seed}/disk/{name}")  # noqa: S311 - a story
        lies = self.story.plant is Plant.LYING_DISK
        clock = StoreClock(self.loop, BEGINS_AT)
        return StorePc(self.loop, name=name, config=config, wire=wire, clock=clock, random=random, disk_lies=lies)

    def _lane(self, store: StorePc, workstation_id: str, folder: Path) -> Lane:
        lane = Lane(
            self.loop, name=f"{store.name} lane {workstation_id}", workstation_id=workstation_id, folder=folder,
            core=store.socket, seal_key=store.keys.seal_public, now=store.clock.now,
        )  # fmt: skip
        lane.sealer.is_full = lambda: store.is_full
        store.lanes.append(lane)
        lane.start()
        return lane

    def _publish(self) -> None:
        """Give the chain its members and one campaign."""
        folder = self._folder / "import"
        folder.mkdir()
        write_chain_files(folder)
        self.hub.publish(folder)
        shutil.rmtree(folder)

    def _true_time(self) -> datetime:
        return BEGINS_AT + timedelta(seconds=self.loop.time())

    def _till_time(self) -> datetime:
        return self._true_time().astimezone(TILL_ZONE)

    def _violated(self, invariant: str, where: str, what: str) -> None:
        self.told.violations.append(Violation(invariant=invariant, where=where, what=what, at_s=self.loop.time()))

    def _sums(self) -> Told:
        machines = (*self.stores, *self.clones)
        told = self.told
        lanes = [lane for store in machines for lane in store.lanes]
        told.sales = sum(len(lane.register.sold) for lane in lanes)
        told.jobs = sum(len(lane.prints) for lane in lanes)
        told.acknowledged = sum(len(lane.acknowledged) for lane in lanes)
        told.offers = sum(len(job.arrived) > len(job.sent) for lane in lanes for job in lane.prints)
        told.records = sum(len(whole_journal(store)) for store in machines)
        told.forks = sum(self.hub.counts(store.config.store.business_unit_id).get("forks", 0) for store in self.stores)
        told.coupons_taken = self.pockets.taken.total()
        told.coupons_refused = self.pockets.refused
        told.questions = sum(store.wire.questions for store in machines)
        for store in machines:
            for what, count in store.wire.befell.items():
                told.befell[what] = told.befell.get(what, 0) + count
        return told
