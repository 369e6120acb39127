"""Which currency a receipt is in, and how an amount is written for a person."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Sequence

from pos_adapters.reading.amounts import currencies
from pos_adapters.reading.folding import fold
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.shapes import GoodsLine
from pos_adapters.reading.sheet import Sheet
from pos_adapters.reading.values import StoreFacts
from retail.money import NO_CURRENCY


def shown(amount: int, decimals: int) -> str:
    """Return thousandths as text with `decimals` decimals: 4300, 2 gives "4.30"."""
    if decimals == 2 and amount >= 0:
        return f"{amount // 1000}.{amount // 10 % 100:02d}"
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 1000)
    return f"{sign}{whole}" + (f".{rest:03d}"[: decimals + 1] if decimals else "")


def meanings_of(sign: str) -> list[str]:
    """Return the ISO 4217 codes that a printed sign or word may stand for, [] when it is none."""
    table = currencies()
    return table["signs"].get(sign) or table["words"].get(sign) or []


def currency_of(
    sheet: Sheet, solution: Solution, *, signs: Sequence[str], store: StoreFacts, languages: Sequence[str]
) -> str | None:
    """Return the receipt's currency (NO_CURRENCY when none is printed nor known); None when it is a foreign one.

    `signs` are those that its numbers carry.
    """
    sign = _sign_of(sheet, solution, signs)
    meanings = meanings_of(sign) if sign else []
    if store.currency is not None:
        return store.currency if not meanings or store.currency in meanings else None
    if not meanings:
        return NO_CURRENCY
    if len(meanings) == 1:
        return meanings[0]
    hinted = _hinted(sheet, meanings)
    if hinted is not None:
        return hinted
    by_language = currencies()["languages"]
    for language in sorted(languages, key=lambda name: name == "en"):
        for code in by_language.get(language, []):
            if code in meanings:
                return code
    return meanings[0]


def _hinted(sheet: Sheet, meanings: Sequence[str]) -> str | None:
    """Return the one of several currencies whose country's receipts print what this one does; None without any."""
    found = Counter[str]()
    for facts in sheet.facts:
        if not isinstance(facts, GoodsLine) and facts.letters:
            found.update(_hinting(facts.text))
    of_these = [code for code, _ in found.most_common() if code in meanings]
    return of_these[0] if of_these else NO_CURRENCY if NO_CURRENCY in found else None


@functools.lru_cache(maxsize=4096)
def _hinting(text: str) -> tuple[str, ...]:
    """Return the currencies of the countries that a line's words hint at."""
    said = f" {' '.join(_WORD.findall(fold(text).replace('.', '')))} "
    return tuple(
        code
        for code, phrases in currencies()["hints"].items()
        if any(f" {phrase} " in said or (phrase in said and not phrase.isascii()) for phrase in phrases)
    )


def _sign_of(sheet: Sheet, solution: Solution, signs: Sequence[str]) -> str:
    """The total's own sign, else the word on its line or in a heading, else the one most amounts carry."""
    if solution.total.entry is not None:
        facts = solution.total.entry.facts
        for number in facts.numbers:
            if number.currency:
                return number.currency
        sign = _sign_or_word(facts.shape)  # which keeps every word of money
        if sign:
            return sign
    if signs:
        return Counter(signs).most_common(1)[0][0]
    headings = [
        facts
        for facts in sheet.facts[: sheet.first_total]
        if not isinstance(facts, GoodsLine) and facts.goods is None and not facts.numbers
    ]
    for facts in headings:
        sign = _sign_in(facts.text)  # the heading of a column: "Price (€)"
        if sign:
            return sign
    words = [word for facts in headings if not facts.rule for word in _named_in(facts.text)]
    return Counter(words).most_common(1)[0][0] if words else ""


@functools.lru_cache(maxsize=1024)  # lines of totals: a till prints a dozen
def _sign_or_word(text: str) -> str:
    """Return the money sign in a text, else the first word for money, else nothing."""
    sign = _sign_in(text)
    if sign:
        return sign
    words = currencies()["words"]
    return next((word for word in text.lower().translate(_NO_MARKS).split() if word in words and len(word) > 1), "")


@functools.lru_cache(maxsize=4096)  # a store's headers, and the names of its goods that stand on lines of their own
def _named_in(text: str) -> tuple[str, ...]:
    """Return the names of currencies (three letters) in a text."""
    named = currencies()["words"]
    return tuple(
        word
        for word in text.lower().translate(_NO_BRACKETS).split()
        if len(word) == 3 and word in named and word.isascii() and word not in ("sfr", "try", "rur", "bhd")
    )


_WORD = re.compile(r"[^\W_]+")
_NO_MARKS = str.maketrans("():", "   ")
_NO_BRACKETS = str.maketrans("()", "  ")


def _sign_in(text: str) -> str:
    """Return the money sign in a text; of several the first in our table."""
    if text.isascii() and "$" not in text:
        return ""
    return next((sign for sign in currencies()["signs"] if sign in text), "")
