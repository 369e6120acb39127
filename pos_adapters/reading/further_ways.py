"""Further ways to read a document whose sums do not hold: what discounts and cards print beside their words.

Contract: pure, as in `other_ways`, which asks them last: each way is a whole sheet, which counts where its sums hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from pos_adapters.reading.amounts import MILLI
from pos_adapters.reading.branded_tenders import MASKED_CARD
from pos_adapters.reading.discount_places import below_their_label, priced_less
from pos_adapters.reading.entries import sheet_of
from pos_adapters.reading.labels import Labels
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.named_tenders import CARD_SLIP_LINES
from pos_adapters.reading.places import EDGE_COLUMNS, edge_of, header_amounts, stands_apart
from pos_adapters.reading.pumped import amount_pumped
from pos_adapters.reading.sheet import Entry, Part, Sheet

_LAST_FIGURES: Final = re.compile(r"[^\W\d_] ?\(\d{4}\)")
_CARDS: Final = (Role.CREDIT, Role.DEBIT)
_COUNT_AND_AMOUNT: Final = 2
_PARTS_MAX: Final = 48  # in which a card is paid by the month
CLOSED_MIN: Final = 2  # goods with a total of their own
_GOODS: Final = (Part.ITEM, Part.IMPLICIT)
_SUMS: Final = (Part.TOTAL, Part.CHECK)
_PAID: Final = (Part.RECEIVED, Part.TENDER)
_VOUCHERS: Final = (Role.VOUCHER, Role.COUPON)
_TAKEN_OFF: Final = frozenset((Role.POINTS_TENDER, Role.VOUCHER, Role.COUPON, Role.STORED_VALUE))


def _discounts_below_label(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which the name of goods, repeated below "DISCOUNT", tells what is taken off them."""
    lines = below_their_label(usual)
    if lines:
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        for entry in sheet.entries:
            if entry.line in lines:
                entry.part, entry.amount, entry.item, entry.role = Part.MODIFICATION, -entry.amount, None, Role.DISCOUNT
        yield sheet


def _priced_less(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which lines that tell a rate off between two prices are goods at the second."""
    lines = priced_less(usual)
    if lines:
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        for entry in sheet.entries:
            if entry.line in lines:
                named = sheet.facts[entry.line - 1].named and sheet.labels[entry.line - 1] is None
                entry.part, entry.described = Part.ITEM, (entry.line - 1 if named else entry.line,)
        yield sheet


def _reduced_to(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which goods cost the lower price below them: "JUMPER 25.00", "REDUCED TO 17.00"."""
    lower = {
        at: told.amount
        for at, (goods, told) in enumerate(pairwise(usual.entries))
        if goods.part is Part.ITEM
        and told.role is Role.PRICE_INFO
        and told.part is Part.INFO
        and len(told.facts.numbers) == 1
        and not told.facts.unknown
        and 0 < told.amount < goods.amount
    }
    if lower:
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        for at, amount in lower.items():
            sheet.entries[at].amount, sheet.entries[at].item = amount, None
        yield sheet


def _below_tag_prices(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which goods cost what stands in the column of totals behind the price on their tag.

    "羽绒服 130" - a size - above "吊牌价 599  6折   1   359".
    """
    edges = {edge_of(entry) for entry in usual.entries if entry.part is Part.TOTAL}
    tagged = {
        entry.line
        for entry in usual.entries
        if entry.role is Role.PRICE_INFO and entry.part is Part.INFO and len(entry.facts.numbers) >= _COUNT_AND_AMOUNT
        if entry.line < usual.first_total and any(abs(edge_of(entry) - edge) <= EDGE_COLUMNS for edge in edges)
    }
    if tagged:
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        for entry in sheet.entries:
            if entry.line + 1 in tagged and entry.part in _GOODS:
                entry.part = Part.DETAIL
            elif entry.line in tagged:
                entry.part, entry.item, entry.role, entry.described = Part.ITEM, None, None, (entry.line - 1,)
        yield sheet


def _last_figures(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which four figures in brackets behind the word for a card are its last: "VISA (1120)"."""
    cards = [at for at, entry in enumerate(usual.entries) if _shows_last_figures(entry)]
    if cards:
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        for at in cards:
            sheet.entries[at].part = Part.DETAIL
        yield sheet


def _shows_last_figures(entry: Entry) -> bool:
    alone = entry.part is Part.TENDER and entry.role in _CARDS and len(entry.facts.numbers) == 1
    return alone and _LAST_FIGURES.search(entry.facts.text) is not None


def _apart_from_head(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet without figures of the head: the goods stand in a column of their own, no total's."""
    heads, told = _above_column(usual), _told_above(usual)
    if heads or told:
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        for entry in sheet.entries:
            if entry.line in heads or (entry.line in told and entry.part in _PAID):
                entry.part = Part.DETAIL
        yield sheet


def _above_column(sheet: Sheet) -> frozenset[int]:
    """Return the lines of what looks like goods above the first two that end in one column."""
    goods = [entry for entry in sheet.entries if entry.part is Part.ITEM and entry.line < sheet.first_total]
    for at, (first, second) in enumerate(pairwise(goods)):
        if abs(edge_of(first) - edge_of(second)) <= EDGE_COLUMNS and stands_apart(first):
            return frozenset(entry.line for entry in goods[:at])
    return frozenset()


def _told_above(sheet: Sheet) -> frozenset[int]:
    """Return the lines above the goods that tell when it was paid, beside a figure: "[PAID] 12:58 [STAFF] 1"."""
    first = next((entry.line for entry in sheet.entries if entry.part in _GOODS and stands_apart(entry)), 0)
    return frozenset(
        entry.line for entry in sheet.entries if entry.line < first and entry.part in _PAID and entry.facts.dated
    )


def _counted_below_names(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which goods cost what stands behind how many of them, below their names: "QTY 1  21.50"."""
    counted = [at for at, entry in enumerate(usual.entries) if _is_counted(usual, entry)]
    if counted:
        heads = header_amounts(usual)
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        for at, entry in enumerate(sheet.entries):
            if at in counted:
                entry.part, entry.described = Part.ITEM, (entry.line,)
            elif entry.line in heads and entry.line < usual.entries[counted[0]].line:
                entry.part = Part.DETAIL
        yield sheet


def _is_counted(sheet: Sheet, entry: Entry) -> bool:
    facts = entry.facts
    if entry.part is not Part.WEAK_TOTAL or entry.line >= sheet.first_total or len(facts.numbers) != _COUNT_AND_AMOUNT:
        return False
    return facts.numbers[0].decimals == 0 and any(
        sense.role is Role.COUNT for hit in facts.hits[:1] for sense in hit.senses
    )


def _paid_taken_off(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which points and vouchers below the total pay though a minus says that they are taken off.

    Not where a voucher is, and what was received is told without it: it may have made the goods cheaper.
    """
    total = max((entry.amount for entry in usual.entries if entry.part in _SUMS), default=0)
    taken = [
        at
        for at, entry in enumerate(usual.entries)
        if entry.part is Part.TENDER and entry.role in _TAKEN_OFF and -total < entry.amount < 0
    ]
    vouchers = sum(usual.entries[at].amount for at in taken if usual.entries[at].role in _VOUCHERS)
    received = {entry.amount for entry in usual.entries if entry.part is Part.RECEIVED}
    if taken and not (vouchers and total + vouchers in received):
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        for at in taken:
            sheet.entries[at].amount = -sheet.entries[at].amount
        yield sheet


def _by_instalments(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which a card pays all of the parts of which its line tells how many and each: "3x de 120,00".

    The parts make the total, but for what each was rounded by. An offer to pay so reads the same: only beside a card's
    figures, or change, it was done.
    """
    total = next((entry.amount for entry in reversed(usual.entries) if entry.part is Part.TOTAL), 0)
    paid = [at for at, entry in enumerate(usual.entries) if entry.part is Part.TENDER]
    if len(paid) != 1 or usual.entries[paid[0]].role is not Role.CREDIT:
        return
    card = usual.entries[paid[0]]
    below = usual.facts[card.line : card.line + CARD_SLIP_LINES]
    changed = any(entry.part is Part.CHANGE and entry.line > card.line for entry in usual.entries)
    if not changed and not any(MASKED_CARD.search(facts.text) for facts in below):
        return
    parts = card.facts.numbers[0].value // MILLI if len(card.facts.numbers) == _COUNT_AND_AMOUNT else 0
    told = 1 < parts <= _PARTS_MAX and not card.facts.numbers[0].decimals
    if told and abs(parts * card.amount - total) < parts * MILLI // 10**usual.decimals:
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        sheet.entries[paid[0]].amount = total
        yield sheet


def _sell(entry: Entry) -> None:
    """Make an amount that of goods, called by the words of its own line."""
    entry.part, entry.described, entry.role = Part.ITEM, (entry.line,), None


def _totals_of_each(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which "Total 2560.00" below each goods, and what is off them, is theirs and no document's."""
    closed, less = _closed_by_totals(usual)
    if len(closed) >= CLOSED_MIN:
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        for at in closed:
            sheet.entries[at].part = Part.DETAIL
        for at in less:
            entry = sheet.entries[at]
            entry.part, entry.amount, entry.item, entry.role = Part.MODIFICATION, -entry.amount, None, Role.DISCOUNT
        sheet.first_total = next((entry.line for entry in sheet.entries if entry.part is Part.TOTAL), -1)
        yield sheet


def _closed_by_totals(sheet: Sheet) -> tuple[list[int], list[int]]:
    """Return the places of totals that are each what the one sort of goods above comes to, and of what is off it."""
    closed: list[int] = []
    less: list[int] = []
    goods, off = None, list[int]()
    for at, entry in enumerate(sheet.entries):
        if entry.part in _GOODS:
            if goods is not None:
                break
            goods, off = entry, []
        elif goods is not None and entry.role is Role.DISCOUNT:
            off.append(at)
        elif entry.part is Part.TOTAL:
            if goods is None or goods.amount - sum(abs(sheet.entries[each].amount) for each in off) != entry.amount:
                break
            closed.append(at)
            less += [each for each in off if sheet.entries[each].amount > 0]
            goods = None
    return closed, less


def _pumped_beside_goods(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which what volume and price of a fuel make is the amount of goods, beside those of a shop."""
    at = amount_pumped(usual)
    if at is not None:
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        _sell(sheet.entries[at])
        yield sheet


def _stamps_bought(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which stamps cost what they add to a subtotal: "8,95", "STAMPS 2,30", "TOTAL 11,25"."""
    entries = usual.entries
    found = [
        at + 1
        for at, (above, stamps, below) in enumerate(zip(entries, entries[1:], entries[2:], strict=False))
        if above.part is Part.CHECK
        and below.part is Part.TOTAL
        and stamps.role is Role.POINTS
        and 0 < stamps.amount == below.amount - above.amount
    ]
    if found:
        sheet = sheet_of(usual.facts, labelled, usual.decimals)
        for at in found:
            _sell(sheet.entries[at])
        yield sheet


FURTHER_WAYS: Final = (
    _discounts_below_label, _priced_less, _reduced_to, _last_figures, _apart_from_head, _counted_below_names,
    _below_tag_prices, _paid_taken_off, _pumped_beside_goods, _stamps_bought, _totals_of_each, _by_instalments,
)  # fmt: skip
"""In the order they are tried."""
