"""Other ways to read totals: told above the goods, beside how many there are, before discounts, without their sign.

Contract: pure. Each way yields whole sheets of its own, which count only where their sums hold.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from typing import Final

from pos_adapters.reading.entries import sheet_of
from pos_adapters.reading.labels import Labels
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Part, Sheet

_COUNTED_IN_WORDS: Final = re.compile(
    r"\W*(?:(?:[合总總一]?共[计計]?|合[计計]|[总總][计計])[ :：]*\d{1,3} ?[件项項个個份点點杯样樣瓶盒张張碗道]"
    r"|(?:\d{1,3}|[一二两兩三四五六七八九十]{1,3}) ?[件项項个個份点點杯样樣瓶盒张張碗道本位](?:[合总總共][计計]?))"
    r"[^\d]{0,24}\d[\d.,]*\D*"
)
_GOODS: Final = (Part.ITEM, Part.IMPLICIT)


def _told_at_head(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which a total above all goods tells only what a subtotal below them says, too.

    So Taiwan's invoices head the list of what was sold, which ends with "小計".
    """
    first = min([entry.line for entry in usual.entries if entry.part in _GOODS], default=-1)
    ahead = [entry for entry in usual.entries if entry.part is Part.TOTAL and entry.line < first]
    below = [entry for entry in usual.entries if entry.part in (Part.TOTAL, Part.CHECK) and entry.line > first]
    amounts = {entry.amount for entry in (*ahead, *below)}
    if ahead and below and len(amounts) == 1 and all(entry.part is Part.CHECK for entry in below):
        sheet = _anew(usual, labelled)
        for entry in sheet.entries:
            if entry.part is Part.TOTAL:
                entry.part = Part.INFO
            elif entry.line == below[-1].line:
                entry.part = Part.TOTAL
        yield sheet


def _counted_in_words(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheets in which "共9件 41.00" tells how many goods there are, and what they come to."""
    counted = {
        entry.line: entry.amount for entry in usual.entries if _COUNTED_IN_WORDS.fullmatch(entry.facts.text)
    }  # of two amounts on the line the later one counts
    totals = [entry for entry in usual.entries if entry.part is Part.TOTAL and entry.line not in counted]
    first = min([entry.line for entry in usual.entries if entry.part in _GOODS], default=-1)
    if len(counted) != 1 or any(entry.line > first or entry.amount not in counted.values() for entry in totals):
        return
    for heads in dict.fromkeys((frozenset[int](), _numbers_of_facts(usual))):
        sheet = _anew(usual, labelled, without=heads)
        for entry in sheet.entries:
            if entry.line in counted:
                whole = entry.amount == counted[entry.line]
                entry.part, entry.item = Part.TOTAL if whole else Part.INFO, None
            elif entry.part is Part.TOTAL:
                entry.part = Part.INFO
        yield sheet


def _numbers_of_facts(sheet: Sheet) -> frozenset[int]:
    """Return the lines above the goods with hardly a word that nobody knows: "內用 3桌" is a table, no amount."""
    lines = set()
    for entry in sheet.entries:
        if entry.part is not Part.ITEM or entry.facts.unknown > STRAY_LETTERS_MAX - 1:
            break
        lines.add(entry.line)
    return frozenset(lines)


def _told_before_discounts(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which a sum of usual prices and what comes off it only tell why goods cost what they do."""
    goods = sum(entry.amount for entry in usual.entries if entry.part in _GOODS)
    totals = {entry.amount for entry in usual.entries if entry.part is Part.TOTAL}
    gross = [entry for entry in usual.entries if entry.part is Part.CHECK and entry.amount not in totals]
    off = [
        entry
        for entry in usual.entries
        if entry.part is Part.MODIFICATION and gross and entry.line > gross[0].line and entry.amount < 0
    ]
    if len(gross) != 1 or totals != {goods} or gross[0].amount + sum(entry.amount for entry in off) != goods:
        return
    sheet = _anew(usual, labelled)
    told = {gross[0].line, *(entry.line for entry in off)}
    for entry in sheet.entries:
        if entry.line in told:
            entry.part = Part.INFO
    yield sheet


def _received_after_discounts(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which what was received below a discount is the total: "应收 48", "优惠 -2", "实收 46"."""
    totals = [entry for entry in usual.entries if entry.part is Part.TOTAL]
    received = [entry for entry in usual.entries if entry.part is Part.RECEIVED and entry.amount]
    if not totals or len(received) != 1 or not totals[-1].line < received[0].line:
        return
    off = [
        abs(entry.amount)
        for entry in usual.entries
        if entry.part in (Part.MODIFICATION, Part.SAVING) and totals[-1].line < entry.line < received[0].line
    ]
    if off and sum(off) == totals[-1].amount - received[0].amount < totals[-1].amount:
        sheet = _anew(usual, labelled)
        for entry in sheet.entries:
            if entry.line == received[0].line and entry.part is Part.RECEIVED:
                entry.part = Part.TOTAL
        yield sheet


def _called_a_count(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which words of a count, beside money, say what all comes to: "总数 RM 128.00"."""
    counts = [
        entry.line
        for entry in usual.entries
        if entry.role is Role.COUNT and usual.decimals and len(entry.facts.numbers) == 1 and not entry.facts.unknown
    ]
    if len(counts) == 1 and not any(entry.part is Part.TOTAL for entry in usual.entries):
        renamed = list(labelled)
        label, labels = renamed[counts[0]]
        if label is not None and label.leads:
            renamed[counts[0]] = label._replace(role=Role.TOTAL), [label._replace(role=Role.TOTAL), *labels[1:]]
            yield _anew(usual, renamed)


def _given_back_without_sign(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which what is to be given back for goods below nothing is printed without a sign."""
    goods = sum(entry.amount for entry in usual.entries if entry.part in (*_GOODS, Part.RETURN))
    totals = [entry.line for entry in usual.entries if entry.part is Part.TOTAL and entry.amount == -goods > 0]
    if totals:
        sheet = _anew(usual, labelled)
        for entry in sheet.entries:
            if entry.line in totals and entry.part is Part.TOTAL:
                entry.amount = -entry.amount
        yield sheet


def _anew(usual: Sheet, labelled: Sequence[Labels], *, without: Container[int] = ()) -> Sheet:
    """Return the sheet made again, on which the goods of some lines have no amount."""
    sheet = sheet_of(usual.facts, labelled, usual.decimals)
    for entry in sheet.entries:
        if entry.line in without:
            entry.part = Part.DETAIL
    return sheet


WAYS_OF_TOTALS: Final = (
    _told_at_head,
    _counted_in_words,
    _told_before_discounts,
    _received_after_discounts,
    _called_a_count,
    _given_back_without_sign,
)
"""In the order they are tried."""
