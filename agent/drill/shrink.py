"""The smallest story that still breaks: fewer faults (delta debugging), then fewer days, then fewer stores.

Fewer faults leave the story otherwise the same, because each has random numbers of its own; so do fewer days, because
faults are drawn day by day, and fewer open stores, because the closed ones still count where faults are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.drill.faults import DAY_S, Fault
from agent.drill.settings import Story, Told

TRIES_MAX = 60  # stories told while shrinking: a minute or three


@dataclass(frozen=True, slots=True, kw_only=True)
class Smallest:
    """What shrinking found: the story, its faults, what came of it, and how many stories were told on the way."""

    story: Story
    faults: tuple[Fault, ...]
    told: Told
    tries: int


def shrink(
    told: Told, faults: Sequence[Fault], *, tell: Callable[[Story, tuple[Fault, ...]], Told], tries_max: int = TRIES_MAX
) -> Smallest:
    """Return the smallest story found that violates an invariant that `told` violated."""
    search = _Search(told, tuple(faults), tell=tell, tries_max=tries_max)
    search.fewer_days()
    search.fewer_faults()
    search.fewer_stores()
    return Smallest(story=search.story, faults=search.faults, told=search.told, tries=search.tries)


class _Search:
    """The best so far."""

    def __init__(
        self,
        told: Told,
        faults: tuple[Fault, ...],
        *,
        tell: Callable[[Story, tuple[Fault, ...]], Told],
        tries_max: int,
    ) -> None:
        self.told = told
        self.story = told.story
        self.faults = faults
        self.tries = 0
        self._tell = tell
        self._tries_max = tries_max
        self._broken = {each.invariant for each in told.violations}

    def fewer_days(self) -> None:
        """End the story with the day of the first violation."""
        days = max(1, int(min(each.at_s for each in self.told.violations) // DAY_S) + 1)
        if days < self.story.days:
            self._try(replace(self.story, days=days), tuple(each for each in self.faults if each.at_s < days * DAY_S))

    def fewer_faults(self) -> None:
        """Leave out halves, quarters, ... of the faults for as long as the story still breaks."""
        pieces = 2
        while len(self.faults) > 1 and self._tries_left:
            size = max(1, len(self.faults) // pieces)
            parts = [self.faults[at : at + size] for at in range(0, len(self.faults), size)]
            if any(self._try(self.story, _without(self.faults, part)) for part in parts):
                pieces = max(pieces - 1, 2)
            elif size == 1:
                break
            else:
                pieces = min(pieces * 2, len(self.faults))
        if len(self.faults) == 1:
            self._try(self.story, ())

    def fewer_stores(self) -> None:
        """Leave out the last stores, where no fault befalls them."""
        stores = max((each.store for each in self.faults), default=0) + 1
        if stores < self.story.stores:
            self._try(replace(self.story, open_stores=stores), self.faults)

    @property
    def _tries_left(self) -> bool:
        return self.tries < self._tries_max

    def _try(self, story: Story, faults: tuple[Fault, ...]) -> bool:
        """Tell a smaller story; keep it when it breaks in the same way."""
        if not self._tries_left:
            return False
        self.tries += 1
        told = self._tell(story, faults)
        if not self._broken & {each.invariant for each in told.violations}:
            return False
        self.story, self.faults, self.told = story, faults, told
        return True


def _without(faults: tuple[Fault, ...], part: tuple[Fault, ...]) -> tuple[Fault, ...]:
    left_out = {each.number for each in part}
    return tuple(each for each in faults if each.number not in left_out)
