"""Discounts whose place tells what they are: told below a price that is lower already, or named by the line above.

Contract: pure. All are asked only where the sums of a document do not hold as it stands.
"""

from __future__ import annotations

from itertools import pairwise, takewhile
from typing import Final

from pos_adapters.reading.amounts import MILLI, in_fashion
from pos_adapters.reading.folding import fold
from pos_adapters.reading.labels import Label
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.sheet import Entry, Part, Sheet, is_label

_WHOLE: Final = 100 * MILLI  # per cent
_ARROWS: Final = ("\u2192", "->", "=>", "\u25b6", "\u21d2")
_DISCOUNTS: Final = frozenset((Role.DISCOUNT,))
_SOLD: Final = (Part.ITEM, Part.IMPLICIT)
_TAKEN_FROM: Final = (*_SOLD, Part.MODIFICATION)


def _taken_off_already(sheet: Sheet) -> frozenset[int]:
    """Return the lines of discounts that the goods above them have off: "1  79.00  55.30" above "30 %  -23.70"."""
    return frozenset(
        told.line
        for goods, told in pairwise(sheet.entries)
        if goods.part is Part.ITEM
        and told.part is Part.MODIFICATION
        and told.amount < 0
        and _has_off(goods, told, sheet.decimals)
    )


def _has_off(goods: Entry, told: Entry, decimals: int) -> bool:
    """Whether a figure beside the goods' amount, or the discount's, is what they cost before the discount."""
    usual = goods.amount - told.amount
    beside = (*goods.facts.numbers, *told.facts.numbers)  # or beside the discount: "49.98 DISCOUNT EACH -10.00"
    return any(in_fashion(number, decimals) == usual for number in beside)


def _summed_up(sheet: Sheet) -> frozenset[int]:
    """Return the line of a discount that says again what the lines above it took off, one by one or together.

    "BEER 960.00", "Happy hour -288.00", and below the goods "Sum 2198.00", "Discount -288.00".
    """
    amounts = [entry for entry in sheet.entries if entry.part in _TAKEN_FROM and entry.line < sheet.first_total]
    told = amounts[-1] if amounts else None
    if told is None or told.part is not Part.MODIFICATION or told.role is not Role.DISCOUNT:
        return frozenset()
    taken = [entry.amount for entry in amounts[:-1] if entry.part is Part.MODIFICATION]
    return frozenset((told.line,)) if told.amount and sum(taken) == told.amount else frozenset()


def _told_below_subtotal(sheet: Sheet) -> frozenset[int]:
    """Return the lines below a subtotal which say again what the lines above it took off.

    "TEA 4.00", "OFFER -1.00", "Subtotal 4.00", "Promotions -1.00", "TOTAL 3.00"; or the subtotal is 3.00, too.
    """
    above = [entry for entry in sheet.entries if entry.line < sheet.first_total]
    full = sum(entry.amount for entry in above if entry.part in _SOLD)
    taken = [entry.amount for entry in above if _takes_off(entry)]
    between = [entry for entry in sheet.entries if entry.line >= sheet.first_total]
    told = list(takewhile(lambda entry: entry.part is not Part.TOTAL, between))
    if not taken or not told or told[0].part is not Part.CHECK or told[0].amount not in (full, full + sum(taken)):
        return frozenset()
    again = [entry for entry in told[1:] if _takes_off(entry)]
    if not again or sum(entry.amount for entry in again) != sum(taken):
        return frozenset()
    return frozenset(entry.line for entry in (*told[:1], *again) if entry is not told[0] or told[0].amount == full)


def _takes_off(entry: Entry) -> bool:
    """Whether the line takes something off, also in words for what was saved: "SAVING -0.60"."""
    return entry.part is Part.MODIFICATION or (entry.part is Part.SAVING and entry.amount < 0)


def _lowered_prices(sheet: Sheet) -> frozenset[int]:
    """Return the lines that tell from which to which price goods came down: "LIMITED OFFER 49.00 -> 39.00"."""
    return frozenset(
        entry.line
        for entry in sheet.entries
        if len(entry.facts.numbers) > 1
        and any(arrow in entry.facts.text[: entry.facts.numbers[-1].start] for arrow in _ARROWS)
    )


def priced_less(sheet: Sheet) -> frozenset[int]:
    """Return the lines of goods that tell their rate off between two prices: "15.00  10 % off  13.50"."""
    return frozenset(
        entry.line
        for entry in sheet.entries
        if entry.part is Part.MODIFICATION and entry.amount > 0 and _is_rate_off(entry, sheet.decimals)
    )


def _is_rate_off(entry: Entry, decimals: int) -> bool:
    """Whether the first figure less the rate behind it makes the amount, to the smallest coin."""
    usual, *rates = entry.facts.numbers
    price = in_fashion(usual, decimals)
    if price is None or entry.amount >= price:
        return False
    coin = MILLI // 10**decimals
    return any(abs(price * (_WHOLE - rate.value) // _WHOLE - entry.amount) <= coin for rate in rates if rate.use == "%")


def below_their_label(sheet: Sheet) -> frozenset[int]:
    """Return the lines that repeat the name of goods above with an amount, right below the bare word "discount"."""
    return frozenset(
        entry.line
        for entry in sheet.entries
        if entry.part is Part.ITEM
        and 0 < entry.line < sheet.first_total
        and entry.amount > 0
        and _is_bare(sheet.facts[entry.line - 1], sheet.labels[entry.line - 1])
        and _name_of(entry) in {_dense(facts.text) for facts in sheet.facts[: entry.line - 1]}
    )


def _is_bare(facts: LineFacts, label: Label | None) -> bool:
    return not facts.numbers and is_label(facts, label, _DISCOUNTS)


def _name_of(entry: Entry) -> str:
    return _dense(entry.facts.text[: entry.facts.numbers[-1].start])


def _dense(text: str) -> str:
    return "".join(fold(text).split())


NO_PRICES: Final = (_taken_off_already, _summed_up, _told_below_subtotal, _lowered_prices)
"""Each returns the lines whose figures take nothing off and cost nothing."""
