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


def test_a_cycle_goes_when_nobody_waits_any_more() -> None:
    async def run() -> None:
        gc.disable()  # as core is started
        ring = weakref.ref(Ring())
        was_there: list[bool] = []

        def is_waited_for() -> bool:
            was_there.append(ring() is not None)
            return len(was_there) < 5

        async with collecting(is_waited_for):
            while ring() is not None:  # noqa: ASYNC110 - a pass tells nobody
                await asyncio.sleep(0)
        assert was_there[:5] == [True] * 5

    asyncio.run(run())


def test_who_always_has_a_customer_waiting_collects_all_the_same() -> None:
    async def run() -> None:
        gc.disable()  # as core is started
        ring = weakref.ref(Ring())
        was_there: list[bool] = []

        def is_waited_for() -> bool:
            was_there.append(ring() is not None)
            return True

        async with collecting(is_waited_for):
            while ring() is not None:  # noqa: ASYNC110 - a pass tells nobody
                await asyncio.sleep(0)
        assert was_there[:PUT_OFF_MAX] == [True] * PUT_OFF_MAX

    asyncio.run(run())


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
