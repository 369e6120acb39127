"""What core makes of a tap's word about its printer: one line for the cashier, a record, and the end of both."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from agent.intake.printers import CAUSES
from pos_adapters.taps.frames import NO_JOB, FrameType
from pos_adapters.taps.printer_answers import Trouble
from pos_adapters.taps.printer_health import names_of
from tests.agent.core_house import Running, Tap, journal, make_store

SINCE = "2026-11-22T12:00:00+00:00"


def printer_says(tap: Tap, *causes: str) -> None:
    told = {"printer": "tcp://192.0.2.10:9100", "trouble": list(causes), "since": SINCE}
    tap.send(FrameType.PRINTER, NO_JOB + json.dumps(told).encode())


def story(folder: Path, tell):
    core = make_store(folder / "state")

    async def run() -> None:
        async with Running(core) as running:
            tap = await Tap.connect(core)
            await tell(running, tap)
            tap.close()

    asyncio.run(run())
    return core


def faults(core) -> list[tuple[str, str]]:
    return [(each.workstation_id, each.content()["code"]) for each in journal(core) if each.kind == "device.fault"]


def test_every_cause_that_a_tap_can_tell_has_words():
    assert set(CAUSES) == {name for each in Trouble for name in names_of(each)}


def test_the_cashier_hears_once_which_printer_why_and_what_to_do_and_when_it_is_over(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        printer_says(tap, "offline", "paper_end")
        printer_says(tap, "offline", "paper_end")
        heard = await running.hear("trouble")
        assert heard["workstation"] == "1"
        assert heard["data"]["code"] == "printer_paper_end"
        assert heard["data"]["printer"] == "192.0.2.10:9100"
        assert heard["data"]["message"] == "Printer 192.0.2.10:9100, till 1: no paper"
        assert heard["data"]["fix"] == "put in a new roll"
        printer_says(tap)
        over = await running.hear("trouble")
        assert (over["data"]["code"], over["data"]["resolved"]) == ("printer_paper_end", True)

    assert faults(story(tmp_path, tell)) == [("1", "paper_end,offline"), ("1", "well")]


def test_status_shows_it_until_it_is_mended_and_one_lane_mends_no_other(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        other = await Tap.connect(running.core, "2")
        printer_says(tap, "cover_open")
        await running.hear("trouble")
        printer_says(other, "cover_open")
        await running.hear("trouble")
        printer_says(other)
        await running.hear("trouble")
        status = await running.ask("status")
        codes = [(each["code"], each["workstation_id"]) for each in status["core"]["troubles"]]
        assert codes == [("printer_cover_open", "1")]
        assert running.core.counter.printers.state("1").as_json() == {
            "name": "192.0.2.10:9100", "trouble": ["cover_open"], "since": SINCE,
        }  # fmt: skip
        other.close()

    story(tmp_path, tell)


def test_a_tap_that_comes_back_with_a_printer_that_prints_ends_the_trouble(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        printer_says(tap, "paper_end")
        await running.hear("trouble")
        again = await Tap.connect(running.core)
        assert (await running.hear("trouble"))["data"]["resolved"]
        again.close()

    assert faults(story(tmp_path, tell)) == [("1", "paper_end"), ("1", "well")]


def test_words_of_a_tap_that_nobody_knows_tell_nobody_anything(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        tap.send(FrameType.PRINTER, NO_JOB + json.dumps({"trouble": ["sad", 7], "since": "soon"}).encode())
        tap.send(FrameType.PRINTER, NO_JOB + json.dumps({"trouble": "paper_end"}).encode())
        printer_says(tap, "error")
        assert (await running.hear("trouble"))["data"]["code"] == "printer_error"

    assert faults(story(tmp_path, tell)) == [("1", "error")]
