"""When core looks for cycles: not while somebody waits, not for ever later, and not twice at what stays."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from agent.collecting import PUT_OFF_MAX, keep_collecting

PATIENCE_S = 60.0


class Ring:
    """An object that only a pass can free."""

    def __init__(self) -> None:
        self.itself = self


@asynccontextmanager
async def collecting(is_waited_for: Callable[[], bool]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(keep_collecting(is_waited_for, every_s=0.0, soon_s=0.0))
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def asked_before_the_pass(is_waited_for: Callable[[int], bool]) -> list[bool]:
    """Return, for each time that core was asked whether somebody waits, whether a cycle was there still.

    `is_waited_for` gets how often it was asked.
    """
    gc.disable()  # as core is started
    ring = weakref.ref(Ring())
    was_there: list[bool] = []

    def asked() -> bool:
        was_there.append(ring() is not None)
        return is_waited_for(len(was_there))

    async with collecting(asked):
        while ring() is not None:  # noqa: ASYNC110 - a pass tells nobody
            await asyncio.sleep(0)
    return was_there


def test_a_cycle_goes_when_nobody_waits_any_more() -> None:
    assert asyncio.run(asked_before_the_pass(lambda times: times < 5))[:5] == [True] * 5


def test_who_always_has_a_customer_waiting_collects_all_the_same() -> None:
    assert asyncio.run(asked_before_the_pass(lambda _times: True))[:PUT_OFF_MAX] == [True] * PUT_OFF_MAX


def test_what_stays_is_taken_out_of_the_collectors_sight() -> None:
    async def run() -> None:
        stays = [[each] for each in range(10_000)]
        async with collecting(lambda: False):
            before = gc.get_freeze_count()
            while gc.get_freeze_count() < before + len(stays):  # noqa: ASYNC110 - a pass tells nobody
                await asyncio.sleep(0)

    asyncio.run(run())


def test_the_interpreter_begins_no_pass_itself_until_core_leaves() -> None:
    async def run() -> None:
        async with collecting(lambda: False):
            while gc.isenabled():  # noqa: ASYNC110 - the task has not begun
                await asyncio.sleep(0)
        assert gc.isenabled()

    asyncio.run(run())
