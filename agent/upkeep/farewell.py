"""The last word of a PC to its hub before its keys are wiped: this store's agent has left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib.metadata import version as installed_version

from agent.enrolment import load_enrolled
from agent.keys import FileSecrets, load_or_create_keys
from agent.state_dir import StateDir
from agent.upkeep.end_of_life import Left
from sync.feed_files import load_state
from sync.http_transport import HubConnection
from sync.ports import SystemPace
from sync.protocol.feed_messages import AppliedAnswer, AppliedReport, StoreHealth
from sync.protocol.signatures import SigningKey

WITHIN_S = 15.0  # a hub that is away must not keep a PC in the shop: somebody stands beside it


def say_farewell(state: StateDir, left: Left, environment: Mapping[str, str]) -> bool:
    """Tell the hub that this PC is being wiped, and what goes with it; False where no hub knows it.

    To be called while the keys are there. Raises TillstreamError or TimeoutError when the hub is not reached; a repeat
    changes nothing.
    """
    enrolled = load_enrolled(state)
    if enrolled is None:
        return False
    keys = load_or_create_keys(FileSecrets.of(state.keys, environment))
    feed = load_state(state.mirror)
    report = AppliedReport(
        cursor=feed.cursor,
        erased_through=feed.erased_through,
        backlog_records=sum(left.unsent.values()),
        parked_records=left.parked,
        program=f"tillstream {installed_version('tillstream')}",
        health=StoreHealth(spooled_jobs=left.spooled_jobs, has_left=True),
    )

    async def tell() -> None:
        connection = HubConnection(
            enrolled.hub_url, SigningKey(keys.sign), hub_key=enrolled.hub_public_key, pace=SystemPace()
        )
        try:
            await asyncio.wait_for(connection.ask("/v1/feed/applied", report, AppliedAnswer), WITHIN_S)
        finally:
            await connection.close()

    asyncio.run(tell())
    return True
