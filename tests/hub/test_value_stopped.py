"""Redeeming and burning are stopped from the hub to the counter, over real HTTP, and by expiry without a link."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.offering.stopping import HEARD
from hub.feed.stopping import StopBoard, StopOrder
from retail.stops import StopKind
from sync.feed import POLL_AFTER_S, Feed, look, run_feed
from sync.feed_target import StoreFeedTarget
from sync.http_transport import HubFeedSource
from sync.ports import SystemPace
from tests.agent.core_house import ANNA, Running
from tests.agent.value.value_house import lease, value_store
from tests.hub.rig import HubRig

pytestmark = [pytest.mark.anyio, pytest.mark.real]

WITHIN_S = 60.0
"""What is promised: from the button to the counter, while there is a link."""

JITTER_MOST = 1.25
"""A look comes at most a quarter later than usual, so that a chain's stores do not come at once."""


@asynccontextmanager
async def feed_of(running: Running, rig: HubRig) -> AsyncIterator[Feed]:
    """Carry the hub's feed to a running core, as its desk does."""
    device = await rig.enrolled()
    enrolled = device.enrolled
    assert enrolled is not None
    connection = device.connection(rig.url, SystemPace())

    async def nobody(_erasures: object) -> None:
        return None

    async def changed(_kind: object) -> None:
        await running.ask("mirror_changed")

    async def backlog() -> tuple[int, int]:
        return 0, 0

    folder = running.core.state.mirror
    target = StoreFeedTarget(
        folder=folder, erase=nobody, changed=changed, count_backlog=backlog, check=lambda _kind, _content: None
    )
    yield Feed(
        folder=folder,
        tenant=enrolled.tenant,
        store=enrolled.store,
        feed_key=enrolled.feed_public_key,
        source=HubFeedSource(connection),
        target=target,
        pace=SystemPace(),
    )
    await connection.close()


async def refusal(running: Running, **body: Any) -> str:
    """Return the code with which a reservation is refused; empty: it was made."""
    key = f"k-{time.monotonic_ns()}"
    told = {"lines": [{"description": "Coffee beans", "amount": "10.00"}], "coupons": [], "points": 0, **body}
    answer = await running.ask("till_reserve", workstation_id="1", body=told, key=key)
    return "" if answer["ok"] else str(answer["code"])


def press(rig: HubRig, kind: StopKind, *, until: datetime | None = None) -> int:
    board = StopBoard(rig.hub.database, rig.hub.files)
    return board.press("main", StopOrder(kind=kind, until=until), who="test", now=datetime.now(UTC)).stop_no


async def prepared(running: Running) -> None:
    await running.ask("contact", hub_time=running.core.clock.now().isoformat())
    (running.core.state.mirror / HEARD).touch()
    await lease(running, 300)
    await running.ask("till_identify", workstation_id="1", code=ANNA)


async def test_a_button_at_the_hub_reaches_the_counter_at_the_stores_next_look(
    rig: HubRig, tmp_path: Path, record_property: Any
) -> None:
    async with (
        rig.serving(),
        Running(value_store(tmp_path / "store")) as running,
        feed_of(running, rig) as feed,
    ):
        await prepared(running)
        assert await refusal(running, points=10) == ""
        began_s = time.monotonic()
        press(rig, StopKind.BURNING)
        press(rig, StopKind.REDEEMING)
        await look(feed)
        assert await refusal(running, points=10) == "burn_stopped"
        took_s = time.monotonic() - began_s
        assert await refusal(running, coupons=["tsc1:" + "A" * 146]) in {"coupon_stopped", "coupon_version"}
        record_property("stop_to_counter_after_a_look_s", round(took_s, 3))
        sys.stdout.write(
            f"stopped {took_s * 1e3:.0f} ms after the button, and at most {POLL_AFTER_S * JITTER_MOST:.1f} s of waiting"
        )
        assert POLL_AFTER_S * JITTER_MOST < WITHIN_S - 20, "the longest wait between two looks leaves time to fetch it"


async def test_a_stop_with_an_end_is_over_by_itself_without_a_link(rig: HubRig, tmp_path: Path) -> None:
    async with (
        rig.serving(),
        Running(value_store(tmp_path / "store")) as running,
        feed_of(running, rig) as feed,
    ):
        await prepared(running)
        ends = datetime.now(UTC) + timedelta(hours=1)
        press(rig, StopKind.BURNING, until=ends)
        await look(feed)
        stops = running.core.value.room.rules.stops
        (stop,) = [each for each in stops.stops if each.kind is StopKind.BURNING]
        assert (stop.acts(ends - timedelta(seconds=1)), stop.acts(ends)) == (True, False)


@pytest.mark.slow
async def test_a_button_reaches_the_counter_within_a_minute_at_the_usual_rhythm(
    rig: HubRig, tmp_path: Path, record_property: Any
) -> None:
    async with (
        rig.serving(),
        Running(value_store(tmp_path / "store")) as running,
        feed_of(running, rig) as feed,
    ):
        await prepared(running)
        feeding = asyncio.ensure_future(run_feed(feed))
        await asyncio.sleep(2)  # its first look is over: the button is pressed at the worst moment
        began_s = time.monotonic()
        press(rig, StopKind.BURNING)
        while await refusal(running, points=1) != "burn_stopped":
            assert time.monotonic() - began_s < 5 * WITHIN_S
            await asyncio.sleep(0.2)
        took_s = time.monotonic() - began_s
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        record_property("stop_to_counter_s", round(took_s, 1))
        sys.stdout.write(f"stopped {took_s:.1f} s after the button")
