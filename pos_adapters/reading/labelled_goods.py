"""Goods told line by line, as electronic receipts do: the name, then "Price", "Quantity" and "Cost", each on its own.

Contract: pure. Asked only where the sums of a document do not hold as it stands.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pos_adapters.reading.amounts import MILLI, Number
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.sheet import Part, Sheet, is_label

_ABOVE_PRICE_MAX: Final = 3  # lines between the name and its price: how many, an article's number
_HALF_CENT: Final = 5  # in thousandths: 0.418 at 18.90 is rounded
_AMOUNTS: Final = (Part.WEAK_TOTAL, Part.TOTAL)
_BESIDES: Final = frozenset((Role.COUNT, Role.HEADING, Role.ID, Role.UNIT))


class Told(NamedTuple):
    """One sort of goods: the places of its price and its amount, the line of its name, how many, and for how much."""

    price_at: int
    amount_at: int
    name: int
    quantity: Number | None
    price: Number


def goods_by_labels(sheet: Sheet) -> list[Told]:
    """Return the goods that are told so. That they are, their own sum tells: the pieces at the price are the amount.

    The total of all stands below them, also where their own amount has its name: "Price 162", "Pieces 2", "Sum 324".
    """
    found: list[Told] = []
    price_at = -1
    last_total = max((entry.line for entry in sheet.entries if entry.part is Part.TOTAL), default=-1)
    for at, entry in enumerate(sheet.entries):
        if entry.line >= last_total:
            break
        if entry.part in _AMOUNTS and price_at >= 0:
            told = _told(sheet, price_at, at)
            if told is not None:
                found.append(told)
                price_at = -1
                continue
        if entry.role is Role.PRICE_INFO or entry.part is Part.WEAK_TOTAL:
            price_at = at
    return found


def _told(sheet: Sheet, price_at: int, amount_at: int) -> Told | None:
    price, amount = sheet.entries[price_at], sheet.entries[amount_at]
    name = _name_above(sheet, price.line)
    if name is None:
        return None
    numbers = price.facts.numbers
    one = next((number for number in numbers if number.value == price.amount), numbers[-1])
    if price.amount == amount.amount:
        return Told(price_at, amount_at, name, None, one)
    for line in range(name + 1, amount.line + 1):
        for number in sheet.facts[line].numbers:
            if abs(number.value * price.amount - amount.amount * MILLI) <= _HALF_CENT * MILLI:
                return Told(price_at, amount_at, name, number, one)
    return None


def _name_above(sheet: Sheet, line: int) -> int | None:
    """Return the line of the name that a price stands below, beyond other labelled lines; None where there is none."""
    for above in range(line - 1, max(line - 2 - _ABOVE_PRICE_MAX, -1), -1):
        facts = sheet.facts[above]
        if is_label(facts, sheet.labels[above], _BESIDES):
            continue
        priced = any(number.decimals or number.currency for number in facts.numbers)
        return above if facts.named and not facts.rule and not priced else None
    return None
