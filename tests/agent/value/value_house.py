"""A core with value switched on, and the local API over it: the till speaks HTTP, everything below it is real."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from agent.bootstrap import Core
from agent.desk.core_client import ControlClient
from agent.desk.ports import DeskCore
from kiosk.app import create_app
from kiosk.broadcast import Switchboard
from kiosk.pairing import Pairings
from tests.agent.core_house import CAMPAIGNS, Running, make_store
from tests.kiosk.kiosk_fakes import CONTENT, FakeBook, FakeClock, FakeContent, FakeSeal

COFFEE = {"description": "Coffee beans", "amount": "10.00", "quantity": "2"}
BREAD = {"description": "Rye bread", "amount": "2.49"}

POLICY: dict[str, Any] = {
    "earn": {"points_per_unit": "10", "factors": {"gold": "2"}},
    "burn": {
        "offline": True,
        "per_transaction": 500,
        "per_card_and_day": 800,
        "per_store_and_day": 1000,
        "point_value": "0.01",
    },
}
ITEMS = [{"item_id": "4711", "receipt_text": "Coffee beans", "category": "coffee"}]
HOST = "127.0.0.1:8090"


def value_store(folder: Path, *, policy: dict[str, Any] | None = None, keys: list[Any] | None = None) -> Core:
    """Return a core whose chain earns and burns points, and whose campaign gives coupons with a till barcode."""
    core = make_store(folder)
    campaign = {**CAMPAIGNS[0], "coupon": {"valid_days": 14, "till_barcode": "ean13:2099{serial:8}"}}
    (core.state.mirror / "campaigns.json").write_text(json.dumps([campaign]), "utf-8")
    (core.state.mirror / "items.json").write_text(json.dumps(ITEMS), "utf-8")
    value = {"policy": POLICY if policy is None else policy, "keys": keys or []}
    (core.state.mirror / "value.json").write_text(json.dumps(value), "utf-8")
    return core


class TillHttp:
    """A till's own program."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def post(self, op: str, *, key: str = "", **body: Any) -> httpx.Response:
        headers = {"origin": f"http://{HOST}"} | ({"idempotency-key": key} if key else {})
        return await self._client.post(f"/v1/loyalty/{op}", json=body, headers=headers)


def local_api(control: ControlClient, *, lend: Any = None) -> Any:
    """Return the real application over a real core."""
    clock = FakeClock(live=True)
    content = FakeContent(CONTENT)
    return create_app(
        core=DeskCore(control, own_status=dict, lend=lend),
        content=content,
        switchboard=Switchboard(workstations=("1", "2"), kiosks=("1",), clock=clock, boot="b1"),
        seal=FakeSeal(),
        clock=clock,
        pairings=Pairings(book=FakeBook(), clock=clock),
        hosts=(HOST,),
    )


def till_story(core: Core, tell: Callable[[Running, TillHttp], Awaitable[None]], *, lend: Any = None) -> Core:
    """Let a till talk to a core until the story is told."""

    async def run() -> None:
        async with Running(core) as running:
            await running.ask("contact", hub_time=core.clock.now().isoformat())
            there = asyncio.Event()
            control = ControlClient(
                core.state.control_socket, on_push=lambda _push: None, on_link=lambda up: there.set() if up else None
            )
            link = asyncio.ensure_future(control.run())
            await there.wait()
            transport = httpx.ASGITransport(app=local_api(control, lend=lend), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                await tell(running, TillHttp(client))
            link.cancel()

    asyncio.run(run())
    return core


async def lease(running: Running, points: int, *, account: str = "c-1", lease_id: str = "l-1", days: int = 1) -> None:
    """Let the hub have granted points to this store."""
    from datetime import timedelta

    expires_at = running.core.clock.now() + timedelta(days=days)
    told = {"lease_id": lease_id, "account": account, "store": "7781", "points": points}
    answer = await running.ask("lease", lease={**told, "expires_at": expires_at.isoformat()})
    assert answer["ok"], answer
