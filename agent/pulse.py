"""Feels core's pulse and tells the service manager that somebody does: a program that hangs is as good as dead.

Core that is stopped or stuck keeps its socket open, so that its end is never seen; taps go on without it (that is
their business), but offers, scans and syncs stand still until somebody ends it. Here is that somebody.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.notify import notify

FEEL_EVERY_S = 2.0
"""A fifth of WatchdogSec in the unit file: one late beat is no alarm."""

SILENT_FOR_S = 15.0
"""Core answers in milliseconds; a journal that is salvaged at start takes seconds, a dying disk as long."""

QUESTION = b'{"id":1,"op":"status"}\n'


@dataclass(slots=True, kw_only=True, eq=False)
class Pulse:
    """Beats while the supervisor's loop lives; `hangs` is called when core has been silent for too long."""

    control_socket: Path
    hangs: Callable[[float], None]
    environment: Mapping[str, str]
    feel_every_s: float = FEEL_EVERY_S
    silent_for_s: float = SILENT_FOR_S
    answer_within_s: float = FEEL_EVERY_S
    clock_s: Callable[[], float] = time.monotonic
    _answered_at_s: float = field(default=0.0, init=False)

    async def run(self) -> None:
        """Feel until cancelled."""
        self._answered_at_s = self.clock_s()
        while True:
            notify("WATCHDOG=1", self.environment)
            if await self._answers():
                self._answered_at_s = self.clock_s()
            elif (silent_s := self.clock_s() - self._answered_at_s) > self.silent_for_s:
                self.hangs(silent_s)
                self._answered_at_s = self.clock_s()  # the next one gets its time to start
            await asyncio.sleep(self.feel_every_s)

    async def _answers(self) -> bool:
        """Return whether core answers; one that is not there is not one that hangs: it is being started."""
        try:
            async with asyncio.timeout(self.answer_within_s):
                reader, writer = await asyncio.open_unix_connection(str(self.control_socket))
                try:
                    writer.write(QUESTION)
                    return bool(await reader.readline())
                finally:
                    writer.close()
        except TimeoutError:
            return False
        except (OSError, ValueError):
            return True
