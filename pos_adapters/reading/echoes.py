"""Totals under words that nobody knows, where a total that is known, or the payment, says the same below.

Contract: pure. A till of a make that was never seen calls its total "value of the shopping": it looks like goods that
cost as much as all others together. Where a known total below has that amount, and nothing but it stands between, the
first of the two was the total. Where no total is known at all, a total beside words that nobody knows ("total
complessivo") is one if goods above, it, and what was paid below are the same three times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.readings import Candidate
from pos_adapters.reading.sheet import Entry, Part, Sheet

GOODS_MIN: Final = 2  # one item costs as much as itself
_PAID: Final = frozenset((Part.TENDER, Part.RECEIVED, Part.CHANGE))
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


def paid_totals(sheet: Sheet) -> Iterator[Candidate]:
    """Yield the amount of a total beside unknown words that is what the goods above make, and what was paid below."""
    payment = [entry for entry in sheet.entries if entry.part in _PAID]
    if not payment or any(entry.part in (Part.TOTAL, Part.CHECK) for entry in sheet.entries):
        return
    above = [entry for entry in sheet.entries if entry.part in _GOODS and entry.line < payment[0].line]
    *goods, last = above or [payment[0]]
    if len(goods) < GOODS_MIN or last.role is not Role.TOTAL or last.part is not Part.ITEM or last.price is not None:
        return
    paid = sum(-abs(one.amount) if one.part is Part.CHANGE else one.amount for one in payment)
    if paid == last.amount == sum(entry.amount for entry in goods) and _plain(goods):
        yield Candidate(last.amount, last, last.line, adjusted=False)


def _plain(goods: Sequence[Entry]) -> bool:
    return all(entry.part in (Part.ITEM, Part.MODIFICATION) for entry in goods)


def _may_be_total(entry: Entry, total: Entry) -> bool:
    return entry.part is Part.ITEM and entry.amount == total.amount and entry.price is None
