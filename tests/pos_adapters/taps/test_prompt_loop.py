"""The tap's loop serves lines itself and leaves the rest to asyncio: neither waits for the other."""

from __future__ import annotations

import asyncio
import os
import select
import selectors
import socket
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from pos_adapters.taps.alarm import Alarm
from pos_adapters.taps.prompt_loop import PromptLoop, PromptSelector, new_loop

PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(not hasattr(select, "epoll"), reason="this system has no epoll: asyncio's loop is used")


@pytest.fixture
def loop() -> Iterator[PromptLoop]:
    loop = PromptLoop(PromptSelector())
    yield loop
    loop.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def run(loop: PromptLoop, work: Coroutine[Any, Any, Any]) -> Any:
    return loop.run_until_complete(asyncio.wait_for(work, PATIENCE_S))


def test_a_line_is_served_again_and_again_while_asyncio_has_nothing_to_do(
    loop: PromptLoop, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair
    over = loop.create_future()
    seen = bytearray()

    def take() -> None:
        seen.extend(near.recv(1))
        if len(seen) == 3:  # so far nothing has been given to asyncio
            over.set_result(None)
        else:
            far.send(b"x")

    loop.add_reader(near, take)
    far.send(b"x")
    run(loop, _of(over))
    assert bytes(seen) == b"xxx"


def test_what_a_line_gives_to_asyncio_is_done_at_once(
    loop: PromptLoop, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair
    order: list[str] = []

    async def wait() -> None:
        done = asyncio.Event()

        def take() -> None:
            near.recv(1)
            order.append("line")
            loop.call_later(0, tell)

        def tell() -> None:
            order.append("timer")
            done.set()

        loop.add_reader(near, take)
        far.send(b"x")
        await done.wait()

    run(loop, wait())
    assert order == ["line", "timer"]


def test_a_line_that_another_one_has_removed_is_not_called(loop: PromptLoop) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[int] = []

    def take(number: int) -> None:
        called.append(number)
        for near, _ in pairs:
            loop.remove_reader(near)
        loop.call_soon(loop.stop)

    for number, (near, far) in enumerate(pairs):
        loop.add_reader(near, take, number)
        far.send(b"x")
    loop.run_forever()
    assert len(called) == 1
    for near, far in pairs:
        near.close()
        far.close()


def test_a_defect_in_one_lines_callback_is_told_and_ends_no_other(
    loop: PromptLoop, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: told.append(context))
    over = loop.create_future()

    def break_down() -> None:
        loop.remove_reader(near)
        loop.add_reader(near, lambda: over.done() or over.set_result(near.recv(1)))
        raise RuntimeError("a defect of ours")

    loop.add_reader(near, break_down)
    far.send(b"x")
    assert run(loop, _of(over)) == b"x"
    assert str(told[0]["exception"]) == "a defect of ours"


def test_a_number_that_a_closed_line_had_is_watched_for_the_next_one(loop: PromptLoop) -> None:
    first, far = socket.socketpair()
    loop.add_reader(first, lambda: None)
    number = first.fileno()
    first.close()  # a cable that was pulled closes without a word
    far.close()
    second, far = socket.socketpair()
    os.dup2(second.fileno(), number)
    over = loop.create_future()
    loop.add_reader(number, lambda: over.done() or over.set_result(os.read(number, 1)))
    far.send(b"y")
    assert run(loop, _of(over)) == b"y"
    loop.remove_reader(number)
    if number != second.fileno():
        os.close(number)
    second.close()
    far.close()


def test_asyncios_own_connections_servers_and_children_work_on_it(loop: PromptLoop) -> None:
    async def talk() -> bytes:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.readline()).upper())
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        heard = await reader.read()
        writer.close()
        server.close()
        child = await asyncio.create_subprocess_exec("true")
        assert await child.wait() == 0
        return heard

    assert run(loop, talk()) == b"HELLO\n"


def test_a_line_that_stops_the_loop_stops_it_in_this_turn(
    loop: PromptLoop, pair: tuple[socket.socket, socket.socket]
) -> None:
    near, far = pair
    loop.add_reader(near, loop.stop)
    far.send(b"x")
    ran_out: list[None] = []
    loop.call_later(PATIENCE_S, ran_out.append, None)
    loop.run_forever()
    loop.remove_reader(near)
    assert not ran_out, "nobody looked whether the loop is to stop"


def test_what_a_line_has_ended_of_asyncios_is_not_told_to_who_has_its_number_since() -> None:
    selector = PromptSelector()
    line, of_asyncio = socket.socketpair(), socket.socketpair()
    selector.register(of_asyncio[0], selectors.EVENT_READ, "before")

    def end_the_other() -> None:
        line[0].recv(1)
        selector.unregister(of_asyncio[0])
        selector.register(of_asyncio[0], selectors.EVENT_WRITE, "since")

    selector.add(selector.readers, line[0].fileno(), end_the_other)
    for _, far in (line, of_asyncio):
        far.send(b"x")
    assert [key.data for key, _ in selector.select(PATIENCE_S)] == ["since"]
    selector.close()
    for each in (*line, *of_asyncio):
        each.close()


def test_a_line_that_was_closed_too_early_is_left_without_a_word(loop: PromptLoop) -> None:
    near, far = socket.socketpair()
    number = near.fileno()
    loop.add_reader(number, pytest.fail)
    loop.add_writer(number, pytest.fail)
    near.close()
    assert loop.remove_reader(number)
    assert loop.remove_writer(number)
    far.close()


def test_a_connection_that_is_refused_leaves_its_number_free() -> None:
    selector = PromptSelector()
    loop = PromptLoop(selector)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        where = gone.getsockname()

    async def refused() -> None:
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*where)

    run(loop, refused())
    assert len(selector.get_map()) == 1  # the loop's own, by which a thread or a signal wakes it
    loop.close()


def test_the_loop_of_this_system_is_the_prompt_one() -> None:
    loop = new_loop()
    assert isinstance(loop, PromptLoop)
    loop.close()


def test_an_alarm_that_is_put_off_goes_off_once_and_at_its_last_time(loop: PromptLoop) -> None:
    went_off: list[float] = []
    alarm = Alarm(loop)

    async def wait() -> float:
        began = loop.time()
        over = loop.create_future()
        alarm.set(began + 0.01, lambda: went_off.append(0.0))
        alarm.set(began + 0.03, lambda: over.set_result(loop.time()))
        return float(await over) - began

    assert run(loop, wait()) >= 0.03
    assert went_off == []


def test_an_alarm_set_to_a_sooner_time_goes_off_sooner_and_a_cleared_one_never(loop: PromptLoop) -> None:
    went_off: list[str] = []
    alarm, cleared = Alarm(loop), Alarm(loop)

    async def wait() -> None:
        over = loop.create_future()
        alarm.set(loop.time() + PATIENCE_S * 10, lambda: went_off.append("later"))
        alarm.set(loop.time() + 0.01, lambda: over.set_result(None))
        cleared.set(loop.time(), lambda: went_off.append("cleared"))
        cleared.clear()
        await over

    run(loop, wait())
    assert went_off == []


async def _of(future: asyncio.Future[Any]) -> Any:
    return await future
