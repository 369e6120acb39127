"""The fleet's page of a chain with 10,000 stores, signed in, as a browser gets it: rows read, judged, sorted, rendered.

The peer is the same rows of the same database as plain JSON: what no page can be faster than. And how many of them ask
in one second when the hub was away and is back at 08:00: simulated, the waits drawn by the product's own code; the peer
is what the chain asks on any morning.
"""

from __future__ import annotations

import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import harness
from fastapi.testclient import TestClient

from hub.app import create_app
from hub.bootstrap import Hub, open_hub
from hub.config import HubConfig
from hub.users.roles import Role
from tests.sync.fleet_at_eight import POLL_AFTER_S, morning

STORES = 10_000
PAGE_MS_MAX = 300.0
PASSWORD = "four words beside each other"  # of a hub that lives for a minute
NOW = datetime.now(UTC)
HEALTH = json.dumps(
    {
        "documents": 900,
        "documents_parked": 9,
        "blocks": 300,
        "blocks_late": 2,
        "held_p99_ms": 31,
        "backlog_age_s": 40,
        "captured_percent": 99,
        "disk_free_mb": 40_000,
    }
)


def measure(*, quick: bool) -> list[harness.Figure]:
    """Measure the page and its data, in milliseconds."""
    rounds = 5 if quick else 30
    with tempfile.TemporaryDirectory() as folder:
        hub = open_hub(HubConfig(state_dir=Path(folder) / "hub"))
        try:
            _fill(hub)
            hub.users.put("ina", Role.STORE_IT, PASSWORD, by="benchmark")
            client = TestClient(create_app(hub), base_url="http://hub")
            client.post("/sign-in", data={"name": "ina", "password": PASSWORD})
            floor = _best_ms(lambda: json.dumps([each.to_json() for each in hub.reports.stores("main")]), rounds)
            page = _best_ms(lambda: _get(client, "/fleet"), rounds)
            searched = _best_ms(lambda: _get(client, "/fleet?q=parked"), rounds)
        finally:
            hub.close()
    goal = f"<= {PAGE_MS_MAX:g} ms"
    return [
        harness.figure("page of 10,000 stores, ms", page, floor, "rows as JSON", goal=goal, holds=page <= PAGE_MS_MAX),
        harness.figure("searched, ms", searched, floor, "rows as JSON", goal=goal, holds=searched <= PAGE_MS_MAX),
        *_at_eight(),
    ]


def _at_eight() -> list[harness.Figure]:
    """Return the peaks of a chain that comes back, and of one that is switched on in one second."""
    every_morning = STORES / POLL_AFTER_S
    back = morning(STORES, away_s=3600, hub_per_s=1000, retry_after_s=None, seed=8)
    on = morning(STORES, away_s=0, hub_per_s=500, retry_after_s=15.0, seed=8)
    peer = "polls of any morning"
    return [
        harness.figure("hub back after an hour, peak of questions/s", back.peak_per_s, every_morning, peer),
        harness.figure("until every store was answered, s", back.all_served_after_s),
        harness.figure("all switched on in one second, peak/s", on.peak_per_s, every_morning, peer),
        harness.figure("the same after the first second, peak/s", on.peak_after_first_per_s, every_morning, peer),
        harness.figure("until every store was answered by 500/s, s", on.all_served_after_s),
    ]


def _fill(hub: Hub) -> None:
    with hub.database.writing() as session:
        for number in range(STORES):
            store = {"tenant_id": "main", "store_id": f"{number:05}"}
            session.run("put_store", **store, name=f"Shop {number}", now=NOW.isoformat())
            session.run(
                "report_store",
                **store,
                now=NOW.isoformat(),
                feed_cursor="c",
                erased_through=0,
                mirror_version=1,
                campaigns_version=1,
                backlog_records=number % 50,
                parked_records=int(number % 100 == 0),
                program="tillstream 1.0",
                health=HEALTH,
                feed_refused="[]",
            )
            for what in ("sales", "returns", "decided", "printed", "withheld"):
                session.run("add_total", **store, what=what, total=number)


def _get(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text


def _best_ms(call: object, rounds: int) -> float:
    assert callable(call)
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return harness.quantile(took, 0.5)


if __name__ == "__main__":
    harness.main("fleet", measure)
