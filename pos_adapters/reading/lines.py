"""What one printed line says by itself. Lines are read as they stream in; what they mean together is solved later.

`LineReader.read` is a pure function of the text, remembered for lines that return (headers, footers), so that when
the document ends only the arithmetic is left to do. Goods return at another price, and others under names that no
phrase knows: of a line of known shape, only the figures and the name are read anew (`Shape`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from pos_adapters.reading.amounts import (
    Number,
    is_at_right_end,
    may_be_of_a_number,
    number_words,
    numbers_of,
)
from pos_adapters.reading.dates import looks_dated, may_be_date
from pos_adapters.reading.folding import WIDE, clean, fold
from pos_adapters.reading.lexicon import HEAD_LETTERS, Hit, Lexicon, Role
from pos_adapters.reading.quantities import USUAL_DECIMALS, goods_on
from pos_adapters.reading.read_lines import DATED, ReadLine, days_on, gtin_in, name_in
from pos_adapters.reading.reprints import figures_alike
from pos_adapters.reading.shapes import GoodsLine, Shape, as_goods, refilled, shape_of
from pos_adapters.reading.word_files import standard_lexicon

# A line longer than any paper (64 columns of wide letters) is noise; its head is enough to see that.
LINE_CHARACTERS_MAX = 256
_LETTERS_A_SYLLABLE = 3  # "subtotal" beside the two signs that mean it
_MEMO_LINES_MAX = 8192  # some megabytes: a busy store's headers, footers and goods of a day

_RULE = re.compile(r"[\s\-=_*~.+#:·•]*")
_STARRED = re.compile(r"\s*([*#=<>!~-])\1.*[^\W\d_]{2}.*([*#=<>!~-])\2\s*")
_TO_SIGN = re.compile(r"\s*[xX] ?[._]{4,}\s*")  # a place for a signature, no "X" of a report
_BETWEEN_TIMES = re.compile(  # "N.98   A   0,95": a letter in a column of its own is a tax's; "1. Хлеб  2": bread
    r"(?! +a {2,})\.?[)\s]*(?:/ ?)?(?:\(?[^\W\d_]{1,7}\.?[)\s]+)?"
    r"(?:[x@]|х(?![\u0400-\u04ff])|\*(?!\*)|(?<=[\s)])(?:à|a|mal|по|по цене)(?=\s))"
    r"\s*(?:[€$£¥₩₽₸₴₺(*]|[^\W\d_]{1,3}\.?)?\s*",
    re.IGNORECASE,
)
_NUMBERED_NAME = re.compile(  # "[3] 面包": no amount with letters behind it, as "98 税込" is
    r"\s*[(\[]?\d{1,2}[)\].]? *(?![税稅内內外円元원点點])[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2,3}\s*"
)
_RATE_LIMIT = 100_000  # a hundred per cent, in thousandths
_MARKED_AMOUNT = "  *"  # as Turkish tills print what is no factor, in a column of its own
_TELLING = frozenset(
    (
        Role.SALES_COUNT, Role.COMPLETED, Role.POINTS_EARNED, Role.POINTS_SPENT, Role.DECLINED, Role.EXCHANGE,
        Role.SHOP_COPY,
    )
)  # fmt: skip
_UNIT_ROLES = frozenset((Role.UNIT, Role.FILLER, Role.HEADING))


LineFacts = ReadLine | GoodsLine
"""What one line says by itself: whole, or of most goods as little as the sums ask for."""

Telling = tuple[int, LineFacts]
"""A line of which a phrase may say what the document is, what became of it, or points; and where it stands."""


_RULED = ReadLine(
    "", (), (), None, (), (), telling=False, letters=0, unknown=0, named=False, rule=True, starred=False, dated=False,
    indent=0, decimals=None, signs=(), speaks=False, days=None,
)  # fmt: skip


class LineReader:
    """Reads lines with one lexicon. Its memos are bounded; equal text always gives equal facts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._memo: dict[str, LineFacts] = {}
        self._shapes: dict[str, Shape | None] = {}
        self._alike: dict[str, Shape] = {}  # the same shapes, by lines with all their words
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
        known = list(map(memo.get, texts))
        new = [at for at, facts in enumerate(known) if facts is None]
        if new:
            if len(memo) >= _MEMO_LINES_MAX:
                memo.clear()
            printed = [texts[at][:LINE_CHARACTERS_MAX] for at in new]
            for at, line, alike in zip(new, printed, figures_alike(printed), strict=True):
                shape = self._alike.get(alike) or self._shape_of(line, alike)
                if shape is not None and shape.goods is not None:
                    known[at] = memo[texts[at]] = as_goods(shape, shape.goods, line)
                else:
                    again = refilled(shape, line) if shape is not None else None
                    known[at] = memo[texts[at]] = again or self._read(line)
        return [facts for facts in known if facts is not None]

    def _shape_of(self, printed: str, alike: str) -> Shape | None:
        """Return the shape of a line, which all have that are `alike` (`figures_alike`); None where it has none."""
        shape = self._shape_by_words(printed, alike)
        if shape is None:
            return None
        if shape.may_be_date:  # as these words say, and no others
            shape = shape._replace(goods=None) if may_be_date(printed) else shape._replace(may_be_date=False)
        if len(self._alike) >= _MEMO_LINES_MAX:
            self._alike.clear()
        self._alike[alike] = shape
        return shape

    def _shape_by_words(self, printed: str, key: str) -> Shape | None:
        """Return the shape of a line whose figures are all alike in `key`; None where it has none."""
        if (key.isascii() or not WIDE.search(key)) and "?" not in key and "\ufffd" not in key:
            key = _WORD_OF_ASCII.sub(self._word_key, key)
        shape = self._shapes.get(key)
        if shape is None and key not in self._shapes:
            if len(self._shapes) >= _MEMO_LINES_MAX:
                self._shapes.clear()
            shape = self._shapes[key] = shape_of(self._read(printed), printed, key)
        return shape

    def _word_key(self, match: re.Match[str]) -> str:
        """Return what stands for a word in a shape: itself, or its length where nothing depends on its letters."""
        word = match[0]
        head = word[:HEAD_LETTERS].lower()
        if head not in self._heads and not (self._stems and head.startswith(self._stems)):
            return _STRANGER * len(word)
        key = self._word_keys.get(word)
        if key is None:
            known = not self.lexicon.is_stranger(word.lower()) or may_be_of_a_number(word)
            if len(self._word_keys) >= _MEMO_LINES_MAX:
                self._word_keys.clear()
            key = self._word_keys[word] = word if known else _STRANGER * len(word)
        return key

    def _read(self, printed: str) -> ReadLine:
        text = clean(printed)
        stripped = text.strip()
        if _RULE.fullmatch(stripped) or _TO_SIGN.fullmatch(printed):
            return _RULED._replace(text=stripped)
        numbers = numbers_of(text)
        hits, letters, unknown = self.lexicon.find(fold(text))
        times = _times(text, numbers)
        if times is not None and numbers[-1].value < 0:
            numbers = _with_rate(text, numbers, times)
        right = _right_end(text, numbers)
        if right:
            letters, unknown = _without_tail(text, numbers[right[0]], letters, unknown)
            hits = [hit for hit in hits if not _is_tax_letter(hit, text, numbers[right[0]])]
        named = unknown > 0 or any(_may_name(hit) for hit in hits)
        indent = len(text) - len(text.lstrip())
        dated = DATED.search(text) is not None
        signs = tuple(number.currency for number in numbers if number.currency)
        days = days_on(text) if looks_dated(text) else None
        return ReadLine(
            text,
            numbers,
            right,
            times,
            tuple(hits),
            tuple((_languages_of(hit), _weight_of(hit, text)) for hit in hits),
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
            gtin=gtin_in(text),
            shape=text,
        )


# Letters of ASCII, whose folding keeps their number; glued to another letter or digit they are kept. Shorter ones may
# be tax codes, units and ordinals ("2nd"), and an "x" may multiply ("2 xEUR 1.50"). The first letter stands before the
# look behind it, so that blanks are passed over at the speed of C.
_WORD_OF_ASCII = re.compile(r"[A-WYZa-wyz](?<![^\W_].)[A-Za-z]{3,}+(?![^\W_])")
# Scripts without spaces, whose phrases begin anywhere, and marks that may stand for a letter of a word.
_KEEPS_WORDS = re.compile(f"{WIDE.pattern}|[?\ufffd]")
_STRANGER = "q"  # begins no word of ours of four letters and more that a run of it could be


def _right_end(text: str, numbers: tuple[Number, ...]) -> tuple[int, ...]:
    """Return the numbers that stand at the right end: the last, or the one before a tax code or rate."""
    found: list[int] = []
    if _NUMBERED_NAME.fullmatch(text):
        return ()
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


def _is_tax_letter(hit: Hit, text: str, amount: Number) -> bool:
    """`35T`, `35 T`: a letter behind the amount is a tax's, whatever else it may stand for."""
    letter = text[hit.start : hit.end].strip()  # a folded "ß" is two letters: a hit may end behind its line
    return hit.letters == 1 and letter.isascii() and letter != "" and text[amount.end : hit.end].strip() == letter


def _languages_of(hit: Hit) -> int:
    languages = 0
    for sense in hit.senses:
        languages |= sense.languages
    return languages


def _weight_of(hit: Hit, text: str) -> int:
    """Return how much a phrase says about the language: a syllable or an idea says as much as some letters."""
    return hit.letters * (_LETTERS_A_SYLLABLE if WIDE.match(text, hit.start) else 1)


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
        if first.use == "x" and second.use == "" and _adjacent(text, first, second):
            return index, index + 1
        if _BETWEEN_TIMES.fullmatch(text, first.end, second.start):
            if second is numbers[-1] and text.endswith(_MARKED_AMOUNT, 0, second.start):
                continue  # "BONUS KART 3 TAKSİT      *449,96"
            return index, index + 1
    return None


def _with_rate(text: str, numbers: tuple[Number, ...], times: tuple[int, int]) -> tuple[Number, ...]:
    """`1,0000 x 3299,00 (21,00)`: directly behind a price multiplied, brackets hold the rate of its tax."""
    rate = numbers[-1]
    behind = times[1] == len(numbers) - 2 and text[numbers[-2].end : rate.start] == " "
    if not behind or text[rate.start] != "(" or text[rate.end :].strip() or -rate.value >= _RATE_LIMIT:
        return numbers
    return (*numbers[:-1], rate._replace(value=-rate.value, use="%"))


def _adjacent(text: str, first: Number, second: Number) -> bool:
    """`2x 1.50`: the sign is glued to the quantity and the price follows at once. "10x15" is a size, "2x1.50" none."""
    if second.start < first.end:
        return second.decimals == USUAL_DECIMALS
    gap = text[first.end : second.start]
    return len(gap) <= 1 and text[first.end - 1] in "xх"


@functools.cache
def standard_reader() -> LineReader:
    """Return the reader that uses the words we ship."""
    return LineReader(standard_lexicon())
