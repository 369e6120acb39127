"""Core's side of the taps' socket: bytes to frames, frames to a `TapSession`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent.intake.counter import Counter
from agent.intake.session import TapSession
from pos_adapters.taps.frames import BrokenPeerError, FrameReader

UNREAD_BYTES_MAX = 4 * 1024 * 1024  # answers a tap has not read; a block is 2 KB, so this tap hangs


def _nobody(connection: TapConnection) -> None:
    del connection


class TapServer:
    """All connections to the taps' socket; used by core's loop only."""

    def __init__(self, counter: Counter, *, log: Callable[..., None]) -> None:
        self._counter = counter
        self._log = log
        self._connections: set[TapConnection] = set()

    def connection(self) -> TapConnection:
        """Return the protocol of a new connection."""
        connection = TapConnection(self._counter, log=self._log, on_lost=self._connections.discard)
        self._connections.add(connection)
        return connection

    def hang_up(self) -> None:
        """End every connection behind what was said: a cut that nobody will answer must not wait for its budget."""
        for connection in list(self._connections):
            connection.hang_up()


class TapConnection(asyncio.Protocol):
    """One tap."""

    def __init__(
        self, counter: Counter, *, log: Callable[..., None], on_lost: Callable[[TapConnection], None] = _nobody
    ) -> None:
        self._log = log
        self._on_lost = on_lost
        self._reader = FrameReader()
        self._session = TapSession(counter, send=self._send, drop=self._drop)
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the connection."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand on the frames that are whole."""
        if self._transport is None or self._transport.is_closing():
            return
        try:
            frames = self._reader.feed(data)
        except BrokenPeerError as error:
            self._drop(str(error))
            return
        self._session.take(frames)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the session go; its open jobs come again through the tap's spool."""
        del exc
        self._transport = None
        self._on_lost(self)
        self._session.lost()

    def hang_up(self) -> None:
        """End the connection once everything said has been sent."""
        if self._transport is not None:
            self._transport.close()

    def _send(self, data: bytes) -> None:
        if self._transport is None:
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > UNREAD_BYTES_MAX:
            self._drop("does not read")

    def _drop(self, why: str) -> None:
        self._log("tap_dropped", workstation=self._session.workstation_id, why=why)
        if self._transport is not None:
            self._transport.abort()
