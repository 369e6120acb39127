"""The journal's one writing thread: what shares a sync, what waits for company, what an error reaches."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.journal.batch import Batch, Haste
from agent.journal.database import open_reading
from agent.journal.writer import JournalWriter
from retail.errors import DefectError
from tests.agent.journal.test_journal_store import KEY, read_all, record, store_in

held_or_not = pytest.mark.parametrize("is_held", [False, True])
"""While a cut is held the loop writes the rows itself."""


@held_or_not
def test_waiting_commits_share_a_sync_and_keep_their_order(tmp_path: Path, *, is_held: bool):
    async def scenario() -> list:
        writer = JournalWriter(store_in(tmp_path), cut_is_held=lambda: is_held)
        writer.start()
        tasks = [asyncio.ensure_future(writer.commit(Batch(records=(record(number),)))) for number in range(100)]
        seqs = [(await task).seqs for task in tasks]
        writer.close()
        return seqs

    assert asyncio.run(scenario()) == [(number,) for number in range(1, 101)]
    assert [each.content()["number"] for each in read_all(tmp_path)] == list(range(100))


@held_or_not
def test_what_can_wait_is_on_disk_before_what_comes_later_and_by_itself_in_the_end(tmp_path: Path, *, is_held: bool):
    async def scenario() -> list:
        writer = JournalWriter(store_in(tmp_path), cut_is_held=lambda: is_held)
        writer.start()
        patient = [writer.hand_over(Batch(records=(record(number),)), haste=Haste.LATER) for number in range(2)]
        hurried = await writer.commit(Batch(records=(record(2),)))
        last = [writer.hand_over(Batch(records=(record(3),)), haste=Haste.LATER)]
        seqs = [(await each).seqs for each in (*patient, *last)]
        unsaid = writer.hand_over(Batch(records=(record(4),)), haste=Haste.LATER)
        await asyncio.to_thread(writer.close)
        return [hurried.seqs, *seqs, (await unsaid).seqs]

    assert asyncio.run(scenario()) == [(3,), (1,), (2,), (4,), (5,)]


def test_with_a_cut_near_a_scan_and_what_can_wait_share_the_cuts_sync(tmp_path: Path):
    near = [True]

    async def scenario() -> list[int]:
        store = store_in(tmp_path)
        commits: list[int] = []
        append = store.append
        store.append = lambda batches, **named: (commits.append(len(batches)), append(batches, **named))[1]  # type: ignore[method-assign]
        writer = JournalWriter(store, cut_is_held=lambda: False, cut_is_near=lambda: near[0])
        writer.start()
        scan = writer.hand_over(Batch(records=(record(0),)), haste=Haste.WITH_CUT)
        later = writer.hand_over(Batch(records=(record(1),)), haste=Haste.LATER)
        cut = writer.hand_over(Batch(records=(record(2),)))
        assert [(await each).seqs for each in (scan, later, cut)] == [(1,), (2,), (3,)]
        alone = writer.hand_over(Batch(records=(record(3),)), haste=Haste.WITH_CUT)
        assert (await alone).seqs == (4,), "a cut that does not come keeps nobody waiting"
        near[0] = False
        await writer.hand_over(Batch(records=(record(4),)), haste=Haste.WITH_CUT)
        await asyncio.to_thread(writer.close)
        return commits

    assert asyncio.run(scenario()) == [3, 1, 1]


@held_or_not
def test_an_error_reaches_the_one_it_concerns_and_the_thread_lives_on(tmp_path: Path, *, is_held: bool):
    async def scenario() -> None:
        writer = JournalWriter(store_in(tmp_path), cut_is_held=lambda: is_held)
        writer.start()
        with pytest.raises(DefectError):
            await writer.commit(Batch(records=(record(1, size=300_000),)))
        with pytest.raises(DefectError, match="upkeep failed"):
            await writer.run(lambda store: 1 // (store.head[1]))
        assert (await writer.commit(Batch(records=(record(2),)))).seqs == (1,)
        assert writer.trouble is None
        writer.close()

    asyncio.run(scenario())


def test_what_a_held_cut_waits_for_is_done_meanwhile_and_shares_its_sync_with_all_that_comes(tmp_path: Path):
    async def scenario() -> list[object]:
        writer = JournalWriter(store_in(tmp_path), cut_is_held=lambda: True)
        writer.start()
        told: list[object] = []
        later = writer.hand_over(Batch(records=(record(0),)), haste=Haste.LATER)
        cut = writer.hand_over(Batch(records=(record(1),)), meanwhile=lambda: told.append("drawn"))
        behind = writer.hand_over(Batch(records=(record(2),)))
        told += [(await each).seqs for each in (later, cut, behind)]
        too_large = writer.hand_over(Batch(records=(record(3, size=300_000),)))
        next_cut = writer.hand_over(Batch(records=(record(4),)))
        with pytest.raises(DefectError):
            await too_large
        told.append((await next_cut).seqs)
        await asyncio.to_thread(writer.close)
        return told

    assert asyncio.run(scenario()) == ["drawn", (1,), (2,), (3,), (4,)]
    assert [each.content()["number"] for each in read_all(tmp_path)] == [0, 1, 2, 4]


async def fill_the_log(writer: JournalWriter) -> None:
    """Write more than 8,000 pages, in enough commits for the writer to look."""
    filler = tuple(record(number, size=200_000) for number in range(20))
    for _ in range(9):
        await writer.commit(Batch(records=filler))
    for number in range(64):
        await writer.commit(Batch(records=(record(number),)))


def test_a_long_log_is_checkpointed_when_nobody_waits(tmp_path: Path):
    async def scenario() -> None:
        writer = JournalWriter(store_in(tmp_path), cut_is_held=lambda: False)
        writer.start()
        await fill_the_log(writer)
        async with asyncio.timeout(20):
            while await writer.run(lambda store: store.wal_pages()) > 100:
                continue
        writer.close()

    asyncio.run(scenario())


def test_a_long_log_is_left_alone_while_a_cut_is_held(tmp_path: Path):
    async def scenario() -> None:
        writer = JournalWriter(store_in(tmp_path), cut_is_held=lambda: True)
        writer.start()
        await fill_the_log(writer)
        for _ in range(10):
            assert await writer.run(lambda store: store.wal_pages()) > 8000
        writer.close()

    asyncio.run(scenario())


def test_a_reader_in_the_way_delays_no_commit(tmp_path: Path):
    """A checkpoint copies what it can and waits for nobody."""
    store = store_in(tmp_path)
    store.append([Batch(records=(record(1),))])
    reading = open_reading(tmp_path / "journal.db", KEY)
    reading.execute("BEGIN").fetchall()
    reading.execute("SELECT count(*) FROM journal").fetchall()
    store.append([Batch(records=(record(2),))])
    assert store.checkpoint() is False
    reading.close()
    assert store.checkpoint() is True
    assert store.wal_pages() == 0
