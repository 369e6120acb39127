"""When a slip of its own may be printed (`separate_slip`): after the receipt's cut, in the register's silence.

Nothing of the register's waits for a slip. A slip is printed when the register has been quiet for a moment and has
printed nothing since the cut (a drawer pulse is nothing printed); it is dropped when a new receipt begins or two
seconds are over. Only the register's *close* may wait, and only for the budget, while core has not answered: a slip
has no connection to be printed on once the printer has been told that the job is over.

    idle --asked--> asked --came--> ready --quiet, or the register has ended--> printed
                    asked --declined, or too long at the close--> idle
                                    ready --new receipt, deadline, new cut--> dropped
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from pos_adapters.taps.policy import Policy

# Tills send the drawer pulse or a second cut within milliseconds of the first. 100 ms later the slip stands behind
# those, and the cashier is still tearing.
QUIET_S = 0.1


class Paper(Protocol):
    """The passage, as far as a slip concerns it."""

    def slip_may_print(self) -> bool:
        """Return whether the paper is the slip's: the receipt is cut and nothing has been printed since."""

    def print_slip(self, cut_no: int, slip: bytes) -> None:
        """Print it now."""

    def drop_slip(self, cut_no: int) -> None:
        """Learn that it will not be printed."""

    def slip_is_over(self) -> None:
        """Learn that the close need not wait any more."""


class SlipTurn:
    """One slip at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, paper: Paper, policy: Policy) -> None:
        self._loop = loop
        self._paper = paper
        self._policy = policy
        self._cut_no: int | None = None
        self._slip: bytes | None = None
        self._deadline_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._register_ended = False

    @property
    def pending(self) -> bool:
        """Whether a slip is to be printed, or core has not said that there is none."""
        return self._cut_no is not None

    def asked(self, cut_no: int) -> None:
        """Note that core has been asked about a cut; a slip that waited for an earlier one is too late."""
        self.cancel()
        self._cut_no = cut_no
        self._deadline_s = self._loop.time() + self._policy.slip_within_s
        self._wake_in(self._policy.slip_within_s)

    def declined(self, cut_no: int) -> bool:
        """Note that core has no slip for a cut; return whether that was the cut we asked about."""
        if cut_no != self._cut_no or self._slip is not None:
            return False
        self._be_idle()
        self._paper.slip_is_over()
        return True

    def came(self, slip: bytes) -> bool:
        """Take a slip; return whether it has a chance."""
        if self._cut_no is None or self._slip is not None or not self._paper.slip_may_print():
            return False
        self._slip = slip
        self._wake_in(0.0 if self._register_ended else QUIET_S)
        return True

    def register_spoke(self) -> None:
        """Follow the register: a new receipt ends the slip's chance, anything else makes it wait for quiet again."""
        if self._slip is None:
            return
        if self._paper.slip_may_print():
            self._wake_in(QUIET_S)
        else:
            self.cancel()

    def register_ended(self) -> None:
        """Note that no bytes will come: print now, or wait for core's answer no longer than the budget."""
        self._register_ended = True
        if self._slip is not None:
            self._wake()
        elif self._cut_no is not None:
            self._deadline_s = min(self._deadline_s, self._loop.time() + self._policy.budget_s)
            self._wake_in(self._policy.budget_s)

    def cancel(self) -> None:
        """Drop what waits."""
        cut_no, slip = self._cut_no, self._slip
        self._be_idle()
        if cut_no is not None and slip is not None:
            self._paper.drop_slip(cut_no)

    def _wake(self) -> None:
        cut_no, slip = self._cut_no, self._slip
        in_time = self._loop.time() <= self._deadline_s
        if cut_no is None or slip is None or not in_time or not self._paper.slip_may_print():
            self.cancel()
        else:
            self._be_idle()
            self._paper.print_slip(cut_no, slip)
        self._paper.slip_is_over()

    def _wake_in(self, delay_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        left_s = max(0.0, self._deadline_s - self._loop.time())
        self._timer = self._loop.call_later(min(delay_s, left_s), self._wake)

    def _be_idle(self) -> None:
        self._cut_no = self._slip = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
