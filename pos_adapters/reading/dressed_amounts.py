"""Amounts in their dress: a till that prints "¥1,280" prints no amount as "1280", and its "1234" is something else.

Where amounts have no decimals, the last figures of a card, a table or a house look like them. What tells them apart is
how the totals are printed: beside a currency, or with their thousands apart. Contract: pure; the sums decide.
"""

from __future__ import annotations

from typing import Final

from pos_adapters.reading.amounts import MILLI, Number
from pos_adapters.reading.sheet import Entry, Part, Sheet

_GROUPED_MIN: Final = 1000 * MILLI  # from here on thousands stand apart, where tills group them
_TOLD: Final = frozenset((Part.TOTAL, Part.CHECK))


def undressed(sheet: Sheet) -> frozenset[int]:
    """Return the places of the entries that are no amounts of the document, for they lack what all its totals have."""
    totals = [entry for entry in sheet.entries if entry.part in _TOLD and entry.amount]
    if sheet.decimals or not totals:
        return frozenset()
    signed = all(_number_of(entry).currency for entry in totals)
    large = [entry for entry in totals if abs(entry.amount) >= _GROUPED_MIN]
    grouped = bool(large) and not any(map(_is_ungrouped, large))
    return frozenset(
        at
        for at, entry in enumerate(sheet.entries)
        if entry.part not in _TOLD
        and (
            (signed and not _number_of(entry).currency)
            or (grouped and abs(entry.amount) >= _GROUPED_MIN and _is_ungrouped(entry))
        )
    )


def _number_of(entry: Entry) -> Number:
    """Return the number of the entry's line that is its amount."""
    numbers = entry.facts.numbers
    return next((number for number in reversed(numbers) if abs(number.value) == abs(entry.amount)), numbers[-1])


def _is_ungrouped(entry: Entry) -> bool:
    number = _number_of(entry)
    return str(abs(number.value) // MILLI) in entry.facts.text[number.start : number.end]
