"""How long customers waited for core at the cut: the fleet page's print delay. Used by core's loop only."""

from __future__ import annotations

import math
from collections import deque

HOLDS_KEPT = 1_000  # a busy lane's day; what was slow last week says nothing of today
PERCENTILE = 99
FEW = 20  # as for every share that the fleet's page shows


class CutHolds:
    """The newest holds, each from the cut's arrival to the answer; the tap's own way there is not in them."""

    def __init__(self) -> None:
        self._holds_s: deque[float] = deque(maxlen=HOLDS_KEPT)

    def note(self, held_s: float) -> None:
        """Take one hold."""
        self._holds_s.append(held_s)

    def p99_ms(self) -> int | None:
        """Return the hold, in whole milliseconds upwards, that 99 of 100 did not exceed; None for a few."""
        if len(self._holds_s) < FEW:
            return None
        place = math.ceil(len(self._holds_s) * PERCENTILE / 100) - 1
        return math.ceil(sorted(self._holds_s)[place] * 1000)
