"""Amounts that stand beside what pays and pay nothing: parts of a card's payment, what is left or was earned.

Contract: pure. All are asked only where the sums of a document do not hold as it stands.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from pos_adapters.reading.amounts import MILLI
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.sheet import Part, Sheet

_TIMES_AND_PART: Final = 2
_OF_PURSES: Final = frozenset((Role.STORED_VALUE, Role.VOUCHER, Role.COUPON, Role.POINTS_TENDER))


def _instalments(sheet: Sheet) -> frozenset[int]:
    """Return the lines below a card's amount that tell in how many parts it is paid: "VISA 2x de 31,18"."""
    found = set()
    for above, entry in pairwise(sheet.entries):
        numbers = entry.facts.numbers
        if len(numbers) != _TIMES_AND_PART or above.part is not Part.TENDER or entry.part is not Part.TENDER:
            continue
        (times, part), whole = (number.value for number in numbers), above.amount * MILLI
        if not numbers[0].decimals and times > MILLI and times * part == whole:
            found.add(entry.line)
    return frozenset(found)


def _left_on_purse(sheet: Sheet) -> frozenset[int]:
    """Return the lines that name a purse and say what is left in it: "MONEDERO: SALDO 12.40"."""
    return frozenset(
        entry.line
        for entry in sheet.entries
        if entry.part is Part.TENDER
        and entry.role in _OF_PURSES
        and any(sense.role is Role.BALANCE for hit in entry.facts.hits for sense in hit.senses)
    )


def _earned(sheet: Sheet) -> frozenset[int]:
    """Return the lines of vouchers below tenders that make the total: they were earned with it, or may be used next."""
    totals = [entry.amount for entry in sheet.entries if entry.part is Part.TOTAL]
    tenders = [entry for entry in sheet.entries if entry.part is Part.TENDER]
    paid, found = 0, set()
    for entry in tenders:
        if paid and totals and paid == totals[-1] and entry.role in _OF_PURSES:
            found.add(entry.line)
        paid += entry.amount
    return frozenset(found)


BESIDE_TENDERS: Final = (_instalments, _left_on_purse, _earned)
