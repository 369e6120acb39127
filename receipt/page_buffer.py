"""Page mode: characters, codes and images placed anywhere on a page, and read from it line by line.

Contract: pure; what it keeps is bounded by `PAGE_RUNS_MAX` and `PAGE_THINGS_MAX`. Lines are read in each direction of
writing by itself, from the top: what stands less than half a character apart is one line. `texts` and `things` keep
where each piece stands, for pictures.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from receipt.compose import Run, SetLine
from receipt.paper import PagePlace, PrintedCode, PrintedImage

PAGE_RUNS_MAX: Final = 5_000
PAGE_THINGS_MAX: Final = 200  # codes and images: more would be an attack on our memory
PAGE_DOTS_MAX: Final = 4_096  # half a metre: printers' page buffers hold less
_SAME_LINE_DOTS: Final = 11


class _Placed(NamedTuple):
    direction: int
    y: int
    x: int
    line: SetLine


class PageBuffer:
    """See the module's contract. `number` counts the document's pages."""

    def __init__(self, dots: int, number: int) -> None:
        self._number = number
        self._placed: list[_Placed] = []
        self._count = 0
        self._area = (0, 0, dots, dots)
        self._direction = 0
        self._y = 0  # the head's place in the area, across the direction of writing
        self._on_base = False  # the till has said where the foot of what comes stands
        self.texts: list[tuple[PagePlace, SetLine]] = []
        self.things: list[PrintedCode | PrintedImage] = []
        self.height_dots = 0

    def select(self, x: int, y: int, *, width: int, height: int) -> None:
        """Choose the area to write in."""
        self._area = (x, y, width, height)
        self._y, self._on_base = 0, False
        self.height_dots = min(max(self.height_dots, y + height), PAGE_DOTS_MAX)

    def turn(self, direction: int) -> None:
        """Choose the direction of writing: 0 left to right, 1 upwards, 2 upside down, 3 downwards."""
        self._direction = direction
        self._y, self._on_base = 0, False

    def move_down(self, *, to: int | None, by: int) -> None:
        """Move across the direction of writing; a place that the till names is that of the foot of what comes."""
        self._on_base = self._on_base or to is not None
        self._y = max(0, self._y + by if to is None else to)

    def feed(self, line: SetLine | None, spacing: int) -> None:
        """Put what was written on one line where the head stands, and move on by `spacing`."""
        if line is not None:
            self._write(line)
        self._y += spacing

    def put(self, thing: PrintedCode | PrintedImage, x: int) -> None:
        """Put a code or an image where the head stands, `x` along the line."""
        if len(self.things) < PAGE_THINGS_MAX:
            self.things.append(replace(thing, place=self._place(x)))

    def _place(self, x: int) -> PagePlace:
        return PagePlace(self._number, self._direction, x, self._y, self._on_base, self._area)

    def _write(self, line: SetLine) -> None:
        self._count += len(line.runs)
        if self._count > PAGE_RUNS_MAX:
            return
        x, y, width, height = self._area
        across, down = {0: (x, y), 1: (-(y + height), x), 2: (-(x + width), -(y + height)), 3: (y, -(x + width))}[
            self._direction
        ]
        self._placed.append(_Placed(self._direction, down + self._y, across, line))
        left = line.runs[0].x
        runs = tuple([run._replace(x=run.x - left) for run in line.runs])
        self.texts.append((self._place(left), line._replace(runs=runs)))

    def lines(self) -> list[SetLine]:
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
        return [row[0].line._replace(runs=_one_line(row, left.get(row[0].direction, 0))) for row in rows]


def _one_line(row: list[_Placed], left: int) -> tuple[Run, ...]:
    runs = [run._replace(x=run.x + placed.x - left, follows=False) for placed in row for run in placed.line.runs]
    return tuple(sorted(runs, key=lambda run: run.x))
