"""How core stands: what is wrong now, and the core's part of `tillstream status --json`."""

from __future__ import annotations

import os
import resource
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from agent.clock import Clock
from agent.identity.floor import Push
from retail.errors import TillstreamError

if TYPE_CHECKING:
    from agent.bootstrap import Core
    from agent.intake.printers import PrinterState

TROUBLES_MAX = 50  # kinds of trouble remembered; each is one line to read
_NOTHING: Mapping[str, str] = MappingProxyType({})
TELL_AGAIN_S = 60.0  # a trouble that repeats is told once a minute, not once a receipt


class Standing:
    """Used by core's loop only."""

    def __init__(self, *, clock: Clock, publish: Callable[[Push], None], log: Callable[..., None]) -> None:
        self._clock = clock
        self._publish = publish
        self._log = log
        self._troubles: OrderedDict[tuple[str, str], dict[str, Any]] = OrderedDict()
        self._told_at_s: dict[tuple[str, str], float] = {}
        self.started_at: datetime = clock.now()

    def trouble(
        self,
        error: TillstreamError,
        *,
        workstation_id: str = "",
        at: datetime | None = None,
        about: Mapping[str, str] = _NOTHING,
    ) -> None:
        """Note a failure that stops nothing; log and pages hear of each kind once a minute.

        `about` holds names that a page puts into its own language's sentence for `error.code`.
        """
        key = error.code, workstation_id
        now_s = self._clock.monotonic_s()
        data = {
            "as_of": (at or self._clock.now()).isoformat(),
            "code": error.code,
            "message": error.message,
            "fix": error.fix,
            "resolved": False,
            **about,
        }
        self._troubles[key] = {**data, "workstation_id": workstation_id}
        if len(self._troubles) > TROUBLES_MAX:
            forgotten, _ = self._troubles.popitem(last=False)
            self._told_at_s.pop(forgotten, None)
        if now_s - self._told_at_s.get(key, -TELL_AGAIN_S) < TELL_AGAIN_S:
            return
        self._told_at_s[key] = now_s
        self._log("trouble", code=error.code, message=error.message, workstation=workstation_id)
        self._publish(Push(event="trouble", data=data, place_id=workstation_id))

    def resolved(self, *codes: str, workstation_id: str | None = None) -> None:
        """Take troubles back that are over, at one workstation or at all of them."""
        over = [key for key in self._troubles if key[0] in codes and workstation_id in (None, key[1])]
        for key in over:
            data = {**self._troubles.pop(key), "as_of": self._clock.now().isoformat(), "resolved": True}
            self._told_at_s.pop(key, None)
            self._publish(Push(event="trouble", data=data, place_id=key[1]))

    def report(self, core: Core) -> dict[str, Any]:
        """Return the core's part of the status."""
        now = self._clock.now()
        as_of = core.mirror.as_of
        age_s = (now - datetime.fromisoformat(as_of)).total_seconds() if as_of else None
        lanes = {each.workstation_id: each for each in core.counter.sessions}
        return {
            "core": {
                "state": "running",
                "pid": os.getpid(),
                "started_at": self.started_at.isoformat(timespec="seconds"),
                "memory_complete": core.memory.complete,
                "rss_bytes": rss_bytes(),
                "held_p99_ms": core.counter.holds.p99_ms(),
                "scans_waiting": core.people.waiting,
                "troubles": list(self._troubles.values()),
            },
            "taps": [
                {
                    "workstation_id": each.id,
                    "connected": each.id in lanes,
                    "jobs_open": lanes[each.id].jobs_open if each.id in lanes else 0,
                    "listen": each.tap.listen,
                    "printer": _printer(core.counter.printers.state(each.id)),
                }
                for each in core.config.workstation
                if each.tap is not None
            ],
            "mirror": {
                "version": core.mirror.version or None,
                "age_s": age_s,
                "customers": core.mirror.customers,
                "is_slice": core.mirror.is_slice,
            },
            "journal": {
                "head_seq": core.writer.head_seq,
                "trouble": core.writer.trouble.code if core.writer.trouble else None,
                "set_aside": [path.name for path in core.place.set_aside()],
            },
        }


def _printer(state: PrinterState | None) -> dict[str, Any] | None:
    return state.as_json() if state is not None else None


def rss_bytes() -> int:
    """Return how much memory this process holds now, in bytes; the most it ever held where nobody tells."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
