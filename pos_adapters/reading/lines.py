"""What one printed line says by itself. Lines are read as they stream in; what they mean together is solved later.

`LineReader.read` is a pure function of the text, remembered for lines that return (headers, footers), so that when
the document ends only the arithmetic is left to do. Goods return at another price, and others under names that no
phrase knows: of a line of known shape, only the figures and the name are read anew (`_Shape`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from pos_adapters.reading.amounts import (
    Number,
    is_at_right_end,
    may_be_of_a_number,
    number_words,
    numbers_of,
)
from pos_adapters.reading.dates import date_in, looks_dated, may_be_date
from pos_adapters.reading.folding import WIDE, clean, fold
from pos_adapters.reading.lexicon import HEAD_LETTERS, Hit, Lexicon, Role, standard_lexicon
from pos_adapters.reading.quantities import Goods, GoodsPlan, goods_by, goods_on, plan_of
from pos_adapters.reading.reprints import Figures, Reprinted, figures_alike, figures_of

# A line longer than any paper (64 columns of wide letters) is noise; its head is enough to see that.
LINE_CHARACTERS_MAX = 256
_MEMO_LINES_MAX = 8192  # some megabytes: a busy store's headers, footers and goods of a day

_RULE = re.compile(r"[\s\-=_*~.+#:·•]*")
_STARRED = re.compile(r"\s*([*#=<>!~-])\1.*[^\W\d_]{2}.*([*#=<>!~-])\2\s*")
_TO_SIGN = re.compile(r"\s*[xX] ?[._]{4,}\s*")  # a place for a signature, no "X" of a report
_BETWEEN_TIMES = re.compile(
    r"\.?[)\s]*(?:/ ?)?(?:[^\W\d_]{1,7}\.?[)\s]+)?(?:[xх*@]|(?<=[\s)])(?:à|a|mal|по|по цене)(?=\s))"
    r"\s*(?:[€$£¥₩₽₸₴₺(]|[^\W\d_]{1,3}\.?)?\s*",
    re.IGNORECASE,
)
_DATED = re.compile(r"\d:[0-5]\d(?!\d)|\d ?[年년] ?\d|(?<!\d)(?:\d{1,2}|\d{4})([./-])\d{1,2}\1\d{2,4}(?!\d)")
_MAY_BE_A_TIME = re.compile(r"\d:\d\d(?!\d)")
_GTIN = re.compile(r"(?<!\d)(?:\d{8}|\d{12,14})(?!\d)")
_TELLING = frozenset(
    (Role.SALES_COUNT, Role.COMPLETED, Role.POINTS_EARNED, Role.POINTS_SPENT, Role.DECLINED, Role.EXCHANGE)
)
_UNIT_ROLES = frozenset((Role.UNIT, Role.FILLER, Role.HEADING))


class LineFacts(NamedTuple):
    """One line, read alone."""

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


Telling = tuple[int, LineFacts]
"""A line of which a phrase may say what the document is, what became of it, or points; and where it stands."""


_RULED = LineFacts(
    "", (), (), None, (), (), telling=False, letters=0, unknown=0, named=False, rule=True, starred=False, dated=False,
    indent=0, decimals=None, signs=(), speaks=False, days=None,
)  # fmt: skip


class _Shape(NamedTuple):
    """What every line with these letters at these places says; its figures are read anew."""

    shared: tuple[Any, ...]  # its fields that are alike on every such line
    days: tuple[None, None] | None  # as on every such line ...
    may_be_date: bool  # ... but where figures stand in the form of a date and these decide
    dated: bool | None  # as on every such line; None where a time may stand there, which the figures decide
    figures: tuple[Figures, ...]  # where the digits of each number stand
    name: tuple[int, int] | None  # where the name stands; None where it is more than a piece of the line
    name_end: int | None  # where the amount begins, before which the name stands; None without an amount
    plan: GoodsPlan | None  # where amount and quantity stand on a line of goods
    long: bool  # a run of digits may be an article number
    key: str


class LineReader:
    """Reads lines with one lexicon. Its memos are bounded; equal text always gives equal facts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._memo: dict[str, LineFacts] = {}
        self._shapes: dict[str, _Shape | None] = {}
        self._alike: dict[str, _Shape] = {}  # the same shapes, by lines with all their words
        self._word_keys: dict[str, str] = {}
        heads, self._stems = lexicon.heads()
        self._heads = heads | {word[:HEAD_LETTERS] for word in number_words()}

    def read(self, text: str) -> LineFacts:
        """Return the facts of one line as seen on paper."""
        return self.read_all((text,))[0]

    def read_all(self, texts: Iterable[str]) -> list[LineFacts]:
        """Return the facts of lines, in their order."""
        texts = list(texts)
        memo = self._memo
        known = [memo.get(text) for text in texts]
        new = [text for text, facts in zip(texts, known, strict=True) if facts is None]
        if not new:
            return [facts for facts in known if facts is not None]
        if len(memo) >= _MEMO_LINES_MAX:
            memo.clear()
        printed = [text[:LINE_CHARACTERS_MAX] for text in new]
        memo.update(zip(new, map(self._shaped, printed, figures_alike(printed)), strict=True))
        return [facts or memo[text] for text, facts in zip(texts, known, strict=True)]

    def _shaped(self, printed: str, alike: str) -> LineFacts:
        """Read a line by its shape, where one like it (`figures_alike`) has been read."""
        shape = self._alike.get(alike)
        if shape is None:
            shape = self._shape_by_words(printed, alike)
            if shape is None:
                return self._read(printed)
            if shape.may_be_date and not may_be_date(printed):  # as these words say, and no others
                shape = shape._replace(may_be_date=False)
            if len(self._alike) >= _MEMO_LINES_MAX:
                self._alike.clear()
            self._alike[alike] = shape
        return _refilled(shape, printed) or self._read(printed)

    def _shape_by_words(self, printed: str, key: str) -> _Shape | None:
        """Return the shape of a line whose figures are all alike in `key`; None where it has none."""
        if (key.isascii() or not WIDE.search(key)) and "?" not in key and "\ufffd" not in key:
            key = _WORD_OF_ASCII.sub(self._word_key, key)
        if key not in self._shapes:
            if len(self._shapes) >= _MEMO_LINES_MAX:
                self._shapes.clear()
            self._shapes[key] = _shape_of(self._read(printed), printed, key)
        return self._shapes[key]

    def _word_key(self, match: re.Match[str]) -> str:
        """Return what stands for a word in a shape: itself, or its length where nothing depends on its letters."""
        word, line = match.group(), match.string
        first, last = match.span()
        if word[0] in "xX" or line[last : last + 1].isalnum() or (first and line[first - 1].isalnum()):
            return word
        head = word[:HEAD_LETTERS].lower()
        if head not in self._heads and not head.startswith(self._stems):
            return _STRANGER * len(word)
        key = self._word_keys.get(word)
        if key is None:
            known = not self.lexicon.is_stranger(word.lower()) or may_be_of_a_number(word)
            if len(self._word_keys) >= _MEMO_LINES_MAX:
                self._word_keys.clear()
            key = self._word_keys[word] = word if known else _STRANGER * len(word)
        return key

    def _read(self, printed: str) -> LineFacts:
        text = clean(printed)
        stripped = text.strip()
        if _RULE.fullmatch(stripped) or _TO_SIGN.fullmatch(printed):
            return _RULED._replace(text=stripped)
        numbers = numbers_of(text)
        hits, letters, unknown = self.lexicon.find(fold(text))
        right = _right_end(text, numbers)
        if right:
            letters, unknown = _without_tail(text, numbers[right[0]], letters, unknown)
        named = unknown > 0 or any(_may_name(hit) for hit in hits)
        indent = len(text) - len(text.lstrip())
        times = _times(text, numbers)
        dated = _DATED.search(text) is not None
        signs = tuple(number.currency for number in numbers if number.currency)
        days = _days(text) if looks_dated(text) else None
        return LineFacts(
            text,
            numbers,
            right,
            times,
            tuple(hits),
            tuple((_languages_of(hit), hit.letters) for hit in hits),
            any(map(_tells, hits)),
            letters,
            unknown,
            named=named,
            rule=False,
            starred=_STARRED.fullmatch(printed) is not None,
            dated=dated,
            indent=indent,
            decimals=numbers[right[-1]].decimals if right else None,
            signs=signs,
            speaks=bool(hits or signs) or days is not None,
            days=days,
            name=name_in(text[: numbers[right[-1]].start] if right else text),
            goods=goods_on(text, numbers, right) if times is None and not dated else None,
            gtin=_gtin_in(text),
            shape=text,
        )


_LONG_RUN = re.compile(r"\d{8}")


# Letters of ASCII, whose folding keeps their number; glued to another letter or digit they are kept. Shorter ones may
# be tax codes, units and ordinals ("2nd"), and an "x" may multiply ("2 xEUR 1.50").
_WORD_OF_ASCII = re.compile(r"[A-Za-z]{4,}")
# Scripts without spaces, whose phrases begin anywhere, and marks that may stand for a letter of a word.
_KEEPS_WORDS = re.compile(f"{WIDE.pattern}|[?\ufffd]")
_STRANGER = "q"  # begins no word of ours of four letters and more that a run of it could be


def _shape_of(facts: LineFacts, printed: str, key: str) -> _Shape | None:
    """Return what a line's shape says; None where the figures decide, or cleaning moved them."""
    text = facts.text
    if facts.rule or not (facts.numbers or facts.dated) or text != printed.rstrip():
        return None
    if "%" in text and WIDE.search(text):
        return None  # "8%対象" is a word
    found = tuple(figures_of(text, number) for number in facts.numbers)
    figures = tuple(each for each in found if each is not None)
    if len(figures) != len(found):
        return None
    name_end = facts.numbers[facts.right[-1]].start if facts.right else None
    long = _LONG_RUN.search(text) is not None
    return _Shape(
        facts[_FIRST_SHARED:_AFTER_SHARED],
        None if facts.days is None else (None, None),
        facts.days is not None,
        None if _MAY_BE_A_TIME.search(text) else facts.dated,
        figures,
        None if long else _place_of(facts.name, text[:name_end]),
        name_end,
        plan_of(facts.goods, facts.numbers, facts.right),
        long,
        key,
    )


def _place_of(name: str, text: str) -> tuple[int, int] | None:
    """Return where a name stands, whatever its letters; None where spaces were taken out of it."""
    last = len(text.rstrip(_NAME_EDGES))
    first = last - len(text[:last].lstrip(_NAME_EDGES))
    return (first, last) if text[first:last] == name else None


def _refilled(shape: _Shape, printed: str) -> LineFacts | None:
    """Return the facts of a line of known shape: the same words, its own figures; None where these decide otherwise."""
    shared, days, may_be, dated, figures, place, name_end, plan, long, key = shape
    text = printed.rstrip()
    if dated is None and (_DATED.search(text) is not None) is not shared[_DATED_SHARED]:
        return None
    numbers = Reprinted(figures, text)
    fields = (
        text,
        numbers if plan is not None else numbers.all(),
        *shared,
        _days(text) if may_be else days,
        text[place[0] : place[1]] if place is not None else name_in(text[:name_end]),
        None if plan is None else goods_by(plan, text, numbers),
        _gtin_in(text) if long else None,
        key,
    )
    return _make(LineFacts, fields)


_make = tuple.__new__  # what LineFacts(...) does, at half its cost
_FIRST_SHARED, _AFTER_SHARED = LineFacts._fields.index("right"), LineFacts._fields.index("days")
_DATED_SHARED = LineFacts._fields.index("dated") - _FIRST_SHARED
_NAME_EDGES = " .:*-=#"


def name_in(text: str) -> str:
    """Return the words of a description: no article number, no leaders, single spaces."""
    if _LONG_RUN.search(text):
        text = _GTIN.sub("", text)
    return " ".join(text.split()).strip(_NAME_EDGES)


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


def _languages_of(hit: Hit) -> int:
    languages = 0
    for sense in hit.senses:
        languages |= sense.languages
    return languages


def _tells(hit: Hit) -> bool:
    return any(sense.kind is not None or sense.role in _TELLING for sense in hit.senses)


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
