"""A line between store and hub that can be hurt: a TCP proxy in user space, where no network namespace is to be had."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

PIECE_BYTES = 512
CAPTIVE = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 21\r\n\r\n<html>Sign in</html>\n"


class Fault(StrEnum):
    """What happens to a connection."""

    NONE = "none"
    REFUSED = "refused"  # closed as soon as it is there
    RESET = "reset"  # RST in the middle of the question
    ANSWER_LOST = "answer_lost"  # the hub has done it, the answer never comes: RST instead
    ANSWER_TORN = "answer_torn"  # half of the answer, then the end
    HALF_OPEN = "half_open"  # everything is swallowed and nothing ever comes back
    CAPTIVE = "captive"  # somebody else answers with 200 and a page


@dataclass
class BadLine:
    """`faults` are used up one a connection; then the line is good. `bytes_per_s` None is as fast as it goes."""

    port: int
    faults: list[Fault] = field(default_factory=list)
    bytes_per_s: int | None = None
    carried_bytes: int = 0
    met: list[Fault] = field(default_factory=list)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Yield the address of this side of the line."""
        ends: set[asyncio.Task[None]] = set()

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ends.add(asyncio.current_task())
            try:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    await self._carry(reader, writer)
            finally:
                writer.transport.abort()

        server = await asyncio.start_server(accepted, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self.faults.pop(0) if self.faults else Fault.NONE
        self.met.append(fault)
        if fault is Fault.REFUSED:
            return
        if fault is Fault.CAPTIVE:
            await reader.read(PIECE_BYTES)
            writer.write(CAPTIVE)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            return
        if fault is Fault.HALF_OPEN:
            while await reader.read(PIECE_BYTES):
                continue
            return
        if fault is Fault.RESET:
            await reader.read(PIECE_BYTES)
            _reset(writer)
            return
        hub_reader, hub_writer = await asyncio.open_connection("127.0.0.1", self.port)
        there = asyncio.ensure_future(self._pump(reader, hub_writer))
        try:
            await self._back(hub_reader, writer, fault)
        finally:
            there.cancel()
            await asyncio.gather(there, return_exceptions=True)
            hub_writer.transport.abort()

    async def _back(self, hub: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> None:
        if fault is Fault.NONE:
            await self._pump(hub, writer)
            return
        answer = await hub.read(65536)
        if fault is Fault.ANSWER_TORN:
            writer.write(answer[: len(answer) // 2])
            writer.close()
            await writer.wait_closed()
        else:
            _reset(writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE_BYTES):
            self.carried_bytes += len(piece)
            if self.bytes_per_s is not None:
                await asyncio.sleep(len(piece) / self.bytes_per_s)  # the line's own slowness, not a wait for something
            writer.write(piece)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST: nothing is sent any more, the other side hears an error."""
    link = writer.get_extra_info("socket")
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
