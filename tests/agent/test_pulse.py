"""Core that hangs is found by asking it, on a real socket; a service manager hears beats meanwhile."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from agent.pulse import Pulse

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b'{"id":1,"ok":true}\n')
    writer.close()


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()  # until the asker has gone
    writer.close()


async def felt(path: Path, handler: Handler | None, environment: dict[str, str], *, for_s: float) -> list[float]:
    """Feel the pulse of a core that behaves as `handler` does, until it is found hanging or for `for_s`."""
    found: list[float] = []
    hanging = asyncio.Event()

    def hangs(silent_s: float) -> None:
        found.append(silent_s)
        hanging.set()

    open_ends: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ends.append(writer)
        assert handler is not None
        await handler(reader, writer)

    server = await asyncio.start_unix_server(serve, str(path)) if handler else None
    pulse = Pulse(control_socket=path, hangs=hangs, environment=environment, feel_every_s=0.02, silent_for_s=0.1)
    feeling = asyncio.create_task(pulse.run())
    with suppress(TimeoutError):
        await asyncio.wait_for(hanging.wait(), for_s)
    feeling.cancel()
    await asyncio.gather(feeling, return_exceptions=True)
    if server is not None:
        server.close()
    for end in open_ends:
        end.close()
        await end.wait_closed()
    return found


def test_core_that_takes_questions_and_answers_none_is_found(tmp_path: Path) -> None:
    assert asyncio.run(felt(tmp_path / "control.sock", hang, {}, for_s=30))


@pytest.mark.parametrize("handler", [answer, None])
def test_core_that_answers_or_is_being_started_is_left_alone(tmp_path: Path, handler: Handler | None) -> None:
    assert not asyncio.run(felt(tmp_path / "control.sock", handler, {}, for_s=0.3))


def test_the_service_manager_hears_that_the_supervisor_lives(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        asyncio.run(felt(tmp_path / "control.sock", answer, {"NOTIFY_SOCKET": str(tmp_path / "notify")}, for_s=0.1))
        assert manager.recv(64) == b"WATCHDOG=1"
