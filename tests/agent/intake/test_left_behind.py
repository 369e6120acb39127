"""What a killed core had put by is committed at the next start once, or not at all where it is no longer true."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.bootstrap import Core
from agent.core import take_over
from agent.journal.batch import Batch, Capture, Change, DropScan, KeepForeseen, KeepScan, KeepValue, KnowSale
from agent.journal.database import Connection
from agent.journal.foreseen import read_batch
from agent.journal.left_behind import commit_foreseen
from agent.journal.store import JournalStore
from pos_adapters.taps.frames import FrameType, Outcome
from tests.agent.core_house import CUT, Running, Tap, kinds, make_store, receipt, story
from tests.agent.intake.test_kept_ahead import (
    NOW,
    PAPER,
    commit_failed,
    kept,
    left_behind,
    printed_without_room,
    rows,
    without_room,
)


def behind(core: Core, work: Callable[[JournalStore], object]) -> None:
    """Do something to the journal between the death of one core and the start of the next."""

    async def go() -> None:
        core.writer.start()
        await core.writer.run(work)
        await asyncio.to_thread(core.writer.close)

    asyncio.run(go())


def committing(change: Callable[[Batch], Change]) -> Callable[[JournalStore], object]:
    """Return work that commits a change, made from the batch that was put by."""

    def work(store: JournalStore) -> object:
        (body,) = store.connection().execute("SELECT body FROM foreseen").fetchone()
        return store.append([Batch(changes=(change(read_batch(body)[0]),))])

    return work


def first(batch: Batch, kind: type) -> Change:
    return next(change for change in batch.changes if isinstance(change, kind))


def moved(batch: Batch) -> Change:
    """Return a row of the ledger that the batch writes, as another lane's sale has written it meanwhile."""
    row = first(batch, KeepValue)
    assert isinstance(row, KeepValue)
    return KeepValue(what=row.what, row_id=row.row_id, body=json.dumps({"by": "another"}).encode())


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda batch: first(batch, KnowSale),
        lambda batch: DropScan(scan_id=first(batch, DropScan).scan_id),  # type: ignore[union-attr]
        lambda _batch: KeepScan(scan_id="s", workstation_id="1", scanned_at=NOW.replace(year=2999), locator="", customer_id=""),
        moved,
    ],
    ids=["its sale is known by another paper", "its scan was taken back", "another card was scanned", "its ledger moved"],
)  # fmt: skip
def test_what_another_commit_has_made_untrue_is_not_committed(tmp_path: Path, meanwhile: Callable[[Batch], Change]):
    core, _ = left_behind(tmp_path / "store")

    def look(store: JournalStore) -> None:
        committing(meanwhile)(store)
        assert commit_foreseen(store).committed == frozenset()
        assert store.connection().execute("SELECT count(*) FROM foreseen").fetchone() == (0,)

    behind(core, look)
    assert kinds(core) == []


def test_a_copy_that_is_printed_while_core_dies_is_no_second_sale(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await tap.print(PAPER + CUT)
        tap.begin(PAPER)
        await kept(running.core)
        assert await rows(running.core) == 1
        shutil.copytree(tmp_path, tmp_path.with_name("killed"), ignore=shutil.ignore_patterns("*.sock"))

    story(tmp_path, tell)
    core = make_store(tmp_path.with_name("killed") / "state")
    behind(core, commit_foreseen)
    assert kinds(core).count("transaction.completed") == 1


def test_a_document_is_completed_once_however_often_it_is_handed_over(tmp_path: Path):
    core, job = left_behind(tmp_path / "store")
    voided = receipt(number=7, remark="*** VOID ***", cut=False)

    async def start() -> None:
        async with Running(core) as running:
            for older in (True, False):
                tap = await Tap.connect(running.core, older=older)
                tap.spool(running.core, voided + CUT, job=job, outcomes={1: Outcome.PRINTED})
                await tap.hear(job)
                tap.close()

    asyncio.run(start())
    told = kinds(core)
    assert len(told) == len(set(told)), told


def test_what_this_program_cannot_read_stays_for_the_one_that_can_and_is_told(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        del tap
        core = running.core
        await core.writer.commit(Batch(changes=(KeepForeseen(job_id="j", document_no=3, body=b'[["Another",{}]]'),)))
        await take_over(core)
        assert await rows(core) == 1
        told = [fields["message"] for event, fields in core.log.events if event == "trouble"]  # type: ignore[attr-defined]
        assert "job j, document 3" in str(told)
        here = Capture(job_id="j", document_no=3, workstation_id="1", received_at=NOW, body=b"")
        await core.writer.commit(Batch(capture=here))
        await take_over(core)
        assert await rows(core) == 0

    story(tmp_path, tell)


def test_a_journal_that_takes_nothing_at_start_hides_nothing_that_it_holds(tmp_path: Path):
    core, _ = left_behind(tmp_path / "store")
    connect = core.writer._store._connect

    def full(is_broken: bool) -> Connection:
        connection = connect(is_broken)
        connection.execute("PRAGMA max_page_count = 1")  # no fewer than there are: room for no more
        return connection

    async def start() -> None:
        core.writer.start()
        known = KnowSale(transaction_id="t", business_day=core.clock.now().date(), total="1.00")
        await core.writer.commit(Batch(changes=(known,)))
        core.writer._store._connect = full
        await take_over(core)
        assert core.known.total("t") == "1.00"
        assert await rows(core) == 1
        await asyncio.to_thread(core.writer.close)

    asyncio.run(start())


def test_an_outcome_never_overtakes_the_sale_that_it_belongs_to(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        core, job = running.core, await printed_without_room(running, tap)
        await commit_failed(core)
        await without_room(core, room=True)
        tap.outcome(job, Outcome.NOT_SENT)
        tap.spool(core, PAPER + CUT, job=job, outcomes={1: Outcome.NOT_SENT})
        assert (await tap.hear(job)).type is FrameType.ACK

    core = story(tmp_path, tell)
    told = kinds(core)
    assert told.index("transaction.completed") < told.index("offer.not_printed") < told.index("coupon.voided")
    assert told.count("offer.not_printed") == 1
