"""What one printed line says by itself. Lines are read as they stream in; what they mean together is solved later.

`LineReader.read` is a pure function of the text, remembered for lines that return (headers, footers, the same
goods every day), so that when the document ends only the arithmetic is left to do.
"""

from __future__ import annotations

import functools
import re
from datetime import date
from typing import NamedTuple

from pos_adapters.reading.amounts import Number, is_at_right_end, numbers_of
from pos_adapters.reading.dates import date_in
from pos_adapters.reading.folding import clean, fold
from pos_adapters.reading.lexicon import Hit, Lexicon, Role, standard_lexicon

# A line longer than any paper (64 columns of wide letters) is noise; its head is enough to see that.
LINE_CHARACTERS_MAX = 256
_MEMO_LINES_MAX = 8192  # some megabytes: a busy store's headers, footers and goods of a day

_RULE = re.compile(r"[\s\-=_*~.+#:·•]*")
_BETWEEN_TIMES = re.compile(
    r"[)\s]*(?:/ ?)?(?:[^\W\d_]{1,7}\.?[)\s]+)?(?:[xх*@]|(?<=[\s)])(?:à|a|mal|по|по цене)(?=\s))"
    r"\s*(?:[€$£¥₩₽₸₴₺(]|[^\W\d_]{1,3}\.?)?\s*",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d:[0-5]\d(?!\d)|\d ?[年년] ?\d|\d{1,4}([./-])\d{1,2}\1\d{2,4}(?!\d)")
_MAY_DATE = re.compile(r"\d{4}|\d[./\-]\d|\d ?[^\W\d_]{3,}|[^\W\d_]{3,}[ .\-]\d")
_GTIN = re.compile(r"(?<!\d)(?:\d{8}|\d{12,14})(?!\d)")
_UNIT_ROLES = frozenset((Role.UNIT, Role.FILLER, Role.HEADING))


class LineFacts(NamedTuple):
    """One line, read alone."""

    text: str  # cleaned, as it would describe an item
    numbers: tuple[Number, ...]
    right: tuple[int, ...]  # indexes of numbers that may be the line's amount, the best first
    times: tuple[int, int] | None  # indexes of quantity and price where the line multiplies
    hits: tuple[Hit, ...]
    letters: int
    unknown: int  # letters that no phrase explains
    named: bool  # it has words that could name goods
    rule: bool  # a separator or blank
    dated: bool  # a date or a time stands on it
    indent: int
    days: tuple[date | None, date | None] | None  # the date on it, day first and month first; None without any
    name: str = ""  # the words up to the amount, as a description
    gtin: str | None = None  # an article number with a check digit that holds


class LineReader:
    """Reads lines with one lexicon. Its memo is bounded; equal text always gives equal facts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._memo: dict[str, LineFacts] = {}

    def read(self, text: str) -> LineFacts:
        """Return the facts of one line as seen on paper."""
        facts = self._memo.get(text)
        if facts is None:
            facts = self._read(text[:LINE_CHARACTERS_MAX])
            if len(self._memo) >= _MEMO_LINES_MAX:
                self._memo.clear()
            self._memo[text] = facts
        return facts

    def _read(self, printed: str) -> LineFacts:
        text = clean(printed)
        stripped = text.strip()
        if _RULE.fullmatch(stripped):
            return LineFacts(stripped, (), (), None, (), 0, 0, named=False, rule=True, dated=False, indent=0, days=None)
        numbers = numbers_of(text)
        hits, letters, unknown = self.lexicon.find(fold(text))
        right = _right_end(text, numbers)
        if right:
            letters, unknown = _without_tail(text, numbers[right[0]], letters, unknown)
        named = unknown > 0 or any(_may_name(hit) for hit in hits)
        indent = len(text) - len(text.lstrip())
        times = _times(text, numbers)
        return LineFacts(
            text,
            numbers,
            right,
            times,
            tuple(hits),
            letters,
            unknown,
            named=named,
            rule=False,
            dated=_DATED.search(text) is not None,
            indent=indent,
            days=_days(text) if _MAY_DATE.search(text) else None,
            name=name_in(text[: numbers[right[-1]].start] if right else text),
            gtin=_gtin_in(text),
        )


def name_in(text: str) -> str:
    """Return the words of a description: no article number, no leaders, single spaces."""
    return " ".join(_GTIN.sub("", text).split()).strip(" .:*-=#")


def _gtin_in(text: str) -> str | None:
    match = _GTIN.search(text)
    return match.group() if match is not None and _has_check_digit(match.group()) else None


def _has_check_digit(code: str) -> bool:
    """GS1 General Specifications 7.9: weights 3 and 1 from the right."""
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code))) % 10 == 0


def _days(text: str) -> tuple[date | None, date | None]:
    day_first = date_in(text, month_first=False)
    return (day_first, date_in(text, month_first=True)) if day_first is not None else (None, None)


def _right_end(text: str, numbers: tuple[Number, ...]) -> tuple[int, ...]:
    """Return the numbers that stand at the right end: the last, or the one before a tax code or rate."""
    found = []
    for index in range(len(numbers) - 1, max(-1, len(numbers) - 3), -1):
        number = numbers[index]
        if is_at_right_end(text, number) and number.use in ("", "p"):
            if number.use == "":
                found.append(index)
        elif number.use != "%":
            break
    return tuple(found)


def _without_tail(text: str, amount: Number, letters: int, unknown: int) -> tuple[int, int]:
    """Letters behind the amount are tax codes and currencies, not words."""
    tail = sum(letter.isalpha() for letter in text[amount.end :])
    return letters - tail, max(0, unknown - (tail if tail > 1 else 0))


def _may_name(hit: Hit) -> bool:
    return not any(sense.role in _UNIT_ROLES for sense in hit.senses)


def _times(text: str, numbers: tuple[Number, ...]) -> tuple[int, int] | None:
    """Return which two numbers are multiplied: "2 x 1.50", "0,850 kg * 2,99", "3 @ 1.00"."""
    for index in range(len(numbers) - 1):
        first, second = numbers[index], numbers[index + 1]
        if "%" in (first.use, second.use):
            continue
        if first.use == "x" and second.use == "" and first.end <= second.start and _adjacent(text, first, second):
            return index, index + 1
        if _BETWEEN_TIMES.fullmatch(text, first.end, second.start):
            return index, index + 1
    return None


def _adjacent(text: str, first: Number, second: Number) -> bool:
    """`2x 1.50`: the sign is glued to the quantity and the price follows at once."""
    gap = text[first.end : second.start]
    return len(gap) <= 1 and text[first.end - 1] in "xх"


@functools.cache
def standard_reader() -> LineReader:
    """Return the reader that uses the words we ship."""
    return LineReader(standard_lexicon())
