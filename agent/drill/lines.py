"""Wires of the simulated store: between register, tap and printer (`pos_adapters.taps.ends.End`), and to core."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from agent.drill.loop import StoryLoop

LINE_DELAY_S = 0.0002  # a store's own network


class WireEnd:
    """One end of a wire; whoever holds the other end reads what is sent here, in order."""

    can_end = True

    def __init__(self, loop: StoryLoop) -> None:
        self._loop = loop
        self._inbox: deque[bytes] = deque()
        self._under_way: deque[bytes | None] = deque()  # timers of one moment have no order, the wire has
        self._other_finished = False
        self._broken = False
        self._closed = False
        self.peer: WireEnd | None = None
        self.held_back = False
        self.on_room: Callable[[], None] = _ignore
        self._descriptor = loop.watch(self)

    @property
    def is_readable(self) -> bool:
        """Whether `receive` would return something."""
        return bool(self._inbox) or self._other_finished or self._broken

    def fileno(self) -> int:
        """Return the made-up descriptor."""
        return self._descriptor

    def receive(self, size_max: int) -> bytes:
        """Return what came; see `End`."""
        if self._broken:
            raise ConnectionResetError("reset")
        if self._inbox:
            data = self._inbox.popleft()
            if len(data) > size_max:
                self._inbox.appendleft(data[size_max:])
            return data[:size_max]
        if self._other_finished:
            return b""
        raise BlockingIOError

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Hand bytes to the other end; see `End`."""
        if self._broken or self._closed:
            raise BrokenPipeError
        self._under_way.append(bytes(data))
        self._loop.call_later(LINE_DELAY_S, self._arrives)
        return len(data)

    def arrived(self, data: bytes | None) -> None:
        """Take what came through the wire; None is the other end's last word."""
        if self._closed:
            return
        if data is None:
            self._other_finished = True
        else:
            self._inbox.append(data)
        self._loop.poke(self._descriptor)

    def undelivered_bytes(self) -> int:
        """Return what the wire holds: nothing."""
        return 0

    def stays(self) -> None:
        """Note that this is no connection of milliseconds; a wire in memory has no peer that dies unheard."""

    def half_close(self) -> None:
        """Say the last word."""
        if not self._closed:
            self._under_way.append(None)
            self._loop.call_later(LINE_DELAY_S, self._arrives)

    def close(self) -> None:
        """Let go."""
        if not self._closed:
            self.half_close()
            self._closed = True
            self._loop.unwatch(self._descriptor)

    def _arrives(self) -> None:
        assert self.peer is not None
        self.peer.arrived(self._under_way.popleft())

    def reset(self) -> None:
        """Break the wire."""
        if self.peer is not None:
            self.peer._broken = True  # noqa: SLF001 - the other half of the same wire
            self._loop.poke(self.peer.fileno())
        self.close()


def wire(loop: StoryLoop) -> tuple[WireEnd, WireEnd]:
    """Return the two ends of a new wire."""
    one, other = WireEnd(loop), WireEnd(loop)
    one.peer, other.peer = other, one
    return one, other


class _Plug(asyncio.Transport):
    """One side of a connection between two protocols."""

    def __init__(self, loop: StoryLoop, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self.other: _Plug | None = None
        self._gone = False
        self._under_way: deque[bytes] = deque()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if not self._gone:
            self._under_way.append(bytes(data))
            self._loop.call_later(LINE_DELAY_S, self._arrives)

    def _arrives(self) -> None:
        data, other = self._under_way.popleft(), self.other
        if other is not None and not other._gone:  # noqa: SLF001 - the other half of the same connection
            other._protocol.data_received(data)  # noqa: SLF001

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self._gone

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        for side in (self, self.other):
            if side is not None and not side._gone:  # noqa: SLF001 - the other half of the same connection
                side._gone = True  # noqa: SLF001
                self._loop.call_soon(side._protocol.connection_lost, None)  # noqa: SLF001


class CoreSocket:
    """Where a store's core listens: an address for taps (`pos_adapters.taps.addresses`), and all its connections."""

    def __init__(self, loop: StoryLoop) -> None:
        self._loop = loop
        self._answers: Callable[[], asyncio.Protocol] | None = None
        self._plugs: list[_Plug] = []

    def __str__(self) -> str:
        return "core"

    def listen(self, answers: Callable[[], asyncio.Protocol]) -> None:
        """Let a core answer from now on."""
        self._answers = answers

    def hang_up(self) -> None:
        """Core is gone: break every connection, take no new one."""
        self._answers = None
        plugs, self._plugs = self._plugs, []
        for plug in plugs:
            plug.abort()

    async def connect(self, loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect a tap. Raises ConnectionRefusedError while core is away."""
        del loop
        if self._answers is None:
            raise ConnectionRefusedError(111, "core is away")
        ours, cores = _Plug(self._loop, protocol()), _Plug(self._loop, self._answers())
        ours.other, cores.other = cores, ours
        self._plugs.append(cores)
        cores._protocol.connection_made(cores)  # noqa: SLF001 - the other half of the same connection
        ours._protocol.connection_made(ours)  # noqa: SLF001


def _ignore() -> None:
    return
