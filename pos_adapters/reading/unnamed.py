"""Negative amounts among the goods that no word calls a discount: something taken off, or goods given back.

Contract: pure. `could_be_goods_back` says whether a settled document has such a line whose words could just as well
be the name of goods that the customer brought back. The sums cannot tell the two apart and the count of items depends
on it, so that such a document is parked, and its till taught.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pos_adapters.reading.labels import FACTS
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.sheet import Entry, Part, Sheet
from pos_adapters.reading.word_parts import discount_part, given_part, no_goods_back

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_NAME_LETTERS_MIN: Final = 3  # that no phrase explains
SUMMED_MIN: Final = 2  # lines: what one comes to is its own price again
_SUMS: Final = frozenset((Part.CHECK, Part.TOTAL, Part.WEAK_TOTAL, Part.INFO))
_VOUCHERS: Final = frozenset((Role.VOUCHER, Role.STORED_VALUE))
_OFFER: Final = re.compile(
    r"%|\d\s*(?:x|X|for|für|pour|por|per|za|на|за|voor|\+)\s*\d|\d\s*=\s*\d|[满滿]\s?\d+.{0,2}[减減送]\s?\d|\d折"
)


def could_be_goods_back(sheet: Sheet, solution: Solution) -> bool:
    """Return whether a line that takes off may name goods given back: no line below what all goods come to does."""
    taken_off = [entry for entry, part, _ in solution.beside if part is Part.MODIFICATION]
    if not taken_off:
        return False
    fiscal = any(map(no_goods_back().search, [facts.text for facts in sheet.facts]))
    owed = [entry for entry, _, _ in solution.owed]
    if _is_saved(sheet, owed):
        return False
    for entry in taken_off:
        before = owed[: owed.index(entry)]
        if _is_below_subtotal(sheet, entry, before) or _is_set_in(entry, before):
            continue
        # "ST. GUM -1.50": no store, but a till's word for a void; "VALUE GUM -1.50": any word but one for a discount
        unnamed = entry.role is None or entry.role is Role.TOTAL_WEAK or entry.role in FACTS
        named = not fiscal and _names_goods(entry, before) and not _lacks_what_goods_have(sheet, entry, before)
        if entry.amount < 0 and unnamed and (named or _takes_all_off(entry, before)):
            return True
    return False


def _is_saved(sheet: Sheet, owed: Sequence[Entry]) -> bool:
    """Whether a line below the goods says that exactly what all such lines take off was saved: "You saved 2.00"."""
    taken = sum(entry.amount for entry in owed if entry.amount < 0)
    return any(
        entry.role is Role.SAVINGS and entry.line > owed[-1].line and abs(entry.amount) == -taken
        for entry in sheet.opened
    )


def could_be_payment(sheet: Sheet, solution: Solution) -> bool:
    """Return whether a voucher is taken off below a total that all goods make: it may have paid a part of that.

    "TOTAL 95.00, GIFT VOUCHER -50.00, TO PAY 45.00" is a sale of 95.00 that was paid in two ways, or one of 45.00.
    """
    owed = [entry for entry, _, _ in solution.owed]
    taken_off = [
        entry
        for entry, part, _ in solution.beside
        if part is Part.MODIFICATION and entry.amount < 0 and _names_voucher(entry)
    ]
    for entry in taken_off:
        made = sum(other.amount for other in owed[: owed.index(entry)])
        if any(one.part is Part.TOTAL and one.amount == made and one.line < entry.line for one in sheet.entries):
            return True
    return False


def _names_voucher(entry: Entry) -> bool:
    return any(sense.role in _VOUCHERS for hit in entry.facts.hits for sense in hit.senses)


def _is_below_subtotal(sheet: Sheet, entry: Entry, before: Sequence[Entry]) -> bool:
    """Whether what all goods above come to stands printed above this line, and between the two only what takes off."""
    for one in sheet.entries:
        if one.part in _SUMS and one.line < entry.line:
            above = [other.amount for other in before if other.line < one.line]
            less = [other.amount for other in before if other.line > one.line]
            if len(above) >= SUMMED_MIN and sum(above) == one.amount and max(less, default=-1) < 0:
                return True
    return False


def _is_set_in(entry: Entry, before: Sequence[Entry]) -> bool:
    """Whether a line stands further in than all goods above it: it says something of them, and names none."""
    named = [other.facts.indent for other in before if other.facts.named and other.amount > 0]
    return bool(named) and entry.facts.indent > max(named)


def _names_goods(entry: Entry, before: Sequence[Entry]) -> bool:
    """Whether a line's words are a name of its own: not the item's above it, no offer, no known word.

    Nor is a word that ends in what a discount is called in languages that join words: "Kaartkorting", "Azubirabatt",
    "リピーター割", where it is no drink ("ソーダ割").
    """
    facts = entry.facts
    words = _words_of(entry)
    if (
        not words
        or facts.unknown < _NAME_LETTERS_MIN
        or _OFFER.search(facts.text)
        or discount_part().search(facts.text)
    ):
        return False
    if given_part().search(facts.text):
        return False
    return not any(words & _words_of(other) for other in before)


def _lacks_what_goods_have(sheet: Sheet, entry: Entry, before: Sequence[Entry]) -> bool:
    """Whether all goods above begin with figures (how many, an article's) or end in a tax's letter, and it does not."""
    goods = [other for other in before if other.amount > 0]
    if len(goods) < SUMMED_MIN:
        return False
    names = [sheet.facts[min((other.line, *other.described))].text.lstrip() for other in goods]
    numbered = all(name[:1].isdigit() for name in names) and not entry.facts.text.lstrip()[:1].isdigit()
    lettered = all(map(_has_tail, goods)) and not _has_tail(entry)
    return numbered or lettered


def _has_tail(entry: Entry) -> bool:
    """Whether anything but a currency stands behind the amount of a line."""
    return entry.facts.text[entry.facts.numbers[-1].end :].strip(" €$£") not in ("", "EUR", "CHF")


def _takes_all_off(entry: Entry, before: Sequence[Entry]) -> bool:
    """Whether it has the name and the whole price of goods above: they were given free, or never sold."""
    words = _words_of(entry)
    taken = [other for other in before if other.amount == -entry.amount and _words_of(other)]
    return not _OFFER.search(entry.facts.text) and any(_words_of(other) <= words for other in taken)


def _words_of(entry: Entry) -> set[str]:
    return {word.casefold() for word in _WORD.findall(entry.facts.text)}
