"""Core, a process of its own, killed with SIGKILL around the moments in which value changes hands (level T).

Whatever the till had heard, or not: asked again with the same key it hears the same, and nothing is burned twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.bootstrap import Core
from tests.agent.core_house import ANNA, CONFIG, journal
from tests.agent.core_process import start_core
from tests.agent.value.value_house import value_store

BASKET = {"lines": [{"description": "Coffee beans", "amount": "10.00"}], "points": 300}


class Asking:
    """A desk of the test's own: one line a question."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, op: str, **values: Any) -> None:
        self.writer.write(json.dumps({"id": 1, "op": op, **values}).encode() + b"\n")

    async def ask(self, op: str, **values: Any) -> dict[str, Any]:
        self.send(op, **values)
        return dict(json.loads(await self.reader.readline()))


async def connected(core: Core) -> Asking:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError):
                return Asking(*await asyncio.open_unix_connection(str(core.state.control_socket)))
            await asyncio.sleep(0.02)


async def unanswered(desk: Asking, reservation_id: str) -> None:
    """Die somewhere between burning and confirming: nobody waits for the answer."""
    desk.send("till_commit", reservation_id=reservation_id, key="commit-1")
    await desk.writer.drain()


async def confirmed(desk: Asking, reservation_id: str) -> None:
    """Die when the till has heard of it, before any receipt is printed."""
    assert (await desk.ask("till_commit", reservation_id=reservation_id, key="commit-1"))["ok"]


@pytest.mark.real
@pytest.mark.parametrize("stage", [unanswered, confirmed], ids=lambda stage: stage.__name__)
def test_points_are_burned_once_however_core_dies_around_a_commit(
    tmp_path: Path, stage: Callable[[Asking, str], Awaitable[None]]
):
    core = value_store(tmp_path / "state")
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(state_dir=tmp_path / "state", profile="appendix"), "utf-8")
    asyncio.run(two_lives(core, config, stage))
    burned = [record.content() for record in journal(core) if record.kind == "points.burned"]
    assert [each["points"] for each in burned] == [300]


async def two_lives(core: Core, config: Path, stage: Callable[[Asking, str], Awaitable[None]]) -> None:
    process = await start_core(config)
    desk = await connected(core)
    now = datetime.now(UTC)
    granted = {"lease_id": "l-1", "account": "c-1", "store": "7781", "points": 400}
    await desk.ask("contact", hub_time=now.isoformat())
    await desk.ask("lease", lease={**granted, "expires_at": (now + timedelta(hours=8)).isoformat()})
    assert (await desk.ask("till_identify", workstation_id="1", code=ANNA))["known"]
    reserved = await desk.ask("till_reserve", workstation_id="1", body=BASKET, key="reserve-1")
    assert reserved["ok"], reserved
    await stage(desk, reserved["answer"]["reservation_id"])
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    desk.writer.close()
    process = await start_core(config)
    desk = await connected(core)
    await desk.ask("contact", hub_time=datetime.now(UTC).isoformat())  # after a restart nobody has checked the clock
    again = {"reservation_id": reserved["answer"]["reservation_id"], "key": "commit-1"}
    first, second = await desk.ask("till_commit", **again), await desk.ask("till_commit", **again)
    assert first["ok"], first
    assert first == second
    assert first["answer"]["points"]["burned"] == 300
    refused = await desk.ask("till_reserve", workstation_id="1", body={**BASKET, "points": 101}, key="reserve-2")
    assert not refused["ok"], "the lease held 400, 300 of them are spent"
    desk.writer.close()
    process.terminate()
    await process.wait()
