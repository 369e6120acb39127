"""A cut answered by what was put by for it: only while all of that is as it was, and on disk; then it is so."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.bootstrap import Core
from agent.intake.taken import Foreseen
from agent.journal.records import JournalKind
from pos_adapters.taps.frames import ANSWER_BODY, CUT_BODY, FrameType, Outcome
from tests.agent.core_house import ANNA, BORIS, CUT, Answer, Running, Tap, journal, kinds, make_store, receipt, story


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A till between its last line and the cut: what is foreseen of its receipt by now, in which store."""

    running: Running
    tap: Tap
    foreseen: Foreseen

    @property
    def core(self) -> Core:
        """The store's core."""
        return self.running.core


async def printed(
    running: Running, tap: Tap, number: int, change: Callable[[Pause], Awaitable[bytes | None]]
) -> tuple[Answer, Foreseen]:
    """Print a receipt whose cut is put by, let something change before its cut; return the answer and what was put by.

    What `change` returns is printed before the cut.
    """
    paper = receipt(number=number, cut=False)
    job = tap.begin(paper)
    foreseen = await put_by(running.core, len(paper))
    more = await change(Pause(running=running, tap=tap, foreseen=foreseen)) or b""
    if more:
        tap.send(FrameType.BYTES, job.bytes + more)
    tap.send(FrameType.CUT, job.bytes + CUT_BODY.pack(1, len(paper + more)))
    answer = await tap.hear(job)
    tap.send(FrameType.BYTES, job.bytes + CUT)
    assert (await tap.end(job)).type is FrameType.ACK
    return Answer(answer.type, answer.body[ANSWER_BODY.size :]), foreseen


async def put_by(core: Core, job_bytes: int, *, on_disk: bool = True) -> Foreseen:
    """Return what is foreseen of the one open receipt, once it is put by."""
    async with asyncio.timeout(60):
        while True:
            jobs = [job for session in core.counter.sessions for job in session._jobs.values()]
            for foreseen in (job.foreseen for job in jobs if job.fed_bytes >= job_bytes):
                kept = foreseen.kept if foreseen is not None else None
                if foreseen is not None and kept is not None and (kept.done() or not on_disk):
                    return foreseen
            await asyncio.sleep(0)


async def nothing(pause: Pause) -> None:
    """Let the till pause."""
    del pause


async def another_line(pause: Pause) -> bytes:
    """The till prints on."""
    return b"See you soon\n"


async def a_setting(pause: Pause) -> bytes:
    """The till has set bold type, which the block must bring back."""
    return b"\x1bE\x01"


async def page_mode(pause: Pause) -> bytes:
    """The till has gone over to where nothing may be inserted."""
    return b"\x1bL"


async def another_member(pause: Pause) -> None:
    """The last card wins."""
    await pause.running.scan(BORIS)


async def a_wish_for_paper(pause: Pause) -> None:
    """The cashier has pressed the key."""
    pause.core.floor.ask_for_paper("1")


async def a_known_sale(pause: Pause) -> None:
    """The same number and total came from elsewhere: it is a copy."""
    sale = pause.foreseen.told.sale
    assert sale is not None
    pause.core.known.add(str(sale.transaction_id), str(sale.total))


async def a_closed_day(pause: Pause) -> None:
    """The lane's Z report: what it prints now belongs to the next day."""
    pause.core.counter._house.clerk._days.close("1", datetime.now(UTC) - timedelta(seconds=60))


async def an_open_coupon(pause: Pause) -> None:
    """A coupon was held out for this very sale."""
    room = pause.core.value.room
    room.open_use("1", {"serial": "s-1", "use_id": "scan/u-1", "at": datetime.now(UTC).isoformat()})
    room.book.entry()


async def other_rules_of_value(pause: Pause) -> None:
    """The chain counts points otherwise from now on."""
    rules = pause.core.value.room.rules
    rules.policy = replace(rules.policy, version="another")


async def other_rules_of_offers(pause: Pause) -> None:
    """And keeps offers from some."""
    desk = pause.core.offers
    desk.use_policy(replace(desk._policy, holdout_percent=desk._policy.holdout_percent + 1))


async def stopped(pause: Pause) -> None:
    """Somebody has pressed the button that stops all printing."""
    stop = {"stop_no": 1, "kind": "printing", "since": "2026-01-01T00:00:00+00:00", "until": "", "why": "wrong"}
    (pause.core.state.mirror / "stops.json").write_text(json.dumps({"stops": [stop]}), "utf-8")
    await pause.running.ask("mirror_changed")


async def resumed(pause: Pause) -> None:
    """And has let it go."""
    (pause.core.state.mirror / "stops.json").write_text(json.dumps({"stops": []}), "utf-8")
    await pause.running.ask("mirror_changed")


async def thrown_away(pause: Pause) -> None:
    """A person was erased: what was put by of anybody is gone."""
    for session in pause.core.counter.sessions:
        session.forget_foreseen()


async def a_doubt(pause: Pause) -> None:
    """The tap turns out to have papers that nobody has seen: whose the scan is, nobody can say."""
    pause.tap.hello(older=True)


CHANGES: tuple[Callable[[Pause], Awaitable[bytes | None]], ...] = (
    another_line, a_setting, page_mode, another_member, a_wish_for_paper, a_known_sale, a_closed_day, an_open_coupon,
    other_rules_of_value, other_rules_of_offers, stopped, resumed, thrown_away, a_doubt,
)  # fmt: skip


def test_a_cut_is_not_answered_ahead_when_anything_has_changed(tmp_path: Path):
    stood: dict[str, bool] = {}

    async def tell(running: Running, tap: Tap) -> None:
        for number, change in enumerate((nothing, *CHANGES), start=1):
            await running.scan(ANNA)
            _, foreseen = await printed(running, tap, number, change)
            stood[change.__name__] = foreseen.has_stood

    core = story(tmp_path, tell)
    assert [name for name, has_stood in stood.items() if has_stood] == ["nothing"]
    assert kinds(core).count(JournalKind.TRANSACTION_COMPLETED.value) == len(stood) - 1, "a known sale is no second one"


def test_a_stranger_whose_lane_has_somebody_in_doubt_is_not_answered_ahead(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        tap.hello(older=True)
        _, foreseen = await printed(running, tap, 1, nothing)
        assert not foreseen.has_stood

    story(tmp_path, tell)


class ForwardClock:
    """The machine's clock, put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the time of day."""
        return datetime.now(UTC) + self.ahead

    def monotonic_s(self) -> float:
        """Return seconds."""
        return asyncio.get_running_loop().time() + self.ahead.total_seconds()


def test_what_was_put_by_a_while_ago_is_decided_anew(tmp_path: Path):
    clock = ForwardClock()
    core = make_store(tmp_path / "state", clock=clock)

    async def later(pause: Pause) -> None:
        clock.ahead += timedelta(seconds=10)

    async def run() -> None:
        async with Running(core) as running:
            tap = await Tap.connect(core)
            await running.scan(ANNA)
            answer, foreseen = await printed(running, tap, 1, later)
            assert b"Anna" in answer.body
            assert not foreseen.has_stood
            tap.close()

    asyncio.run(run())


def test_nothing_leaves_before_what_it_means_is_on_disk(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        core, disk = running.core, threading.Event()
        await running.scan(ANNA)
        busy = asyncio.ensure_future(core.writer.run(lambda store: disk.wait(60)))
        paper = receipt(number=1, cut=False)
        job = tap.begin(paper)
        foreseen = await put_by(core, len(paper), on_disk=False)
        tap.send(FrameType.CUT, job.bytes + CUT_BODY.pack(1, len(paper)))
        async with asyncio.timeout(60):
            while not core.floor.cuts_held:  # noqa: ASYNC110 - the cut's way through a socket
                await asyncio.sleep(0)
        assert not foreseen.has_stood
        assert not tap.pending
        disk.set()
        assert b"Anna" in (await tap.hear(job)).body
        await busy
        tap.send(FrameType.BYTES, job.bytes + CUT)
        assert (await tap.end(job)).type is FrameType.ACK

    story(tmp_path, tell)


class FailingBehind:
    """The store's papers, which fail once in what is done behind an answer."""

    def __init__(self, papers: Any) -> None:
        self._papers = papers
        self.fails = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._papers, name)

    def mask(self, data: bytes, member_code: str | None) -> bytes:
        """Mask a capture, or fail."""
        if self.fails:
            self.fails = False
            raise RuntimeError("a defect of ours")
        masked: bytes = self._papers.mask(data, member_code)
        return masked


def test_what_is_printed_is_committed_even_when_something_fails_behind_it(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        core = running.core
        counter = core.counter
        papers = FailingBehind(counter.papers)
        counter._house, paper = replace(counter._house, papers=papers), receipt(number=1, cut=False)
        await running.scan(ANNA)
        job = tap.begin(paper)
        foreseen = await put_by(core, len(paper))
        papers.fails = True
        assert b"Anna" in (await tap.cut(job, paper)).body
        assert foreseen.has_stood
        again = await Tap.connect(core, older=True)
        again.spool(core, paper + CUT, job=job, outcomes={1: Outcome.PRINTED})
        assert (await again.hear(job)).type is FrameType.ACK
        assert core.floor.cuts_held == 0
        again.close()

    core = story(tmp_path, tell)
    assert kinds(core).count("transaction.completed") == kinds(core).count("coupon.issued") == 1
    assert [record.kind for record in journal(core)][-1] == "offer.printed"


def test_a_tap_that_looks_ahead_is_told_the_block_before_its_cut(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        hello = {"protocol": 1, "workstation": "1", "model": "generic-80mm", "tap": tap.tap, "ahead": True}
        tap.send(FrameType.HELLO, json.dumps(hello).encode())
        await running.scan(ANNA)
        paper = receipt(number=1, cut=False)
        job = tap.begin(paper)
        ahead = await tap.hear(job)
        assert ahead.type is FrameType.AHEAD
        assert journal(running.core) == [], "nothing has happened by that"
        await put_by(running.core, len(paper))
        tap.send(FrameType.CUT, job.bytes + CUT_BODY.pack(1, len(paper)))
        while (answer := await tap.hear(job)).type is FrameType.AHEAD:  # the pieces came slowly: foreseen once more
            ahead = answer
        assert (answer.type, answer.body[ANSWER_BODY.size :]) == (FrameType.BLOCK, ahead.body)
        tap.send(FrameType.BYTES, job.bytes + CUT)
        assert (await tap.end(job)).type is FrameType.ACK

    story(tmp_path, tell)
