"""Tells systemd how a service is (sd_notify), without libsystemd: one datagram to `$NOTIFY_SOCKET`."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress


def notify(message: str, environment: Mapping[str, str]) -> None:
    """Send e.g. `READY=1`; does nothing where nobody listens, and never raises."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError, AttributeError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        link.sendall(message.encode())
