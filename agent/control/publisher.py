"""What pages are told, kept back for the moment in which a customer waits for their paper.

Telling desk costs a twentieth of a millisecond and wakes another process, which then stands in the tap's way. A cut is
held for milliseconds; whoever released it calls `flush`.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.identity.floor import Push

WAITING_MAX = 256  # pushes of one held cut are two or three; so many mean that nobody releases any


class Publisher:
    """Called with a push; used by core's loop only. `to` and `is_waited_for` are named when everything is made."""

    def __init__(self) -> None:
        self.to: Callable[[Push], None] = _nobody
        self.is_waited_for: Callable[[], bool] = _never
        self._waiting: list[Push] = []

    def __repr__(self) -> str:
        return f"<Publisher waiting={len(self._waiting)}>"

    def __call__(self, push: Push) -> None:
        """Tell pages, now or as soon as nobody waits for a cut; in order."""
        self._waiting.append(push)
        if not self.is_waited_for() or len(self._waiting) > WAITING_MAX:
            self.flush()

    def flush(self) -> None:
        """Tell what waits."""
        waiting, self._waiting = self._waiting, []
        for push in waiting:
            self.to(push)


def _nobody(push: Push) -> None:
    del push


def _never() -> bool:
    return False
