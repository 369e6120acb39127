"""What happens to the store between a commit that is put by and its cut: a disk, a day, a campaign, a copy."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.bootstrap import Core
from agent.clock import business_day
from agent.journal.reader import JournalReader
from agent.journal.records import StoredRecord
from pos_adapters.taps.frames import Outcome
from tests.agent.core_house import ANNA, CAMPAIGNS, CUT, Running, Tap, journal, kinds, make_store, story
from tests.agent.intake.test_kept_ahead import PAPER, after_restart, commit_failed, kept, left_behind, rows
from tests.agent.intake.test_standing_cuts import ForwardClock
from tests.hub.rig import HubRig
from tests.hub.test_upload import deliver_all


async def read_only(core: Core, *, yes: bool = True) -> None:
    """Let the journal say to every commit what a disk says that has turned read-only; or no more."""
    await core.writer.run(lambda store: store.connection().execute(f"PRAGMA query_only = {int(yes)}").fetchall())


def test_a_disk_that_turns_read_only_behind_what_was_put_by_costs_neither_block_nor_sale(tmp_path: Path):
    """The next core finds the row; the tap, which was not acknowledged, hands the job over."""
    jobs = []

    async def tell(running: Running, tap: Tap) -> None:
        core = running.core
        await running.scan(ANNA)
        jobs.append(tap.begin(PAPER))
        await kept(core)
        await read_only(core)
        assert b"Anna" in (await tap.cut(jobs[0], PAPER)).body
        await commit_failed(core)
        shutil.copytree(tmp_path / "store", tmp_path / "killed", ignore=shutil.ignore_patterns("*.sock"))
        await read_only(core, yes=False)

    story(tmp_path / "store", tell)
    core = make_store(tmp_path / "killed" / "state")
    asyncio.run(after_restart(core, PAPER + CUT, jobs[0], {1: Outcome.PRINTED}))
    assert kinds(core).count("transaction.completed") == kinds(core).count("coupon.issued") == 1
    assert kinds(core)[-1] == "offer.printed"


def ended(core: Core) -> None:
    """Let the campaign have ended."""
    told = [CAMPAIGNS[0] | {"ends": "2020-12-31"}]
    (core.state.mirror / "campaigns.json").write_text(json.dumps(told), "utf-8")


def stopped(core: Core) -> None:
    """Let somebody have stopped the campaign."""
    stop = {
        "stop_no": 1,
        "kind": "campaign",
        "campaign_id": "coffee-back",
        "since": "2026-01-01T00:00:00+00:00",
        "until": "",
        "why": "wrong",
    }
    (core.state.mirror / "stops.json").write_text(json.dumps({"stops": [stop]}), "utf-8")


def untouched(core: Core) -> None:
    """Let nothing have happened but time."""


@pytest.mark.parametrize("is_printed", [True, False], ids=["killed behind the block", "killed before the cut"])
@pytest.mark.parametrize(
    ("meanwhile", "ahead_h"), [(ended, 0), (stopped, 0), (untouched, 24)], ids=["ended", "stopped", "midnight"]
)
def test_a_core_killed_around_a_cut_that_starts_into_another_world_knows_one_sale_and_what_was_printed(
    tmp_path: Path, meanwhile: Callable[[Core], None], ahead_h: int, is_printed: bool
):
    core, job = left_behind(tmp_path / "store")
    clock = ForwardClock()
    clock.ahead = timedelta(hours=ahead_h)
    core = make_store(core.state.root, clock=clock)
    store = core.config.store
    day = business_day(datetime.now(UTC), store.zone, store.day_ends_at).isoformat()
    meanwhile(core)
    asyncio.run(after_restart(core, PAPER + CUT, job, {1: Outcome.PRINTED} if is_printed else {}))
    last = ["offer.printed"] if is_printed else ["offer.not_printed", "coupon.voided"]
    assert kinds(core) == ["transaction.completed", "customer.identified", "offer.decided", "coupon.issued", *last]
    (sale,) = [each for each in journal(core) if each.kind == "transaction.completed"]
    assert sale.content()["transaction"]["business_day"] == day


def test_a_backup_has_nothing_in_it_that_was_only_put_by(tmp_path: Path):
    copies: list[Path] = []

    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        tap.begin(PAPER)
        await kept(running.core)
        copies.append(Path(str((await running.ask("backup"))["path"])))
        assert await rows(running.core) == 1

    core = story(tmp_path, tell)
    with contextlib.closing(JournalReader(copies[0], core.keys.journal)) as reader:
        assert reader._rows("every_foreseen") == []


def test_a_folder_copied_while_a_cut_is_near_and_used_beside_the_original_is_one_sale_at_the_hub(tmp_path: Path):
    """Both commit what was put by: the original behind its cut, the copy at its start."""

    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        job = tap.begin(PAPER)
        await kept(running.core)
        shutil.copytree(tmp_path / "store", tmp_path / "copy", ignore=shutil.ignore_patterns("*.sock"))
        assert b"Anna" in (await tap.cut(job, PAPER)).body
        await tap.end(job)

    async def start(core: Core) -> None:
        async with Running(core):
            pass

    original, copy = story(tmp_path / "store", tell), make_store(tmp_path / "copy" / "state")
    asyncio.run(start(copy))
    told = asyncio.run(counted(tmp_path / "hub", journal(original), journal(copy)))
    assert (told["sales"], told["repeated_sales"], told["forks"]) == (1, 1, 1)


async def counted(folder: Path, *journals: list[StoredRecord]) -> dict[str, int]:
    """Return what a hub counts that is sent these journals of one agent, one after the other."""
    rig = HubRig(folder)
    async with rig.serving():
        device = await rig.enrolled()
        for records, sent in [(records, device.journal.copy()) for records in journals]:
            for record in records:
                sent.append_payload(record.kind, record.payload or b"")
            await deliver_all(rig, device, sent)
    rig.hub.close()
    return rig.totals()
