"""Page mode: characters placed anywhere on a page, read from it line by line.

Contract: pure; what it keeps is bounded by `PAGE_RUNS_MAX`. Lines are read in each direction of writing by itself,
from the top: what stands less than half a character apart is one line.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from receipt.compose import Run

PAGE_RUNS_MAX: Final = 5_000
_SAME_LINE_DOTS: Final = 11


class _Placed(NamedTuple):
    direction: int
    y: int
    x: int
    runs: tuple[Run, ...]
    offset: int


class PageBuffer:
    """See the module's contract. `y` is the head's place in the chosen area, downwards in the direction of writing."""

    def __init__(self, dots: int) -> None:
        self._placed: list[_Placed] = []
        self._count = 0
        self._area = (0, 0, dots, dots)
        self.direction = 0
        self.y = 0

    def select(self, x: int, y: int, *, width: int, height: int) -> None:
        """Choose the area to write in."""
        self._area = (x, y, width, height)
        self.y = 0

    def add(self, runs: tuple[Run, ...], offset: int) -> None:
        """Put what was written on one line where the head stands."""
        self._count += len(runs)
        if self._count > PAGE_RUNS_MAX:
            return
        x, y, width, height = self._area
        across, down = {0: (x, y), 1: (-(y + height), x), 2: (-(x + width), -(y + height)), 3: (y, -(x + width))}[
            self.direction
        ]
        self._placed.append(_Placed(self.direction, down + self.y, across, runs, offset))

    def lines(self) -> list[tuple[tuple[Run, ...], int]]:
        """Return the lines as they are read, each with the offset of its first byte."""
        rows: list[list[_Placed]] = []
        for each in sorted(self._placed, key=lambda placed: placed[:2]):
            above = rows[-1][0] if rows else None
            if above and above.direction == each.direction and each.y - above.y <= _SAME_LINE_DOTS:
                rows[-1].append(each)
            else:
                rows.append([each])
        left = {
            direction: min(placed.x for placed in self._placed if placed.direction == direction)
            for direction in {placed.direction for placed in self._placed if placed.direction}
        }
        return [(_one_line(row, left.get(row[0].direction, 0)), row[0].offset) for row in rows]


def _one_line(row: list[_Placed], left: int) -> tuple[Run, ...]:
    runs = [run._replace(x=run.x + placed.x - left, follows=False) for placed in row for run in placed.runs]
    return tuple(sorted(runs, key=lambda run: run.x))
