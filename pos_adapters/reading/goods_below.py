"""Receipts whose head is a receipt of its own - the amount, its taxes, the total - with the goods listed below it.

Contract: `take_goods_below` looks at a sheet without named goods above its first total; where that is told again
below, and what stands between the two makes exactly it, these are the goods; where it makes anything else, the bare
amount at the head is none, either. Else it does nothing.
"""

from __future__ import annotations

from typing import Final

from pos_adapters.reading.sheet import Part, Sheet

_SOLD: Final = frozenset((Part.ITEM, Part.STRAY, Part.MODIFICATION))
_LISTED_MIN: Final = 2  # one name between two totals may be a tax or a charge in unknown words


def take_goods_below(sheet: Sheet) -> None:
    """Make goods of what stands between two equal totals, where only their bare amount is told above the first."""
    if 0 <= sheet.first_goods < sheet.first_total:
        return  # as on nearly every receipt
    totals = [entry for entry in sheet.entries if entry.part is Part.TOTAL and entry.line >= sheet.first_total]
    head = [entry for entry in sheet.entries if entry.part in _SOLD and entry.line < sheet.first_total]
    if len(totals) <= 1 or any(entry.amount != totals[0].amount or entry.facts.named for entry in (*head, *totals)):
        return
    first, last = totals[0], totals[-1]
    listed = [entry for entry in sheet.entries if entry.part in _SOLD and first.line < entry.line < last.line]
    if sum(entry.facts.named for entry in listed) < _LISTED_MIN:
        return
    goods = sum(entry.amount for entry in listed) == last.amount
    for entry in (*head, *totals[:-1]):
        entry.part = Part.INFO
    for entry in listed:
        if goods and entry.part is Part.STRAY:
            entry.part = Part.ITEM
    sheet.first_total = last.line
