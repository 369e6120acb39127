"""The tap's event loop: asyncio's, but a line that is ready is served in the turn that found it, without a detour.

asyncio makes a handle for each callback, looks descriptors up by exceptions, and runs everything a queue later; a
connection of milliseconds is a dozen such detours, half of what a tap cost it. Here `add_reader` and `add_writer` keep
the bare callback, and the selector calls it; it goes on doing so until something of asyncio's is due. Transports, tasks
and timers of asyncio's work as they always do.

Where the system has no epoll (macOS, Windows) `new_loop` returns asyncio's own loop: slower, otherwise the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import select
import selectors
from collections.abc import Callable, Mapping
from contextvars import Context
from functools import partial
from time import monotonic
from typing import Any, TypeVarTuple

# One turn serves at most as many lines; a tap has two or three that are ready at once.
EVENTS_MAX = 64

# What has been passed on is answered, or followed, within 50 us by a peer on a fast network, and by core; to sleep and
# be woken takes a processor as long again. Measured: 7,830 connections a second instead of 6,560.
AWAKE_S = 0.000_06
ASLEEP_S = 1.0  # after somebody else has wanted the processor meanwhile

Callback = Callable[[], object]
_Ts = TypeVarTuple("_Ts")


def new_loop() -> asyncio.AbstractEventLoop:
    """Return the loop a tap runs on."""
    return PromptLoop(PromptSelector()) if hasattr(select, "epoll") else asyncio.new_event_loop()


class PromptSelector(selectors.BaseSelector):
    """What asyncio registers is reported to it; lines in `readers` and `writers` are served before `select` returns."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._keys: dict[int, selectors.SelectorKey] = {}
        self.readers: dict[int, Callback] = {}
        self.writers: dict[int, Callback] = {}
        self.on_defect: Callable[[Exception], None] = _raise
        self.has_news = False  # asyncio has been given something to do since `select` began
        self._asleep_until_s = 0.0 if len(os.sched_getaffinity(0)) > 1 else math.inf

    def add(self, callbacks: dict[int, Callback], fd: int, callback: Callback) -> None:
        """Serve a line by `callback` in `callbacks` (`readers` or `writers`). Raises OSError: cannot be waited for."""
        known = fd in self.readers or fd in self.writers
        callbacks[fd] = callback
        try:
            if known:
                self._tell(fd)
            else:
                self._epoll.register(fd, select.EPOLLIN if callbacks is self.readers else select.EPOLLOUT)
        except OSError:
            del callbacks[fd]
            raise

    def remove(self, callbacks: dict[int, Callback], fd: int) -> bool:
        """Serve it there no more; return whether it was."""
        if callbacks.pop(fd, None) is None:
            return False
        if fd in self.readers or fd in self.writers:
            with contextlib.suppress(OSError):  # closed already: nobody waits for anything there
                self._tell(fd)
        else:
            self.forget(fd)
        return True

    def _tell(self, fd: int) -> None:
        """Tell the kernel what is waited for on a line that it knows.

        A descriptor that was closed before it was removed has been forgotten by the kernel: it is told again.
        """
        mask = (select.EPOLLIN if fd in self.readers else 0) | (select.EPOLLOUT if fd in self.writers else 0)
        try:
            self._epoll.modify(fd, mask)
        except FileNotFoundError:
            self._epoll.register(fd, mask)

    def forget(self, fd: int) -> None:
        """Tell the kernel that nothing is waited for on a descriptor."""
        try:
            self._epoll.unregister(fd)
        except OSError:  # closed already
            return

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Serve the lines until something of asyncio's is ready or has been given to it, or time is up."""
        self.has_news = False
        poll = self._epoll.poll
        until_s = None if timeout is None else monotonic() + timeout
        ready = poll(timeout, EVENTS_MAX)
        while not (found := self._serve(ready)) and not self.has_news:
            if until_s is not None:
                timeout = until_s - monotonic()
                if timeout <= 0:
                    break
            ready = self._next_soon() or poll(timeout, EVENTS_MAX)
        return found

    def _next_soon(self) -> list[tuple[int, int]]:
        """Return what comes while we stay awake: the answer to what has just been passed on (see `AWAKE_S`)."""
        began_s = monotonic()
        if began_s < self._asleep_until_s:
            return []
        poll = self._epoll.poll
        while not (ready := poll(0, EVENTS_MAX)) and monotonic() < began_s + AWAKE_S:
            os.sched_yield()  # whoever shares our processor goes first
        if monotonic() > began_s + 2 * AWAKE_S:  # somebody did: who sleeps is served sooner there than who waits awake
            self._asleep_until_s = began_s + ASLEEP_S
        return ready

    def _serve(self, ready: list[tuple[int, int]]) -> list[tuple[selectors.SelectorKey, int]]:
        """Serve the lines that are ready, and return what is of asyncio's."""
        found: list[tuple[selectors.SelectorKey, int]] = []
        lines: list[tuple[int, int, Callback | None, Callback | None]] = []
        for fd, events in ready:
            key = self._keys.get(fd)
            if key is None:
                lines.append((fd, events, self.readers.get(fd), self.writers.get(fd)))
            elif mask := _mask(events) & key.events:
                found.append((key, mask))
        for fd, events, reader, writer in lines:
            # What an earlier line's callback has removed is not called, nor who has got its number since.
            if reader is not None and events & ~select.EPOLLOUT and self.readers.get(fd) is reader:
                self._call(reader)
            if writer is not None and events & ~select.EPOLLIN and self.writers.get(fd) is writer:
                self._call(writer)
        # Nor is asyncio told of what a line has just ended: whoever has the number since would be taken for it.
        return [(key, mask) for key, mask in found if self._keys.get(key.fd) is key] if found else found

    def _call(self, callback: Callback) -> None:
        try:
            callback()
        except Exception as error:  # noqa: BLE001 - as asyncio does: one line's defect must not end the others
            self.on_defect(error)

    # What asyncio needs of a selector

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Begin to watch a descriptor of asyncio's."""
        fd = _fd(fileobj)
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} (descriptor {fd}) is registered already")
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        self._epoll.register(fd, _epoll_mask(events))
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Watch a descriptor of asyncio's no more."""
        key = self._keys.pop(_fd(fileobj))
        self.forget(key.fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Change what is waited for."""
        fd = _fd(fileobj)
        before = self._keys[fd]
        if events != before.events:
            self._epoll.modify(fd, _epoll_mask(events))
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """Return what is known of a descriptor of asyncio's. Raises KeyError."""
        return self._keys[_fd(fileobj)]

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Return all descriptors of asyncio's."""
        return self._keys

    def close(self) -> None:
        """Let go of the kernel's object."""
        self._epoll.close()
        self._keys.clear()
        self.readers.clear()
        self.writers.clear()


class PromptLoop(asyncio.SelectorEventLoop):
    """asyncio's loop with bare callbacks for lines (see the module's contract)."""

    def __init__(self, selector: PromptSelector) -> None:
        super().__init__(selector)
        self._lines = selector
        selector.on_defect = self._defect

    def stop(self) -> None:
        """End at the end of this turn: what is being waited for is waited for no longer."""
        self._lines.has_news = True
        super().stop()

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call in this turn of the loop: what is being waited for is waited for no longer."""
        self._lines.has_news = True
        return super().call_soon(callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call at a time, which may be sooner than what is being waited for."""
        self._lines.has_news = True
        return super().call_at(when, callback, *args, context=context)

    def add_reader(self, fd: Any, callback: Callable[[*_Ts], object], *args: *_Ts) -> None:
        """Call `callback` whenever there is something to read, or the line has broken."""
        lines = self._lines
        lines.add(lines.readers, _fd(fd), partial(callback, *args) if args else callback)

    def remove_reader(self, fd: Any) -> bool:
        """Call it no more; return whether somebody read here. asyncio's own socket calls come here, too."""
        return self._lines.remove(self._lines.readers, _fd(fd)) or super().remove_reader(fd)

    def add_writer(self, fd: Any, callback: Callable[[*_Ts], object], *args: *_Ts) -> None:
        """Call `callback` whenever the line takes bytes, or has broken."""
        lines = self._lines
        lines.add(lines.writers, _fd(fd), partial(callback, *args) if args else callback)

    def remove_writer(self, fd: Any) -> bool:
        """Call it no more; return whether somebody wrote here."""
        return self._lines.remove(self._lines.writers, _fd(fd)) or super().remove_writer(fd)

    def _defect(self, error: Exception) -> None:
        self.call_exception_handler({"message": "a line's callback raised", "exception": error})


def _fd(fileobj: Any) -> int:
    return fileobj if type(fileobj) is int else int(fileobj.fileno())


def _mask(events: int) -> int:
    """Return asyncio's mask; a broken line is ready for both, as in `selectors.EpollSelector`."""
    return (selectors.EVENT_READ if events & ~select.EPOLLOUT else 0) | (
        selectors.EVENT_WRITE if events & ~select.EPOLLIN else 0
    )


def _epoll_mask(events: int) -> int:
    return (select.EPOLLIN if events & selectors.EVENT_READ else 0) | (
        select.EPOLLOUT if events & selectors.EVENT_WRITE else 0
    )


def _raise(error: Exception) -> None:
    raise error
