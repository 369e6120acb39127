"""Compose a logical line (from one line feed to the next) into the printed lines that are seen.

Contract: pure. Columns count cells of the line's widest font; a position between two columns goes to the right one
(half a cell on paper reads as a whole one). What does not fit the print area goes on the next line, as printers do.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from receipt.code_pages import Encoding
from receipt.paper import PaperLine, Span, Style


class Run(NamedTuple):
    """Characters set in one go. `data` keeps the bytes of what is not plain ASCII, to be read again if need be."""

    x: int
    cell: int  # dots from one cell to the next, magnification and spacing included
    base: int  # dots of a cell of its font
    text: str
    style: Style
    data: bytes | None
    declared: Encoding  # by the till
    read: Encoding  # what it was read by, which may be another
    follows: bool  # it stands where the run before it ended

    @property
    def cells(self) -> int:
        """How many cells it fills."""
        return self.read.cells(self.text)

    @property
    def stride(self) -> int:
        """How many columns a cell of it takes: two in double width, one in whatever font."""
        return max(1, (2 * self.cell + self.base) // (2 * self.base))


class SetLine(NamedTuple):
    """A logical line: what is needed to compose it, and to compose it again."""

    runs: tuple[Run, ...]
    justification: int  # 0 left, 1 centre, 2 right
    margin: int
    area: int  # dots of the print area
    offset: int


_CENTRE: Final = 1
_TO_REPLACE: Final = re.compile("[\u00a0\u2500-\u254f\u256d-\u2570\u2574-\u257b]")
_BORDERS: Final = dict.fromkeys((0x2500, 0x2501, 0x2504, 0x2505, 0x2508, 0x2509, 0x254C, 0x254D), "-")
_BORDERS.update(dict.fromkeys((0x2574, 0x2576, 0x2578, 0x257A), "-"))
_BORDERS.update(dict.fromkeys((0x2502, 0x2503, 0x2506, 0x2507, 0x250A, 0x250B, 0x254E, 0x254F), "|"))
_BORDERS[0xA0] = " "
_BORDERS.update(dict.fromkeys((0x2575, 0x2577, 0x2579, 0x257B), "|"))
_BORDERS.update(dict.fromkeys((*range(0x250C, 0x254C), *range(0x256D, 0x2571)), "+"))


def compose(line: SetLine) -> tuple[PaperLine, ...]:
    """Return the printed lines of a logical line, at least one."""
    runs = line.runs
    first = runs[0]
    if len(runs) == 1 and not (first.x or line.justification or line.margin) and first.cell == first.base:
        text = first.text
        if (len(text) if first.data is None else first.cells) * first.cell <= line.area:
            return (PaperLine(as_seen(text), (Span(0, first.cell, text, first.style),), line.offset),)
    return tuple(_lay(piece, line) for piece in _wrapped(line))


def passes(line: SetLine, returns: list[int]) -> list[SetLine]:
    """Divide a line that the head went over more than once: one line where that was overprinting, else several.

    Overprinting fills gaps (a second colour), repeats (bold) or underlines. Where other characters would fall on each
    other, the carriage return was a till's way to end a line.
    """
    borders = [0, *returns, len(line.runs)]
    each = [line._replace(runs=line.runs[a:b]) for a, b in itertools.pairwise(borders) if a < b]
    seen = ""
    for one in each:
        text = " ".join(piece.text for piece in compose(one))
        pairs = [(a, b) for a, b in zip(seen, text, strict=False) if a != " " != b]
        differing = sum(a != b and "_" not in (a, b) for a, b in pairs)
        if differing * _OVERPRINT_SHARE > len(pairs):
            return each
        seen = text if len(text) > len(seen) else seen
    return [line]


_OVERPRINT_SHARE: Final = 4  # of the characters that meet, a quarter may differ (a zero slashed, an accent added)


def as_seen(text: str) -> str:
    """Return a line's text as readers are given it: borders in ASCII, no trailing space."""
    if not text.isascii() and _TO_REPLACE.search(text):
        text = text.translate(_BORDERS)
    return text.rstrip()


def line_end(line: SetLine) -> int:
    """Return where a logical line ends, in dots from its margin."""
    return max(map(_end, line.runs))


def _end(run: Run) -> int:
    return run.x + run.cells * run.cell


def _wrapped(line: SetLine) -> list[list[Run]]:
    """Break what runs over the edge of the print area."""
    if all(_end(run) <= line.area for run in line.runs):
        return [list(line.runs)]
    pieces: list[list[Run]] = [[]]
    shift = 0  # where the current printed line begins in the logical one, for what follows it
    for run in line.runs:
        piece = run._replace(x=run.x - shift if run.follows else run.x)
        while _end(piece) > line.area:
            fits = _fitting(piece, max(0, (line.area - piece.x) // piece.cell))
            if fits == 0 and piece.x == 0:
                fits = 1  # a character wider than the paper is printed all the same
            head = piece._replace(text=piece.text[:fits])
            if fits:
                pieces[-1].append(head)
            shift += _end(head)
            piece = piece._replace(x=0, text=piece.text[fits:])
            pieces.append([])
        if piece.text:
            pieces[-1].append(piece)
    return [piece for piece in pieces if piece]


def _fitting(run: Run, cells: int) -> int:
    """Return how many characters of a run fit a number of cells."""
    for count, character in enumerate(run.text):
        cells -= run.read.character_cells(character)
        if cells < 0:
            return count
    return len(run.text)


def _lay(runs: list[Run], line: SetLine) -> PaperLine:
    start = line.margin
    if line.justification:
        rest = max(0, line.area - max(map(_end, runs)))
        start += rest // 2 if line.justification == _CENTRE else rest
    if start:
        runs = [run._replace(x=start + run.x) for run in runs]
    spans = tuple(Span(run.x, run.cell, run.text, run.style) for run in runs)
    return PaperLine(as_seen(_in_columns(runs, max(run.base for run in runs))), spans, line.offset)


def _in_columns(runs: list[Run], unit: int) -> str:
    """Put each character in its column; where two meet, the later one stands."""
    pieces: list[str] = []
    column = end = 0
    for run in runs:
        if end - run.x > unit // 2:  # the head went back over what it had printed
            return _overlaid(runs, unit)
        at = max(column, _column(run.x, unit))
        pieces.append(" " * (at - column))
        if run.stride == 1:
            pieces.append(run.text)
            column = at + run.cells
        else:
            stretched, column = _stretched(run, at)
            pieces.append(stretched)
        end = _end(run)
    return "".join(pieces)


def _stretched(run: Run, column: int) -> tuple[str, int]:
    """Set wide characters in their columns: each is followed by the cells it also fills."""
    pieces: list[str] = []
    gap = 0
    for character in run.text:
        cells = run.read.character_cells(character)
        pieces.append(" " * gap + character)
        gap = cells * (run.stride - 1)
        column += cells * run.stride
    return "".join(pieces), column - gap


def _overlaid(runs: list[Run], unit: int) -> str:
    cells: dict[int, str] = {}
    for run in runs:
        at = _column(run.x, unit)
        for character in run.text:
            width = run.read.character_cells(character)
            if character != " " or at not in cells:
                cells[at] = character
                if width > 1:
                    cells[at + 1] = ""
            at += width * run.stride
    return "".join(cells.get(at, " ") for at in range(max(cells, default=-1) + 1))


def _column(x_dots: int, unit: int) -> int:
    return (2 * x_dots + unit) // (2 * unit)


def read_again(line: SetLine, settled: Callable[[Encoding], Encoding]) -> SetLine:
    """Return a line whose bytes are read by the encodings that were settled on after it was set."""
    runs: list[Run] = []
    end = 0
    for run in line.runs:
        x = end if run.follows else run.x
        again = run._replace(x=x)
        if run.data is not None:
            read = settled(run.declared)
            again = run._replace(x=x, text=read.decode(run.data), read=read)
        runs.append(again)
        end = x + again.cells * again.cell
    return line._replace(runs=tuple(runs))


def translated(line: PaperLine, changes: Mapping[int, str]) -> PaperLine:
    """Return a line with other characters in the places of its own."""
    spans = tuple([span._replace(text=span.text.translate(changes)) for span in line.spans])
    return line._replace(text=line.text.translate(changes), spans=spans)
