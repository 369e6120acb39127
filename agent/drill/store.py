"""One store PC: core and desk as `bootstrap` makes them, on a disk and a clock of their own, that can die and start."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from agent.bootstrap import Core, build
from agent.config import AgentConfig
from agent.control.server import ControlConnection
from agent.core import fill_memory, take_over
from agent.desk.carriers import Rhythm, carriers
from agent.desk.hub_link import HubLink
from agent.drill.disk import DatabaseDisk, log_length
from agent.drill.lane import Lane
from agent.drill.lines import CoreSocket
from agent.drill.loop import StoryLoop
from agent.drill.network import StoreWire
from agent.enrolment import load_enrolled, save_enrolled
from agent.intake.tap_server import TapConnection
from agent.journal.queries import load_queries
from agent.journal.reader import JournalReader
from agent.journal.store import JournalStore
from agent.keys import AgentKeys, FileSecrets, load_or_create_keys
from agent.state_dir import StateDir
from retail.errors import RefusedError, TryAgainError
from sync.backoff import Backoff
from sync.http_transport import HubConnection, enrol
from sync.protocol.signatures import SigningKey

SYNC_S = 0.002  # what a commit's sync takes on a store PC's disk
TOLD_S = 1.0  # core tells desk once a second that the journal has grown
POLL_AFTER_S = 3 * 3600.0  # what the feed carries changes with an erasure: a few times in a story
REPORT_EVERY_S = 6 * 3600.0  # as in the product, once in several looks when nothing changed
CONFIRM_EVERY_S = 3 * 3600.0  # a hub restored meanwhile is heard of by the next sale, or within three hours
LONGEST_WAIT_S = 3600.0  # a line that is down for a day is tried some fifty times, not six hundred
WAKE_S = 3600.0  # the net below: desk wakes its courier now and then (the real one twice a minute)
CONTACT_S = 60.0  # desk tells core of the hub's time
PROGRAM = "drill"


class StoreClock:
    """A store PC's clocks: the story's time, set wrong by whatever set it."""

    def __init__(self, loop: StoryLoop, begins_at: datetime) -> None:
        self._loop = loop
        self._begins_at = begins_at
        self.wrong_by = timedelta()

    def now(self) -> datetime:
        """Return what the wall clock shows."""
        return self._begins_at + timedelta(seconds=self._loop.time()) + self.wrong_by

    def monotonic_s(self) -> float:
        """Return seconds that never jump."""
        return self._loop.time()

    async def pause(self, wait_s: float) -> None:
        """Let time pass (`sync.ports.Pace`)."""
        await asyncio.sleep(wait_s)


class DirectControl:
    """Core's control socket without the socket: the same operations, the same JSON (`agent.desk.ports.Asking`)."""

    def __init__(self, core: Callable[[], Core | None]) -> None:
        self._core = core

    async def ask(self, op: str, *, answer_s: float = 3.0, **values: Any) -> dict[str, Any]:
        """Ask core. Raises TryAgainError when it is away, RefusedError when it refuses."""
        del answer_s
        core = self._core()
        if core is None:
            raise TryAgainError("core is away", fix="it is started again", code="core_away")
        request = json.loads(json.dumps({"id": 1, "op": op, **values}))
        answer = await core.control.answer(ControlConnection(core.control), request)
        if core is not self._core():
            raise TryAgainError("core died", fix="it is started again", code="core_away")
        if answer.get("ok"):
            return answer
        raise RefusedError(str(answer.get("message")), fix=str(answer.get("fix")), code=str(answer.get("code")))


@dataclass(slots=True)
class _Life:
    """One start of the program, until it ends or is killed."""

    core: Core
    tasks: list[asyncio.Task[Any]]
    link: HubLink
    reader: JournalReader
    connection: HubConnection | None = None
    dead: bool = False


class StorePc:
    """See the module's contract. `lanes` outlive it: taps are programs of their own."""

    def __init__(
        self, loop: StoryLoop, *, name: str, config: AgentConfig, wire: StoreWire, clock: StoreClock, random: Random,
        disk_lies: bool = False,
    ) -> None:  # fmt: skip
        self._loop = loop
        self.name = name
        self.config = config
        self.wire = wire
        self.clock = clock
        self._random = random
        self.state = StateDir(config.agent.state_dir)
        self.state.create()
        self.keys: AgentKeys = load_or_create_keys(FileSecrets.of(self.state.keys, {}))
        self.socket = CoreSocket(loop)
        self.disk = DatabaseDisk(path=self.state.journal, lies=disk_lies)
        self.lanes: list[Lane] = []
        self.life: _Life | None = None
        self.is_full = False
        self._cut_next_commit: Callable[[], None] | None = None
        self._dies_after_put_by_s: float | None = None
        self._contact_told_s = -CONTACT_S
        self._woken = False

    @property
    def is_up(self) -> bool:
        """Whether the program runs."""
        return self.life is not None

    # Life and death

    async def start(self) -> None:
        """Start the program on what the disk holds."""
        assert self.life is None, self.name
        core = build(self.config, log=_unheard, clock=self.clock, turns=self._turn_later)
        link = HubLink(
            state=self.state,
            config=self.config,
            control=DirectControl(self._core),
            wake=asyncio.Event(),
            environment={},
        )
        life = _Life(core, [], link, JournalReader(self.state.journal, self.keys.journal))
        self.life = life
        core.writer.start()
        await take_over(core)
        if self.life is not life:
            return
        core.swap()
        await fill_memory(core)
        if self.life is not life:
            return
        self.socket.listen(lambda: TapConnection(core.counter, log=_unheard))
        await self._join_hub(life)

    async def enrol(self, code: str) -> None:
        """Register this store's keys at the hub with a code, and let the running program know."""
        epoch = 0
        enrolled = await enrol(
            self._hub_url,
            code,
            sign=SigningKey(self.keys.sign),
            seal=self.keys.seal,
            epoch=epoch,
            pace=self.clock,
            program=PROGRAM,
            wire=self.wire,
        )
        save_enrolled(self.state, enrolled)
        if self.life is not None:
            await self.life.link.control.ask("enrolled")
            await self._join_hub(self.life)

    def die(self, *, power: bool = False, torn_from: int | None = None) -> None:
        """End the program as `kill -9` does, or as a power cut does."""
        life, self.life = self.life, None
        if life is None:
            return
        life.dead = True
        self._cut_next_commit = self._dies_after_put_by_s = None
        self.socket.hang_up()
        for task in life.tasks:
            task.cancel()
        files = self.disk.copy()
        if power:
            files = self.disk.after_power_cut(files, self._random, torn_from=torn_from)
        _drop(life)
        self.disk.put_back(files)

    def cut_at_next_commit(self) -> None:
        """Cut the power in the middle of the next commit."""
        self._cut_next_commit = lambda: None

    def die_after_put_by(self, after_s: float) -> None:
        """End the program so long after it has put a commit by before its cut (`agent.intake.kept_ahead`)."""
        self._dies_after_put_by_s = after_s

    # What the story asks

    @contextmanager
    def reading(self) -> Iterator[JournalReader]:
        """Yield the journal as it lies on the disk: by the running program's connection, or by one of its own."""
        if self.life is not None:
            yield self.life.reader
            return
        reader = JournalReader(self.state.journal, self.keys.journal)
        try:
            yield reader
        finally:
            reader.close()

    async def scan(self, workstation_id: str, code: str) -> None:
        """Present a member's card at a lane; a core that is away is no reason to stop selling."""
        with suppress(TryAgainError, RefusedError):
            if self.life is not None:
                await self.life.link.control.ask(
                    "scan", workstation_id=workstation_id, code=code, symbology="ean13", source="drill"
                )

    async def judge(self, workstation_id: str, code: str) -> bool | None:
        """Hold out a coupon; return whether it was taken, None when nobody said."""
        with suppress(TryAgainError, RefusedError):
            if self.life is not None:
                said = await self.life.link.control.ask("judge", workstation_id=workstation_id, code=code)
                return bool(said["action"] != "withhold")
        return None

    def fill_disk(self, *, full: bool) -> None:
        """Leave the journal's disk no room, or give it some again."""
        self.is_full = full
        for lane in self.lanes:
            lane.sealer.is_full = lambda: self.is_full
        self._limit_pages()

    async def keep_house(self) -> None:
        """Do at night what housekeeping does: verify, remove what is old, copy."""
        life = self.life
        if life is None:
            return
        await life.core.housekeeping.scrub_all()
        await life.core.housekeeping.prune()
        life.core.floor.new_day()

    def wake(self) -> None:
        """Wake the courier."""
        if self.life is not None:
            self.life.link.wake.set()

    # Parts

    @property
    def _hub_url(self) -> str:
        assert self.config.hub is not None
        return self.config.hub.url

    def _core(self) -> Core | None:
        return self.life.core if self.life else None

    async def _join_hub(self, life: _Life) -> None:
        enrolled = load_enrolled(self.state)
        if enrolled is None or life.dead:
            return
        for task in life.tasks:
            task.cancel()
        life.connection = HubConnection(
            enrolled.hub_url, SigningKey(self.keys.sign), hub_key=enrolled.hub_public_key, pace=self.clock,
            wire=self.wire,
        )  # fmt: skip
        self.wire.answered = lambda _request: self._contacted(life)
        works: list[Awaitable[None]] = [
            *carriers(
                life.link,
                life.reader,
                life.connection,
                enrolled=enrolled,
                pace=self.clock,
                rhythm=Rhythm(
                    poll_after_s=POLL_AFTER_S,
                    report_every_s=REPORT_EVERY_S,
                    confirm_every_s=CONFIRM_EVERY_S,
                    backoff=Backoff(longest_s=LONGEST_WAIT_S),
                    jitter=self._random.random,
                ),
            ),
            self._wake_now_and_then(life),
        ]
        life.tasks = [self._loop.create_task(work) for work in works]  # type: ignore[arg-type]

    async def _wake_now_and_then(self, life: _Life) -> None:
        while True:
            life.link.wake.set()
            await asyncio.sleep(WAKE_S)

    def _contacted(self, life: _Life) -> None:
        """Tell core what time the hub has, as desk does."""
        contact = life.connection.last_contact if life.connection else None
        if contact is None or life.dead or self._loop.time() - self._contact_told_s < CONTACT_S:
            return
        self._contact_told_s = self._loop.time()
        hub_time = (contact.at + contact.hub_ahead).isoformat()
        life.tasks.append(self._loop.create_task(self._tell_contact(life, hub_time)))

    async def _tell_contact(self, life: _Life, hub_time: str) -> None:
        with suppress(TryAgainError, RefusedError):
            await life.link.control.ask("contact", hub_time=hub_time)

    def _turn_later(self, turn: Callable[[], None]) -> None:
        """Let the journal's thread have its turn when the disk has synced (`agent.journal.writer.Turns`)."""
        life = self.life
        self._loop.call_later(SYNC_S, self._take_turn, life, turn)

    def _take_turn(self, life: _Life | None, turn: Callable[[], None]) -> None:
        if life is None or life.dead:
            return
        before, seq = log_length(self.disk), life.core.writer.head_seq
        self._limit_pages()
        turn()
        if life.core.writer.head_seq != seq:
            self._tell_grown(life)
        if self._cut_next_commit is not None and log_length(self.disk) > before:
            self.die(power=True, torn_from=before)
            return
        self.disk.committed()
        if self._dies_after_put_by_s is not None and self._has_put_by(life):
            self._loop.call_later(self._dies_after_put_by_s, self._die_as, life)
            self._dies_after_put_by_s = None

    def _has_put_by(self, life: _Life) -> bool:
        store: JournalStore = life.core.writer._store  # noqa: SLF001 - as below
        return store.is_open and bool(store.connection().execute(load_queries()["every_foreseen"]).fetchone())

    def _die_as(self, life: _Life) -> None:
        if self.life is life:
            self.die()

    def _limit_pages(self) -> None:
        """Make SQLite see a disk that is full, or not."""
        if self.life is None:
            return
        store: JournalStore = self.life.core.writer._store  # noqa: SLF001 - the disk is below all ports
        connection = store._connection  # noqa: SLF001
        if connection is not None:
            connection.execute(f"PRAGMA max_page_count = {1 if self.is_full else 1 << 30}")

    def _tell_grown(self, life: _Life) -> None:
        if not self._woken:
            self._woken = True
            self._loop.call_later(TOLD_S, self._wake_after_growth, life)

    def _wake_after_growth(self, life: _Life) -> None:
        self._woken = False
        if not life.dead:
            life.link.wake.set()


def _unheard(event: str, **fields: object) -> None:
    """Take a line of the program's log: a drill looks at what lies on disks, not at what is said of it."""
    del event, fields


def _drop(life: _Life) -> None:
    """Let go of the connections that a dead process leaves to the kernel."""
    life.reader.close()
    life.core.writer._store.close()  # noqa: SLF001 - the process is dead; its files are put back as it left them


def config_text(*, number: int, lanes: int, folder: Path) -> str:
    """Return the `agent.toml` of a simulated store."""
    workstations = "".join(f'[[workstation]]\nid = "{lane + 1}"\n' for lane in range(lanes))
    return f"""
[store]
business_unit_id = "S{number + 1}"
name = "Corner shop {number + 1}"
country = "DE"
language = "en"
timezone = "Europe/Berlin"
currency = "EUR"
print_profile = "appendix"
[hub]
url = "https://hub.example"
{workstations}
[codes]
member = ["ean13:29"]
[agent]
state_dir = "{folder.as_posix()}"
"""
