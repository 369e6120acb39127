"""The internet line of the demo: a TCP forwarder between the store and its hub that can be cut and mended.

`cut` resets what is open and closes the port, so that whoever tries is refused at once, as with a dead modem;
`mend` opens the same port again. It runs in a thread of its own and is the only thing of the demo that does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from concurrent.futures import Future
from typing import Any, Self

READ_BYTES = 64 * 1024
SETTLE_S = 0.01  # connections that the port had accepted already get their session, and are then broken with the rest
LINGER_NOT = struct.pack("ii", 1, 0)  # linger on, for 0 s: closing discards and resets


class Link:
    """One line to one far end. Use as a context manager; `port` is where the near end connects."""

    def __init__(self, *, far_port: int) -> None:
        self._far_port = far_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[Any]] = set()
        self.port = 0
        self.cuts = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def is_up(self) -> bool:
        """Tell whether somebody may connect now."""
        return self._server is not None

    def cut(self) -> None:
        """Drop everything that is open and refuse what comes; a second cut changes nothing."""
        if self.is_up:
            self.cuts += 1
            self._call(self._close())

    def mend(self) -> None:
        """Let connections through (again); mending a whole line changes nothing."""
        if not self.is_up:
            self._call(self._open())

    def _call(self, work: Any) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.result()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        await asyncio.sleep(SETTLE_S)
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _serve(self, near_reader: asyncio.StreamReader, near_writer: asyncio.StreamWriter) -> None:
        """Join one connection to the far end until either ends, the line is cut, or the far end is away."""
        session = asyncio.current_task()
        assert session is not None
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)
        writers = [near_writer]
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far_port)
            writers.append(far_writer)
            await asyncio.gather(_pump(near_reader, far_writer), _pump(far_reader, near_writer))
        except (OSError, asyncio.CancelledError):
            for writer in writers:
                _break(writer)
        finally:
            for writer in writers:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()


def _break(writer: asyncio.StreamWriter) -> None:
    """Close a connection so that its far end notices at once (RST, not FIN)."""
    if not writer.transport.is_closing():
        line: socket.socket = writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until one side is gone, then say so to the other."""
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(READ_BYTES):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
