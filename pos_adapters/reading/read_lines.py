"""The values that lines are read to: what one printed line says by itself, and the pieces of text that tell it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from pos_adapters.reading.amounts import Number
from pos_adapters.reading.dates import dates_in
from pos_adapters.reading.lexicon import Hit
from pos_adapters.reading.quantities import Goods

DATED: Final = re.compile(r"\d:[0-5]\d(?!\d)|\d ?[年년] ?\d|(?<!\d)(?:\d{1,2}|\d{4})([./-])\d{1,2}\1\d{2,4}(?!\d)")
LONG_RUN: Final = re.compile(r"\d{8}")
NAME_EDGES: Final = " .:*-=#"
_GTIN: Final = re.compile(r"(?<!\d)(?:\d{8}|\d{12,14})(?!\d)")


class ReadLine(NamedTuple):
    """What one line says."""

    text: str  # cleaned, as it would describe an item
    numbers: Sequence[Number]
    right: tuple[int, ...]  # indexes of numbers that may be the line's amount, the best first
    times: tuple[int, int] | None  # indexes of quantity and price where the line multiplies
    hits: tuple[Hit, ...]
    votes: tuple[tuple[int, int], ...]  # (languages, letters) of each hit
    telling: bool  # a phrase may say what the document is, what became of it, or points
    letters: int
    unknown: int  # letters that no phrase explains
    named: bool  # it has words that could name goods
    rule: bool  # a separator or blank
    starred: bool  # its words stand among stars or other marks, as a banner's do
    dated: bool  # a date or a time stands on it
    indent: int
    decimals: int | None  # as its amount is printed; None without any
    signs: tuple[str, ...]  # the currencies beside its numbers, as printed
    speaks: bool  # it has words of receipts, a sign of money, or what looks like a date: most goods have none of these
    days: tuple[date | None, date | None] | None  # the date on it, day first and month first; None without any
    name: str = ""  # the words up to the amount, as a description
    goods: Goods | None = None  # the line as goods in the usual fashion, should it be nothing else
    gtin: str | None = None  # an article number with a check digit that holds
    shape: str = ""  # lines of one shape differ in nothing but figures and words that no phrase knows


def name_in(text: str) -> str:
    """Return the words of a description: no article number, no leaders, single spaces."""
    if LONG_RUN.search(text):
        text = _GTIN.sub("", text)
    return " ".join(text.split()).strip(NAME_EDGES)


def gtin_in(text: str) -> str | None:
    """Return the article number in a text, where its check digit holds."""
    match = _GTIN.search(text) if LONG_RUN.search(text) else None
    return match.group() if match is not None and _has_check_digit(match.group()) else None


def _has_check_digit(code: str) -> bool:
    """GS1 General Specifications 7.9: weights 3 and 1 from the right."""
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code))) % 10 == 0


def days_on(text: str) -> tuple[date | None, date | None]:
    """Return the date on a line, day first and month first."""
    return dates_in(text) or (None, None)
