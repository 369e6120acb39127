"""What is decided about the ledger while a tap prints what rests on it: the cut first, then the decision, both whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.journal.records import JournalKind
from pos_adapters.taps.right import FOLDER
from tests.agent.core_house import ANNA, Running, Tap, journal, kinds, receipt, story
from tests.agent.intake.lent_house import lent

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="nothing is lent where there is no folder in memory")


@pytest.mark.parametrize("is_printed", [False, True])
def test_a_coupon_that_is_held_out_in_the_moment_of_a_cut_is_taken_behind_it(tmp_path: Path, is_printed: bool):
    async def tell(running: Running, tap: Tap) -> None:
        core = running.core
        await running.scan(ANNA)
        await tap.print(receipt(number=1))
        (coupon,) = [each.content() for each in journal(core) if each.kind == JournalKind.COUPON_ISSUED]
        await running.scan(ANNA)
        lane = await lent(running, tap, 2)
        if is_printed:
            assert lane.take()
        before = len(kinds(core))
        await core.value.hold_out(coupon["serial"], scan_id="c", workstation_id="1", customer_id="c-1")
        first = kinds(core)[before]
        assert first == ("transaction.completed" if is_printed else "coupon.redeemed"), first
        assert "coupon.redeemed" in kinds(core)[before:]
        if is_printed:
            lane.tell_used()
        else:
            await lane.ask()
        await lane.end()

    core = story(tmp_path, tell)
    assert kinds(core).count("transaction.completed") == 2
