"""What the edges with a protocol of their own share: each till is joined to a connection of its own to the printer.

A printer that refuses has the till's connection reset, as on port 9100. A conversation that raises `ConversationError`
or OSError has broken off: both ends are reset, the cause is logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pos_adapters.taps.addresses import ServiceAddress
from pos_adapters.taps.ends import find_out_dead_peer, tune
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.printer_line import CONNECT_WITHIN_S

if TYPE_CHECKING:
    import ssl

_Answer = TypeVar("_Answer")

TILLS_MAX = 32  # a browser opens six connections; those of a printer that hangs must not gather without end
LOOK_EVERY_S = 1.0
FIRST_WORD_WITHIN_S = 1.0  # a till that has just connected is about to print, although nothing of it has been read
LINGER_S = 60.0  # a till may half-close behind its job and still wait; one that has gone does not
HANDSHAKE_WITHIN_S = 10.0  # a slow till on wireless takes two
STREAM_BYTES = 64 * 1024  # what waits in a stream before the sender is slowed down
TLS_BYTES = 32 * 1024  # two records; asyncio reads 256 KB at a time, which leaves 1 MB of holes after 200 connections


class ConversationError(Exception):
    """The other side does not speak the protocol, or has closed in the middle of it."""


class Stream(NamedTuple):
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Write, and wait while the other end takes nothing."""
        self.writer.write(data)
        await self.writer.drain()

    def tune(self) -> None:
        """Set what every print socket needs."""
        sock = self.writer.get_extra_info("socket")
        tune(sock)
        find_out_dead_peer(sock)

    def reset(self) -> None:
        """Break the connection so that the other end notices at once (TCP: RST)."""
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Conversation = Callable[[Stream, Stream], Awaitable[None]]


class ServiceLine:
    """How a lane reaches its printer, or the server of its printers."""

    def __init__(self, address: ServiceAddress) -> None:
        self.address = address
        self._tls = _tls(address)  # once: reading what the machine trusts takes 20 ms

    async def open(self) -> Stream:
        """Connect. Raises OSError, also when the certificate is not the one that is trusted, or TimeoutError."""
        stream = await asyncio.wait_for(_opened(self.address, self._tls), CONNECT_WITHIN_S)
        stream.tune()
        return stream


class StreamLane:
    """See the module's contract. `is_busy` says whether a job is on its way."""

    def __init__(
        self,
        parts: LaneParts,
        listener: socket.socket,
        line: ServiceLine,
        *,
        converse: Conversation,
        is_busy: Callable[[], bool],
        certificate: Path | None = None,
    ) -> None:
        self._parts = parts
        self._listener = listener
        self._line = line
        self._converse = converse
        self._is_busy = is_busy
        self._certificate = certificate
        self._tasks: dict[asyncio.Task[None], float] = {}  # and when the till connected
        self._server: asyncio.Server | None = None
        self._starting: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a job is on its way, or about to be."""
        young_since_s = self._parts.loop.time() - FIRST_WORD_WITHIN_S
        return self._is_busy() or any(at_s > young_since_s for at_s in self._tasks.values())

    def start(self) -> None:
        """Begin to accept."""
        self._starting = self._parts.loop.create_task(self._serve())

    async def _serve(self) -> None:
        tls = None if self._certificate is None else served_tls(self._certificate)
        within_s = None if tls is None else HANDSHAKE_WITHIN_S
        self._server = await asyncio.start_server(
            self._accepted, sock=self._listener, limit=STREAM_BYTES, ssl=tls, ssl_handshake_timeout=within_s
        )

    def stop(self) -> None:
        """Accept no more."""
        if self._server is not None:
            self._server.close()

    def abandon(self) -> None:
        """Break off what goes on."""
        for task in self._tasks:
            task.cancel()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        till = Stream(reader, writer)
        task = asyncio.current_task()
        if task is None or len(self._tasks) >= TILLS_MAX or not self._parts.admits(writer.get_extra_info("peername")):
            till.reset()
            return
        self._tasks[task] = self._parts.loop.time()
        try:
            till.tune()
            await self._joined(till)
        except asyncio.CancelledError:  # the tap stops; asyncio would report it as a defect
            till.reset()
        except (ConversationError, OSError) as error:
            self._parts.log.event("line_broke", cause=str(error) or type(error).__name__)
            till.reset()
        except Exception as error:  # noqa: BLE001 - a defect of ours costs this connection, as if the printer had broken it
            self._parts.log.event("defect", cause=f"{type(error).__name__}: {error}")
            till.reset()
        finally:
            del self._tasks[task]
            writer.close()

    async def _joined(self, till: Stream) -> None:
        try:
            other_end = await self._line.open()
        except (OSError, TimeoutError) as error:
            self._parts.log.event("printer_refused", cause=str(error) or "no answer")
            self._parts.health.reachable(yes=False)
            till.reset()
            return
        self._parts.health.reachable(yes=True)
        try:
            await self._converse(till, other_end)
        finally:
            other_end.writer.close()


async def unless_gone(answer: Coroutine[None, None, _Answer], till: Stream) -> _Answer:
    """Wait for a printer's answer as long as somebody wants it: a printer that hangs must not gather dead tills."""
    waiting = asyncio.ensure_future(answer)
    gone_s = 0.0
    try:
        while not (await asyncio.wait({waiting}, timeout=LOOK_EVERY_S))[0]:
            gone_s = gone_s + LOOK_EVERY_S if till.reader.at_eof() else 0.0
            if till.reader.exception() is not None or gone_s >= LINGER_S:
                raise ConversationError("the till has gone")
        return waiting.result()
    finally:
        waiting.cancel()


async def _opened(address: ServiceAddress, tls: ssl.SSLContext | None) -> Stream:
    """Connect to the other end. Raises OSError, also when its certificate is not the one that is trusted."""
    stream = Stream(*await asyncio.open_connection(address.host, address.port, ssl=tls, limit=STREAM_BYTES))
    if address.pin:
        from hashlib import sha256  # noqa: PLC0415 - brings OpenSSL, 4 MB, which such a lane has and no other needs

        shown = sha256(stream.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)).digest()
        if shown != address.pin:
            stream.reset()
            raise ConnectionError(f"the printer shows another certificate than the one named: sha256={shown.hex()}")
    return stream


def _tls(address: ServiceAddress) -> ssl.SSLContext | None:
    if not address.tls:
        return None
    import ssl  # noqa: PLC0415 - 4 MB that no other lane needs

    _read_by_records()
    if not address.pin:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the fingerprint is stricter than name and signature, which such printers lack
    context.verify_mode = ssl.CERT_NONE
    return context


def served_tls(certificate: Path) -> ssl.SSLContext:
    """Return what serves registers by TLS with a PEM file of key and certificate. Raises OSError."""
    import ssl  # noqa: PLC0415 - see above

    _read_by_records()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def _read_by_records() -> None:
    """Let asyncio set aside no more for a connection's TLS than it takes: this process has no other use of it."""
    from asyncio.sslproto import SSLProtocol  # noqa: PLC0415 - see above

    SSLProtocol.max_size = TLS_BYTES
