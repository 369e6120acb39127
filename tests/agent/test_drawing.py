"""A slip is drawn while its decision goes to disk; what cannot be drawn is told as what it is: not sent."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from agent.bootstrap import build
from agent.config import parse_config
from agent.journal.batch import Batch
from pos_adapters.taps.frames import FrameType
from tests.agent.core_house import CAMPAIGNS, CONFIG, Log, Running, Tap, journal, make_store, receipt

TOO_LONG_FOR_A_CODE = f"https://join.example/{'x' * 1_000}"


def test_an_offer_whose_slip_cannot_be_drawn_is_journalled_as_not_sent(tmp_path: Path) -> None:
    text = CONFIG.format(state_dir=tmp_path, profile="appendix")
    config = parse_config(text.replace("[[workstation]]", f'claim_url = "{TOO_LONG_FOR_A_CODE}"\n[[workstation]]', 1))
    core = build(config, log=Log())
    campaign = {**CAMPAIGNS[0], "who": "not best"}
    del campaign["coupon"]
    (core.state.mirror / "campaigns.json").write_text(json.dumps([campaign]), "utf-8")

    async def run() -> None:
        async with Running(core):
            tap = await Tap.connect(core)
            job = tap.begin(receipt(number=1, cut=False))
            assert (await tap.cut(job, receipt(number=1, cut=False))).type is FrameType.NONE
            await tap.end(job)
            tap.close()

    asyncio.run(run())
    told = {record.kind: record.content() for record in journal(core)}
    assert told["offer.not_printed"]["outcome"] == "not_sent"
    assert told["offer.not_printed"]["transaction_id"] == told["offer.decided"]["transaction_id"]
    assert "offer.printed" not in told


def test_what_fits_into_a_sync_is_done_before_the_commit_is_told(tmp_path: Path) -> None:
    core = make_store(tmp_path)
    order: list[str] = []

    async def run() -> None:
        async with Running(core):
            await core.writer.hand_over(Batch(), meanwhile=lambda: order.append("meanwhile"))
            order.append("on disk")

    asyncio.run(run())
    assert order == ["meanwhile", "on disk"]
