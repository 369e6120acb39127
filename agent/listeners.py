"""The sockets that registers connect to: handed over by the service manager, else opened by the supervisor.

Handed over (systemd socket activation, sd_listen_fds(3); the unit is printed by `tillstream agent sockets`), they
listen even while the whole agent is upgraded: a register that connects then waits in the backlog and is served.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, MutableMapping, Sequence

from retail.errors import OnSiteError

FIRST_INHERITED_DESCRIPTOR = 3  # sd_listen_fds(3): SD_LISTEN_FDS_START
BACKLOG = 128  # a register that finds a tap away tries again every second; this is two minutes of a lane

Handed = MutableMapping[int, socket.socket]


def handed_over(environment: Mapping[str, str]) -> Handed:
    """Return the sockets that the service manager opened for us, by port; empty where it opened none."""
    ours = environment.get("LISTEN_PID") == str(os.getpid())
    count = int(environment.get("LISTEN_FDS", "0")) if ours else 0
    found: Handed = {}
    for descriptor in range(FIRST_INHERITED_DESCRIPTOR, FIRST_INHERITED_DESCRIPTOR + count):
        given = socket.socket(fileno=descriptor)
        ours_alone = given.dup()  # a descriptor of our own, not inheritable: children get theirs under an agreed number
        given.close()
        found[ours_alone.getsockname()[1]] = ours_alone
    return found


def listener(listen: str, handed: Handed) -> socket.socket:
    """Return the socket of `HOST:PORT`. Raises OnSiteError when the address is not ours to have."""
    host, _, port = listen.rpartition(":")
    if (given := handed.pop(int(port), None)) is not None:
        return given
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host.strip("[]"), int(port)))
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise OnSiteError(
            f"a tap cannot listen on {listen}: {error.strerror}",
            fix="end the program that holds the port, or change [workstation.tap] listen",
            code="port_taken",
        ) from error
    return opened


def socket_unit(addresses: Sequence[str]) -> str:
    """Return the text of `tillstream.socket` for these taps (systemd.socket(5))."""
    lines = "".join(f"ListenStream={address}\n" for address in addresses)
    return (
        "# Made by `tillstream agent sockets`: registers wait here while the agent is upgraded.\n"
        "[Unit]\nDescription=Where registers print to\n\n"
        f"[Socket]\n{lines}Backlog={BACKLOG}\nService=tillstream.service\nFreeBind=yes\n\n"
        "[Install]\nWantedBy=sockets.target\n"
    )
