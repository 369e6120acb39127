"""Stop buttons in a store: the next receipt is silent, the sale is captured, and the end comes by itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import pytest

from agent.bootstrap import Core
from pos_adapters.taps.frames import CUT_BODY, FrameType
from tests.agent.core_house import ANNA, Running, Tap, kinds, make_store, receipt


def story(folder: Path, tell) -> Core:
    """Run a story against a real core; return the core when it has stopped."""
    core = make_store(folder / "state")

    async def run() -> None:
        async with Running(core) as running:
            tap = await Tap.connect(core)
            await tell(running, tap)
            tap.close()

    asyncio.run(run())
    return core


def put_stops(core: Core, *stops: dict[str, object]) -> None:
    """Put stops where the feed puts them."""
    (core.state.mirror / "stops.json").write_text(json.dumps({"stops": list(stops)}), "utf-8")


PRINTING = {"stop_no": 1, "kind": "printing", "since": "2026-01-01T00:00:00+00:00", "until": "", "why": "wrong prices"}
CAMPAIGN = PRINTING | {"stop_no": 2, "kind": "campaign", "campaign_id": "coffee-back"}


@pytest.mark.parametrize("stop", [PRINTING, CAMPAIGN], ids=["printing", "campaign"])
def test_a_stop_button_silences_the_next_receipt_and_a_resume_lets_it_speak_again(tmp_path: Path, stop):
    answers: list[FrameType] = []

    async def tell(running: Running, tap: Tap) -> None:
        for number, stops in enumerate(((), (stop,), (stop | {"until": "2026-01-02T00:00:00+00:00"},)), start=1):
            put_stops(running.core, *stops)
            await running.ask("mirror_changed")
            await running.scan(ANNA)
            answers.append((await tap.print(receipt(number=number))).type)

    core = story(tmp_path, tell)
    assert answers == [FrameType.BLOCK, FrameType.NONE, FrameType.BLOCK], "stopped, then over by itself"
    assert kinds(core).count("transaction.completed") == 3, "every sale is captured all the same"
    assert kinds(core).count("coupon.issued") == 2


def test_a_stop_of_another_campaign_stops_nothing_here(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        put_stops(running.core, CAMPAIGN | {"campaign_id": "tea-back"})
        await running.ask("mirror_changed")
        await running.scan(ANNA)
        assert (await tap.print(receipt(number=1))).type is FrameType.BLOCK

    story(tmp_path, tell)


def test_a_file_of_stops_that_cannot_be_read_leaves_the_last_good_ones(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        put_stops(running.core, PRINTING)
        await running.ask("mirror_changed")
        (running.core.state.mirror / "stops.json").write_text("{")
        await running.ask("mirror_changed")
        await running.scan(ANNA)
        assert (await tap.print(receipt(number=1))).type is FrameType.NONE
        assert (await running.hear("trouble"))["data"]["code"] == "stops"

    story(tmp_path, tell)


def test_offers_end_by_themselves_when_the_hub_has_been_silent_for_too_long(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        heard = running.core.state.mirror / "heard"
        heard.touch()
        for number, days in enumerate((30, 40), start=1):
            os.utime(heard, (time.time() - days * 86_400,) * 2)
            await running.scan(ANNA)
            answer = await tap.print(receipt(number=number))
            assert answer.type is (FrameType.BLOCK if days == 30 else FrameType.NONE), days

    story(tmp_path, tell)


def test_a_core_that_is_told_to_stop_answers_what_it_has_and_hangs_up_on_its_taps(tmp_path: Path):
    """A till's cut that comes while core stops must not wait out its budget for an answer that nobody will give."""

    async def tell(running: Running, tap: Tap) -> None:
        job = tap.begin(receipt(number=1, cut=False))
        os.kill(os.getpid(), signal.SIGTERM)
        await running.stopped()
        tap.send(FrameType.CUT, job.bytes + CUT_BODY.pack(1, 1))
        with pytest.raises(ConnectionError):
            await tap.hear(job)

    story(tmp_path, tell)
