"""Addresses on a tap's command line: what is listened on, where the printer is, where core is.

`HOST:PORT` and `tcp://HOST:PORT` (an IPv6 host in brackets), `unix:///path`. Parsing raises `ValueError` with a
message for the person who typed it; the command line turns it into exit code 2.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:  # a command line is parsed, and listened on, before the event loop is imported
    import asyncio


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"

    def resolve(self) -> tuple[socket.AddressFamily, tuple[str, int]]:
        """Return family and socket address; asks the name service, so it may take seconds. Raises OSError."""
        family, _, _, _, address = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0]
        return family, (str(address[0]), int(address[1]))

    async def connect(self, loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect and hand the connection to `protocol`. Raises OSError."""
        await loop.create_connection(protocol, self.host, self.port)


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A path of a Unix socket."""

    path: str

    def __str__(self) -> str:
        return f"unix://{self.path}"

    async def connect(self, loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect and hand the connection to `protocol`. Raises OSError."""
        await loop.create_unix_connection(protocol, self.path)


class Address(Protocol):
    """Where core is."""

    async def connect(self, loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Connect and hand the connection to `protocol`. Raises OSError."""


def tcp_address(text: str) -> TcpAddress:
    """Parse `HOST:PORT` or `tcp://HOST:PORT`."""
    parts = urlsplit(text if "://" in text else f"tcp://{text}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "tcp" or not parts.hostname or port is None or parts.path.strip("/"):
        raise ValueError(f"{text!r} is not HOST:PORT, for example 192.0.2.10:9100 or tcp://[2001:db8::10]:9100")
    return TcpAddress(parts.hostname, port)


def core_address(text: str) -> UnixAddress:
    """Parse where core listens: `unix:///path/core.sock`."""
    parts = urlsplit(text)
    if parts.scheme != "unix" or parts.netloc or not parts.path:
        raise ValueError(f"{text!r} is not unix:///PATH, for example unix:///var/lib/tillstream/core.sock")
    return UnixAddress(parts.path)
