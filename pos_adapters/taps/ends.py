"""The two ends a tap joins, each a few non-blocking calls on a file descriptor.

`End` is the port; `SocketEnd` is TCP. A serial line is another end (`serial_line`). None of them buffers: what the
kernel does not take or has not got is the caller's to wait for.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from collections.abc import Callable
from typing import Protocol

if sys.platform != "win32":
    import fcntl
else:
    fcntl = None

_SIOCOUTQ = 0x5411  # linux/sockios.h: bytes of a TCP socket's send queue that are not acknowledged

# A till that lost power sends no FIN. Found out within 10 + 3 x 5 s; the printers we know give up after 30 - 120 s.
KEEPALIVE_IDLE_S = 10
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_PROBES = 3

# Kernel buffers double what a till believes printed. 64 KiB is one raster receipt: enough for full speed on a LAN,
# small enough that a slow printer slows the register as it would without us.
KERNEL_BUFFER_BYTES = 64 * 1024


class End(Protocol):
    """One end of a line. Every call returns at once.

    `can_end` says whether the other end is able to say that no more will come. While `held_back` is true nothing can
    be sent although the kernel would take it; `on_room` is called when that ends.
    """

    can_end: bool
    held_back: bool
    on_room: Callable[[], None]

    def fileno(self) -> int:
        """Return the descriptor that the event loop watches."""

    def receive(self, size_max: int) -> bytes:
        """Return what came, b"" when the other end has finished.

        Raises BlockingIOError when nothing came, OSError when the line is gone.
        """

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Hand bytes to the kernel and return how many it took.

        Raises BlockingIOError when it takes none, OSError when the line is gone.
        """

    def undelivered_bytes(self) -> int:
        """Return how many bytes the kernel holds that the other end has not taken; 0 where it cannot say."""

    def stays(self) -> None:
        """Note that this is no connection of milliseconds: a dead peer has to be found out, where that can be."""

    def half_close(self) -> None:
        """Say that nothing more will be sent; receiving goes on. A repeat changes nothing."""

    def close(self) -> None:
        """Let go of the line in good order. A repeat changes nothing."""

    def reset(self) -> None:
        """Break the line so that the other end notices at once (TCP: RST). A repeat changes nothing."""


class SocketEnd:
    """A connected TCP socket."""

    can_end = True

    def __init__(self, sock: socket.SocketType) -> None:
        self._socket = sock
        self.held_back = False
        self.on_room: Callable[[], None] = _ignore

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def receive(self, size_max: int) -> bytes:
        """Return what came; see `End`."""
        return self._socket.recv(size_max)

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Hand bytes to the kernel; see `End`."""
        return self._socket.send(data)

    def undelivered_bytes(self) -> int:
        """Return what is not acknowledged yet; see `End`."""
        if fcntl is None:
            return 0
        try:
            answer = fcntl.ioctl(self._socket.fileno(), _SIOCOUTQ, b"\0" * 4)
        except (OSError, ValueError):
            return 0
        return int.from_bytes(answer, sys.byteorder)

    def half_close(self) -> None:
        """Send FIN and go on receiving."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            return  # not connected any more: the other end needs no FIN

    def stays(self) -> None:
        """Note that this is no connection of milliseconds: a dead peer has to be found out."""
        with contextlib.suppress(OSError):  # it has gone already
            find_out_dead_peer(self._socket)

    def close(self) -> None:
        """Close; the kernel delivers what it has taken."""
        self._socket.close()

    def reset(self) -> None:
        """Close with RST: SO_LINGER of zero seconds."""
        with contextlib.suppress(OSError):  # already gone: close is all that is left
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


def accepted(listener: socket.socket, family: socket.AddressFamily) -> tuple[socket.SocketType, tuple[object, ...]]:
    """Return the next connection and its peer's address, as `listener.accept()` does in three times as long.

    Raises BlockingIOError when nobody waits, OSError when the system has nothing left to serve him with.
    """
    descriptor, peer = listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001 - what `accept` itself calls
    sock = socket.SocketType(family, socket.SOCK_STREAM, 0, descriptor)
    tune(sock)
    return sock, peer


def _ignore() -> None:
    return


def tune(sock: socket.SocketType) -> None:
    """Set what every print socket needs at once: no blocking, no delay for small writes."""
    sock.settimeout(0)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def find_out_dead_peer(sock: socket.SocketType) -> None:
    """Set keep-alive. Four system calls that a connection of milliseconds, as most tills make them, does without."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_S),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES),
    ):
        option = getattr(socket, name, None)  # macOS and older Windows name these differently or not at all
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
