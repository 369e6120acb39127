"""An event loop without threads, sockets or waiting: when nothing is ready, its clock jumps to what comes next.

What is given to an executor runs at once, in place. The order of everything is therefore the order in which it was
asked for, and the same in every run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import lru_cache
from typing import Any, Protocol

from sync.protocol.tokens import token_of


class Watched(Protocol):
    """Something with a made-up descriptor that the loop can watch (`agent.drill.lines.WireEnd`)."""

    @property
    def is_readable(self) -> bool:
        """Whether `receive` would return something."""
        ...


class StoryError(Exception):
    """Nothing is left to wait for, and the story is not over: our mistake."""


class _Jumping:
    """In the place of a selector: waiting is moving the clock."""

    def __init__(self, loop: StoryLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Let the time pass; nothing ever comes from outside."""
        if timeout is None:
            raise StoryError("the story stands still")
        if timeout > 0:
            self._loop.pass_time(timeout)
        return []


class StoryLoop(asyncio.BaseEventLoop):
    """See the module's contract. `time()` is seconds since the story began."""

    def __init__(self) -> None:
        super().__init__()
        self._story_s = 0.0
        self._selector = _Jumping(self)
        self._watched: dict[int, Watched] = {}
        self._on_readable: dict[int, Callable[[], object]] = {}
        self._on_room: dict[int, Callable[[], object]] = {}
        self._token_of = lru_cache(maxsize=None)(token_of)

    def time(self) -> float:
        """Return the story's time in seconds."""
        return self._story_s

    def pass_time(self, wait_s: float) -> None:
        """Move the clock on; a whole microsecond at least, so that rounding never makes the loop spin."""
        self._story_s += max(wait_s, 1e-6)

    def watch(self, end: Watched) -> int:
        """Return a descriptor for an end."""
        self._watched[len(self._watched) + 1] = end
        return len(self._watched)

    def unwatch(self, descriptor: int) -> None:
        """Forget an end that was closed."""
        self._on_readable.pop(descriptor, None)
        self._on_room.pop(descriptor, None)

    def poke(self, descriptor: int) -> None:
        """Look at an end again: something came, or somebody listens."""
        if descriptor in self._on_readable and self._watched[descriptor].is_readable:
            self.call_soon(self._read, descriptor)

    def add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:  # type: ignore[override]
        """Call back as long as the end has something to read."""
        self._on_readable[fd] = lambda: callback(*args)
        self.poke(fd)

    def remove_reader(self, fd: Any) -> bool:
        """Listen no more."""
        return self._on_readable.pop(fd, None) is not None

    def add_writer(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:  # type: ignore[override]
        """Call back as long as the end takes bytes; these wires always do."""
        self._on_room[fd] = lambda: callback(*args)
        self.call_soon(self._write, fd)

    def remove_writer(self, fd: Any) -> bool:
        """Write no more."""
        return self._on_room.pop(fd, None) is not None

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Run it here and now; the token of a card that was shown before, which costs a store 12 ms, is known."""
        del executor
        func = self._token_of if func is token_of else func
        future: asyncio.Future[Any] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - as an executor does: whoever awaits it gets it
            future.set_exception(error)
        return future

    def _read(self, descriptor: int) -> None:
        callback = self._on_readable.get(descriptor)
        if callback is not None and self._watched[descriptor].is_readable:
            callback()
            self.poke(descriptor)

    def _write(self, descriptor: int) -> None:
        callback = self._on_room.get(descriptor)
        if callback is not None:
            callback()
            if descriptor in self._on_room:
                self.call_later(0.001, self._write, descriptor)

    def _process_events(self, event_list: list[Any]) -> None:
        assert not event_list

    def _write_to_self(self) -> None:
        """Wake nobody: there is one thread."""


class InPlace(Executor):
    """An executor that has done it when it returns."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` here and now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future
