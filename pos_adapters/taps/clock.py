"""The tap's clock: the one place where it asks what time it is. Times are aware, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time of this machine; core judges how good it is."""
    return datetime.now(UTC)
