"""One document of a printer's into the documents of a person: what a reset, a feed or a fiscal printer's frame parts.

Contract: pure. `parted` returns a paper in parts. Another receipt begins at a reset, a form feed or a gap of blank
lines that the document's own first line (the shop's name) follows. Behind a Polish fiscal receipt that ended with its
printer's number, a line NIEFISKALNY frames a slip of its own: the law has the printer print it around whatever is no
fiscal document.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from receipt.paper import Paper, PaperEnd, PrintedCode, PrintedFeed, PrintedImage, PrintedPage

HEADER_LETTERS_MIN: Final = 3  # a first line of fewer is no name that could tell one receipt from the next
_GAP_LINES: Final = 3  # a tear bar stands 10 to 15 mm above the print line
GAP: Final = "\n" * (_GAP_LINES + 1)
"""What a document's lines, joined, must have for a gap to part it."""

_FISCAL_HEAD: Final = "PARAGONFISKALNY"
_FRAME: Final = "NIEFISKALNY"
_FISCAL_END: Final = re.compile(r"\W{0,3}(?:PL\W{0,3})?[A-Z]{3} ?\d{10}")  # the printer's own number, below its sign
_SAYS_FISCAL: Final = re.compile(r"F *I *S *K *A *L *N *Y")
_NO_LETTER: Final = re.compile(r"[^A-Z]+")

Placed = TypeVar("Placed", PrintedCode, PrintedImage, PrintedFeed, PrintedPage)


def says_fiscal(text: str) -> bool:
    """Whether the text of a document may be a Polish fiscal printer's."""
    return _SAYS_FISCAL.search(text) is not None


def parted(paper: Paper, seams: list[tuple[int, int]]) -> list[Paper]:
    """Return a document in parts; `seams` are line and offset of each reset and form feed between its lines.

    Without any, a document that has no `GAP` and does not say that it is fiscal (`says_fiscal`) has one.
    """
    begins = sorted({*_at_seams(paper, seams), *_frames(paper)})
    if not begins:
        return [paper]
    firsts = [0, *(line for line, _ in begins)]
    afters = [*firsts[1:], sys.maxsize]
    starts = [paper.start, *(offset for _, offset in begins)]
    parts = [
        _lines_of(paper, first, after, start=start) for first, after, start in zip(firsts, afters, starts, strict=True)
    ]
    for index, end in enumerate(starts[1:]):
        parts[index] = replace(
            parts[index], end=end, ended_by=PaperEnd.RESET, in_page_mode=False, mid_macro=False, at_line_start=True
        )
    return parts


def _at_seams(paper: Paper, seams: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the resets, form feeds and gaps that the document's own first line follows."""
    texts = [line.text.strip() for line in paper.lines]
    header = next((text for text in texts if text), "")
    if sum(letter.isalpha() for letter in header) < HEADER_LETTERS_MIN:
        return
    headed: dict[int, tuple[int, int]] = {}  # by where the name stands again
    for line, offset in [*seams, *_gaps(paper, texts)]:
        again = next((at for at in range(line, len(texts)) if texts[at]), 0)
        if line and texts[again] == header:
            headed.setdefault(again, (line, offset))
    yield from headed.values()


def _gaps(paper: Paper, texts: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the lines that stand below blank ones enough to tear the paper off there."""
    blank = 0
    for at, text in enumerate(texts):
        if text and blank >= _GAP_LINES:
            yield at, paper.lines[at].offset
        blank = 0 if text else blank + 1


def _frames(paper: Paper) -> Iterator[tuple[int, int]]:
    """Yield where the slip behind a fiscal receipt begins."""
    fiscal = ended = False
    for index, line in enumerate(paper.lines):
        text = line.plain
        if not text or not text.isascii():
            continue
        if fiscal and not ended:
            ended = _FISCAL_END.fullmatch(text.strip()) is not None
        elif not fiscal:
            fiscal = "FISKALNY" in text.replace(" ", "") and _NO_LETTER.sub("", text) == _FISCAL_HEAD
        elif _NO_LETTER.sub("", text) == _FRAME:
            yield index, line.offset
            return


def _lines_of(paper: Paper, first: int, after: int, *, start: int) -> Paper:
    """Return the lines of a document from `first` to before `after` as a document; blank ones at its end go."""
    lines = list(paper.lines[first:after])
    while lines and not lines[-1].text:
        lines.pop()
    gone = sum(page.line < first for page in paper.pages)
    return replace(
        paper,
        lines=tuple(lines),
        codes=tuple(_on_page(code, gone) for code in _between(paper.codes, first, after)),
        pictures=tuple(_on_page(image, gone) for image in _between(paper.pictures, first, after)),
        feeds=_between(paper.feeds, first, after),
        pages=_between(paper.pages, first, after),
        start=start,
    )


def _between(placed: tuple[Placed, ...], first: int, after: int) -> tuple[Placed, ...]:
    return tuple(replace(each, line=each.line - first) for each in placed if first <= each.line < after)


OnPage = TypeVar("OnPage", PrintedCode, PrintedImage)


def _on_page(each: OnPage, gone: int) -> OnPage:
    """Count its page anew, where earlier ones are another part's."""
    return each if each.place is None else replace(each, place=each.place._replace(page=each.place.page - gone))


def moved(each: Placed, places: Mapping[int, int]) -> Placed:
    """Say where something stands among printed lines, not logical ones."""
    return replace(each, line=places.get(each.line, each.line)) if places else each
