"""How long a till waits for the till API: quote, reserve, commit over HTTP to a real desk and a real core.

Everything is on this machine, as in a store: the till's connection is kept alive, the desk asks core over its socket,
reserve and commit are on disk when they are answered. The peer is a bare FastAPI application on the same server that
answers a fixed object: what HTTP itself costs here.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import harness
import httpx
import uvicorn
from fastapi import FastAPI

sys.path.insert(0, str(harness.ROOT))

from agent.desk.process import bind

GOAL_MS = 20.0
LINES = [{"description": f"Article {number}", "amount": "1.99"} for number in range(20)]
HOST = "127.0.0.1:8090"


def measure(*, quick: bool) -> list[harness.Figure]:
    """Measure each operation of a sale and the bare server."""
    return asyncio.run(_measure(rounds=100 if quick else 1_000))


async def _measure(*, rounds: int) -> list[harness.Figure]:
    bare = FastAPI()

    @bare.post("/v1/loyalty/quote")
    async def fixed() -> dict[str, Any]:
        return {"message": ""}

    async with _served(bare) as post:
        peer = await _times_ms(rounds, lambda _number: post("quote", {"workstation_id": "1", "lines": LINES}, ""))
    ours = await _of_a_real_store(rounds)
    figures = []
    for op, times in ours.items():
        p50, p99 = harness.quantile(times, 0.5), harness.quantile(times, 0.99)
        p50_peer, p99_peer = harness.quantile(peer, 0.5), harness.quantile(peer, 0.99)
        figures += [
            harness.figure(f"{op} p50, ms", p50, p50_peer, "bare FastAPI"),
            harness.figure(
                f"{op} p99, ms", p99, p99_peer, "bare FastAPI", goal=f"<= {GOAL_MS:g} ms", holds=p99 <= GOAL_MS
            ),
        ]
    return figures


async def _of_a_real_store(rounds: int) -> dict[str, list[float]]:
    from agent.desk.core_client import ControlClient
    from tests.agent.core_house import ANNA, Running
    from tests.agent.value.value_house import lease, local_api, value_store

    with tempfile.TemporaryDirectory() as folder:
        policy = {"burn": {"offline": True, "per_transaction": 9, "per_card_and_day": 9**9, "per_store_and_day": 9**9}}
        core = value_store(Path(folder) / "state", policy=policy)
        async with Running(core) as running:
            await running.ask("contact", hub_time=core.clock.now().isoformat())
            await lease(running, 1_000_000)
            there = asyncio.Event()
            control = ControlClient(
                core.state.control_socket, on_push=lambda _push: None, on_link=lambda up: there.set() if up else None
            )
            link = asyncio.ensure_future(control.run())
            await there.wait()
            async with _served(local_api(control)) as post:
                await post("identify", {"workstation_id": "1", "code": ANNA}, "")
                basket = {"workstation_id": "1", "lines": LINES, "points": 5}
                held: list[str] = []

                async def reserve(number: int) -> None:
                    held.append((await post("reserve", basket, f"r-{number}"))["reservation_id"])

                times = {
                    "quote": await _times_ms(rounds, lambda _number: post("quote", basket, "")),
                    "reserve": await _times_ms(rounds, reserve),
                    "commit": await _times_ms(
                        rounds, lambda number: post("commit", {"reservation_id": held[number]}, f"c-{number}")
                    ),
                }
            link.cancel()
    return times


class _served:  # noqa: N801 - used like a function in `async with`
    """An application on a real socket, and a client that keeps its connection."""

    def __init__(self, app: Any) -> None:
        self._sock = bind("127.0.0.1:0")
        config = uvicorn.Config(app, log_level="error", lifespan="off", access_log=False, http="h11", ws="none")
        self._server = uvicorn.Server(config)

    async def __aenter__(self) -> Callable[[str, dict[str, Any], str], Awaitable[dict[str, Any]]]:
        self._task = asyncio.ensure_future(self._server.serve(sockets=[self._sock]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        port = self._sock.getsockname()[1]
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30)

        async def post(op: str, body: dict[str, Any], key: str) -> dict[str, Any]:
            headers = {"host": HOST, "origin": f"http://{HOST}"} | ({"idempotency-key": key} if key else {})
            answer = await self._client.post(f"/v1/loyalty/{op}", json=body, headers=headers)
            assert answer.status_code == 200, answer.text
            return dict(answer.json())

        return post

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        self._server.should_exit = True
        await self._task


async def _times_ms(rounds: int, ask: Callable[[int], Awaitable[Any]]) -> list[float]:
    times = []
    for number in range(rounds):
        began = time.perf_counter()
        await ask(number)
        times.append((time.perf_counter() - began) * 1e3)
    return times


if __name__ == "__main__":
    harness.main("till_api", measure)
