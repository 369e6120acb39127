"""Fuel slips that print volume, price and total, and no line of goods: the product says what was sold.

Contract: `add_pumped` looks at a sheet without any goods but these two; where exactly one pair of numbers
above its total, one of them beside a unit of volume, makes that total but for what pumps round away, it adds the goods.
Else it does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from pos_adapters.reading.amounts import MILLI, Number, in_fashion
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.sheet import Entry, Part, Sheet

_VOLUME: Final = re.compile(
    r"(?<![^\W\d_])(?:l|lt|lts|ltr|lit|litr\w{0,3}|liters?|gal|gallons?|volume?n?|vol|л|литр\w{0,2}|літр\w{0,2})(?![^\W\d_])"
    r"|リットル|ﾘｯﾄﾙ|[数數]量|升|油量|리터|유량",
    re.IGNORECASE,
)
_SLACK_SHARE: Final = 1000  # pumps round the amount: the product may miss it by a thousandth ...
_SLACK_STEPS: Final = 5  # ... or by some of the last place
_GOODS_MAX: Final = 2  # what looks like goods: the volume at the price of a litre, the price
_TOTALS: Final = frozenset((Part.TOTAL, Part.WEAK_TOTAL))
_SUMS: Final = (Part.WEAK_TOTAL, Part.CHECK)
_SOLD: Final = frozenset((Part.ITEM, Part.IMPLICIT, Part.RETURN))
_LINES_BETWEEN_MAX: Final = 3  # volume and price stand together


class _Placed(NamedTuple):
    line: int
    number: Number


def add_pumped(sheet: Sheet) -> None:
    """Add the fuel that was sold to a sheet without goods, where volume and price make its total."""
    totals = [entry for entry in sheet.opened if entry.part in _TOTALS and entry.amount > 0]
    total = next((entry for entry in totals if entry.part is Part.TOTAL), totals[0] if len(totals) == 1 else None)
    if total is None:
        return
    goods = (entry for entry in sheet.entries if entry.part in _SOLD and entry.line < total.line)
    sold = list(islice(goods, _GOODS_MAX + 1))
    if len(sold) > _GOODS_MAX or any(entry.part is not Part.ITEM or len(entry.facts.numbers) != 1 for entry in sold):
        return
    pairs = list(_pairs(sheet.facts[: total.line], total.amount, sheet.decimals))
    if len({frozenset((volume.number.value, price.number.value)) for volume, price in pairs}) != 1:
        return
    volume, price = min(pairs, key=lambda pair: pair[0].number.use == "p")  # "1.809 EUR/L" is no volume
    if not {entry.line for entry in sold} <= {volume.line, price.line}:
        return
    for entry in sold:  # what looked like goods at the price of a litre
        entry.part = Part.DETAIL
    total.part = Part.TOTAL
    entry = Entry(volume.line, sheet.facts[volume.line], Part.ITEM, total.amount)
    entry.quantity, entry.price = volume.number, price.number
    entry.described = _described(sheet, volume.line)
    at = next(place for place, other in enumerate(sheet.entries) if other.line > volume.line)
    sheet.entries.insert(at, entry)


def _described(sheet: Sheet, line: int) -> tuple[int, ...]:
    """Return the lines that say what was pumped: the volume's, and the name that may stand alone right above it."""
    above = next((at for at in range(line - 1, -1, -1) if sheet.facts[at].text.strip()), line)
    facts = sheet.facts[above]
    named = facts.named and not facts.numbers and not facts.hits and sheet.labels[above] is None
    return (above, line) if named and above < line else (line,)


def amount_pumped(sheet: Sheet) -> int | None:
    """Return the place of the entry that tells what the fuel costs, beside other goods; None without one.

    "VOLUME 38,11 L", "PRICE 1,789", "AMOUNT 68,18": a sum by its word, and exactly what the two above it make.
    """
    for at, entry in enumerate(sheet.entries):
        if entry.part in _SUMS and entry.line < sheet.first_total and entry.amount > 0:
            above = sheet.facts[max(0, entry.line - _LINES_BETWEEN_MAX) : entry.line]
            if any(True for _ in _pairs(above, entry.amount, sheet.decimals)):
                return at
    return None


def _pairs(lines: Sequence[LineFacts], total: int, decimals: int) -> Iterator[tuple[_Placed, _Placed]]:
    """Yield volumes and prices that make the total."""
    placed = [
        _Placed(line, number)
        for line, facts in enumerate(lines)
        if not facts.dated
        for number in facts.numbers
        if number.value > 0 and number.use in ("", "u", "p")
    ]
    slack = max(_SLACK_STEPS * 10 ** (3 - decimals), total // _SLACK_SHARE)
    for volume in placed:
        if not volume.number.decimals or not _VOLUME.search(lines[volume.line].text):
            continue
        for price in placed:
            if price is volume or abs(price.line - volume.line) > _LINES_BETWEEN_MAX:
                continue
            grouped = not decimals and price.number.grouped >= 0  # "1,650" won a litre
            made = volume.number.value * (price.number.grouped if grouped else price.number.value) // MILLI
            if abs(made - total) <= slack and in_fashion(price.number, decimals) != total:
                yield volume, price
