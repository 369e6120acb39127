"""Who may print through a tap: an allow-list of addresses, and the count of those it turned away.

Without a list everybody may, as at a printer. A list is a wall against whoever plugs into the store's network, not
against somebody who forges addresses on it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pos_adapters.taps.events import EventLog

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

LOG_EVERY_S = 1.0  # a port scan knocks a thousand times a second; the count tells all of it


def networks_of(texts: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Parse `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/64`. Raises ValueError."""
    from ipaddress import ip_network  # noqa: PLC0415 - only a tap with a list needs it

    return tuple(ip_network(text, strict=False) for text in texts)


class Admission:
    """See the module's contract."""

    def __init__(self, allowed: Sequence[str], log: EventLog) -> None:
        self._networks = networks_of(allowed) if allowed else ()
        self._log = log
        self._logged_at_s = float("-inf")
        self.refused = 0

    def admits(self, peer: tuple[object, ...]) -> bool:
        """Return whether a connection from `peer` (a socket address) is taken; logs and counts those that are not."""
        if not self._networks or self._is_allowed(str(peer[0])):
            return True
        self.refused += 1
        now_s = time.monotonic()
        if now_s - self._logged_at_s >= LOG_EVERY_S:
            self._logged_at_s = now_s
            self._log.event("register_refused", address=str(peer[0]), refused=self.refused)
        return False

    def _is_allowed(self, host: str) -> bool:
        from ipaddress import IPv6Address, ip_address  # noqa: PLC0415 - see above

        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)
