"""Totals under words that nobody knows, where a total that is known says the same below.

Contract: pure. A till of a make that was never seen calls its total "value of the shopping": it looks like goods that
cost as much as all others together. Where a known total below has that amount, and nothing but it stands between, the
first of the two was the total.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pos_adapters.reading.readings import Candidate
from pos_adapters.reading.sheet import Entry, Part, Sheet

GOODS_MIN: Final = 2  # one item costs as much as itself
_GOODS: Final = frozenset((Part.ITEM, Part.IMPLICIT, Part.RETURN, Part.MODIFICATION, Part.VOID))


def echoed_totals(sheet: Sheet) -> Iterator[Candidate]:
    """Yield amounts without a known word that may be a total which is printed again, under a word that is known."""
    for total in sheet.entries:
        if total.part is not Part.TOTAL or total.amount <= 0:
            continue
        above = [entry for entry in sheet.entries if entry.part in _GOODS and entry.line < total.line]
        for place, entry in enumerate(above):
            if place >= GOODS_MIN and _may_be_total(entry, total):
                if all(other.part is Part.ITEM and other.amount == total.amount for other in above[place:]):
                    yield Candidate(total.amount, entry, entry.line, adjusted=False)
                break


def _may_be_total(entry: Entry, total: Entry) -> bool:
    return entry.part is Part.ITEM and entry.amount == total.amount and entry.price is None
