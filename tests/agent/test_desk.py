"""The desk process, whole, over a fake core: pages, API, events, and core's coming and going."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from agent.clock import SystemClock
from agent.config import parse_config
from agent.desk.process import bind, run_desk, served_hosts
from agent.desk.report import read_desk_report
from retail.errors import ConfigurationError, OnSiteError

sys.path.insert(0, str(Path(__file__).parent))

from control_core_fake import control_core

CONFIG = """
[store]
business_unit_id = "7781"
name = "Corner shop"
timezone = "Europe/Berlin"
currency = "EUR"
country = "DE"
[agent]
state_dir = {state_dir!r}
[desk]
listen = "127.0.0.1:{port}"
[[workstation]]
id = "1"
[[workstation]]
id = "2"
"""


def free_port() -> int:
    with bind("127.0.0.1:0") as listening:
        return listening.getsockname()[1]


def config_in(folder: Path, port: int):
    folder.mkdir(exist_ok=True)
    return parse_config(CONFIG.format(state_dir=str(folder), port=port))


@asynccontextmanager
async def running_desk(folder: Path):
    port = free_port()
    running = asyncio.create_task(run_desk(config_in(folder, port)))
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, headers={"origin": url}, timeout=10) as client:
        try:
            yield client
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


class Stream:
    """Server-sent events of one place, parsed."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[str, dict]:
        name = ""
        async for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
        raise AssertionError("the stream ended")

    async def until(self, wanted: str, **members) -> dict:
        async with asyncio.timeout(10):
            while True:
                name, data = await self.next()
                if name == wanted and all(data.get(key) == value for key, value in members.items()):
                    return data


@asynccontextmanager
async def events(client: httpx.AsyncClient, path: str = "/v1/workstations/1/events"):
    async with client.stream("GET", path) as response:
        assert response.status_code == 200
        yield Stream(response)


async def connected(stream: Stream) -> None:
    await stream.until("trouble", code="core_away", resolved=True)


def test_what_core_pushes_reaches_the_page_it_is_for(tmp_path):
    async def story():
        async with (
            running_desk(tmp_path) as client,
            control_core(tmp_path / "control.sock") as core,
            events(client) as first,
            events(client, "/v1/kiosks/1/events") as kiosk,
        ):
            await core.subscribed.wait()
            core.push("customer", {"scan_id": "s1", "first_name": "Anna"}, workstation="1")
            core.push("customer", {"scan_id": "s2", "first_name": "Boris"}, kiosk="1")
            assert (await first.until("customer"))["first_name"] == "Anna"
            assert (await kiosk.until("customer"))["first_name"] == "Boris"

    asyncio.run(story())


def test_a_scan_goes_to_core_and_an_undo_too(tmp_path):
    async def story():
        async with running_desk(tmp_path) as client, control_core(tmp_path / "control.sock") as core:
            await core.subscribed.wait()
            answer = await client.post("/v1/scans", json={"workstation_id": "1", "code": "2912345678901"})
            assert (answer.status_code, answer.json()) == (202, {"scan_id": "s1"})
            assert (await client.delete("/v1/scans/s1")).status_code == 204
            scan, undo = [each for each in core.asked if each["op"] in {"scan", "undo"}]
            assert (scan["workstation_id"], scan["code"]) == ("1", "2912345678901")
            assert undo["scan_id"] == "s1"

    asyncio.run(story())


def test_core_dies_and_comes_back_and_pages_say_so_and_forget(tmp_path):
    async def story():
        async with running_desk(tmp_path) as client, events(client) as stream:
            async with control_core(tmp_path / "control.sock") as core:
                await connected(stream)
                core.push("customer", {"scan_id": "s1", "first_name": "Anna"}, workstation="1")
                await stream.until("customer")
            trouble = await stream.until("trouble", code="core_away")
            assert trouble["fix"]
            answer = await client.post("/v1/scans", json={"workstation_id": "1", "code": "2912345678901"})
            assert (answer.status_code, answer.json()["code"]) == (503, "core_away")
            assert (await client.get("/v1/status")).json()["core"] == "away"
            assert (await client.get("/cashier/1")).status_code == 200
            async with control_core(tmp_path / "control.sock"):
                await stream.until("clear", reason="restarted")
                await stream.until("trouble", code="core_away", resolved=True)

    asyncio.run(story())


def test_a_store_without_a_hub_is_told_how_old_things_are_and_is_not_stale(tmp_path):
    async def story():
        async with running_desk(tmp_path) as client, events(client) as stream:
            told = await stream.until("stale")
            assert told["stale"] is False
            assert told["hub_last_contact"] is None

    asyncio.run(story())


def test_status_is_in_a_file_for_whoever_asks_without_a_browser(tmp_path):
    async def story():
        async with running_desk(tmp_path) as client, control_core(tmp_path / "control.sock") as core:
            await core.subscribed.wait()
            told = (await client.get("/v1/status")).json()
            assert told["core"] == "running"
            assert told["desk"]["state"] == "running"
            assert set(told["hub"]) >= {"last_contact", "backlog", "parked"}
            found = read_desk_report(tmp_path, now=SystemClock().now())
            assert found["desk"]["state"] == "running"

    asyncio.run(story())


def test_a_report_of_a_desk_that_is_gone_says_stopped(tmp_path):
    assert read_desk_report(tmp_path, now=SystemClock().now())["desk"]["state"] == "stopped"
    (tmp_path / "desk.json").write_text('{"desk": {"state": "running", "as_of": "2020-01-01T00:00:00+00:00"}}')
    assert read_desk_report(tmp_path, now=SystemClock().now())["desk"]["state"] == "stopped"
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    young = {"state": "running", "as_of": SystemClock().now().isoformat(), "pid": int(ended.stdout)}
    (tmp_path / "desk.json").write_text(json.dumps({"desk": young}))
    assert read_desk_report(tmp_path, now=SystemClock().now())["desk"]["state"] == "stopped"
    (tmp_path / "desk.json").write_text(json.dumps({"desk": young | {"pid": os.getpid()}}))
    assert read_desk_report(tmp_path, now=SystemClock().now())["desk"]["state"] == "running"
    (tmp_path / "desk.json").write_text("{")
    assert read_desk_report(tmp_path, now=SystemClock().now())["desk"]["state"] == "stopped"


def test_an_address_that_is_taken_is_said_with_what_to_do(tmp_path):
    with bind("127.0.0.1:0") as taken, pytest.raises(OnSiteError) as caught:
        asyncio.run(run_desk(config_in(tmp_path, taken.getsockname()[1])))
    assert caught.value.code == "port_taken"
    assert "[desk] listen" in caught.value.fix


def test_a_desk_answers_to_this_machine_and_to_the_names_it_was_given(tmp_path):
    config = config_in(tmp_path, 8090)
    assert served_hosts(config) == {"127.0.0.1:8090", "localhost:8090", "[::1]:8090"}
    named = replace(config, desk=replace(config.desk, listen="0.0.0.0:8090", hosts=("till-pc:8090",)))
    assert served_hosts(named) == {"127.0.0.1:8090", "localhost:8090", "[::1]:8090", "till-pc:8090"}


def test_a_pole_display_that_is_none_is_refused_with_its_place_in_the_file(tmp_path):
    config = config_in(tmp_path, free_port())
    lane = replace(config.workstation[1], display="serial:///dev/ttyUSB1?language=klingon")
    wrong = replace(config, workstation=(config.workstation[0], lane))
    with pytest.raises(ConfigurationError, match=r"workstation\[1\]\.display"):
        asyncio.run(run_desk(wrong))


def test_a_core_that_never_comes_is_said(tmp_path):
    async def story():
        async with running_desk(tmp_path) as client, events(client) as stream:
            assert (await stream.until("trouble", code="core_away"))["fix"]

    asyncio.run(story())
