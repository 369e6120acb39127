"""A PC that is wiped says so to its hub first, and the fleet's page shows it until somebody else speaks for the store."""

from __future__ import annotations

import asyncio

import pytest

from agent.enrolment import save_enrolled
from agent.keys import FileSecrets, load_or_create_keys
from agent.state_dir import StateDir
from agent.upkeep.end_of_life import Left
from agent.upkeep.farewell import say_farewell
from hub.fleet import Trouble, troubles_of
from retail.errors import TryAgainError
from sync.http_transport import enrol
from sync.protocol.feed_messages import AppliedAnswer, AppliedReport
from sync.protocol.signatures import SigningKey
from tests.hub.rig import VirtualPace

pytestmark = [pytest.mark.anyio, pytest.mark.real]
LEFT = Left(unsent={"visit": 2}, parked=1, spooled_jobs=3)


def troubles(rig) -> tuple[Trouble, ...]:
    (store,) = rig.hub.reports.stores("main", troubles_only=True)
    return troubles_of(store, now=rig.hub.clock(), through=0)


async def enrolled_pc(rig, folder) -> StateDir:
    state = StateDir(folder)
    state.create()
    keys = load_or_create_keys(FileSecrets.of(state.keys, {}))
    told = await enrol(
        rig.url, rig.code(), sign=SigningKey(keys.sign), seal=keys.seal, epoch=0, pace=VirtualPace(), program="test"
    )
    save_enrolled(state, told)
    return state


async def test_the_fleet_knows_a_pc_that_was_wiped_until_the_store_has_another(rig, tmp_path):
    async with rig.serving():
        state = await enrolled_pc(rig, tmp_path / "state")
        assert await asyncio.to_thread(say_farewell, state, LEFT, {})
        assert await asyncio.to_thread(say_farewell, state, LEFT, {})
        assert troubles(rig) == (Trouble.LEFT,)
        (store,) = rig.hub.reports.stores("main", troubles_only=True)
        assert (store.backlog_records, store.health["spooled_jobs"]) == (2, 3)
        device = await rig.enrolled()
        connection = device.connection(rig.url)
        await connection.ask("/v1/feed/applied", AppliedReport(cursor="", erased_through=0), AppliedAnswer)
        await connection.close()
        assert Trouble.LEFT not in troubles(rig)


async def test_a_hub_that_is_away_is_told_as_such_and_a_pc_without_a_hub_has_nobody_to_tell(rig, tmp_path):
    async with rig.serving():
        state = await enrolled_pc(rig, tmp_path / "state")
    with pytest.raises(TryAgainError):
        await asyncio.to_thread(say_farewell, state, LEFT, {})
    alone = StateDir(tmp_path / "alone")
    alone.create()
    assert not await asyncio.to_thread(say_farewell, alone, LEFT, {})
