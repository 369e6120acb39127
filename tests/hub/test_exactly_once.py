"""Invariant I3: the hub applies each journal record exactly once, however it arrives and from whatever restored disk.

A hypothesis state machine drives real couriers and the real ingest on real SQLite through duplicated, lost, late and
reordered messages, restored hubs, cloned and restored disks, pruning, erasure and new epochs; then it looks for a
record that is missing or there twice. (What one copy of a disk has pruned and another still has may stay missing at
a hub that was restored to before it: three misfortunes at once. The courier tries, and is not held to it here.)
"""

import asyncio
import shutil
import tempfile
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.callers import Caller
from hub.ingest.batch import check_chain
from hub.ingest.plan import GapError as HubGapError
from hub.ingest.plan import UnknownAncestorError as HubUnknownAncestorError
from hub.ingest.service import IngestService
from sync.courier import Courier, run_courier
from sync.delivery_plan import CourierPolicy
from sync.errors import GapError, LinkDownError, UnknownAncestorError
from sync.http_transport import HubTransport
from sync.ports import Batch, Delivered
from sync.protocol.body import encode, inflate, parse
from sync.protocol.chain import RecordHeader, payload_hash, record_hash
from sync.protocol.messages import JournalAck, JournalUpload, PositionAnswer, PositionQuestion
from tests.hub.rig import MemoryJournal, PostgresqlHubDisk, SqliteHubDisk, Told, VirtualPace

CALLER = Caller(tenant_id="main", store_id="7781", agent_id="agent", epoch=1, key_id="key")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DISKS_MAX = 3


class IdleError(Exception):
    """The courier has nothing left to do."""


class WakeOnce:
    def clear(self) -> None:
        pass

    async def wait(self) -> None:
        raise IdleError


class Network:
    """Carries bytes to the hub's ingest; a fault is used up by one call."""

    def __init__(self, world: "World") -> None:
        self.world = world

    async def ask(self, path, question, answer):
        return await self.post(path, encode(question), answer)

    async def post(self, path, body, answer):
        fault = self.world.faults.pop(0) if self.world.faults else "none"
        if fault == "request_lost":
            raise LinkDownError("lost")
        if fault == "late":
            self.world.late.append((path, body))
            raise LinkDownError("late")
        told = self.world.handle(path, body)
        if fault == "twice":
            told = self.world.handle(path, body)
        if fault == "answer_lost":
            raise LinkDownError("lost")
        if isinstance(told, Exception):
            raise told
        return told


class World:
    """One hub, some disks with one identity, and a network between them."""

    def __init__(self, disk: SqliteHubDisk | PostgresqlHubDisk) -> None:
        self.disk = disk
        with self.disk.database.writing() as session:
            session.run("put_tenant", tenant_id="main", country="", now="now")
            session.run("put_store", tenant_id="main", store_id="7781", name="", now="now")
            session.run("put_agent", agent_id="agent", tenant_id="main", store_id="7781", epoch=1, now="now")
        self.faults: list[str] = []
        self.late: list[tuple[str, bytes]] = []

    @property
    def ingest(self) -> IngestService:
        return IngestService(self.disk.database)

    def rows(self, sql: str) -> list[tuple]:
        return self.disk.rows(sql)

    def handle(self, path: str, body: bytes) -> JournalAck | PositionAnswer | Exception:
        try:
            if path == "/v1/journal":
                return self.ingest.take(CALLER, check_chain(parse(JournalUpload, inflate(body))), now=NOW)
            question = parse(PositionQuestion, inflate(body))
            return self.ingest.locate(CALLER, question.epoch, question.marks)
        except HubGapError as error:
            if error.expected_seq is None:
                return UnknownAncestorError(error.message)
            return GapError(error.message, expected_seq=error.expected_seq)
        except HubUnknownAncestorError as error:
            return UnknownAncestorError(error.message)


class LimitedTransport:
    """The real transport over the bad network; after too many calls the courier is stopped, as if by a kill."""

    def __init__(self, world: World, calls_max: int) -> None:
        self._transport = HubTransport(Network(world))  # type: ignore[arg-type]
        self._calls_left = calls_max

    def _count(self) -> None:
        self._calls_left -= 1
        if self._calls_left < 0:
            raise IdleError

    async def deliver(self, batch: Batch) -> Delivered:
        self._count()
        return await self._transport.deliver(batch)

    async def locate(self, epoch, marks):
        self._count()
        return await self._transport.locate(epoch, marks)


def deliver(world: World, journal: MemoryJournal, *, rows_max: int, calls_max: int) -> None:
    courier = Courier(
        destination="hub",
        journal=journal,
        cursors=journal,
        transport=LimitedTransport(world, calls_max),
        pace=VirtualPace(NOW),
        listener=Told(),
        policy=CourierPolicy(rows_max=rows_max),
        random=lambda: 0.5,
    )

    async def until_idle() -> None:
        with suppress(IdleError):
            await run_courier(courier, WakeOnce())

    asyncio.run(until_idle())


class Story(RuleBasedStateMachine):
    """What may happen to one store and its hub."""

    folder: Path | None = None

    def new_disk(self) -> SqliteHubDisk | PostgresqlHubDisk:
        self.folder = Path(tempfile.mkdtemp())
        return SqliteHubDisk(self.folder)

    @initialize()
    def begin(self) -> None:
        self.world = World(self.new_disk())
        self.disks = [MemoryJournal()]
        self.hub_backups: list[str] = []
        self.disk_backups: list[MemoryJournal] = []
        self.sold = 0
        self.pruned: set[bytes] = set()

    def disk(self, index: int) -> MemoryJournal:
        return self.disks[index % len(self.disks)]

    @rule(index=st.integers(0, 2), count=st.integers(1, 5))
    def sell(self, index: int, count: int) -> None:
        for _ in range(count):
            self.sold += 1
            self.disk(index).sale(self.sold, salt=self.sold.to_bytes(16, "big"))

    @rule(
        index=st.integers(0, 2),
        rows_max=st.integers(1, 4),
        calls_max=st.integers(1, 12),
        faults=st.lists(st.sampled_from(["none", "request_lost", "answer_lost", "twice", "late"]), max_size=4),
    )
    def carry(self, index: int, rows_max: int, calls_max: int, faults: list[str]) -> None:
        self.world.faults = list(faults)
        deliver(self.world, self.disk(index), rows_max=rows_max, calls_max=calls_max)
        self.world.faults = []

    @precondition(lambda self: self.world.late)
    @rule(place=st.integers(0, 99))
    def a_late_message_arrives(self, place: int) -> None:
        self.world.handle(*self.world.late.pop(place % len(self.world.late)))

    @rule()
    def back_up_hub(self) -> None:
        self.hub_backups.append(self.world.disk.backup())

    @precondition(lambda self: self.hub_backups)
    @rule(place=st.integers(0, 99))
    def restore_hub(self, place: int) -> None:
        self.world.disk.restore(self.hub_backups[place % len(self.hub_backups)])

    @precondition(lambda self: len(self.disks) < DISKS_MAX)
    @rule(index=st.integers(0, 2))
    def clone_disk(self, index: int) -> None:
        self.disks.append(self.disk(index).copy())

    @rule(index=st.integers(0, 2))
    def back_up_disk(self, index: int) -> None:
        self.disk_backups.append(self.disk(index).copy())

    @precondition(lambda self: self.disk_backups)
    @rule(index=st.integers(0, 2), place=st.integers(0, 99))
    def restore_disk(self, index: int, place: int) -> None:
        self.disks[index % len(self.disks)] = self.disk_backups[place % len(self.disk_backups)].copy()

    @rule(index=st.integers(0, 2), place=st.integers(0, 99))
    def erase(self, index: int, place: int) -> None:
        disk = self.disk(index)
        if disk.records:
            disk.erase(disk.records[place % len(disk.records)].seq)

    @rule(index=st.integers(0, 2), kept=st.integers(1, 4))
    def prune_what_was_acknowledged(self, index: int, kept: int) -> None:
        disk = self.disk(index)
        position = disk.positions.get("hub")
        if position and len(disk.records) > kept:
            through = min(position.seq, disk.records[-1 - kept].seq)
            if through > disk.pruned_through:
                self.pruned |= {record.hash for record in disk.records if record.seq <= through}
                disk.prune(through)

    @rule(index=st.integers(0, 2))
    def recover_disk_into_a_new_epoch(self, index: int) -> None:
        disk = self.disk(index)
        newest = max(disk.epochs)
        if disk.records and disk.epochs[newest] <= disk.head_seq:
            disk.raise_epoch(newest + 1)

    @invariant()
    def nothing_is_there_twice_and_every_branch_is_a_chain(self) -> None:
        if not hasattr(self, "world"):
            return
        rows = self.world.rows("SELECT hash FROM journal_record")
        assert len(rows) == len({row[0] for row in rows})
        assert_chains(self.world)
        assert_counts(self.world)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            for disk in self.disks:
                deliver(self.world, disk, rows_max=3, calls_max=400)
            here = {bytes(row[0]) for row in self.world.rows("SELECT hash FROM journal_record")}
            for disk in self.disks:
                missing = [record.seq for record in disk.records if record.hash not in here | self.pruned]
                assert not missing, f"records {missing} of a disk never arrived"
                position = disk.positions.get("hub")
                assert not disk.records or position.seq == disk.head_seq
            self.nothing_is_there_twice_and_every_branch_is_a_chain()
        finally:
            self.world.disk.close()
            if self.folder:
                shutil.rmtree(self.folder)


def assert_chains(world: World) -> None:
    """Walk every branch: each record's hash follows from the one before it, on its own branch or its base's."""
    branches = {
        (epoch, branch): (base, base_seq, head_seq, head_hash)
        for epoch, branch, base, base_seq, head_seq, head_hash in world.rows(
            "SELECT epoch, branch, base_branch, base_seq, head_seq, head_hash FROM branch"
        )
    }
    records = {
        (row[0], row[1], row[2]): row
        for row in world.rows(
            "SELECT epoch, branch, seq, kind, workstation_id, occurred_at, clock_quality, business_day, salt, payload,"
            " payload_hash, hash FROM journal_record"
        )
    }
    for (epoch, branch, seq), row in records.items():
        before = hash_before(records, branches, epoch, branch, seq - 1)
        header = RecordHeader(
            epoch=epoch,
            seq=seq,
            kind=row[3],
            workstation_id=row[4],
            occurred_at=row[5],
            clock_quality=row[6],
            business_day=row[7],
        )
        if row[9] is not None:
            assert payload_hash(bytes(row[8]), row[9].encode()) == row[10]
        if before is not None:
            assert record_hash(before, header, bytes(row[10])) == row[11]
    for (epoch, branch), (_, base_seq, head_seq, head_hash) in branches.items():
        assert head_seq > base_seq
        assert records[epoch, branch, head_seq][11] == head_hash


def hash_before(records, branches, epoch: int, branch: int, seq: int) -> bytes | None:
    base, base_seq, _, _ = branches[epoch, branch]
    while seq <= base_seq:
        if base is None:
            return None
        branch = base
        base, base_seq, _, _ = branches[epoch, branch]
    row = records.get((epoch, branch, seq))
    return bytes(row[11]) if row else None


def assert_counts(world: World) -> None:
    """The kept counts are what counting the rows gives."""
    totals = dict(world.rows("SELECT what, total FROM store_total"))
    (sales,) = world.rows("SELECT count(*) FROM sale")[0]
    (readable,) = world.rows("SELECT count(DISTINCT payload) FROM journal_record WHERE payload IS NOT NULL")[0]
    (forks,) = world.rows("SELECT count(*) FROM branch WHERE branch > 0")[0]
    assert totals.get("sales", 0) == sales == readable
    assert totals.get("forks", 0) == forks


class TestOnSqlite(Story.TestCase):  # type: ignore[name-defined]
    """The usual database."""

    settings = settings(max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
class TestForLong(Story.TestCase):  # type: ignore[name-defined]
    """The long tier: what a night finds that a minute does not."""

    settings = settings(
        max_examples=1500, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
    )


@pytest.mark.real
def test_exactly_once_on_postgresql(postgresql_url):
    """The same stories, fewer of them: every backup is a whole database."""

    class OnPostgresql(Story):
        def new_disk(self) -> PostgresqlHubDisk:
            return PostgresqlHubDisk(postgresql_url, f"s_{uuid.uuid4().hex}")

    run_state_machine_as_test(
        OnPostgresql,
        settings=settings(
            max_examples=3, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
