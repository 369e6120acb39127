"""How the desk is, for `tillstream status`, for `/v1/status` and, as `stale`, for the pages.

`desk.json` in the state folder is written whole and renamed, so that a reader never sees half of it; it is a report,
not a record, and nobody needs it after a power cut. Its `as_of` tells how old it is; `agent.desk.report` reads it.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from agent.desk.hub_link import HubLink
from kiosk.broadcast import Switchboard
from kiosk.events import EventName
from kiosk.ports import Clock, JsonObject
from retail.errors import RefusedError, TillstreamError
from sync.mirror import read_current

STATUS_EVERY_S = 2.0
"""A person who runs `tillstream status` twice sees it move; the journal's count costs 0.1 ms."""

STALE_AFTER_S = 180.0
"""The feed is asked every minute; three misses are an outage and not a hiccup."""

PAGES_TOLD_EVERY_S = 60.0
"""Pages count ages themselves; they are told again so that a new last contact reaches them."""


class DeskStatus:
    """What only the desk knows: itself, the link to the hub, the age of the mirror's files."""

    def __init__(self, *, hub: HubLink, clock: Clock, listen: str) -> None:
        self._hub = hub
        self._clock = clock
        self._listen = listen
        self._started_at = clock.now()

    def report(self) -> JsonObject:
        """Return the desk's part of `tillstream status --json`."""
        now = self._clock.now()
        return {
            "desk": {
                "state": "running",
                "pid": os.getpid(),
                "listen": self._listen,
                "started_at": self._started_at.isoformat(timespec="seconds"),
                "as_of": now.isoformat(timespec="milliseconds"),
            },
            "hub": self._hub.report(),
        }

    def stale(self) -> dict[str, Any]:
        """Return what pages are told of the age of what they show (`kiosk/ports.py`).

        A store without a hub in its configuration is never stale: there is nobody to be behind.
        """
        contact = self._hub.last_contact
        age_s = (self._clock.now() - contact).total_seconds() if contact else None
        up_s = (self._clock.now() - self._started_at).total_seconds()
        silent_s = up_s if age_s is None else age_s
        return {
            "stale": self._hub.config.hub is not None and silent_s >= STALE_AFTER_S,
            "hub_last_contact": contact.isoformat(timespec="seconds") if contact else None,
            "mirror_age_s": self._mirror_age_s(),
            "backlog": self._hub.backlog,
        }

    def _mirror_age_s(self) -> float | None:
        with suppress(RefusedError, OSError):
            current = read_current(self._hub.state.mirror)
            if current is not None:
                return round((self._clock.now() - current.as_of).total_seconds())
        return None


async def run_status(status: DeskStatus, *, hub: HubLink, path: Path, switchboard: Switchboard, clock: Clock) -> None:
    """Keep `desk.json` and the pages told until cancelled."""
    told: bool | None = None
    told_at_s = 0.0
    while True:
        with suppress(TillstreamError):  # a journal that cannot be read is core's trouble to tell
            await hub.count()
        with suppress(OSError):  # a full disk is told by core and doctor; the report is only a report
            _replace(path, status.report())
        stale = status.stale()
        if stale["stale"] is not told or clock.monotonic_s() - told_at_s >= PAGES_TOLD_EVERY_S:
            told, told_at_s = stale["stale"], clock.monotonic_s()
            switchboard.publish_everywhere(EventName.STALE, stale)
        await asyncio.sleep(STATUS_EVERY_S)


def _replace(path: Path, report: JsonObject) -> None:
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(report, indent=1), "utf-8")
    draft.replace(path)
