"""Goods told line by line, as electronic receipts do: the name, then "Price", "Quantity" and "Cost", each on its own.

Contract: pure. Asked only where the sums of a document do not hold as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pos_adapters.reading.amounts import MILLI, Number
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.sheet import Entry, Part, Sheet, is_label

_ABOVE_PRICE_MAX: Final = 3  # lines between the name and its price: how many, an article's number
_HALF_CENT: Final = 5  # in thousandths: 0.418 at 18.90 is rounded
_BESIDES: Final = frozenset((Role.COUNT, Role.HEADING, Role.ID, Role.UNIT))


def goods_by_labels(sheet: Sheet) -> dict[int, tuple[int, Number | None, Number]]:
    """Return the places of the entries that are goods' amounts: line of the name, quantity and price of each.

    That they are, their own sum tells: the pieces at the price make the amount.
    """
    found: dict[int, tuple[int, Number | None, Number]] = {}
    price: Entry | None = None
    for at, entry in enumerate(sheet.entries):
        if entry.line >= sheet.first_total:
            break
        if entry.part is Part.WEAK_TOTAL and price is not None:
            told = _told(sheet, price, entry)
            if told is not None:
                found[at] = told
                price = None
                continue
        if entry.role is Role.PRICE_INFO or entry.part is Part.WEAK_TOTAL:
            price = entry
    return found


def _told(sheet: Sheet, price: Entry, amount: Entry) -> tuple[int, Number | None, Number] | None:
    name = _name_above(sheet, price.line)
    if name is None:
        return None
    one = price.facts.numbers[-1]
    if price.amount == amount.amount:
        return name, None, one
    for number in _counts(sheet, name, amount.line, without=price.line):
        if abs(number.value * price.amount - amount.amount * MILLI) <= _HALF_CENT * MILLI:
            return name, number, one
    return None


def _counts(sheet: Sheet, name: int, until: int, *, without: int) -> Iterator[Number]:
    """Yield the figures between a name and its amount that may be how many."""
    for line in range(name + 1, until):
        if line != without:
            yield from (number for number in sheet.facts[line].numbers if number.value > 0)


def _name_above(sheet: Sheet, line: int) -> int | None:
    """Return the line of the name that a price stands below, beyond other labelled lines; None where there is none."""
    for above in range(line - 1, max(line - 2 - _ABOVE_PRICE_MAX, -1), -1):
        facts = sheet.facts[above]
        if is_label(facts, sheet.labels[above], _BESIDES):
            continue
        priced = any(number.decimals or number.currency for number in facts.numbers)
        return above if facts.named and not facts.rule and not priced else None
    return None
