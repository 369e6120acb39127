"""A cut's commit stands on disk before the cut: nothing of it counts before, and nothing of it is lost behind."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from agent.bootstrap import Core
from agent.journal.batch import (
    AwaitOutcome,
    Batch,
    Capture,
    DropScan,
    DropValue,
    KeepScan,
    KeepValue,
    KnowSale,
)
from agent.journal.foreseen import Grounds, read_batch, spell_batch
from agent.journal.reader import JournalReader
from agent.journal.records import ClockQuality, JournalKind, NewRecord
from agent.journal.store import JournalStore
from pos_adapters.taps.frames import FrameType, Outcome
from tests.agent.core_house import ANNA, CUT, Running, Tap, journal, kinds, make_store, receipt, story

NOW = datetime(2026, 11, 22, 10, 0, 0, 1, tzinfo=UTC)
PAPER = receipt(number=7, cut=False)


async def kept(core: Core) -> None:
    """Return when what the next cut would commit is on disk."""
    async with asyncio.timeout(60):
        while True:
            jobs = [job for session in core.counter.sessions for job in session._jobs.values()]
            foreseen = [job.foreseen for job in jobs if job.fed_bytes >= len(PAPER) and job.foreseen is not None]
            if foreseen and all(each.kept is not None and each.kept.done() for each in foreseen):
                return
            await asyncio.sleep(0)


async def rows(core: Core) -> int:
    """Return how many commits are kept ahead of their cuts."""

    def counted(store: JournalStore) -> int:
        return int(store.connection().execute("SELECT count(*) FROM foreseen").fetchone()[0])

    return await core.writer.run(counted)


async def without_room(core: Core, *, room: bool = False) -> None:
    """Let the journal have no room for one more page, or room again."""
    pages = 1 << 30 if room else 1  # no fewer than there are
    await core.writer.run(lambda store: store.connection().execute(f"PRAGMA max_page_count = {pages}").fetchall())


def left_behind(tmp_path: Path) -> tuple[Core, UUID]:
    """Return the store as a core leaves it that is killed while a cut is near, and the job that was printed."""
    jobs: list[UUID] = []

    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        jobs.append(tap.begin(PAPER))
        await kept(running.core)
        shutil.copytree(tmp_path, tmp_path.with_name("killed"), ignore=shutil.ignore_patterns("*.sock"))

    story(tmp_path, tell)
    return make_store(tmp_path.with_name("killed") / "state"), jobs[0]


async def after_restart(core: Core, data: bytes, job: UUID, outcomes: dict[int, int]) -> None:
    """Let the next core start and its tap hand over the job."""
    async with Running(core) as running:
        tap = await Tap.connect(running.core, older=True)
        tap.spool(running.core, data, job=job, outcomes=outcomes)
        assert (await tap.hear(job)).type is FrameType.ACK
        assert await rows(running.core) == 0
        tap.hello(older=False)
        tap.close()


async def printed_without_room(running: Running, tap: Tap) -> UUID:
    """Print a member's receipt whose block leaves while the journal finds no room for its commit; return its job."""
    await running.scan(ANNA)
    job = tap.begin(PAPER)
    await kept(running.core)
    await without_room(running.core)
    assert b"Anna" in (await tap.cut(job, PAPER)).body
    return job


async def commit_failed(core: Core) -> None:
    """Wait until the commit behind a printed block has failed."""
    async with asyncio.timeout(60):
        while not core.counter.kept_ahead._unfinished:  # noqa: ASYNC110 - another thread's commit fails once
            await asyncio.sleep(0.01)


def test_the_block_leaves_before_its_commit_and_the_commit_follows(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        core = running.core
        await running.scan(ANNA)
        job = tap.begin(PAPER)
        await kept(core)
        assert (core.writer.head_seq, await rows(core)) == (0, 1)
        assert b"Anna" in (await tap.cut(job, PAPER)).body
        tap.outcome(job, Outcome.PRINTED)
        tap.send(FrameType.BYTES, job.bytes + CUT)
        assert (await tap.end(job)).type is FrameType.ACK
        assert await rows(core) == 0

    core = story(tmp_path, tell)
    assert kinds(core)[:2] == ["transaction.completed", "customer.identified"]
    assert kinds(core)[-1] == "offer.printed"


def test_a_core_killed_behind_the_block_knows_sale_member_and_coupon_at_its_next_start(tmp_path: Path):
    core, job = left_behind(tmp_path / "store")
    asyncio.run(after_restart(core, PAPER + CUT, job, {1: Outcome.PRINTED}))
    assert kinds(core) == [
        "transaction.completed",
        "customer.identified",
        "offer.decided",
        "coupon.issued",
        "offer.printed",
    ]


def test_a_core_killed_before_the_cut_has_no_offer_left_that_no_paper_carries(tmp_path: Path):
    core, job = left_behind(tmp_path / "store")
    asyncio.run(after_restart(core, PAPER + CUT, job, {}))
    assert kinds(core)[-2:] == ["offer.not_printed", "coupon.voided"]


def test_a_power_cut_that_takes_the_tap_too_leaves_the_sale_and_its_coupon(tmp_path: Path):
    core, _ = left_behind(tmp_path / "store")

    async def start() -> None:
        async with Running(core):
            pass

    asyncio.run(start())
    assert kinds(core).count("transaction.completed") == kinds(core).count("coupon.issued") == 1


def test_the_capture_is_the_whole_document_once_the_tap_has_handed_it_over(tmp_path: Path):
    core, job = left_behind(tmp_path / "store")
    more = b"Come again\n\n\n"
    asyncio.run(after_restart(core, PAPER + more + CUT, job, {}))
    reader = JournalReader(core.state.journal, core.keys.journal)
    body, _ = reader.capture(str(job), 0) or (None, None)
    reader.close()
    assert body is not None
    assert body.startswith(PAPER + more)
    assert kinds(core).count("transaction.completed") == 1


def test_a_receipt_that_went_on_to_another_total_is_parked_not_believed(tmp_path: Path):
    core, job = left_behind(tmp_path / "store")
    longer = receipt(number=7, items=[("Coffee beans", "4.99"), ("Rye bread", "2.49"), ("Milk", "1.19")])
    asyncio.run(after_restart(core, longer, job, {}))
    parked = [record.content() for record in journal(core) if record.kind == JournalKind.DOCUMENT_PARKED]
    assert [each["reason"] for each in parked] == ["conflict"]


def test_a_tap_that_is_lost_before_the_cut_leaves_no_commit_behind(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        tap.begin(PAPER)
        await kept(running.core)
        tap.close()
        async with asyncio.timeout(60):
            while await rows(running.core):  # noqa: ASYNC110 - until core has seen its end, in microseconds
                await asyncio.sleep(0)

    assert kinds(story(tmp_path, tell)) == []


def test_what_is_printed_and_finds_no_room_in_the_journal_is_committed_when_there_is(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        core, job = running.core, await printed_without_room(running, tap)
        tap.send(FrameType.BYTES, job.bytes + CUT)
        tap.send(FrameType.JOB_END, job.bytes + b'{"reason": "close", "truncated": false}')
        await commit_failed(core)
        assert core.writer.head_seq == 0
        await without_room(core, room=True)
        tap.spool(core, PAPER + CUT, job=job, outcomes={1: Outcome.PRINTED})
        assert (await tap.hear(job)).type is FrameType.ACK

    core = story(tmp_path, tell)
    assert kinds(core).count("transaction.completed") == kinds(core).count("coupon.issued") == 1
    assert kinds(core)[-1] == "offer.printed"


def test_a_batch_is_read_as_it_was_spelt():
    batch = Batch(
        capture=Capture(
            job_id="j", document_no=0, workstation_id="1", received_at=NOW, body=b"\x1b@\xff", file_hash=None
        ),
        records=(
            NewRecord(
                kind=JournalKind.COUPON_ISSUED.value, payload='{"a":"ü"}'.encode(), occurred_at=NOW,
                clock_quality=ClockQuality.FREE_RUNNING, workstation_id="1", business_day=date(2026, 11, 22),
            ),
        ),
        changes=(
            AwaitOutcome(job_id="j", cut_no=1, workstation_id="1", payload=b"{}"),
            DropScan(scan_id="s"),
            KeepScan(scan_id="s", workstation_id="1", scanned_at=NOW, locator="", customer_id="c"),
            KeepValue(what="coupon", row_id="c-1", body=b"{}"),
            DropValue(what="lease", row_id="l-1"),
            KnowSale(transaction_id="t", business_day=date(2026, 11, 22), total="7.48"),
        ),
    )  # fmt: skip
    grounds = Grounds(at=NOW, rows=(("points", "c-1", None), ("coupon", "c-2", '{"a":1}')))
    assert read_batch(spell_batch(batch, grounds)) == (batch, grounds)


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[1]", b'[["Nobody",{}]]', b'[["DropScan",{"who":1}]]', b'[["DropScan",{"scan_id":"s"}]]']
)
def test_what_another_program_spelt_is_said_to_be_none_of_ours(body: bytes):
    with pytest.raises(ValueError, match=r"."):
        read_batch(body)
