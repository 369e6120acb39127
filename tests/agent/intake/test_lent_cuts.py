"""A block that is lent to a tap: printed without asking, or taken back before anything changes; never both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.journal.batch import Batch
from agent.journal.records import JournalKind
from agent.value.book import OvertakenError
from pos_adapters.taps.frames import CUT_BODY, FrameType, Outcome
from pos_adapters.taps.right import FOLDER
from tests.agent.core_house import (
    ANNA,
    BORIS,
    CAMPAIGNS,
    PRODUCT,
    Running,
    Tap,
    journal,
    kinds,
    receipt,
    story,
)
from tests.agent.intake.lent_house import Lane, foreseen, lending_hello, lent, lent_for, made
from tests.agent.intake.test_day_close import z_report

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="nothing is lent where there is no folder in memory")


def test_a_block_that_is_lent_is_printed_without_asking_and_means_what_an_answer_means(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        assert b"Anna" in lane.block
        assert journal(running.core) == [], "nothing has happened by that"
        assert lane.take()
        lane.tell_used()
        tap.outcome(lane.job, Outcome.PRINTED)
        await lane.end()
        assert not tap.pending, "nobody asked"
        assert running.core.floor.cuts_held == 0

    core = story(tmp_path, tell)
    assert kinds(core) == [
        "transaction.completed",
        "customer.identified",
        "offer.decided",
        "coupon.issued",
        "offer.printed",
    ]


# What ends a lending


async def another_member(lane: Lane) -> None:
    """The last card wins."""
    assert lane.running is not None
    await lane.running.scan(BORIS)


async def a_scan_undone(lane: Lane) -> None:
    """The customer has taken their card back."""
    core = lane.core
    for scan in core.floor.lane("1", core.clock.now()).scans[-1:]:
        await lane.tells("undo", scan_id=scan.scan_id)


async def a_wish_for_paper(lane: Lane) -> None:
    """The cashier has pressed the key."""
    await lane.tells("paper", workstation_id="1")


async def stopped(lane: Lane) -> None:
    """Somebody has pressed the button that stops all printing."""
    stop = {"stop_no": 1, "kind": "printing", "since": "2026-01-01T00:00:00+00:00", "until": "", "why": "wrong"}
    (lane.core.state.mirror / "stops.json").write_text(json.dumps({"stops": [stop]}), "utf-8")
    await lane.tells("mirror_changed")


async def other_campaigns(lane: Lane) -> None:
    """The feed has brought another text."""
    text = {"en": {"receipt": "{{ first_name }}: 20 % off", "cashier": "Tell them"}}
    (lane.core.state.mirror / "campaigns.json").write_text(json.dumps([CAMPAIGNS[0] | {"text": text}]), "utf-8")
    await lane.tells("mirror_changed")


async def erased(lane: Lane) -> None:
    """The member is forgotten."""
    await lane.tells("erase", erasures=[{"erasure_no": 1, "customer_id": "c-1", "locators": []}])


async def a_kiosk_visit(lane: Lane) -> None:
    """They have checked in at the kiosk meanwhile."""
    core = lane.core
    core.offers.attended(JournalKind.VISIT, {"customer_id": "c-1"}, core.clock.now())


async def the_same_number(lane: Lane) -> None:
    """The very sale is told by another paper, which was parked and is read again."""
    core = lane.core
    foreseen = next(job.foreseen for session in core.counter.sessions for job in session._jobs.values())
    assert foreseen is not None
    another = replace(foreseen.origin, job_id="parked")
    told = core.clerk.tell(foreseen.preview.reading, another, parked_day=foreseen.told.business_day)
    assert (told.sale is None) == bool(core.counter.lendings.used), "a copy, where the cut was first"


async def a_consent_withdrawn(lane: Lane) -> None:
    """They have left the programme."""
    lane.core.people.permissions.told({"customer_id": "c-1", "purpose": "membership", "given": False})


async def the_day_closed(lane: Lane) -> None:
    """A Z report of the lane's comes late, by the spool."""
    tap = await Tap.connect(lane.core, "2")
    job = tap.spool(lane.core, z_report(count=1, total="1.00"), received_at=datetime.now(UTC) - timedelta(seconds=60))
    assert (await tap.hear(job)).type is FrameType.ACK
    tap.close()


async def points_elsewhere(lane: Lane) -> None:
    """The ledger's row of their purchase is written by something else."""
    room = lane.core.value.room
    job = next(job for session in lane.core.counter.sessions for job in session._jobs.values())
    if job.foreseen is not None and job.foreseen.value is not None:
        what, row_id = next(iter(job.foreseen.value.seen.rows))
        room.book.put(what, row_id, {"at": "elsewhere"})
        room.book.entry()


async def older_papers(lane: Lane) -> None:
    """The tap has papers that nobody has seen."""
    lending_hello(lane.tap, lane.right, older=True)
    async with asyncio.timeout(60):
        while not lane.core.doubts.waits("1"):  # noqa: ASYNC110 - its way through a socket
            await asyncio.sleep(0)


Change = Callable[[Lane], Awaitable[None]]
CHANGES: tuple[Change, ...] = (
    another_member, a_scan_undone, a_wish_for_paper, stopped, other_campaigns, erased, a_kiosk_visit, the_same_number,
    points_elsewhere, older_papers, a_consent_withdrawn, the_day_closed,
)  # fmt: skip


each_change = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)


@each_change
def test_what_is_lent_is_taken_back_before_anything_changes_that_it_rests_on(tmp_path: Path, change: Change):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        await change(lane)
        assert not lane.take()
        assert (await lane.ask()).type in (FrameType.BLOCK, FrameType.NONE)
        await lane.end()

    core = story(tmp_path, tell)
    assert kinds(core).count("transaction.completed") == (change is not the_same_number)


@each_change
def test_a_cut_that_was_faster_than_a_change_comes_before_it(tmp_path: Path, change: Change):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        assert lane.take()
        with suppress(OvertakenError):
            await change(lane)
        await running.core.writer.commit(Batch())
        assert kinds(running.core)[:1] == ["transaction.completed"]
        lane.tell_used()
        tap.outcome(lane.job, Outcome.PRINTED)
        await lane.end()
        tap.close()

    core = story(tmp_path, tell)
    assert kinds(core).count("transaction.completed") == 1
    assert kinds(core).count("offer.printed") == 1
    decided = [record.content() for record in journal(core) if record.kind == JournalKind.OFFER_DECIDED]
    assert change is erased or [each["customer_id"] for each in decided] == ["c-1"]


def test_a_product_at_another_lane_changes_nothing_of_it(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        await running.ask("scan", workstation_id="2", code=PRODUCT, symbology="ean13", source="scanner")
        await running.scan(BORIS, "2")
        other = await Tap.connect(running.core, "2")
        await other.print(receipt(number=2))
        assert lane.take()
        lane.tell_used()
        await lane.end()
        other.close()

    core = story(tmp_path, tell)
    assert kinds(core).count("transaction.completed") == 2


def test_more_bytes_end_it_and_it_is_lent_again_for_where_they_end(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        more = b"See you soon\n"
        tap.send(FrameType.BYTES, lane.job.bytes + more)
        again = await lent_for(tap, lane.right, lane.job, lane.paper + more)
        assert again.number != lane.number
        assert again.take()
        again.tell_used()
        await again.end()

    core = story(tmp_path, tell)
    assert kinds(core).count("coupon.issued") == 1


@pytest.mark.parametrize("feeds", [(b"\n\n\n\n",), (b"\x1b", b"d", b"\x06")])
def test_feeds_leave_it_lent(tmp_path: Path, feeds: tuple[bytes, ...]):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        for piece in feeds:
            tap.send(FrameType.BYTES, lane.job.bytes + piece)
        fed = replace(lane, paper=lane.paper + b"".join(feeds))
        await foreseen(running.core, len(fed.paper))
        assert fed.take()
        fed.tell_used()
        tap.outcome(lane.job, Outcome.PRINTED)
        await fed.end()
        assert running.core.counter.lendings.used == 1

    core = story(tmp_path, tell)
    assert kinds(core)[-1] == "offer.printed"
    assert kinds(core).count("coupon.issued") == 1


def test_a_lane_that_is_lent_nothing_keeps_nothing_of_what_it_prints(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        for number in range(3):
            await tap.print(receipt(number=number))
        assert [session._ahead._behind for session in running.core.counter.sessions] == [b""]

    story(tmp_path, tell)


def test_two_lanes_are_not_lent_the_same_members_block(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        await running.scan(ANNA, "2")
        other, right = await Tap.connect(running.core, "2"), made()
        lending_hello(other, right)
        paper = receipt(number=2, cut=False)
        job = other.begin(paper)
        await foreseen(running.core, len(paper) + len(lane.paper))
        assert right.take() is None
        assert lane.take()
        other.send(FrameType.CUT, job.bytes + CUT_BODY.pack(1, len(paper)))
        while (await other.hear(job)).type is FrameType.AHEAD:
            pass
        assert kinds(running.core)[:1] == ["transaction.completed"], "what was printed was decided before"
        lane.tell_used()
        await lane.end()
        other.close()

    core = story(tmp_path, tell)
    assert kinds(core).count("transaction.completed") == 2


def test_what_counts_for_the_whole_store_is_not_lent(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        capped = json.dumps([CAMPAIGNS[0] | {"caps": {"day": 5}}])
        (running.core.state.mirror / "campaigns.json").write_text(capped, "utf-8")
        await running.ask("mirror_changed")
        await running.scan(ANNA)
        right = made()
        lending_hello(tap, right)
        paper = receipt(number=1, cut=False)
        job = tap.begin(paper)
        await foreseen(running.core, len(paper))
        assert right.take() is None
        assert b"Anna" in (await tap.hear(job)).body, "told ahead, not lent"

    story(tmp_path, tell)


@pytest.mark.parametrize("is_printed", [False, True])
def test_a_tap_that_is_lost_with_a_block_has_printed_it_or_not(tmp_path: Path, is_printed: bool):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        if is_printed:
            assert lane.take()
        tap.close()
        async with asyncio.timeout(60):
            while running.core.counter.sessions:  # noqa: ASYNC110 - until core has seen its end
                await asyncio.sleep(0)
        assert not lane.take()

    core = story(tmp_path, tell)
    assert kinds(core).count("coupon.issued") == is_printed


def test_a_tap_that_asks_after_all_is_answered_with_what_it_had_the_right_to(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        assert lane.take()
        assert (await lane.ask()).body == lane.block
        await lane.end()

    core = story(tmp_path, tell)
    assert kinds(core).count("coupon.issued") == 1
