"""A real courier against a real hub: each record arrives once, whatever happened on the way."""

import asyncio
from contextlib import suppress

import pytest

from retail.errors import RefusedError, TryAgainError
from sync.courier import Courier, run_courier
from sync.http_transport import HubTransport, enrol
from tests.hub.rig import Device, HubRig, MemoryJournal, Told, VirtualPace

pytestmark = [pytest.mark.anyio, pytest.mark.real]


async def deliver_all(rig: HubRig, device: Device, journal: MemoryJournal | None = None) -> Told:
    """Run a courier until it has nothing left to do."""
    journal, told = journal or device.journal, Told()
    connection = device.connection(rig.url)
    courier = Courier(
        destination="hub",
        journal=journal,
        cursors=journal,
        transport=HubTransport(connection),
        pace=VirtualPace(),
        listener=told,
    )

    class IdleError(Exception):
        pass

    class Once:
        def clear(self) -> None:
            pass

        async def wait(self) -> None:
            raise IdleError

    with suppress(IdleError):
        await asyncio.wait_for(run_courier(courier, Once()), timeout=30)
    await connection.close()
    return told


def hub_seqs(rig: HubRig, branch: int = 0) -> list[int]:
    return [row[0] for row in rig.rows("SELECT seq FROM journal_record WHERE branch = ? ORDER BY seq", branch)]


async def test_sales_reach_the_hub_once_and_are_counted(rig):
    async with rig.serving():
        device = await rig.enrolled()
        for number in range(25):
            device.journal.sale(number)
        device.journal.append("offer.printed", {"campaign_id": "coffee-back", "transaction_id": "tx-1"})
        await deliver_all(rig, device)
        await deliver_all(rig, device)
        device.journal.positions.clear()  # the agent lost its cursor: everything is sent again
        told = await deliver_all(rig, device)
    assert hub_seqs(rig) == list(range(1, 27))
    assert rig.totals() == {"sales": 25, "printed": 1}
    assert told.positions[-1].seq == 26
    assert told.errors == []


async def test_times_and_payloads_are_kept_as_the_store_wrote_them(rig):
    async with rig.serving():
        device = await rig.enrolled()
        device.journal.sale(1, total="12.345", description="Молоко 1 л")
        await deliver_all(rig, device)
    ((payload, occurred_at),) = rig.rows("SELECT payload, occurred_at FROM journal_record")
    assert payload.encode() == device.journal.records[0].payload
    assert occurred_at == "2026-11-21T12:00:00+01:00"
    assert rig.rows("SELECT total_e4 FROM sale") == [(123450,)]


async def test_an_erased_record_arrives_by_its_hash(rig):
    async with rig.serving():
        device = await rig.enrolled()
        for number in range(3):
            device.journal.sale(number)
        device.journal.erase(2)
        await deliver_all(rig, device)
    assert rig.rows("SELECT seq, payload IS NULL, absent FROM journal_record") == [
        (1, 0, None),
        (2, 1, "erased"),
        (3, 0, None),
    ]
    assert rig.totals()["sales"] == 2


async def test_a_cloned_disk_is_a_fork_and_no_sale_of_either_is_lost(rig):
    async with rig.serving():
        device = await rig.enrolled()
        device.journal.sale(1)
        await deliver_all(rig, device)
        clone = device.journal.copy()
        device.journal.sale(2)
        clone.sale(3)
        first = await deliver_all(rig, device)
        second = await deliver_all(rig, device, clone)
        clone.sale(4)
        device.journal.sale(5)
        second_again = await deliver_all(rig, device, clone)
        first_again = await deliver_all(rig, device)
    assert (first.forks, second.forks, second_again.forks, first_again.forks) == (0, 1, 1, 1)
    assert hub_seqs(rig, 0) == [1, 2, 3]
    assert hub_seqs(rig, 1) == [2, 3]
    assert rig.totals() == {"sales": 5, "forks": 1}


async def test_a_hub_restored_from_a_backup_asks_for_what_it_lacks_and_gets_it(rig, tmp_path):
    async with rig.serving():
        device = await rig.enrolled()
        for number in range(4):
            device.journal.sale(number)
        await deliver_all(rig, device)
    rig.hub.database._writer.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    async with rig.serving():
        for number in range(4, 9):
            device.journal.sale(number)
        await deliver_all(rig, device)
    rig.hub.close()
    for name in ("hub.db", "hub.db-wal", "hub.db-shm"):
        (rig.config.state_dir / name).unlink(missing_ok=True)
    (tmp_path / "backup.db").rename(rig.config.state_dir / "hub.db")
    rig.__init__(rig.config.state_dir)
    assert hub_seqs(rig) == [1, 2, 3, 4]
    device.journal.sale(9)
    async with rig.serving():
        await deliver_all(rig, device)
    assert hub_seqs(rig) == list(range(1, 11))
    assert rig.totals()["sales"] == 10


async def test_what_retention_removed_is_a_hole_that_the_hub_remembers(rig):
    async with rig.serving():
        device = await rig.enrolled()
        for number in range(6):
            device.journal.sale(number)
        device.journal.prune(3)
        await deliver_all(rig, device)
        device.journal.positions.clear()
        await deliver_all(rig, device)
    assert hub_seqs(rig) == [4, 5, 6]
    assert rig.rows("SELECT first_seq, last_seq FROM hole") == [(1, 3)]
    assert rig.rows("SELECT count(*) FROM branch") == [(1,)]


async def test_a_copy_of_the_disk_fills_the_hole(rig):
    async with rig.serving():
        device = await rig.enrolled()
        for number in range(6):
            device.journal.sale(number)
        backup = device.journal.copy()
        device.journal.prune(3)
        await deliver_all(rig, device)
        backup.positions["hub"] = device.journal.positions["hub"]
        told = await deliver_all(rig, device, backup)
    assert hub_seqs(rig) == [1, 2, 3, 4, 5, 6]
    assert rig.rows("SELECT count(*) FROM hole") == [(0,)]
    assert rig.rows("SELECT count(*) FROM branch") == [(1,)]
    assert rig.totals() == {"sales": 6}
    assert told.forks == 0


async def test_a_record_found_alone_in_a_hole_is_kept_once(rig):
    """A copy of the disk has one record of what is lost, and not its neighbours: it comes again, and stays one."""
    async with rig.serving():
        device = await rig.enrolled()
        for number in range(8):
            device.journal.sale(number)
        copy = device.journal.copy()
        device.journal.prune(4)
        copy.records = copy.records[2:3]
        await deliver_all(rig, device)
        for _ in range(3):
            copy.positions.clear()
            await deliver_all(rig, device, copy)
    assert sorted(row[0] for row in rig.rows("SELECT seq FROM journal_record")) == [3, 5, 6, 7, 8]
    assert rig.totals()["sales"] == 5


async def test_a_record_that_its_kind_does_not_promise_is_kept_parked_and_blocks_nothing(rig):
    async with rig.serving():
        device = await rig.enrolled()
        device.journal.sale(1)
        device.journal.append("transaction.completed", {"total": "none"})
        device.journal.append("from.the.future", {"mood": "good"})
        device.journal.sale(2)
        await deliver_all(rig, device)
    assert hub_seqs(rig) == [1, 2, 3, 4]
    assert list(device.journal.parked_by["hub"]) == [2]
    assert rig.totals() == {"sales": 2, "refused": 1}


async def test_a_record_too_large_for_the_wire_goes_without_its_payload(rig):
    async with rig.serving():
        device = await rig.enrolled()
        device.journal.sale(1)
        device.journal.append("visit", {"noise": "x" * 1_100_000})
        device.journal.sale(2)
        await deliver_all(rig, device)
        assert list(device.journal.parked_by["hub"]) == [2]
        assert rig.rows("SELECT absent FROM journal_record WHERE seq = 2") == [("withheld",)]
    assert rig.totals()["sales"] == 2


async def test_an_unparked_record_fills_what_was_withheld(rig):
    async with rig.serving():
        device = await rig.enrolled()
        device.journal.sale(1)
        device.journal.parked_by["hub"] = {1: "refused: by an older hub"}
        await deliver_all(rig, device)
        assert rig.totals() == {}
        device.journal.parked_by["hub"].clear()
        device.journal.positions.clear()
        await deliver_all(rig, device)
        device.journal.positions.clear()
        await deliver_all(rig, device)
    assert rig.totals() == {"sales": 1}
    assert rig.rows("SELECT absent FROM journal_record") == [(None,)]


async def test_enrolling_again_fences_the_old_device_and_its_sales_come_with_the_new_epoch(rig):
    async with rig.serving():
        old = await rig.enrolled()
        old.journal.sale(1)
        await deliver_all(rig, old)
        new = await rig.enrolled()
        old.journal.sale(2)
        told = await deliver_some(rig, old)
        assert [error.code for error in told.errors][:1] == ["fenced"]
        await rig.enrolled(old)
        old.journal.sale(3)
        await deliver_all(rig, old)
        assert (new.enrolled.epoch, old.enrolled.epoch) == (2, 3)
        assert new.enrolled.agent == old.enrolled.agent
    assert rig.totals()["sales"] == 3


async def deliver_some(rig: HubRig, device: Device) -> Told:
    """Run a courier until it has met one error."""
    told = Told()
    connection = device.connection(rig.url)
    courier = Courier(
        destination="hub",
        journal=device.journal,
        cursors=device.journal,
        transport=HubTransport(connection),
        pace=VirtualPace(),
        listener=told,
    )
    task = asyncio.create_task(run_courier(courier, asyncio.Event()))
    await asyncio.wait_for(told.met_an_error.wait(), 30)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await connection.close()
    return told


async def test_a_clock_in_1970_is_told_the_hubs_time_and_signs_with_it(rig):
    from datetime import UTC, datetime

    async with rig.serving():
        device = await rig.enrolled()
        device.journal.sale(1)
        connection = device.connection(rig.url, VirtualPace(datetime(1970, 1, 1, tzinfo=UTC)))
        from sync.delivery_plan import CourierPolicy, plan_batch

        batch = plan_batch(None, device.journal.records, parked=frozenset(), policy=CourierPolicy())
        delivered = await HubTransport(connection).deliver(batch)
        assert delivered.acked_seq == 1
        assert connection.last_contact.hub_ahead.days > 365 * 50
        await connection.close()
    assert rig.hub.refusals.counts()["clock_wrong"] == 1


async def test_a_code_works_once_for_one_device(rig):
    async with rig.serving():
        code = rig.code()
        device, stranger = Device(), Device()

        async def redeem(who: Device):
            return await enrol(rig.url, code, sign=who.sign, seal=who.seal, epoch=0, pace=VirtualPace(), program="test")

        first = await redeem(device)
        assert await redeem(device) == first  # the answer was lost and asked for again
        with pytest.raises(RefusedError) as refused:
            await redeem(stranger)
        assert refused.value.code == "code_used"
    assert first.pepper == rig.hub.keys.tenant("main").pepper
    assert first.store == "7781"


async def test_a_code_of_another_store_is_refused_and_stays_unused(rig):
    async with rig.serving():
        code, cloned = rig.code("7781"), Device()

        async def redeem(store: str):
            return await enrol(
                rig.url,
                code,
                sign=cloned.sign,
                seal=cloned.seal,
                epoch=0,
                pace=VirtualPace(),
                program="test",
                store=store,
            )

        with pytest.raises(RefusedError) as refused:
            await redeem("4711")
        assert (refused.value.code, "--store 4711" in (refused.value.fix or "")) == ("code_other_store", True)
        assert (await redeem("7781")).store == "7781"


async def test_enrolments_are_paced_and_guessing_is_counted(rig):
    from sync.protocol.enrolment import new_code

    async with rig.serving():
        device = Device()
        codes = []
        for _ in range(40):
            try:
                await enrol(
                    rig.url, new_code(), sign=device.sign, seal=device.seal, epoch=0, pace=VirtualPace(), program=""
                )
            except (RefusedError, TryAgainError) as error:
                codes.append(error.code)
    assert set(codes) == {"code_unknown", "too_many"}
    assert codes[:30] == ["code_unknown"] * 30
