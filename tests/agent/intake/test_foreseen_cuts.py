"""A sale worked out before its cut: used while nothing has changed, thrown away when anything has, never seen before."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.bootstrap import Core
from agent.journal.records import JournalKind
from pos_adapters.taps.frames import ANSWER_BODY, CUT_BODY, FrameType
from pos_adapters.taps.right import Right
from retail.identifiers import CampaignId
from tests.agent.core_house import (
    ANNA,
    BORIS,
    CAMPAIGNS,
    CUT,
    STAFF,
    Answer,
    Running,
    Tap,
    journal,
    make_store,
    receipt,
    story,
)
from tests.agent.intake.lent_house import lending_hello, printed_as_lent

GOODS = [("Coffee beans", "4.99"), ("Rye bread", "2.49"), ("Milk", "1.19"), ("Apples", "3.05")]
ALIGN_LEFT = b"\x1b\x1da\x00"  # Star's
DIFFERENT_EACH_TIME = frozenset({"job_id", "scan_id", "mirror_age_s", "at", "occurred_at", "locator", "sealed_code"})

Change = Callable[[Running, Tap, int], Awaitable[None]]


async def foreseen(core: Core, job_bytes: int) -> None:
    """Return when core has read so much of the open jobs, has worked out what it can, and has put it by on disk."""
    async with asyncio.timeout(60):
        while True:
            sessions = list(core.counter.sessions)
            jobs = [job for session in sessions for job in session._jobs.values()]
            kept = [job.foreseen.kept for job in jobs if job.foreseen is not None and job.foreseen.kept is not None]
            is_busy = any(session.is_foreseeing for session in sessions) or not all(each.done() for each in kept)
            if sum(job.fed_bytes for job in jobs) >= job_bytes and not is_busy:
                return
            await asyncio.sleep(0)


async def printed(
    running: Running,
    tap: Tap,
    paper: bytes,
    *,
    change: Callable[[], Awaitable[bytes | None]],
    ahead: bool = True,
    right: Right | None = None,
) -> Answer:
    """Print a receipt whose till pauses before the cut, in which something happens; it may return more to print.

    With a right, what is lent for the cut is printed without asking.
    """
    job = tap.begin(paper)
    await foreseen(running.core, len(paper))
    if right is not None:
        await asyncio.sleep(0)  # what follows from its being put by
        await asyncio.sleep(0)
    if not ahead:
        for session in running.core.counter.sessions:
            session.forget_foreseen()
    more = await change() or b""
    if more:
        tap.send(FrameType.BYTES, job.bytes + more)
    if not ahead:
        await foreseen(running.core, len(paper + more))
        for session in running.core.counter.sessions:
            session.forget_foreseen()
    answer = await printed_as_lent(tap, right, job, paper) if right is not None and not more else None
    if answer is None:
        tap.send(FrameType.CUT, job.bytes + CUT_BODY.pack(1, len(paper + more)))
        while (answer := await tap.hear(job)).type in (FrameType.AHEAD, FrameType.LEND):
            pass
        answer = Answer(answer.type, answer.body[ANSWER_BODY.size :])
    tap.send(FrameType.BYTES, job.bytes + CUT)
    assert (await tap.end(job)).type is FrameType.ACK
    return answer


def plain(paper: bytes) -> bytes:
    """Return a receipt as a till prints it that sends nothing but resets and text: no command language is proved."""
    return b"\x1b@" + paper.removeprefix(b"\x1bt\x00")


async def nothing() -> None:
    """Let the till pause."""


def test_what_was_worked_out_before_the_cut_is_what_is_printed(tmp_path: Path):
    answers: list[Answer] = []

    async def tell(running: Running, tap: Tap) -> None:
        for number, card in enumerate((ANNA, BORIS, "", STAFF), start=1):
            if card:
                await running.scan(card)
            answers.append(await printed(running, tap, receipt(number=number, cut=False), change=nothing))
        assert running.core.counter.foreseen_cuts == 4

    core = story(tmp_path, tell)
    assert [b"Anna" in answer.body for answer in answers] == [True, False, False, False]
    assert [record.kind for record in journal(core)].count(JournalKind.COUPON_ISSUED) == 1


def test_feeds_between_the_last_line_and_the_cut_leave_it_as_it_is(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        async def feeds() -> bytes:
            return b"\n\n\n\n"

        await running.scan(ANNA)
        answer = await printed(running, tap, receipt(number=1, cut=False), change=feeds)
        assert b"Anna" in answer.body
        assert running.core.counter.foreseen_cuts == 1

    story(tmp_path, tell)


def test_a_till_that_sends_nothing_but_resets_and_text_is_foreseen_in_its_printers_language(tmp_path: Path):
    """Nothing in such a receipt proves a command language."""

    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        answer = await printed(running, tap, plain(receipt(number=1, cut=False)), change=nothing)
        assert b"Anna" in answer.body
        assert running.core.counter.foreseen_cuts == 1

    story(tmp_path, tell)


@pytest.mark.parametrize(("before", "behind", "used"), [(ALIGN_LEFT, b"", 2), (b"", ALIGN_LEFT, 1)])
def test_a_star_receipt_among_others_is_read_as_star_wherever_it_proves_to_be_one(
    tmp_path: Path, before: bytes, behind: bytes, used: int
):
    """ESC E takes a byte with it in ESC/POS; with the proof behind all, the cut throws away what was foreseen."""
    goods = receipt(number=2, items=[("\x1bEEspresso", "4.99")], cut=False)

    async def tell(running: Running, tap: Tap) -> None:
        async def proof() -> bytes:
            (session,) = running.core.counter.sessions
            assert all(job.foreseen is not None for job in session._jobs.values())
            return behind

        await printed(running, tap, plain(receipt(number=1, cut=False)), change=nothing)
        await printed(running, tap, before + plain(goods), change=proof)
        await printed(running, tap, plain(receipt(number=3, cut=False)), change=nothing)
        assert running.core.counter.foreseen_cuts == used + 1

    core = story(tmp_path, tell)
    sales = [each.content()["transaction"] for each in journal(core) if each.kind == "transaction.completed"]
    assert [sale["line_items"][0]["description"] for sale in sales] == ["Coffee beans", "Espresso", "Coffee beans"]


def test_nothing_is_counted_known_or_journalled_before_the_cut(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        core = running.core
        await running.scan(ANNA)
        before = _state(core)

        async def look() -> None:
            assert _state(core) == before

        await printed(running, tap, receipt(number=1, cut=False), change=look)
        assert core.counter.foreseen_cuts == 1
        assert _state(core) != before

    story(tmp_path, tell)


def test_a_receipt_that_never_gets_its_cut_leaves_no_coupon(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        paper = receipt(number=1, cut=False)
        job = tap.begin(paper)
        await foreseen(running.core, len(paper))
        assert (await tap.end(job)).type is FrameType.ACK

    core = story(tmp_path, tell)
    kinds = [record.kind for record in journal(core)]
    assert JournalKind.TRANSACTION_COMPLETED in kinds
    assert not {JournalKind.OFFER_DECIDED, JournalKind.COUPON_ISSUED} & set(kinds)


def _state(core: Core) -> object:
    """Return what a sale changes: the journal's head, caps, known sales, the ledger of value, lanes."""
    memory = core.memory
    ledger = memory.ledger(None, core.offers.today(core.clock.now()))
    return (
        core.writer.head_seq,
        {key: dict(value) for key, value in memory._customer.items()},
        dict(ledger.day),
        dict(ledger.store),
        dict(core.known._total_by_id),
        core.value.counts(),
        dict(core.value.room._unclaimed),
        core.floor.lane("1", core.clock.now()).scans,
        {lane: dict(runs) for lane, runs in core.counter._house.clerk._days._runs.items()},
    )


# Whatever changes in the pause


async def another_scan(running: Running, tap: Tap, number: int) -> None:
    """The last card wins."""
    await running.scan(BORIS)


async def a_scan_undone(running: Running, tap: Tap, number: int) -> None:
    """The customer has taken their card back."""
    scan = next(reversed(running.core.floor.lane("1", running.core.clock.now()).scans), None)
    if scan is not None:
        await running.ask("undo", scan_id=scan.scan_id)


async def printing_stopped(running: Running, tap: Tap, number: int) -> None:
    """Somebody has pressed the button."""
    stop = {"stop_no": 1, "kind": "printing", "since": "2026-01-01T00:00:00+00:00", "until": "", "why": "wrong"}
    (running.core.state.mirror / "stops.json").write_text(json.dumps({"stops": [stop]}), "utf-8")
    await running.ask("mirror_changed")


async def printing_resumed(running: Running, tap: Tap, number: int) -> None:
    """And has let it go."""
    (running.core.state.mirror / "stops.json").write_text(json.dumps({"stops": []}), "utf-8")
    await running.ask("mirror_changed")


async def other_campaigns(running: Running, tap: Tap, number: int) -> None:
    """The feed has brought another text."""
    text = {"en": {"receipt": f"{{{{ first_name }}}}, number {number}: 20 % off", "cashier": "Tell them"}}
    (running.core.state.mirror / "campaigns.json").write_text(json.dumps([CAMPAIGNS[0] | {"text": text}]), "utf-8")
    await running.ask("mirror_changed")


async def a_member_erased(running: Running, tap: Tap, number: int) -> None:
    """The person is forgotten."""
    running.core.people.forget("c-1")
    running.core.memory.forget("c-1")


async def a_kiosk_visit(running: Running, tap: Tap, number: int) -> None:
    """They have checked in at the kiosk meanwhile."""
    now = running.core.clock.now()
    running.core.offers.attended(JournalKind.VISIT, {"customer_id": "c-1"}, now)


async def counted_elsewhere(running: Running, tap: Tap, number: int) -> None:
    """Another lane has made the same member the same offer."""
    content = {
        "transaction_id": f"elsewhere-{number}", "customer_id": "c-1", "household_id": None,
        "offers": [{"campaign_id": CampaignId("coffee-back"), "cost": "0.75"}],
    }  # fmt: skip
    running.core.memory.offered(content, running.core.offers.today(running.core.clock.now()), withheld=False)


CHANGES: dict[str, Change] = {
    each.__name__: each
    for each in (
        another_scan, a_scan_undone, printing_stopped, printing_resumed, other_campaigns, a_member_erased,
        a_kiosk_visit, counted_elsewhere,
    )
}  # fmt: skip

PRINTED: dict[str, bytes] = {
    "a_line_more": b"See you soon\n",
    "another_total": b"TOTAL EUR                           9.99\nCASH                                9.99\n",
    "a_void": b"*** VOID ***\n",
    "bold": b"\x1bE\x01",
    "page_mode": b"\x1bL",
}


def _saying(record: Any) -> tuple[str, object]:
    """Return what a record says, without what is another each time."""
    return record.kind, _without(record.content())


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without(each) for name, each in value.items() if name not in DIFFERENT_EACH_TIME}
    return [_without(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "name", ["another_scan", "a_scan_undone", "printing_stopped", "other_campaigns", "a_member_erased", "a_kiosk_visit"]
)
def test_what_changed_before_the_cut_throws_it_away(tmp_path: Path, name: str):
    answers: list[Answer] = []

    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        await printed(running, tap, receipt(number=1, cut=False), change=nothing)
        await running.scan(ANNA)
        used = running.core.counter.foreseen_cuts

        async def change() -> None:
            await CHANGES[name](running, tap, 2)

        answers.append(await printed(running, tap, receipt(number=2, cut=False), change=change))
        assert running.core.counter.foreseen_cuts == used

    story(tmp_path, tell)
    says_hers = b"Anna" in answers[0].body
    assert says_hers is (name in {"other_campaigns", "a_kiosk_visit"}), "what is printed is of the cut's moment"


@pytest.mark.parametrize("caps", [{}, {"customer": 5}])
def test_the_same_offer_to_others_at_other_lanes_leaves_it_as_it_is(tmp_path: Path, caps: dict[str, int]):
    async def tell(running: Running, tap: Tap) -> None:
        core = running.core

        async def offered_elsewhere() -> None:
            content = {
                "transaction_id": "elsewhere", "customer_id": "c-2", "household_id": None,
                "offers": [{"campaign_id": CampaignId("coffee-back"), "cost": "0.75"}],
            }  # fmt: skip
            core.memory.offered(content, core.offers.today(core.clock.now()), withheld=False)

        (core.state.mirror / "campaigns.json").write_text(json.dumps([{**CAMPAIGNS[0], "caps": caps}]), "utf-8")
        core.swap()
        await offered_elsewhere()  # a campaign that nobody has been offered is another matter
        await running.scan(ANNA)
        answer = await printed(running, tap, receipt(number=1, cut=False), change=offered_elsewhere)
        assert b"Anna" in answer.body
        assert core.counter.foreseen_cuts == 1

    story(tmp_path, tell)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_answer_is_what_a_core_gives_that_foresees_nothing(tmp_path: Path, seed: int):
    """The property: the same days in two stores, one of which works out every cut at the cut, leave the same behind."""
    chosen = random.Random(seed)
    script = [
        (
            chosen.choice((ANNA, ANNA, ANNA, BORIS, STAFF, "")),
            receipt(number=number, items=chosen.sample(GOODS, chosen.randint(1, 4)), cut=False),
            chosen.choice(("", "", "", "", "printing_resumed", *CHANGES, *PRINTED)),
        )
        for number in range(2, 25)
    ]
    script.insert(0, (ANNA, receipt(number=1, cut=False), ""))  # one at least is lent
    said, used, lent, right = [], [], [], Right.made()
    for ahead in (True, False):
        core = make_store(tmp_path / str(ahead))
        if not ahead:
            shutil.copytree(tmp_path / "True" / "keys", tmp_path / "False" / "keys", dirs_exist_ok=True)
            core = make_store(tmp_path / "False")
        said.append(asyncio.run(_lived(core, script, ahead=ahead, right=right if ahead else None)))
        used.append(core.counter.foreseen_cuts)
        lent.append(core.counter.lendings.used)
        said[-1].append([_saying(record) for record in journal(core)])
    assert said[0] == said[1]
    assert used[0] > used[1] == 0
    if right is not None:
        assert lent[0] > lent[1] == 0
        right.close()


async def _lived(core: Core, script: list[tuple[str, bytes, str]], *, ahead: bool, right: Right | None) -> list[Any]:
    """Live through a script; return every answer."""
    answers: list[Any] = []
    async with Running(core) as running:
        tap = await Tap.connect(core)
        if right is not None:
            lending_hello(tap, right)
        for number, (card, paper, name) in enumerate(script):
            if card:
                await running.scan(card)

            async def change(name: str = name, number: int = number) -> bytes | None:
                if name in CHANGES:
                    await CHANGES[name](running, tap, number)
                return PRINTED.get(name)

            answer = await printed(running, tap, paper, change=change, ahead=ahead, right=right)
            answers.append((answer.type, answer.body))
        tap.close()
    return answers
