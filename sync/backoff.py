"""How long to wait before trying again: exponential with full jitter; pure.

Full jitter - a wait drawn evenly between nothing and the bound - spreads a fleet that lost its hub at one moment over
the whole interval, so that it does not come back at one moment either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

FIRST_S = 1.0
"""The bound of the first wait: a restarting hub is back within a second or two."""

LONGEST_S = 300.0
"""The bound of every later wait: after an outage of any length a store is heard again within five minutes."""

EXPONENT_MAX = 16  # 2^16 s is beyond any bound; keeps the arithmetic finite after a month of failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The bounds of the waits. `longest_s` also limits what a server may ask for, so that no answer parks a store."""

    first_s: float = FIRST_S
    longest_s: float = LONGEST_S

    def bound_s(self, failures: int) -> float:
        """Return the longest wait after so many failures in a row, at least 1."""
        return min(self.longest_s, self.first_s * float(2 ** min(failures - 1, EXPONENT_MAX)))

    def wait_s(self, failures: int, *, random: Callable[[], float], retry_after_s: float | None = None) -> float:
        """Return how long to wait after so many failures in a row.

        `random` returns a number from 0 up to 1. A `retry_after_s` that the server told is obeyed: never less, and
        up to a quarter more, because everybody else was told the same.
        """
        if retry_after_s is not None and retry_after_s > 0:
            told_s = min(retry_after_s, self.longest_s)
            return told_s * (1 + random() / 4)
        return self.bound_s(failures) * random()


def spread_s(every_s: float, *, random: Callable[[], float]) -> float:
    """Return when to do again what is done every so often: up to a quarter sooner or later, so that nobody marches."""
    return every_s * (0.75 + random() / 2)
