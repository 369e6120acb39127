"""What one printed line says by itself. Lines are read as they stream in; what they mean together is solved later.

`LineReader.read` is a pure function of the text, remembered for lines that return (headers, footers), so that when
the document ends only the arithmetic is left to do. Goods return at another price: of a line whose letters and places
are known, only the figures are read anew (`_Shape`).
"""

from __future__ import annotations

import functools
import re
from datetime import date
from typing import NamedTuple

from pos_adapters.reading.amounts import Number, digits_of, is_at_right_end, numbers_of, reprinted
from pos_adapters.reading.dates import date_in, looks_dated
from pos_adapters.reading.folding import WIDE, clean, fold
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


class _Shape(NamedTuple):
    """What every line with these letters at these places says; its figures are read anew."""

    facts: LineFacts
    digits: tuple[tuple[int, int], ...]  # where the digits of each number stand
    long: bool  # a run of digits may be an article number


class LineReader:
    """Reads lines with one lexicon. Its memos are bounded; equal text always gives equal facts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._memo: dict[str, LineFacts] = {}
        self._shapes: dict[str, _Shape | None] = {}

    def read(self, text: str) -> LineFacts:
        """Return the facts of one line as seen on paper."""
        facts = self._memo.get(text)
        if facts is None:
            facts = self._shaped(text[:LINE_CHARACTERS_MAX])
            if len(self._memo) >= _MEMO_LINES_MAX:
                self._memo.clear()
            self._memo[text] = facts
        return facts

    def _shaped(self, printed: str) -> LineFacts:
        """Read a line by its shape, where one like it has been read."""
        key = _INNER_ZERO.sub("1", printed.translate(_SHAPE_DIGITS))
        shape = self._shapes.get(key, _UNSEEN)
        if isinstance(shape, _Shape):
            return _refilled(shape, printed)
        facts = self._read(printed)
        if shape is _UNSEEN:
            if len(self._shapes) >= _MEMO_LINES_MAX:
                self._shapes.clear()
            self._shapes[key] = _shape_of(facts, printed)
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
            days=_days(text) if looks_dated(text) else None,
            name=name_in(text[: numbers[right[-1]].start] if right else text),
            gtin=_gtin_in(text),
        )


_UNSEEN = "unseen"
_SHAPE_DIGITS = str.maketrans("23456789", "11111111")
_INNER_ZERO = re.compile(r"(?<=\d)0")  # a leading zero makes an id, any other is a digit like all
_LONG_RUN = re.compile(r"\d{8}")


def _shape_of(facts: LineFacts, printed: str) -> _Shape | None:
    """Return what a line's shape says; None where the figures decide (dates), or cleaning moved them."""
    if facts.rule or facts.dated or not facts.numbers or facts.text != printed.rstrip():
        return None
    if ":" in facts.text or looks_dated(facts.text):
        return None
    if "%" in facts.text and WIDE.search(facts.text):
        return None  # "8%対象" is a word
    digits = tuple(digits_of(facts.text, number) for number in facts.numbers)
    known = tuple(span for span in digits if span is not None)
    return _Shape(facts, known, _LONG_RUN.search(facts.text) is not None) if len(known) == len(digits) else None


def _refilled(shape: _Shape, printed: str) -> LineFacts:
    """Return the facts of a line of known shape: the same words, its own figures."""
    facts, text = shape.facts, printed.rstrip()
    numbers = tuple(
        reprinted(number, text[first:last]) for number, (first, last) in zip(facts.numbers, shape.digits, strict=True)
    )
    return facts._replace(
        text=text,
        numbers=numbers,
        name=name_in(text[: numbers[facts.right[-1]].start] if facts.right else text),
        gtin=_gtin_in(text) if shape.long else None,
    )


def name_in(text: str) -> str:
    """Return the words of a description: no article number, no leaders, single spaces."""
    if _LONG_RUN.search(text):
        text = _GTIN.sub("", text)
    return " ".join(text.split()).strip(" .:*-=#")


def _gtin_in(text: str) -> str | None:
    match = _GTIN.search(text) if _LONG_RUN.search(text) else None
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
