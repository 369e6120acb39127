"""A scan that core acknowledged outlives core (I2), and is nobody else's when it comes back.

The last test is the real one: core as a process of its own, killed with SIGKILL between scan and sale.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.identity.binding import QUIET_AFTER, Scan
from agent.identity.doubts import KEPT_AT_MOST, Claim, Doubts
from agent.journal.reader import JournalReader
from pos_adapters.taps.frames import FrameType
from tests.agent.core_house import ANNA, BORIS, CONFIG, CUT, Running, Tap, journal, make_store, receipt
from tests.agent.core_process import ask_when_there, start_core

T0 = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def scan(name: str, after_s: float = 0) -> Scan:
    return Scan(scan_id=name, holder=name, at=T0 + timedelta(seconds=after_s))


# Doubts


def test_a_scan_in_doubt_belongs_to_the_first_sale_behind_it_wherever_that_turns_up():
    doubts = Doubts()
    doubts.add("1", [scan("a")])
    doubts.wait("1", waits=True)
    told: list[Claim] = []
    doubts.defer("1", T0 + timedelta(seconds=60), told.append)
    spooled = doubts.claim("1", T0 + timedelta(seconds=30))
    assert spooled.scan == scan("a")
    assert doubts.wait("1", waits=False) == ()
    assert told == []


def test_a_sale_that_waited_for_the_spool_gets_its_scan_when_nothing_older_came():
    doubts = Doubts()
    doubts.add("1", [scan("a"), scan("b", 1)])
    doubts.wait("1", waits=True)
    told: list[Claim] = []
    doubts.defer("1", T0 + timedelta(seconds=60), told.append)
    doubts.defer("1", T0 + timedelta(seconds=90), told.append)
    doubts.wait("1", waits=False)
    assert told == [Claim(scan=scan("b", 1), gone=(scan("a"), scan("b", 1)))]


def test_a_void_that_printed_first_ends_what_was_open():
    doubts = Doubts()
    doubts.add("1", [scan("a")])
    doubts.wait("1", waits=True)
    told: list[Claim] = []
    doubts.defer("1", T0 + timedelta(seconds=5), None)
    doubts.defer("1", T0 + timedelta(seconds=60), told.append)
    assert doubts.wait("1", waits=False) == (scan("a"),)
    assert told == []


def test_a_scan_after_the_sale_or_ten_minutes_before_it_is_not_its_own():
    doubts = Doubts()
    doubts.add("1", [scan("a", 10)])
    assert doubts.claim("1", T0) == Claim()
    old = doubts.claim("1", T0 + timedelta(seconds=11) + QUIET_AFTER)
    assert (old.scan, old.gone) == (None, (scan("a", 10),))


def test_doubts_die_of_age_but_not_while_the_tap_still_has_their_paper():
    doubts = Doubts()
    doubts.add("1", [scan("a")])
    doubts.add("2", [scan("b")])
    doubts.wait("2", waits=True)
    assert doubts.expire(T0 + QUIET_AFTER + timedelta(seconds=1)) == (scan("a"),)
    assert doubts.expire(T0 + KEPT_AT_MOST + timedelta(seconds=1)) == (scan("b"),)


def test_a_scan_in_doubt_can_be_undone_once():
    doubts = Doubts()
    doubts.add("1", [scan("a")])
    assert doubts.undo("a") == (scan("a"),)
    assert doubts.undo("a") == ()


# Core, started again in the same folder without having been told that it ends


def rows(core) -> list[str]:
    reader = JournalReader(core.state.journal, core.keys.journal)
    try:
        return [row.customer_id for row in reader.open_scans()]
    finally:
        reader.close()


def identified(core) -> list[tuple[str | None, bool]]:
    found = [record.content() for record in journal(core) if record.kind == "customer.identified"]
    return [(each["customer_id"], each["flagged"]) for each in found]


def twice(
    folder: Path,
    before: Callable[[Running, Tap], Awaitable[None]],
    after: Callable[[Running, Tap], Awaitable[None]],
    *,
    older: bool = False,
):
    """Run one story against a core and another against the next core of the same folder; return the second."""

    async def run(core, tell, *, older: bool) -> None:
        async with Running(core) as running:
            tap = await Tap.connect(core, older=older)
            await tell(running, tap)
            tap.close()

    first = make_store(folder / "state")
    asyncio.run(run(first, before, older=False))
    second = make_store(folder / "state")
    asyncio.run(run(second, after, older=older))
    return second


async def scan_anna(running: Running, tap: Tap) -> None:
    del tap
    await running.scan(ANNA)


def test_the_sale_after_a_restart_has_its_customer_and_prints_nobodys_name(tmp_path: Path):
    async def after(running: Running, tap: Tap) -> None:
        assert rows(running.core) == ["c-1"]
        assert (await tap.print(receipt(number=1))).type is FrameType.NONE
        await tap.print(receipt(number=2))

    core = twice(tmp_path, scan_anna, after)
    assert identified(core) == [("c-1", True)]
    assert rows(core) == []


def test_a_spooled_sale_gets_the_customer_and_the_one_printing_before_it_does_not(tmp_path: Path):
    spooled_at: list[datetime] = []

    async def before(running: Running, tap: Tap) -> None:
        await scan_anna(running, tap)
        spooled_at.append(datetime.now(UTC))

    async def after(running: Running, tap: Tap) -> None:
        await tap.print(receipt(number=2))
        job = tap.spool(running.core, receipt(number=1), received_at=spooled_at[0])
        assert (await tap.hear(job)).type is FrameType.ACK
        tap.hello(older=False)
        await tap.print(receipt(number=3))

    core = twice(tmp_path, before, after, older=True)
    assert identified(core) == [("c-1", True)]
    named = next(each.content() for each in journal(core) if each.kind == "customer.identified")
    sale = next(
        each.content()["transaction"]
        for each in journal(core)
        if each.kind == "transaction.completed" and each.content()["transaction"]["sequence_number"] == "1"
    )
    assert named["transaction_id"] == sale["transaction_id"]
    assert rows(core) == []


def test_a_sale_that_printed_while_the_spool_was_looked_at_is_linked_when_nothing_older_came(tmp_path: Path):
    async def after(running: Running, tap: Tap) -> None:
        await tap.print(receipt(number=1))
        assert identified(running.core) == []
        tap.hello(older=False)
        await tap.print(receipt(number=2))

    core = twice(tmp_path, scan_anna, after, older=True)
    assert identified(core) == [("c-1", True)]
    assert rows(core) == []


def test_undo_before_the_restart_stays_undone(tmp_path: Path):
    async def before(running: Running, tap: Tap) -> None:
        del tap
        await running.scan(BORIS)
        assert (await running.ask("undo", scan_id=await running.scan(ANNA)))["ok"]

    async def after(running: Running, tap: Tap) -> None:
        del running
        await tap.print(receipt(number=1))

    assert identified(twice(tmp_path, before, after)) == [("c-2", True)]


def test_undo_after_the_restart_works(tmp_path: Path):
    scans: list[str] = []

    async def before(running: Running, tap: Tap) -> None:
        del tap
        scans.append(await running.scan(ANNA))

    async def after(running: Running, tap: Tap) -> None:
        assert (await running.ask("undo", scan_id=scans[0]))["ok"]
        await tap.print(receipt(number=1))

    core = twice(tmp_path, before, after)
    assert identified(core) == []
    assert rows(core) == []


def test_a_new_card_after_the_restart_wins_and_is_certain(tmp_path: Path):
    async def after(running: Running, tap: Tap) -> None:
        await running.scan(BORIS)
        await tap.print(receipt(number=1))
        await tap.print(receipt(number=2))

    core = twice(tmp_path, scan_anna, after)
    assert identified(core) == [("c-2", False)]
    assert rows(core) == []


def test_a_scan_that_was_consumed_is_not_brought_back(tmp_path: Path):
    async def before(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        await tap.print(receipt(number=1))

    async def after(running: Running, tap: Tap) -> None:
        del running
        await tap.print(receipt(number=2))

    assert identified(twice(tmp_path, before, after)) == [("c-1", False)]


def test_an_erased_customers_open_scan_is_erased_too(tmp_path: Path):
    async def after(running: Running, tap: Tap) -> None:
        assert (await running.ask("erase", erasures=[{"erasure_no": 1, "customer_id": "c-1", "locators": []}]))["ok"]
        assert rows(running.core) == []
        await tap.print(receipt(number=1))

    assert identified(twice(tmp_path, scan_anna, after)) == [(None, True)]


def test_a_sale_that_ends_while_the_card_is_looked_up_is_still_its_holders(tmp_path: Path):
    async def before(running: Running, tap: Tap) -> None:
        asking = asyncio.ensure_future(running.ask("scan", workstation_id="1", code=ANNA, symbology="ean13"))
        while not running.core.floor.lane("1", running.core.clock.now()).scans:  # noqa: ASYNC110 - some turns of the loop
            await asyncio.sleep(0)
        assert (await tap.print(receipt(number=1))).type is FrameType.BLOCK
        assert (await asking)["ok"]

    async def after(running: Running, tap: Tap) -> None:
        del running, tap

    core = twice(tmp_path, before, after)
    assert identified(core) == [("c-1", False)]
    assert rows(core) == []


# Killed


@pytest.mark.real
def test_a_scan_acknowledged_before_kill_minus_nine_belongs_to_the_sale_after_it(tmp_path: Path):
    """Ten cores in a row, each killed the moment it has acknowledged a scan; the eleventh sells."""
    core = make_store(tmp_path / "state")
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(state_dir=tmp_path / "state", profile="appendix"), "utf-8")

    async def run() -> None:
        for code in [BORIS, ANNA] * 2 + [ANNA]:
            process = await start_core(config)
            answer = await ask_when_there(core.state.control_socket, code)
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            assert answer["ok"], answer
        again = make_store(tmp_path / "state")
        async with Running(again) as running:
            tap = await Tap.connect(running.core)
            paper = receipt(number=1)
            assert paper.endswith(CUT)
            assert (await tap.print(paper)).type is FrameType.NONE
            tap.close()
        assert identified(again) == [("c-1", True)]
        assert rows(again) == []

    asyncio.run(run())
