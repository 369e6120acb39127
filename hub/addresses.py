"""Where the hub may send what is the chain's own."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_safe_address(url: str) -> bool:
    """Return whether nobody on the way reads what is posted there: https, or this very machine."""
    where = urlsplit(url)
    return bool(where.hostname) and (where.scheme == "https" or (where.scheme == "http" and where.hostname in LOOPBACK))
