"""When to work out a cut before it comes: as soon as a till pauses behind a sale that is proved, a step at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

AFTER_S = 0.0005
"""So long without a byte is a pause: pieces of a network follow each other at once, a cable brings 11 bytes a ms."""

Steps = Iterator[None]


class AheadOfCut:
    """Of one lane. Between two steps other lanes' cuts are served; `stop` leaves the rest undone."""

    def __init__(self) -> None:
        self._next: asyncio.Handle | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is left to do."""
        return self._next is not None

    def begin_soon(self, begin: Callable[[], Steps | None]) -> None:
        """Call `begin` when the till pauses, and go through the steps it returns; a repeat begins to wait anew."""
        self.stop()
        self._next = asyncio.get_running_loop().call_later(AFTER_S, self._begin, begin)

    def stop(self) -> None:
        """Leave it at what is done."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _begin(self, begin: Callable[[], Steps | None]) -> None:
        self._next = None
        steps = begin()
        if steps is not None:
            self._next = asyncio.get_running_loop().call_soon(self._go_on, steps)

    def _go_on(self, steps: Steps) -> None:
        self._next = None
        for _step in steps:
            self._next = asyncio.get_running_loop().call_soon(self._go_on, steps)
            return
