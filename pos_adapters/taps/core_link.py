"""The tap's connection to core: frames out, frames in, and coming back after every kind of trouble.

Nothing here waits and nothing here raises. Core that is absent, dead, hung (its side of the buffer fills up) or speaks
nonsense is `ready = False` until it is back; everything that was on its way to it is then lost, and the book of jobs
knows which jobs those were by the session number.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

from pos_adapters.taps.addresses import Address
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.frames import BrokenPeerError, Frame, FrameReader, FrameType, encode
from pos_adapters.taps.right import Right

# Core reads a receipt in under a millisecond. Megabytes that it has not read are a core that does not read.
UNREAD_BYTES_MAX = 4 * 1024 * 1024

# What is said in one turn of the loop goes in one write; a question takes what came before along at once. Each write
# wakes core, and a receipt is five frames.
HELD_BYTES_MAX = 64 * 1024

# Core serves within a second of a start or a `kill -9`, and until a lane has found it receipts print without an offer:
# it is looked for often that long, 0.1 ms each time. A customer stands at the till for longer than the last of these.
RECONNECT_AFTER_S = (*(0.025,) * 60, 0.1, 0.2, 0.5, 1.0)

# Three budgets in a row without an answer is a core that hangs, or a disk too slow for the budget. Cuts are then asked
# without waiting until an answer comes in time: such a store prints at full speed from the fourth receipt on.
UNANSWERED_MAX = 3


class CoreLink:
    """One lane's connection. `session` counts connections; callbacks come on the event loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        address: Address | None,
        *,
        hello: Mapping[str, object],
        budget_s: float,
        log: EventLog,
        makes_right: Callable[[], Right | None] = lambda: None,
    ) -> None:
        self._loop = loop
        self._address = address
        self._hello = hello
        self._budget_s = budget_s
        self._log = log
        self._transport: asyncio.WriteTransport | None = None
        self._attempts = 0
        self._unanswered = 0
        self._connecting: asyncio.Task[None] | None = None
        self._stopped = False
        self.session = 0
        self.on_frame: Callable[[Frame], None] = _ignore_frame
        self.on_ready: list[Callable[[], None]] = []
        self.on_lost: Callable[[], None] = _ignore
        self.has_older: Callable[[], bool] = _nothing
        self.trouble: Callable[[], list[str]] = list
        self._told_older = False
        self._held = bytearray()
        self._makes_right = makes_right
        self.right: Right | None = None
        """The pipe of this connection that core puts rights to lent blocks into."""

    @property
    def is_wanted(self) -> bool:
        """Whether there is a core to talk to at all."""
        return self._address is not None

    @property
    def ready(self) -> bool:
        """Whether core is connected."""
        return self._transport is not None

    @property
    def answers(self) -> bool:
        """Whether it is worth holding a cut for core: connected, and not known to hang."""
        return self._transport is not None and self._unanswered < UNANSWERED_MAX

    def start(self) -> None:
        """Begin to connect, and go on doing so until `stop`; without an address core is never there."""
        if self._address is not None:
            self._connecting = self._loop.create_task(self._connect(self._address))

    def stop(self) -> None:
        """Close and stay closed; `on_lost` is not called."""
        self._stopped = True
        if self._connecting:
            self._connecting.cancel()
        self._write_held()
        self._end_right()
        transport, self._transport = self._transport, None
        if transport:
            transport.close()

    def send(self, frame_type: FrameType, *parts: bytes | bytearray) -> None:
        """Send a frame if core is connected; drops the connection when core has stopped reading."""
        if self._transport is None:
            return
        if not self._held:
            self._loop.call_soon(self._write_held)
        self._held += encode(frame_type, b"".join(parts))
        if frame_type is FrameType.CUT or len(self._held) > HELD_BYTES_MAX:
            self._write_held()

    def _write_held(self) -> None:
        if self._transport is None or not self._held:
            return
        held, self._held = self._held, bytearray()
        self._transport.write(held)
        if self._transport.get_write_buffer_size() > UNREAD_BYTES_MAX:
            self._log.event("core_hangs", unread_bytes=self._transport.get_write_buffer_size())
            self._transport.abort()
            self.lost()

    def answered(self, *, after_s: float) -> None:
        """Note how long core took to answer; only an answer within the budget makes it worth waiting for again."""
        if after_s > self._budget_s:
            return
        if self._unanswered >= UNANSWERED_MAX:
            self._log.event("core_answers_again", after_ms=round(after_s * 1000, 1))
        self._unanswered = 0

    def missed(self) -> None:
        """Note that a cut went unanswered."""
        self._unanswered += 1
        if self._unanswered == UNANSWERED_MAX:
            self._log.event("core_silent", unanswered=self._unanswered)

    def connected(self, transport: asyncio.WriteTransport) -> None:
        """Take over a connection (called by the protocol)."""
        self._transport = transport
        self._held = bytearray()
        self._unanswered = 0
        self.session += 1
        self._end_right()
        self.right = self._makes_right()
        self._say_hello()
        self._log.event("core_connected", session=self.session)
        for tell in self.on_ready:
            tell()

    def nothing_older(self) -> None:
        """Tell core, if it thinks otherwise, that it has every paper that is older than what prints now."""
        if self._told_older and not self.has_older():
            self._say_hello()

    def _say_hello(self) -> None:
        self._told_older = self.has_older()
        told = {**self._hello, "older": self._told_older, "trouble": self.trouble(), "ahead": True}
        told["right"] = self.right.path if self.right is not None else ""
        self.send(FrameType.HELLO, json.dumps(told).encode())

    def received(self, frames: list[Frame]) -> None:
        """Hand on what core said (called by the protocol)."""
        self._attempts = 0
        for frame in frames:
            self.on_frame(frame)

    def lost(self) -> None:
        """Note that the connection is gone and begin to reconnect. A repeat changes nothing."""
        if self._transport is None:
            return
        self._transport = None
        self._held = bytearray()
        self._end_right()
        self._log.event("core_lost", session=self.session)
        self.on_lost()
        if not self._stopped and self._address is not None:
            self._connecting = self._loop.create_task(self._connect(self._address, after_s=self._next_delay_s()))

    def _end_right(self) -> None:
        """Let go of the pipe: no right outlives the connection it came by."""
        right, self.right = self.right, None
        if right is not None:
            right.close()

    def is_current(self, transport: asyncio.BaseTransport) -> bool:
        """Return whether a protocol's transport is the connection in use."""
        return self._transport is transport

    def nonsense(self, error: BrokenPeerError) -> None:
        """Note that the other side is not core."""
        self._log.event("core_speaks_nonsense", cause=str(error))

    def _next_delay_s(self) -> float:
        """Return how long to wait before the next attempt; only a core that has said something resets it."""
        delay_s = RECONNECT_AFTER_S[min(self._attempts, len(RECONNECT_AFTER_S) - 1)]
        self._attempts += 1
        return delay_s

    async def _connect(self, address: Address, *, after_s: float = 0.0) -> None:
        """Try until connected; said once an outage, not once an attempt."""
        await asyncio.sleep(after_s)
        absent = False
        while not self._stopped:
            try:
                await address.connect(self._loop, lambda: _CoreProtocol(self))
            except OSError as error:
                if not absent:
                    self._log.event("core_absent", agent=str(address), cause=error.strerror or str(error))
                absent = True
                await asyncio.sleep(self._next_delay_s())
            else:
                return


class _CoreProtocol(asyncio.Protocol):
    """One connection, thrown away with it; the link outlives it."""

    def __init__(self, link: CoreLink) -> None:
        self._link = link
        self._reader = FrameReader()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._link.connected(transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if not self._link.is_current(self._transport):
            return
        try:
            frames = self._reader.feed(data)
        except BrokenPeerError as error:
            self._link.nonsense(error)
            self._transport.abort()
            self._link.lost()
            return
        self._link.received(frames)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._transport is not None and self._link.is_current(self._transport):
            self._link.lost()


def _ignore_frame(frame: Frame) -> None:
    del frame


def _ignore() -> None:
    return


def _nothing() -> bool:
    return False
