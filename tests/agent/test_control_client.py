import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.desk.core_client import ControlClient
from retail.errors import OnSiteError, RefusedError, TryAgainError

sys.path.insert(0, str(Path(__file__).parent))

from control_core_fake import ControlCore, control_core


class Watcher:
    """Who the client tells; every change of the link can be awaited."""

    def __init__(self) -> None:
        self.pushes: list[dict] = []
        self.links: list[bool] = []
        self._changed = asyncio.Event()

    def on_push(self, message: dict) -> None:
        self.pushes.append(message)
        self._changed.set()

    def on_link(self, is_up: bool) -> None:
        self.links.append(is_up)
        self._changed.set()

    async def until(self, holds) -> None:
        async with asyncio.timeout(10):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def client_of(path: Path):
    watcher = Watcher()
    client = ControlClient(path, on_push=watcher.on_push, on_link=watcher.on_link)
    running = asyncio.create_task(client.run())
    try:
        yield client, watcher
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_core_is_asked_and_answers(tmp_path):
    async def story():
        async with control_core(tmp_path / "c") as core, client_of(tmp_path / "c") as (client, watcher):
            await watcher.until(lambda: watcher.links == [True])
            answer = await client.ask("scan", workstation_id="1", code="29", symbology="ean13", source="api")
            assert answer["scan_id"] == "s1"
            assert [each["op"] for each in core.asked] == ["subscribe", "scan"]

    asyncio.run(story())


def test_pushes_arrive_in_order(tmp_path):
    async def story():
        async with control_core(tmp_path / "c") as core, client_of(tmp_path / "c") as (_, watcher):
            await watcher.until(lambda: watcher.links == [True])
            for number in range(100):
                core.push("sale", {"n": number}, workstation="1")
            await watcher.until(lambda: len(watcher.pushes) == 100)
            assert [each["data"]["n"] for each in watcher.pushes] == list(range(100))

    asyncio.run(story())


def test_without_core_the_answer_is_try_again_at_once(tmp_path):
    async def story():
        async with client_of(tmp_path / "c") as (client, _):
            with pytest.raises(TryAgainError) as caught:
                await client.ask("status")
            assert caught.value.code == "core_away"
            assert caught.value.fix

    asyncio.run(story())


@pytest.mark.parametrize(
    ("code", "kind"), [("not_found", RefusedError), ("try_again", TryAgainError), ("on_site", OnSiteError)]
)
def test_what_core_says_no_with_reaches_the_caller(tmp_path, code, kind):
    def answer(request):
        if request["op"] == "subscribe":
            return {"ok": True}
        return {"ok": False, "code": code, "message": "no", "fix": "do this"}

    async def story():
        core = ControlCore(answer=answer)
        async with control_core(tmp_path / "c", core), client_of(tmp_path / "c") as (client, watcher):
            await watcher.until(lambda: watcher.links == [True])
            with pytest.raises(kind) as caught:
                await client.ask("undo", scan_id="s9")
            assert (caught.value.code, caught.value.message, caught.value.fix) == (code, "no", "do this")

    asyncio.run(story())


def test_a_core_that_is_killed_ends_what_was_asked_and_is_found_again(tmp_path):
    async def story():
        silent = ControlCore(answer=lambda request: {"ok": True} if request["op"] == "subscribe" else None)
        async with client_of(tmp_path / "c") as (client, watcher):
            async with control_core(tmp_path / "c", silent):
                await watcher.until(lambda: watcher.links == [True])
                asked = asyncio.create_task(client.ask("status"))
                await silent.heard("status")
            with pytest.raises(TryAgainError):
                await asked
            await watcher.until(lambda: watcher.links == [True, False])
            async with control_core(tmp_path / "c"):
                await watcher.until(lambda: watcher.links == [True, False, True])
                assert (await client.ask("status"))["core"] == "running"

    asyncio.run(story())


@pytest.mark.parametrize("line", [b"nonsense\n", b"[]\n", b"\xff\n", b"x" * 2_000_000 + b"\n"])
def test_a_core_that_talks_nonsense_is_left_and_tried_again(tmp_path, line):
    async def story():
        async with control_core(tmp_path / "c") as core, client_of(tmp_path / "c") as (client, watcher):
            await watcher.until(lambda: watcher.links == [True])
            core.send_raw(line)
            await watcher.until(lambda: watcher.links == [True, False, True])
            assert (await client.ask("status"))["core"] == "running"

    asyncio.run(story())


def test_answers_to_nobody_are_dropped(tmp_path):
    async def story():
        async with control_core(tmp_path / "c") as core, client_of(tmp_path / "c") as (client, watcher):
            await watcher.until(lambda: watcher.links == [True])
            core.send_raw(b'{"id":999,"ok":true}\n{"ok":true}\n{"id":null}\n')
            assert (await client.ask("status"))["core"] == "running"

    asyncio.run(story())
