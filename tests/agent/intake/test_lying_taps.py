"""A tap that says it has printed what it was not lent, or puts numbers into its pipe: it harms nobody's sales."""

from __future__ import annotations

from pathlib import Path

import pytest

from pos_adapters.taps.frames import CUT_BODY, FrameType
from pos_adapters.taps.right import FOLDER
from tests.agent.core_house import ANNA, BORIS, CUT, Running, Tap, journal, kinds, receipt, story
from tests.agent.intake.lent_house import lending_hello, lent, lent_for, made

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="nothing is lent where there is no folder in memory")


def test_a_block_that_was_not_lent_cannot_be_used(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        right = made()
        assert right.give(1), "it lends to itself"
        lending_hello(tap, right)
        paper = receipt(number=1, cut=False)
        job = tap.begin(b"\x1b@")
        tap.send(FrameType.USED, job.bytes + CUT_BODY.pack(1, len(paper)))
        with pytest.raises(ConnectionError):
            await tap.hear(job)

    core = story(tmp_path, tell)
    assert journal(core) == []


def test_a_block_that_is_used_twice_is_one_sale(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        assert lane.take()
        lane.tell_used()
        lane.tell_used()
        await lane.end()

    core = story(tmp_path, tell)
    assert kinds(core).count("transaction.completed") == kinds(core).count("coupon.issued") == 1


def test_a_number_that_was_not_taken_for_a_block_that_was_used_is_good_for_no_other(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        lane = await lent(running, tap, 1)
        lane.tell_used()
        tap.send(FrameType.BYTES, lane.job.bytes + CUT)
        await running.scan(ANNA)
        paper = receipt(number=2, cut=False)
        tap.send(FrameType.BYTES, lane.job.bytes + paper)
        again = await lent_for(tap, lane.right, lane.job, lane.paper + CUT + paper)
        await running.scan(BORIS)
        assert running.core.counter.lendings.used == 1, "the second is taken back"
        assert again.right.take() is None

    core = story(tmp_path, tell)
    assert kinds(core).count("transaction.completed") == 1
