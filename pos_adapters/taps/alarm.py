"""An alarm that is put off far more often than it goes off: one timer of the loop, moved only when it has run out.

A connection of milliseconds sets and clears three deadlines of seconds. Each as a timer of its own is an entry in the
loop's heap that is cancelled a moment later; here setting and clearing are assignments.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarm:
    """One deadline at a time. A timer that runs out too early is wound up again; one that nobody waits for is left."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._runs_out_at_s = 0.0
        self._at_s = 0.0
        self._callback: Callable[[], None] | None = None

    def set(self, at_s: float, callback: Callable[[], None]) -> None:
        """Call back at `at_s` of the loop's time; what was set before is not called any more."""
        self._at_s, self._callback = at_s, callback
        if self._timer is None or at_s < self._runs_out_at_s:
            self._wind_up()

    def clear(self) -> None:
        """Call nobody back."""
        self._callback = None

    def _wind_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._runs_out_at_s = self._at_s
        self._timer = self._loop.call_at(self._at_s, self._run_out)

    def _run_out(self) -> None:
        self._timer = None
        callback = self._callback
        if callback is None:
            return
        if self._at_s > self._runs_out_at_s:
            self._wind_up()
        else:
            self._callback = None
            callback()
