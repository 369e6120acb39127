"""Numbers on a line: amounts, quantities, percentages - and what only looks like them.

A number's `value` counts thousandths, so that every sum is exact integer arithmetic. How many decimals were printed
is kept: a document prints its amounts in one fashion, and only numbers in that fashion are amounts (`in_fashion`).
Dates, times, phone numbers, ids with leading zeros and figures glued to letters are no numbers at all.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import NamedTuple

from retail.shipped import read_shipped

CURRENCIES = Path(__file__).parent.parent / "profiles" / "currencies.toml"
MILLI = 1000
DECIMALS_MAX = 4  # that are told apart: more are four
_DIGITS_MAX = 9  # a longer run of ungrouped digits is an id or an article number, never an amount
_BARE_DIGITS_MAX = 6  # nor is one without decimals or currency: tills that print millions group them

DIGITS = re.compile(r"\d+(?:[.,']\d+)*")
_MASK = re.compile(r"[*xX#●]{2,}")  # the rest of a card's number: "3791-**-****"
_MASKED = re.compile(r"\*{8}|\*{4}\)|\*{2,}\d{3}")  # directly behind its first figures: "541907**0484"
_GROUP = re.compile(r" (\d{3}(?:[.,]\d{1,2})?)(?![\d.,'])")
_ID_REST = re.compile(r"[\d/:.\-]*")
_NUMBER_NEAR = re.compile(r" {0,2}-?\d")
_FACTOR = re.compile(r"%|(?<=\d)[xх*]|[\u3041-\u9fff]")
_MULTIPLIED = re.compile(r"\d *[xXх*@] *$")  # "2 x ( 0,99 )": what one costs, nothing below nought
_MARKS = re.compile(r"[.,']")
_AFTER = re.compile(
    r"(?P<space> {0,12})(?:(?P<percent>%)"
    r"|(?P<sign>[€$£¥₩₽₸₴₺₹₪฿₫₱₦円元원])"
    r"|(?P<word>[^\W\d_]{1,7})\.?)"
    r"(?P<per> ?/ ?(?:[^\W\d_]|\d ?[^\W\d_]){1,5}\b)?"
)
_SIGNS = frozenset("€$£¥₩₽₸₴₺₹₪฿₫₱₦")
# Japanese, Chinese and Korean words that count what a pack holds or how many there are, glued to the figure.
_COUNTERS = frozenset(
    "点個个枚本件コ包瓶盒袋罐支片粒条箱桶杯份双套张缶巻卷足冊組食束玉切名入錠丸株羽匹膳串尾台着房人種ケヶパロ丁目年月日時分秒泊回歳才度間割品"
    "개병장권입구팩봉매캔잔명롤박포단정알켤마송종건줄판통년월일시분초회세号號位番形階机機번호층"
)
_TIMES = frozenset(("x", "х"))
_COUNT_LENGTH_MAX = 20  # "1234,500 litrów "
_COUNT_BEFORE = re.compile(  # no price: a whole number, one with three decimals, or one with its unit
    r"(?:(?<![\d.,])\d{1,4}(?:[.,]\d{3})?(?: *[^\W\d_]{1,7}\.?)?|\d[.,]\d{1,3} *[^\W\d_]{1,7}\.?) *\Z"
)
_RAND = "r"  # glued before an amount with cents: "R12.50"; "R12" is a till or a room
# Every run of blanks is possessive: a line is mostly blanks, and given back one by one to six runs they cost minutes.
_TAIL = re.compile(
    r"[ _]*+(?:-(?!\d))?[)\]]?[ _]*+(?:[€$£¥₩₽₸₴₺₹円元원?]|[^\W\d_]{1,3}\.?)?"
    r"(?:[ ]*+[A-ZА-Яa-z*#†※軽]{1,2}\d?)?[ ]*+[*#※)]*+"
    r"[ ]*+(?:\(?[ ]?(?:\d{1,2}|\d{1,2}(?:[.,]\d{1,2})?[ ]?%|%[ ]?\d{1,2})\)?[A-Z]?)?[ ]*+$"
)


class Number(NamedTuple):
    """A number as printed. `start`/`end` span it with its sign and currency; `digits_end` ends its digits."""

    start: int
    end: int
    value: int  # thousandths, signed
    decimals: int  # as printed: 0 to 3, 4 for more
    grouped: int  # the other reading in thousandths, where "1.234" may be 1234; else -1
    currency: str  # as printed, folded: "€", "eur", ""; never more than one sign or word
    use: str  # "" plain, "%" percentage, "u" quantity with its unit, "x" glued to a times sign, "p" price per unit
    last_group: int  # value of the last group, where "1 234,56" may be 1 and 234,56; else -1


@functools.cache
def currencies() -> dict[str, dict[str, list[str]]]:
    """Return the table of money signs (`pos_adapters/profiles/currencies.toml`): signs, words, languages."""
    table = read_shipped(CURRENCIES)
    table["words"] = {word: [code] for word, code in table["words"].items()}
    return table


@functools.cache
def _money_words() -> frozenset[str]:
    return frozenset(currencies()["words"])


_UNIT_WORDS = (
    "kg g gr gm l lt ltr ml cl dl lb lbs oz gal m m2 st stk stck pc pcs pz szt ks ad adet kos ud uds un "
    "und кг г гр л мл шт уп м m3 kwh квт pk pck cm mm ct dag bot fl dz ea each qty ток дана порц pkt op "
    "opak bal stuk stuks kus kom tk km mi mb gb tb mah"
)
_UNITS = frozenset(_UNIT_WORDS.split())


_WORD_GLANCE = 7  # letters of a word behind a number that are looked at (`_AFTER`)


def number_words() -> frozenset[str]:
    """Return the currencies and units that may stand beside a number."""
    return frozenset(word.rstrip("$") for word in _money_words()) | _UNITS


def may_be_of_a_number(word: str) -> bool:
    """Whether a word beside a number may say what it counts: a currency or a unit."""
    lower = word.lower()
    glance = lower[:_WORD_GLANCE]
    words = _money_words()
    return glance in words or lower in words or lower + "$" in words or glance in _UNITS


def numbers_of(text: str) -> tuple[Number, ...]:
    """Return the numbers of a cleaned line, left to right."""
    found: list[Number] = []
    position = 0
    while True:
        match = DIGITS.search(text, position)
        if match is None:
            return tuple(found)
        number, position = _number_at(text, match.start(), match.end(), taken=position)
        if number is not None:
            found.append(number)


def _number_at(text: str, start: int, end: int, *, taken: int) -> tuple[Number | None, int]:
    """Return the number whose digits are `text[start:end]`, if it is one, and where to search on.

    What stands before `taken` belongs to the number before: in "5,43€ 10,86€" the first sign is not the second's.
    """
    size = len(text)
    after = text[end] if end < size else " "
    if after in "/:-" and end + 1 < size and text[end + 1].isdigit() and not (after == "-" and "," in text[start:end]):
        return None, _end_of_id(text, end)
    if (after == "-" and _MASK.match(text, end + 1)) or (after == "*" and _MASKED.match(text, end)):
        return None, _end_of_id(text, end)
    digits = text[start:end]
    last_group = -1
    if after == " " and end - start <= 3 and digits.isdigit() and digits[0] != "0" and not _is_factor(text, start):
        group = _GROUP.match(text, end)
        if group:
            last_group = value_of(group.group(1))[0]
            digits, end = _join_groups(text, digits, end)
    value, decimals, grouped = value_of(digits)
    if value < 0:
        return None, end
    prefix = _prefix(text, start, decimals, taken=taken)
    if prefix is None:
        return None, end
    first, currency, negative, use = prefix
    last, currency, use = _suffix(text, end, currency=currency, use=use)
    if use == "id" or (not currency and digits.isdigit() and len(digits) > _BARE_DIGITS_MAX):
        return None, end
    closed = currency == "\xa5" and decimals in (0, 3)  # "¥1,730-": nothing follows
    if not negative and not closed and last < size and text[last] == "-" and _ends_amount(text, last + 1, decimals):
        negative, last = True, last + 1
    if not negative and first > 0 and text[first - 1] == "(" and last < size and text[last] == ")":
        negative, first, last = _MULTIPLIED.search(text, 0, first - 1) is None, first - 1, last + 1
    return Number(first, last, -value if negative else value, decimals, grouped, currency, use, last_group), max(
        end, last
    )


def _is_factor(text: str, start: int) -> bool:
    """`385x2 770`, `%20 922,17`, `単204 408`: glued to a quantity, a rate, an ideograph it begins no thousands."""
    return start > 0 and _FACTOR.match(text, start - 1) is not None


def _ends_amount(text: str, at: int, decimals: int) -> bool:
    """Whether the minus before `at` is the amount's: nothing is glued to it but a tax letter ("3.00-A", "3.00-GP").

    Tills that print Cyrillic letters have their minus in front.
    """
    glued = text[at : at + 3]
    if not glued[:1].isalnum():
        return True
    if "\u0400" <= glued[0] <= "\u04ff":
        return False
    return decimals == 2 and glued[0].isalpha() and not glued[2:].isalnum() and not glued[1:2].isdigit()


def _join_groups(text: str, digits: str, end: int) -> tuple[str, int]:
    """Join "1" and " 234" and " 567,89"; a group with decimals is the last."""
    while digits.isdigit():
        group = _GROUP.match(text, end)
        if group is None:
            break
        digits, end = digits + group.group(1), group.end()
    return digits, end


def _end_of_id(text: str, end: int) -> int:
    """Return where a date, time or hyphenated id ends."""
    match = _ID_REST.match(text, end)
    assert match is not None
    return match.end()


def value_of(digits: str) -> tuple[int, int, int]:  # noqa: PLR0911 - one answer a shape
    """Return (thousandths, decimals, other reading) of digits and marks; -1 thousandths when they are no number.

    >>> value_of("1.234,56"), value_of("1.234"), value_of("0.850"), value_of("12.09.2024")[0]
    ((1234560, 2, -1), (1234, 3, 1234000), (850, 3, -1), -1)
    """
    if digits.isdigit():
        if len(digits) > _DIGITS_MAX or (digits[0] == "0" and len(digits) > 1):
            return -1, 0, -1
        return int(digits) * MILLI, 0, -1
    head, cents = digits[:-3], digits[-2:]
    if digits[-3] in ".," and head.isdigit() and cents.isdigit() and len(head) <= _DIGITS_MAX:
        if head[0] == "0" and len(head) > 1:
            return -1, 0, -1
        return int(head) * MILLI + int(cents) * 10, 2, -1  # "12.34": nearly every amount
    parts = _MARKS.split(digits)
    marks = [mark for mark in digits if not mark.isdigit()]
    head, last = parts[0], parts[-1]
    if head[0] == "0" and len(head) > 1:
        return -1, 0, -1
    if len(marks) == 1:
        return _value_with_one_mark(head, last, marks[0])
    if len(set(marks)) == 1:
        if not _are_groups(parts):
            return -1, 0, -1
        return int("".join(parts)) * MILLI, 0, -1
    if len(set(marks[:-1])) != 1 or not _are_groups(parts[:-1]) or len(last) > 3 or marks[-1] == "'":
        return -1, 0, -1
    return int("".join(parts[:-1])) * MILLI + int(last.ljust(3, "0")), len(last), -1


def _value_with_one_mark(head: str, last: str, mark: str) -> tuple[int, int, int]:
    size = len(last)
    if len(head) > _DIGITS_MAX:
        return -1, 0, -1
    if size == 3 and head != "0" and len(head) <= 3:
        group = int(head + last) * MILLI
        return (group, 0, -1) if mark == "'" else (int(head) * MILLI + int(last), 3, group)
    if mark == "'":
        return -1, 0, -1
    return int(head) * MILLI + int(last[:3].ljust(3, "0")), min(size, DECIMALS_MAX), -1


def _are_groups(parts: list[str]) -> bool:
    """Groups of three, or the Indian 1,23,456."""
    return len(parts[0]) <= 3 and len(parts[-1]) == 3 and all(len(part) in (2, 3) for part in parts[1:])


def _prefix(  # noqa: C901, PLR0912 - one walk back over the marks, each with its meaning
    text: str, start: int, decimals: int, *, taken: int
) -> tuple[int, str, bool, str] | None:
    """Read what stands before the digits: (start with it, currency, negative, use); None when it makes them an id."""
    at = start - 1
    currency, negative, use = "", False, ""
    while at >= 0:
        mark = text[at]
        if mark == " ":
            if not _sign_before_gap(text, at, taken):
                break
        elif mark in _SIGNS and not currency:
            currency = mark
            if mark == "$" and at and text[at - 1].isalpha():
                word_start = _run_start(text, at - 1)
                joined = text[word_start : at + 1].lower()
                if joined in _money_words():
                    currency, at = joined, word_start
        elif mark in "-+" and (at == 0 or not (text[at - 1].isalnum() or text[at - 1] == "-")):
            negative = negative or mark == "-"
        elif mark == "*" and at and text[at - 1] == "*":
            return None  # a masked number
        elif mark == "*" and text[max(0, at - 2) : at] in ("-", " -"):
            negative = True  # "-*12,50", as Turkish tills print
            at -= 2
            break
        elif mark in "=*:(@[~.,'\"><&":
            break
        elif mark == "%":
            use = "%"
        elif mark in "#№_第제" or mark.isdigit():
            return None
        elif mark.isalpha():
            return _prefix_word(text, at, start, decimals=decimals, so_far=(currency, negative, use))
        elif mark in "-+/":
            break
        else:
            break
        at -= 1
    first = at + 1
    while first < start and text[first] == " ":
        first += 1
    return first, currency, negative, use


def _sign_before_gap(text: str, at: int, taken: int) -> bool:
    """Over a gap (a column of its own) only a money sign, or a minus one space away, belongs to the number."""
    while at >= 0 and text[at] == " ":
        at -= 1
    if at < taken:
        return False
    if text[at] in _SIGNS:
        return True
    if text[at].isalpha():
        first = _run_start(text, at)
        return text[first : at + 1].lower() in _money_words() and at + 1 - first > 1
    return text[at] == "-" and (at == 0 or text[at - 1] == " ") and text[at + 1 : at + 3].strip() != ""


def _prefix_word(  # noqa: PLR0911 - one answer a meaning
    text: str, at: int, start: int, *, decimals: int, so_far: tuple[str, bool, str]
) -> tuple[int, str, bool, str] | None:
    """Letters before the digits: a currency, a multiplication sign, a glued label - or an id."""
    currency, negative, use = so_far
    first = _run_start(text, at)
    word = text[first : at + 1].lower()
    glued = at + 1 == start and text[first - 1 : first].isdigit()  # "TCH850701RM1" is a taxpayer's number
    if not (currency or glued) and word in _money_words() and (len(word) > 1 or at + 1 == start):
        if first > 0 and text[first - 1] == "-":
            return first - 1, word, True, use
        return first, word, negative, use
    if text[at] == " " or at + 1 < start:
        return at + 1, currency, negative, use
    if word in _TIMES and (first == 0 or not text[first - 1].isalnum()):
        if decimals == 2 and _COUNT_BEFORE.search(text, max(0, first - _COUNT_LENGTH_MAX), first):
            return at + 1, currency, negative, use  # "3 szt. x4,90": the sign stands before the price
        return first, currency, negative, "x"
    if decimals == 2 and word == _RAND and not currency:
        minus = first > 0 and text[first - 1] == "-"
        return first - minus, "zar", negative or minus, use
    wide = ord(text[at]) >= 0x2E80
    if wide and first == at and first > 0 and text[first - 1].isdigit() and word not in _COUNTERS:
        return None  # "33바4386", a car's number
    if decimals == 2 and len(word) == 1 and not word.isascii():
        minus = first > 0 and text[first - 1] == "-"
        return first - minus, currency, negative or minus, use  # a money sign that a wrong code page made a letter
    if wide or (decimals == 2 and len(word) >= 3):
        return at + 1, currency, negative, use
    return None


def _run_start(text: str, at: int) -> int:
    while at > 0 and text[at - 1].isalpha():
        at -= 1
    return at


def _suffix(  # noqa: C901, PLR0911 - one answer a meaning
    text: str, end: int, *, currency: str, use: str
) -> tuple[int, str, str]:
    """Read what stands behind the digits: (end with it, currency, use); use "id" when it makes them an id."""
    match = _AFTER.match(text, end)
    if match is None:
        return end, currency, use
    glued = not match.group("space")
    if match.group("percent"):
        if not glued and text[match.end("percent") : match.end("percent") + 1].isdigit():
            return end, currency, use  # "140,00 %10": the sign stands before the rate
        return (match.end("percent"), currency, "%") if len(match.group("space")) <= 1 else (end, currency, use)
    if match.group("sign"):
        if currency or (not glued and DIGITS.match(text, match.end("sign"))):
            return end, currency, use
        return match.end(), match.group("sign"), "p" if match.group("per") else use
    word = match.group("word").lower()
    if word in _money_words() and not currency and (glued or len(word) > 1):
        if not glued and len(match.group("space")) > 1 and _NUMBER_NEAR.match(text, match.end()):
            return end, currency, use
        return match.end(), word, "p" if match.group("per") else use
    if word in _TIMES and (glued or len(match.group("space")) == 1):
        return (match.end("word"), currency, "x") if glued else (end, currency, use)
    if word in _UNITS and len(match.group("space")) <= 1 and not currency and not _is_tax_letter(text, end, match):
        return match.end("word"), currency, "u"
    if not glued:
        return end, currency, use
    if word[0] in _COUNTERS:
        return end + 1, currency, "u"
    if ord(word[0]) >= 0x2E80 or _TAIL.match(text, end):
        return end, currency, use
    return end, currency, "id"


def _is_tax_letter(text: str, end: int, match: re.Match[str]) -> bool:
    """`8.98 G`, `10.500 G` end a line: nobody weighs parts of a gram, so that the letter is a tax's."""
    broken = end > 4 and (text[end - 3] in ".," or text[end - 4] in ".,")
    return match.group("word") == "G" and broken and not text[match.end("word") :].strip()


def is_at_right_end(text: str, number: Number) -> bool:
    """Whether only a tax code, a currency or a rate stands behind `number` on its line."""
    return _TAIL.match(text, number.end) is not None


def in_fashion(number: Number, decimals: int) -> int | None:
    """Return the number as an amount printed with `decimals` decimals, in thousandths; None when it is none.

    A whole number is an amount among two-decimal ones only with its currency sign ("$5").
    """
    if number.use in ("%", "u", "x"):
        return None
    if number.decimals == decimals:
        return number.value
    if decimals == 0:
        if number.grouped >= 0 and number.decimals == 3:
            return -number.grouped if number.value < 0 else number.grouped
        return None
    if number.decimals == 0 and number.currency:
        return number.value
    return None
