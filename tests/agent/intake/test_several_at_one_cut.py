"""Receipts that a till parts by resets and cuts once: each is taken where it stands, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path
from uuid import UUID

import pytest

from agent.bootstrap import Core
from agent.journal.reader import JournalReader
from pos_adapters.taps.frames import FrameType, Outcome
from tests.agent.core_house import ANNA, CUT, Running, Tap, journal, make_store, receipt, story
from tests.agent.intake.test_foreseen_cuts import plain
from tests.agent.intake.test_kept_ahead import after_restart

FIRST = plain(receipt(number=1, cut=False))
SECOND = plain(receipt(number=2, items=[("Milk", "1.19"), ("Tea", "2.00")], cut=False))


def sold(core: Core) -> list[str]:
    """Return the numbers of the sales in the journal."""
    told = [each.content() for each in journal(core) if each.kind == "transaction.completed"]
    return [each["transaction"]["sequence_number"] for each in told]


def test_a_receipt_that_is_torn_off_before_a_cut_with_nothing_above_it_is_taken(tmp_path: Path):
    paper = FIRST + b"\n\n\n\n\n\x1b@"

    async def tell(running: Running, tap: Tap) -> None:
        job = tap.begin(paper)
        assert (await tap.cut(job, paper)).type is FrameType.NONE
        tap.send(FrameType.BYTES, job.bytes + CUT)
        assert (await tap.end(job)).type is FrameType.ACK

    assert sold(story(tmp_path / "store", tell)) == ["1"]


@pytest.mark.parametrize("between", [b"", b"\n\n\n\n\n"], ids=["the shop's name parts them", "torn off"])
def test_two_receipts_before_one_cut_are_two_sales_each_with_its_own_bytes(tmp_path: Path, between: bytes) -> None:
    jobs: list[UUID] = []
    paper = FIRST + between + SECOND

    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        jobs.append(tap.begin(paper))
        assert b"Anna" in (await tap.cut(jobs[0], paper)).body
        tap.outcome(jobs[0], Outcome.PRINTED)
        shutil.copytree(tmp_path / "store", tmp_path / "killed", ignore=shutil.ignore_patterns("*.sock"))
        tap.send(FrameType.BYTES, jobs[0].bytes + CUT)
        assert (await tap.end(jobs[0])).type is FrameType.ACK

    core = story(tmp_path / "store", tell)
    assert sold(core) == ["2", "1"]
    with contextlib.closing(JournalReader(core.state.journal, core.keys.journal)) as reader:
        bodies = [body for body, _ in filter(None, [reader.capture(str(jobs[0]), number) for number in range(3)])]
    assert bodies == [FIRST + between, SECOND, CUT]
    killed = make_store(tmp_path / "killed" / "state")
    asyncio.run(after_restart(killed, paper + CUT, jobs[0], {1: Outcome.PRINTED}))
    assert sold(killed) == ["2", "1"]
