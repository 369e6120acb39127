"""Money of another country: a tender counts as much as the rate beside it makes of it.

Contract: `convert_foreign_tenders` changes the amount of a tender that names a currency other than the total's, where a
rate is printed on its line or just below and makes, multiplied or divided, an amount that is printed there too - or,
where none is, the one that total and change ask for. Anything else is left as it is, and the sums refuse it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final

from pos_adapters.reading.amounts import in_fashion
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.money_signs import meanings_of
from pos_adapters.reading.sheet import Entry, Part, Sheet

SHAPES_MAX: Final = 1024  # of lines that pay and lines of totals: a till prints a dozen
REACH_LINES: Final = 3  # rate and amount stand directly below the tender
_RATE: Final = re.compile(r"(?<![\d.,])\d{1,6}[.,]\d{3,8}(?![\d.,])")  # rates have three decimals and more
_WORD: Final = re.compile(r"[^\W\d_]{2,3}|[€$£¥₩₽₸₴₺]")
_PAYS: Final = frozenset((Part.TENDER, Part.RECEIVED))


def convert_foreign_tenders(sheet: Sheet) -> None:
    """Give tenders of other currencies the amount that they count for."""
    for entry in sheet.opened:
        if entry.part in _PAYS and entry.line > sheet.first_total and is_foreign(sheet, entry):
            near = sheet.facts[entry.line : entry.line + 1 + REACH_LINES]
            worth = _worth(sheet, entry, near)
            if worth is not None:
                entry.amount = worth


def is_foreign(sheet: Sheet, entry: Entry) -> bool:
    """Whether a tender names a currency, and the total none or another one."""
    own = _currencies_on(entry.facts)
    if not own:
        return False
    totals = [other for other in sheet.opened if other.part is Part.TOTAL]
    return not any(own & _currencies_on(total.facts) for total in totals) and not _is_worth(entry)


def _is_worth(entry: Entry) -> bool:
    """`EUR 20.00 at 0.96   19.20`: the amount is what the foreign money before it makes."""
    *before, last = entry.facts.numbers
    return not last.currency and any(number.currency and number.decimals == last.decimals for number in before)


def _currencies_on(facts: LineFacts) -> frozenset[str]:
    return _currencies_in(facts.shape)


@functools.lru_cache(maxsize=SHAPES_MAX)
def _currencies_in(shape: str) -> frozenset[str]:
    """Return what the words of lines of one shape may name; figures, and words of no phrase, name none."""
    words = {word.casefold() for word in _WORD.findall(shape)}
    return frozenset(code for word in words for code in meanings_of(word))


def _worth(sheet: Sheet, entry: Entry, near: Iterable[LineFacts]) -> int | None:
    step = 10 ** (3 - sheet.decimals)
    given_back = {entry.line for entry in sheet.entries if entry.part is Part.CHANGE}
    lines = [facts for at, facts in enumerate(near, entry.line) if at not in given_back]
    rates = [Fraction(rate.replace(",", ".")) for facts in lines for rate in _RATE.findall(facts.text)]
    made = [worth for rate in rates if rate for worth in (entry.amount * rate, entry.amount / rate)]
    for amount in list(_printed(lines, sheet.decimals, other_than=entry)) or _asked_for(sheet):
        if amount > 0 and any(abs(worth - amount) <= step for worth in made):
            return amount
    return None


def _printed(lines: Iterable[LineFacts], decimals: int, *, other_than: Entry) -> Iterator[int]:
    for facts in lines:
        for number in facts.numbers:
            amount = in_fashion(number, decimals)
            if amount is not None and not (facts is other_than.facts and amount == other_than.amount):
                yield amount


def _asked_for(sheet: Sheet) -> Iterator[int]:
    """What must have been handed over, for the total and the change that was given back."""
    change = sum(abs(entry.amount) for entry in sheet.entries if entry.part is Part.CHANGE)
    yield from (entry.amount + change for entry in sheet.entries if entry.part is Part.TOTAL)
