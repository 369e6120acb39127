"""A block that is lent to a tap: printed without asking, or taken back before anything changes; never both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest

from agent.bootstrap import Core
from agent.journal.batch import Batch
from agent.journal.records import JournalKind
from agent.value.book import OvertakenError
from pos_adapters.taps.frames import ANSWER_BODY, CUT_BODY, LEND_BODY, FrameType, Outcome
from pos_adapters.taps.right import FOLDER, Right
from tests.agent.core_house import (
    ANNA,
    BORIS,
    CAMPAIGNS,
    CUT,
    PRODUCT,
    Answer,
    Running,
    Tap,
    journal,
    kinds,
    receipt,
    story,
)

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="nothing is lent where there is no folder in memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A receipt that stands before its cut, with the block that its tap may print."""

    tap: Tap
    right: Right
    job: UUID
    paper: bytes
    block: bytes
    number: int
    running: Running | None = None

    @property
    def core(self) -> Core:
        """The store's core."""
        assert self.running is not None
        return self.running.core

    async def tells(self, op: str, **values: object) -> None:
        """Ask core as a page does."""
        assert self.running is not None
        await self.running.ask(op, **values)

    def take(self) -> bool:
        """Take the right, as a tap does at its cut."""
        return self.right.take() == self.number

    def tell_used(self) -> None:
        """Say what has been printed."""
        self.tap.send(FrameType.USED, self.job.bytes + CUT_BODY.pack(1, len(self.paper)))

    async def ask(self) -> Answer:
        """Ask about the cut."""
        self.tap.send(FrameType.CUT, self.job.bytes + CUT_BODY.pack(1, len(self.paper)))
        while (answer := await self.tap.hear(self.job)).type in (FrameType.AHEAD, FrameType.LEND):
            pass
        return Answer(answer.type, answer.body[ANSWER_BODY.size :])

    async def end(self) -> None:
        """Print the cut and end the job."""
        self.tap.send(FrameType.BYTES, self.job.bytes + CUT)
        assert (await self.tap.end(self.job)).type is FrameType.ACK


def lending_hello(tap: Tap, right: Right, *, older: bool = False) -> None:
    """Let a tap say that it prints what is lent."""
    hello = {"workstation": tap.workstation, "model": "generic-80mm", "tap": tap.tap, "older": older, "ahead": True}
    tap.send(FrameType.HELLO, json.dumps({"protocol": 1, **hello, "right": right.path}).encode())


def made() -> Right:
    """Return a pipe."""
    right = Right.made()
    assert right is not None
    return right


async def lent(running: Running, tap: Tap, number: int) -> Lane:
    """Print a receipt up to its cut; return when its block is lent."""
    right, paper = made(), receipt(number=number, cut=False)
    lending_hello(tap, right)
    lane = await lent_for(tap, right, tap.begin(paper), paper)
    return replace(lane, running=running)


async def lent_for(tap: Tap, right: Right, job: UUID, paper: bytes) -> Lane:
    """Return when a block is lent for a cut behind all of this."""
    block, told = b"", (0, 0, 0)
    while told[1] != len(paper):
        frame = await tap.hear(job)
        if frame.type is FrameType.AHEAD:
            block = frame.body
        else:
            assert frame.type is FrameType.LEND
            told = LEND_BODY.unpack(frame.body)
    return Lane(tap=tap, right=right, job=job, paper=paper, block=block, number=told[2])


async def foreseen(core: Core, job_bytes: int) -> None:
    """Return when core has read so much of the open jobs and has put by on disk what it can."""
    async with asyncio.timeout(60):
        while True:
            jobs = [job for session in core.counter.sessions for job in session._jobs.values()]
            kept = [job.foreseen.kept for job in jobs if job.foreseen is not None]
            if sum(job.fed_bytes for job in jobs) >= job_bytes and all(each and each.done() for each in kept) and kept:
                break
            await asyncio.sleep(0)
    await asyncio.sleep(0)  # what follows from it


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
    """The very sale is told by another paper."""
    job = next(job for session in lane.core.counter.sessions for job in session._jobs.values())
    assert job.foreseen is not None
    sale = job.foreseen.told.sale
    assert sale is not None
    lane.core.known.add(str(sale.transaction_id), str(sale.total))


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
    points_elsewhere, older_papers,
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
