"""Nobody is told that value has changed hands before it is on disk: neither who asked first nor who asks again."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.journal.store import JournalStore
from agent.value.book import What
from tests.agent.core_house import ANNA, Running, journal
from tests.agent.value.value_house import value_store

BASKET = {"lines": [{"description": "Coffee beans", "amount": "10.00"}], "points": 300}
TURNS = 100
"""Turns of the loop in which an answer that waits for nothing would have come."""


@pytest.mark.parametrize("op", ["till_reserve", "till_commit"])
def test_an_answer_and_its_repeat_wait_until_the_disk_has_it(tmp_path: Path, op: str) -> None:
    asyncio.run(asked_twice(tmp_path, op))


async def with_points(running: Running) -> None:
    """Let Anna stand at lane 1 with 400 points that the hub has lent to this store."""
    now = datetime.now(UTC)
    await running.ask("contact", hub_time=now.isoformat())
    granted = {"lease_id": "l-1", "account": "c-1", "store": "7781", "points": 400}
    await running.ask("lease", lease={**granted, "expires_at": (now + timedelta(hours=8)).isoformat()})
    await running.ask("till_identify", workstation_id="1", code=ANNA)


async def asked_twice(folder: Path, op: str) -> None:
    core = value_store(folder)
    async with Running(core) as running:
        await with_points(running)
        asked: dict[str, Any] = {"workstation_id": "1", "body": BASKET, "key": "k-1"}
        if op == "till_commit":
            reserved = await core.control._operations["till_reserve"](**asked)
            asked = {"reservation_id": reserved["answer"]["reservation_id"], "key": "k-2"}
        disk_is_busy, disk_goes_on = threading.Event(), threading.Event()

        def hold(store: JournalStore) -> None:
            disk_is_busy.set()
            assert disk_goes_on.wait(60), store

        busy = asyncio.ensure_future(core.writer.run(hold))
        await asyncio.to_thread(disk_is_busy.wait, 60)
        answers = [asyncio.ensure_future(core.control._operations[op](**asked)) for _ in range(2)]
        try:
            for _turn in range(TURNS):
                await asyncio.sleep(0)
            assert [answer.done() for answer in answers] == [False, False]
        finally:
            disk_goes_on.set()
        first, second = await asyncio.gather(*answers)
        await busy
        assert first == second


def test_what_the_disk_has_refused_has_not_been_spent(tmp_path: Path) -> None:
    asyncio.run(refused_by_the_disk(tmp_path))


async def refused_by_the_disk(folder: Path) -> None:
    core = value_store(folder)
    async with Running(core) as running:
        await with_points(running)
        reserved = await running.ask("till_reserve", workstation_id="1", body=BASKET, key="k-1")
        commit = {"reservation_id": reserved["answer"]["reservation_id"], "key": "k-2"}  # type: ignore[index]
        await core.writer.run(is_read_only)
        assert not (await running.ask("till_commit", **commit))["ok"]
        lease = core.value.room.book.get(What.LEASE, "l-1")
        assert lease is not None
        assert lease["spent"] == 0
        assert (await running.ask("till_commit", **commit))["ok"]
    assert [record.content()["points"] for record in journal(core) if record.kind == "points.burned"] == [300]


def is_read_only(store: JournalStore) -> None:
    """Let the database refuse to be written until it is opened anew, as a disk does that has gone read-only."""
    assert store._connection is not None
    store._connection.execute("PRAGMA query_only = ON")
