"""The fleet's print delay, end to end: cuts that a real core held, told to a real hub, read by whoever asks it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from pathlib import Path

import httpx
from typer.testing import CliRunner

from agent.desk.health import store_health
from agent.intake.holds import FEW
from agent.journal.days import DayReader
from hub.__main__ import app
from sync.protocol.feed_messages import AppliedAnswer, AppliedReport, StoreHealth
from tests.agent.core_house import CUT, Running, Tap, receipt, story
from tests.hub.rig import HubRig


async def held_s(tap: Tap, *, number: int) -> float:
    """Print a receipt; return how long the tap waited at its cut."""
    paper = receipt(number=number).removesuffix(CUT)
    job = tap.begin(paper)
    began_s = time.monotonic()
    await tap.cut(job, paper)
    waited_s = time.monotonic() - began_s
    await tap.end(job)
    return waited_s


async def health_of(running: Running) -> StoreHealth:
    """Return what desk tells the hub now."""
    core = running.core
    with contextlib.closing(DayReader(core.state.journal, core.keys.journal)) as reader:
        return await store_health(reader, running, core.state, now=core.clock.now(), destination="hub")


def test_how_long_cuts_were_held_stands_on_the_hubs_page_as_the_tap_felt_it(rig: HubRig, tmp_path: Path) -> None:
    told: list[StoreHealth] = []
    waits_s: list[float] = []

    async def print_some(running: Running, tap: Tap) -> None:
        for upto in (FEW - 1, FEW):
            waits_s.extend([await held_s(tap, number=number) for number in range(len(waits_s), upto)])
            told.append(await health_of(running))

    story(tmp_path, print_some)
    few, health = told
    assert few.held_p99_ms is None
    assert health.held_p99_ms is not None
    assert 1 <= health.held_p99_ms <= math.ceil(max(waits_s) * 1000)

    async def tell_the_hub() -> list[dict[str, object]]:
        async with rig.serving():
            connection = (await rig.enrolled()).connection(rig.url)
            report = AppliedReport(cursor="", erased_through=0, health=health)
            await connection.ask("/v1/feed/applied", report, AppliedAnswer)
            await connection.close()
            async with httpx.AsyncClient() as client:
                told: list[dict[str, object]] = (await client.get(f"{rig.url}/v1/fleet")).json()["lines"]
            return told

    (line,) = asyncio.run(tell_the_hub())
    assert line["held_p99_ms"] == health.held_p99_ms
    words = ["stores", "--json", "--state-dir", str(rig.config.state_dir)]
    (line,) = json.loads(CliRunner().invoke(app, words).stdout)["stores"]
    assert line["held_p99_ms"] == health.held_p99_ms
