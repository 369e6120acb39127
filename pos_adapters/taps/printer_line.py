"""How a lane reaches its printer: `PrinterLine` is the port, `TcpPrinter` the network, `serial_line` a cable.

Connecting never blocks. The caller gets the end of a line that is open, or the cause why there is none, exactly once,
perhaps before `connect` returns; what it gets back from `connect` gives the attempt up, and then neither comes.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from typing import Protocol

from pos_adapters.taps.addresses import TcpAddress
from pos_adapters.taps.ends import KERNEL_BUFFER_BYTES, End, SocketEnd, tune

# On a LAN a printer answers within a millisecond, one that is waking up within two seconds.
CONNECT_WITHIN_S = 5.0

_CONNECTED = (0, errno.EISCONN)
_UNDER_WAY = (errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK)

# On Linux one system call says both; elsewhere `tune` says the second.
_NON_BLOCKING_STREAM = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0)

GiveUp = Callable[[], None]


class PrinterLine(Protocol):
    """See the module's contract."""

    def connect(self, on_open: Callable[[End], None], on_refused: Callable[[str], None]) -> GiveUp:
        """Begin to connect; return what gives the attempt up."""


class TcpPrinter:
    """A printer on the network. A name is resolved in a thread, and again after the printer was not there."""

    def __init__(self, loop: asyncio.AbstractEventLoop, address: TcpAddress) -> None:
        self._loop = loop
        self._address = address
        self._resolved: tuple[socket.AddressFamily, tuple[str, int]] | None = None

    def connect(self, on_open: Callable[[End], None], on_refused: Callable[[str], None]) -> GiveUp:
        """Begin to connect (see `PrinterLine`)."""
        if self._resolved is None:
            attempt = _Attempt(self._loop, on_open, self._forgetting(on_refused))
            attempt.task = self._loop.create_task(self._resolve_then_start(attempt))
            return attempt.give_up
        sock, problem = _begun(*self._resolved)
        if sock is not None and problem in _CONNECTED:
            on_open(SocketEnd(sock))
            return _nothing_to_give_up
        attempt = _Attempt(self._loop, on_open, self._forgetting(on_refused))
        attempt.go_on(sock, problem)
        return attempt.give_up

    async def _resolve_then_start(self, attempt: _Attempt) -> None:
        try:
            self._resolved = await self._loop.run_in_executor(None, self._address.resolve)
        except (OSError, RuntimeError) as error:  # no such name, or no thread to ask on
            attempt.refuse(getattr(error, "strerror", None) or str(error))
            return
        if not attempt.over:
            attempt.go_on(*_begun(*self._resolved))

    def _forgetting(self, on_refused: Callable[[str], None]) -> Callable[[str], None]:
        def refused(cause: str) -> None:
            self._resolved = None
            on_refused(cause)

        return refused


def _begun(family: socket.AddressFamily, where: tuple[str, int]) -> tuple[socket.SocketType | None, int]:
    """Return a socket that is connecting, and the error number: a near printer has answered when this returns.

    No socket when the system has none left (EMFILE): that refuses this register, and must not cost the next its lane.
    """
    try:
        sock = socket.SocketType(family, _NON_BLOCKING_STREAM)
    except OSError as error:
        return None, error.errno or errno.EMFILE
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
    tune(sock)
    problem = sock.connect_ex(where)
    if problem in _UNDER_WAY:
        problem = sock.connect_ex(where)  # a turn of the loop saved
    return sock, problem


class _Attempt:
    """One connection on its way."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_open: Callable[[End], None], on_refused: Callable[[str], None]
    ) -> None:
        self._loop = loop
        self._on_open = on_open
        self._on_refused = on_refused
        self._socket: socket.SocketType | None = None
        self._late: asyncio.TimerHandle | None = None
        self.over = False
        self.task: asyncio.Task[None] | None = None  # kept, so that the loop does not lose it

    def go_on(self, sock: socket.SocketType | None, problem: int) -> None:
        """Take over a socket that has begun to connect, or the error number that says why there is none."""
        self._socket = sock
        if sock is None:
            self.refuse(os.strerror(problem))
        elif problem in _CONNECTED:
            self._connected()
        elif problem in _UNDER_WAY:
            self._late = self._loop.call_later(
                CONNECT_WITHIN_S, self.refuse, f"no answer within {CONNECT_WITHIN_S:g} s"
            )
            self._loop.add_writer(sock.fileno(), self._answered)
        else:
            self.refuse(os.strerror(problem))

    def _answered(self) -> None:
        assert self._socket is not None
        self._loop.remove_writer(self._socket.fileno())
        problem = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem:
            self.refuse(os.strerror(problem))
        else:
            self._connected()

    def _connected(self) -> None:
        assert self._socket is not None
        sock, self._socket = self._socket, None
        self._end()
        self._on_open(SocketEnd(sock))

    def refuse(self, cause: str) -> None:
        """Tell that there is no printer."""
        if not self.over:
            self._end()
            self._on_refused(cause)

    def give_up(self) -> None:
        """Tell nothing any more."""
        self._end()

    def _end(self) -> None:
        self.over = True
        if self._late is not None:
            self._late.cancel()
        if self._socket is not None:
            self._loop.remove_writer(self._socket.fileno())
            self._socket.close()
            self._socket = None


def _nothing_to_give_up() -> None:
    return
