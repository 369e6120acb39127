"""The sockets registers connect to: opened before anything heavy is imported, or handed over by a service manager.

From the moment they listen, a register that connects waits in them instead of being refused; that is the first thing
a starting tap does. Handed over (systemd socket activation, sd_listen_fds(3)), they listen while the tap is dead, too.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence

from pos_adapters.taps.addresses import TcpAddress
from pos_adapters.taps.ends import KERNEL_BUFFER_BYTES

# A store's registers together are a dozen; 500 reconnects of one that has gone mad must not be refused either.
BACKLOG = 128

FIRST_INHERITED_DESCRIPTOR = 3  # SD_LISTEN_FDS_START


def listening_sockets(addresses: Sequence[TcpAddress], environment: Mapping[str, str]) -> list[socket.socket]:
    """Return one listening socket an address: those handed over (LISTEN_FDS, in order), else our own.

    Raises OSError: in use, not ours, not allowed, or handed over in another number; `filename` names the address.
    """
    count = int(environment.get("LISTEN_FDS", "0")) if environment.get("LISTEN_PID") == str(os.getpid()) else 0
    if count == 0:
        return [_listening(address) for address in addresses]
    if count != len(addresses):
        raise OSError(0, f"LISTEN_FDS hands over {count} sockets for {len(addresses)} --listen", "LISTEN_FDS")
    inherited = [socket.socket(fileno=FIRST_INHERITED_DESCRIPTOR + number) for number in range(count)]
    for sock in inherited:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BUFFER_BYTES)
    return inherited


def _listening(address: TcpAddress) -> socket.socket:
    try:
        family, where = address.resolve()
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(address)) from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BUFFER_BYTES)
        sock.bind(where)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, error.strerror, str(address)) from error
    return sock
