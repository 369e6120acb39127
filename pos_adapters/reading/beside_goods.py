"""Figures that stand beside goods and cost nothing more: prices alone, choices in brackets, sums side by side.

Contract: pure. All are asked only where the sums of a document do not hold as it stands.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.sheet import Part, Sheet

_GOODS: Final = (Part.ITEM, Part.IMPLICIT)
_HAVE_AMOUNTS: Final = (*_GOODS, Part.MODIFICATION, Part.SURCHARGE)
_WAS_AND_IS: Final = 2  # prices
_OF_PRICES_LETTERS_MAX: Final = 8  # "DE 14,19 POR 8,49", in whatever language
_GOODS_MIN: Final = 2  # that a sum is of: one amount repeats the price of the only goods otherwise
_CHOICE: Final = re.compile(r" {1,6}\S(?:\S| (?! ))*? \(\+? ?[^\w\s]?\d[\d.,]*\) *")  # "  Oat milk ($0.75)"
_ONLY_PRICE: Final = re.compile(
    r"\s*(?:\d+ *)?@ *(?:\d+ *(?:for|/) *)?(?:[^\w\s] ?)?\d[\d.,]*\s*", re.IGNORECASE
)  # "@ 60.00", "1 @ 2 FOR 5.00"

_RATE: Final = re.compile(r"[\d\s.,xX*]*[(\[] ?(\d\d[.,]\d{1,2}) ?%? ?[)\]]\s*")  # "7790742034502 (21,00)"


def _only_prices(sheet: Sheet) -> frozenset[int]:
    """Return the lines that only tell a price of the goods above or below them."""
    return frozenset(
        entry.line for entry in sheet.entries if entry.part in _GOODS and _ONLY_PRICE.fullmatch(entry.facts.text)
    )


def _choices(sheet: Sheet) -> frozenset[int]:
    """Return the lines further in than goods that tell in brackets what is part of their amount."""
    return frozenset(
        entry.line for entry in sheet.entries if entry.part in _HAVE_AMOUNTS and _CHOICE.fullmatch(entry.facts.text)
    )


def _sums_side_by_side(sheet: Sheet) -> frozenset[int]:
    """Return the line of what looks like the last goods, whose amounts make the sum of all goods above it.

    "FOOD 18.00  BEV 23.60" tells what a bar's kitchen sold and what its tap.
    """
    goods = [entry for entry in sheet.entries if entry.part in _GOODS and entry.line < sheet.first_total]
    if len(goods) <= _GOODS_MIN or goods[-1].quantity is not None:
        return frozenset()
    amounts = [number.value for number in goods[-1].facts.numbers if number.decimals]
    above = sum(entry.amount for entry in goods[:-1])
    summed = len(amounts) > 1 and all(amounts) and sum(amounts) == above
    return frozenset((goods[-1].line,)) if summed else frozenset()


def _told_before(sheet: Sheet) -> frozenset[int]:
    """Return the lines whose amount stands right behind a word for an earlier price: "Aktionspreis statt 1,99"."""
    return frozenset(
        entry.line
        for entry in sheet.entries
        if entry.part in _GOODS
        and any(
            sense.role is Role.PRICE_INFO and not entry.facts.text[hit.end : entry.facts.numbers[-1].start].strip(" :€")
            for hit in entry.facts.hits
            for sense in hit.senses
        )
    )


def _rates_above(sheet: Sheet) -> frozenset[int]:
    """Return the lines of figures right above goods that end with a tax rate in brackets, as fiscal printers do."""
    goods = {entry.line for entry in sheet.entries if entry.part in (*_GOODS, Part.DETAIL)}
    return frozenset(
        entry.line
        for entry in sheet.entries
        if entry.part in _HAVE_AMOUNTS and entry.line + 1 in goods and _RATE.fullmatch(entry.facts.text)
    )


def _was_and_is(sheet: Sheet) -> frozenset[int]:
    """Return the lines that tell two prices, the earlier of which the goods above cost: "DE 14,19 POR 8,49"."""
    found = set()
    for above, entry in pairwise(sheet.entries):
        prices = [number.value for number in entry.facts.numbers if number.decimals]
        told = entry.part is Part.ITEM and above.part in _GOODS and entry.facts.unknown <= _OF_PRICES_LETTERS_MAX
        two = len(prices) == len(entry.facts.numbers) == _WAS_AND_IS and prices[0] > prices[1] > 0
        if told and two and above.amount in prices:
            found.add(entry.line)
    return frozenset(found)


BESIDE_GOODS: Final = (_only_prices, _choices, _sums_side_by_side, _told_before, _rates_above, _was_and_is)
