"""One side of a passage: an `End` on the event loop, with what the kernel would not take yet.

A side never loses a byte that it has taken in: when nothing can be sent to the other end any more (`deaf`), it goes
on receiving what that end had sent before, because a register that closes in a hurry has still printed a receipt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from pos_adapters.taps.ends import End

RECEIVE_BYTES_MAX = 64 * 1024  # one wake-up moves at most this; also all that can wait in a passage per direction


class AnySide(Protocol):
    """What a passage needs of its two sides: a watched `End` (`Side`), or a job that came whole (`document`).

    `handed_bytes` have left us for good; `waiting_bytes` have been written, and have not. `on_worked_off(position)`
    is called when the other end says that everything up to there is printed.
    """

    ended: bool
    deaf: bool
    closed: bool
    handed_bytes: int
    on_bytes: Callable[[bytes], None]
    on_end: Callable[[], None]
    on_drained: Callable[[], None]
    on_deaf: Callable[[], None]
    on_worked_off: Callable[[int], None]

    @property
    def can_end(self) -> bool:
        """Whether the other end is able to say that no more will come."""

    @property
    def waiting_bytes(self) -> int:
        """Bytes that have not left us yet."""

    @property
    def undelivered_bytes(self) -> int:
        """Bytes that the other end has not taken, as far as anybody can say."""

    def listen(self, *, on: bool) -> None:
        """Receive, or leave what comes where it is."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send in order; never blocks."""

    def finish(self) -> None:
        """Say that no more will be written."""

    def close(self) -> None:
        """Let go in good order."""

    def reset(self) -> None:
        """Break off."""


class Side:
    """One end, watched.

    Callbacks: `on_bytes(data)`; `on_end()` at most once; `on_drained()` when the last byte that waited is with the
    kernel; `on_deaf()` at most once, when the end takes no more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, end: End | None = None) -> None:
        self._loop = loop
        self._outgoing = bytearray()
        self._watched = False
        self._sending = False
        self._finishing = False
        self.ended = False
        self.deaf = False
        self.closed = False
        self.handed_bytes = 0
        self.on_bytes: Callable[[bytes], None] = _ignore_bytes
        self.on_end: Callable[[], None] = _ignore
        self.on_drained: Callable[[], None] = _ignore
        self.on_deaf: Callable[[], None] = _ignore
        self.on_worked_off: Callable[[int], None] = _ignore_position  # a printer's answers are read in the passage
        if end is not None:
            self.open(end)

    def open(self, end: End) -> None:
        """Stand on this end; a side may be made before its line is there, and does nothing until then."""
        self._end = end
        self._fd = end.fileno()  # the line may be gone when it is to be watched no more
        end.on_room = self._room

    @property
    def can_end(self) -> bool:
        """Whether the other end is able to say that no more will come."""
        return self._end.can_end

    @property
    def waiting_bytes(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return len(self._outgoing)

    @property
    def undelivered_bytes(self) -> int:
        """Bytes that the other end has not taken, as far as the kernel can say."""
        return len(self._outgoing) + (0 if self.closed or self.deaf else self._end.undelivered_bytes())

    def listen(self, *, on: bool) -> None:
        """Receive, or leave what comes with the kernel."""
        on = on and not self.ended and not self.closed
        if on == self._watched:
            return
        self._watched = on
        if on:
            self._loop.add_reader(self._fd, self._receive)
        else:
            self._loop.remove_reader(self._fd)

    def receive_now(self) -> None:
        """Receive what has come, without waiting to be woken for it."""
        if self._watched:
            self._receive()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send in order; what the kernel does not take waits here. Bytes for a deaf end are dropped."""
        if self.deaf or self.closed:
            return
        if self._outgoing:
            self._outgoing += data
            return
        taken = self._send(data)
        if taken < len(data) and not self.deaf:
            self._outgoing += memoryview(data)[taken:]
            self._watch_room(on=True)

    def finish(self) -> None:
        """Half-close once everything is sent."""
        self._finishing = True
        if not self._outgoing and not self.closed:
            self._end.half_close()

    def close(self) -> None:
        """Let go in good order; what still waits here is lost, so look at `waiting_bytes` first."""
        self._leave(self._end.close)

    def reset(self) -> None:
        """Break the line at once."""
        self._leave(self._end.reset)

    def _leave(self, how: Callable[[], None]) -> None:
        if self.closed:
            return
        self.listen(on=False)
        self._watch_room(on=False)
        self.closed = True
        self._outgoing.clear()
        how()

    def _receive(self) -> None:
        try:
            data = self._end.receive(RECEIVE_BYTES_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._go_deaf()
            data = b""
        if self.closed:
            return
        if data:
            self.on_bytes(data)
            return
        self.ended = True
        try:
            self.on_end()  # first: somebody waits to be told
        finally:
            self.listen(on=False)

    def _send(self, data: bytes | bytearray | memoryview) -> int:
        try:
            taken = self._end.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self._go_deaf()
            return 0
        self.handed_bytes += taken
        return taken

    def _send_waiting(self) -> None:
        if self._end.held_back:
            self._loop.remove_writer(self._fd)
            return
        taken = self._send(self._outgoing)
        del self._outgoing[:taken]
        if self._outgoing or self.closed:
            return
        self._watch_room(on=False)
        if self._finishing:
            self._end.half_close()
        self.on_drained()

    def _room(self) -> None:
        """Go on sending: the device at the other end takes bytes again."""
        if self._outgoing and not self.closed and not self.deaf:
            self._loop.add_writer(self._fd, self._send_waiting)

    def _watch_room(self, *, on: bool) -> None:
        if on == self._sending:
            return
        self._sending = on
        if on and not self._end.held_back:
            self._loop.add_writer(self._fd, self._send_waiting)
        else:
            self._loop.remove_writer(self._fd)

    def _go_deaf(self) -> None:
        if self.deaf or self.closed:
            return
        self.deaf = True
        self._outgoing.clear()
        self._watch_room(on=False)
        self.on_deaf()


def _ignore_bytes(data: bytes) -> None:
    del data


def _ignore_position(position: int) -> None:
    del position


def _ignore() -> None:
    return
