"""Core that hangs is found by asking it, on a real socket; a service manager hears beats meanwhile."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from agent.pulse import SILENT_FOR_S, Pulse

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b'{"id":1,"ok":true}\n')
    writer.close()


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()  # until the asker has gone
    writer.close()


async def felt(path: Path, handler: Handler | None, environment: dict[str, str], *, looks: int) -> list[float]:
    """Feel the pulse of a core that behaves as `handler` does, until it is found hanging or for so many looks.

    The clock goes on by a second each time that somebody looks at it, so that a busy machine is no silence.
    """
    found: list[float] = []
    over = asyncio.Event()
    time_s = 0.0

    def hangs(silent_s: float) -> None:
        found.append(silent_s)
        over.set()

    def clock_s() -> float:
        nonlocal time_s
        time_s += 1.0
        if time_s > looks:
            over.set()
        return time_s

    open_ends: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ends.append(writer)
        assert handler is not None
        await handler(reader, writer)

    server = await asyncio.start_unix_server(serve, str(path)) if handler else None
    pulse = Pulse(
        control_socket=path,
        hangs=hangs,
        environment=environment,
        feel_every_s=0.01,
        silent_for_s=SILENT_FOR_S,
        answer_within_s=0.02 if handler is hang else 60.0,
        clock_s=clock_s,
    )
    feeling = asyncio.create_task(pulse.run())
    await asyncio.wait_for(over.wait(), 60)
    feeling.cancel()
    await asyncio.gather(feeling, return_exceptions=True)
    if server is not None:
        server.close()
    for end in open_ends:
        end.close()
        with suppress(ConnectionError):  # it may have gone in the middle of our answer
            await end.wait_closed()
    return found


def test_core_that_takes_questions_and_answers_none_is_found(tmp_path: Path) -> None:
    assert asyncio.run(felt(tmp_path / "control.sock", hang, {}, looks=1000))


@pytest.mark.parametrize("handler", [answer, None])
def test_core_that_answers_or_is_being_started_is_left_alone(tmp_path: Path, handler: Handler | None) -> None:
    assert not asyncio.run(felt(tmp_path / "control.sock", handler, {}, looks=3 * int(SILENT_FOR_S)))


def test_the_service_manager_hears_that_the_supervisor_lives(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        asyncio.run(felt(tmp_path / "control.sock", answer, {"NOTIFY_SOCKET": str(tmp_path / "notify")}, looks=3))
        assert manager.recv(64) == b"WATCHDOG=1"
