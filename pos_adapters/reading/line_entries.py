"""The amounts of one line as entries: what its own words, or a label above it, make of each before any sum is tried.

`KnownLines` remembers what lines of one shape become, whatever their amounts: a till prints the same total every time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pos_adapters.reading.amounts import MILLI, Number, in_fashion
from pos_adapters.reading.labels import FACTS, MEMO_LINES_MAX, MONEY, TENDERS, Label, Labels, tender_of
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.quantities import (
    USUAL_DECIMALS,
    factors,
    is_remark,
    prices_first,
    product_of,
    quantity_and_price,
)
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Entry, Part, Sheet, stray_max

PART_OF = {
    Role.TOTAL: Part.TOTAL,
    Role.TOTAL_WEAK: Part.WEAK_TOTAL,
    Role.SUBTOTAL: Part.CHECK,
    Role.TAX: Part.TAX,
    Role.TAX_BASE: Part.INFO,
    Role.DISCOUNT: Part.MODIFICATION,
    Role.SAVINGS: Part.SAVING,
    Role.SURCHARGE: Part.SURCHARGE,
    Role.TIP: Part.TIP,
    Role.ROUNDING: Part.ROUNDING,
    Role.CHANGE: Part.CHANGE,
    Role.RECEIVED: Part.RECEIVED,
    Role.POINTS: Part.INFO,
    Role.BALANCE: Part.INFO,
    Role.COUNT: Part.INFO,
    Role.VOID_LINE: Part.VOID,
    Role.RETURN_LINE: Part.RETURN,
    Role.PRICE_INFO: Part.INFO,
} | dict.fromkeys(TENDERS, Part.TENDER)

# A line that multiplies belongs to goods, unless it is one of these ("3 x discount 0.50").
_MULTIPLIED = frozenset(
    (Role.TOTAL, Role.SUBTOTAL, Role.DISCOUNT, Role.VOID_LINE, Role.RETURN_LINE, Role.TAX, Role.TIP)
)

# What heads a quantity or a price; where the figures behind make the amount, the line is goods.
_MEASURES = frozenset((Role.COUNT, Role.PRICE_INFO))
_CARDS = frozenset((Role.CREDIT, Role.DEBIT))
_CARD_FIGURES = 4  # shown
_TAXES = frozenset((Role.TAX, Role.TAX_BASE))  # whose words also mark a rate behind a price


class Single(NamedTuple):
    """What a line becomes whose one label names its one amount, whatever that is, as long as it is above nothing."""

    part: Part
    label: Label
    tender: Role | None


class KnownLines:
    """Entries of lines that have labels of their own, on sheets of one fashion; see the module's contract. Bounded."""

    def __init__(self) -> None:
        self._memo: dict[tuple[str, int], Single | None] = {}

    def entries_of(self, sheet: Sheet, line: int, labels: Labels, *, active: int) -> list[Entry]:
        """Return what `entries_of` does; `active` are the languages in which the line has these labels."""
        facts, key = sheet.facts[line], (sheet.facts[line].shape, active)
        known = self._memo.get(key)
        if known is None:
            made = entries_of(sheet, line, labels[0], labels=labels[1])
            if key not in self._memo:
                if len(self._memo) >= MEMO_LINES_MAX:
                    self._memo.clear()
                self._memo[key] = _single_of(made, labels, sheet.decimals)
            return made
        part, label, tender = known
        goods = facts.goods if sheet.decimals == USUAL_DECIMALS else None
        amount = goods.amount if goods is not None else in_fashion(facts.numbers[facts.right[0]], sheet.decimals)
        if amount is None or amount <= 0:
            return entries_of(sheet, line, labels[0], labels=labels[1])
        entry = Entry(line, facts, part, amount)
        entry.label, entry.role, entry.tender = label, label.role, tender
        return [entry]


def _single_of(made: list[Entry], labels: Labels, decimals: int) -> Single | None:
    """Return what every line becomes of the shape of which this was made; None where its figures have a say."""
    label = labels[0]
    if len(made) != 1 or label is None or len(labels[1]) != 1 or label.role in _MEASURES:
        return None
    (entry,) = made
    facts = entry.facts
    if facts.numbers[0].start < label.start:
        return None
    found = amount_of(facts, decimals)
    if found is None or entry.amount <= 0 or entry.part is Part.ITEM or facts.times is not None:
        return None
    number = facts.numbers[found[1]]
    if found[1] != facts.right[0] or number.decimals != decimals or number.grouped >= 0:
        return None
    return Single(entry.part, label, entry.tender)


def amount_of(facts: LineFacts, decimals: int) -> tuple[int, int] | None:
    """Return (amount, index of its number) at the right end of a line, None when there is none in this fashion."""
    for index in facts.right:
        amount = in_fashion(facts.numbers[index], decimals)
        if amount is not None:
            return amount, index
    return None


def entries_of(sheet: Sheet, line: int, label: Label | None, *, labels: list[Label]) -> list[Entry]:
    """Return an entry for each amount of a line with these labels, of which the one decides what the line is."""
    facts = sheet.facts[line]
    if label is not None and _is_of_measure(facts, label) and not _is_by_instalments(label, labels):
        label, labels = label if _counts_vouchers(sheet, label, labels) else None, []
    if label is not None and label.leads and len(labels) > 1:
        several = _labelled_pairs(sheet, line, labels)
        if len(several) > 1 or (several and label.role in FACTS):
            return several
    found = amount_of(facts, sheet.decimals)
    if label is None and (facts.dated or (facts.times is None and is_remark(facts.text))):
        return []
    if found is None and label is not None and label.leads and label.role in MONEY:
        found = _amount_inside(facts, sheet.decimals, labels[0] if _says_what_is_paid(facts, labels) else label)
    if found is None:
        return _without_amount(sheet, line)
    amount, index = found
    entry = Entry(line, facts, Part.ITEM, amount)
    entry.label = label
    if label is not None:
        entry.role = label.role
        entry.part = _part_by_words(entry, label)
        entry.tender = _tender_in(labels) if label.role in _GIVES_BACK else None
    else:
        entry.part = _part_by_figures(facts, amount, index)
    if entry.part is Part.ITEM:
        quantify(entry, index, sheet.decimals)
    return [entry]


def _part_by_figures(facts: LineFacts, amount: int, index: int) -> Part:
    """Return what an amount is on a line without a label."""
    if _PLUS_ONE.match(facts.text) is not None:
        return Part.SURCHARGE
    if amount >= 0:
        return Part.ITEM
    said_twice = facts.numbers[index].value < -MILLI  # "CAMPAIGN -40   -40,00" counts none
    counted = any(
        number.value < 0 and number.decimals == 0 and number.use != "%"
        and not (said_twice and number.value == facts.numbers[index].value)
        for number in facts.numbers[:index]
    )  # fmt: skip
    return Part.RETURN if counted else Part.MODIFICATION


def _is_of_measure(facts: LineFacts, label: Label) -> bool:
    """`Qty 4 @ 1.03`, `0.957 kg NET @ 2.53`, `Qty 3  Price 1.50  4.50`: a word of measure labels no amount."""
    if facts.times is not None and (label.role not in _MULTIPLIED or _taxes_goods(facts, label)):
        return True
    if facts.goods is None:
        return False
    if label.role is Role.PRICE_INFO and _is_priced_beside(facts, label):
        return True
    if facts.goods.price is None:
        return False
    counted = label.role in _TAXES and facts.numbers[0].start < label.start  # "1   19.90  EX   19.90"
    return counted or label.role in _MEASURES


def _is_by_instalments(label: Label, labels: list[Label]) -> bool:
    """`BONUS 6 TAKSIT x 357,83   2.147,00`: what a card pays, and in how many parts of what; no goods."""
    return label.leads and label.role in _CARDS and any(other.role is Role.TERMINAL for other in labels)


def _counts_vouchers(sheet: Sheet, label: Label, labels: list[Label]) -> bool:
    """`2 x 11,00   22,00` below a total and a line of its own that names what pays: no goods."""
    return label.role in TENDERS and label not in labels and any(e.part is Part.TOTAL for e in sheet.entries)


def _taxes_goods(facts: LineFacts, label: Label) -> bool:
    """Whether goods are multiplied before the word for their tax: `2 x 129.00 = 258.00  VAT 20%`."""
    return label.role is Role.TAX and bool(facts.right) and label.start >= facts.numbers[facts.right[0]].end


def _is_priced_beside(facts: LineFacts, label: Label) -> bool:
    """`RRP 25.98    12.99`: behind the price that the label tells stands another in a column of its own."""
    told = [number for number in facts.numbers if number.start >= label.end and number.decimals]
    if len(told) < 2 or not facts.right or facts.numbers[facts.right[0]] is not told[1]:
        return False
    return facts.text[told[0].end : told[1].start].isspace() and told[1].start - told[0].end > 1


def _tender_in(labels: list[Label]) -> Role | None:
    given = tender_of(labels)
    return given.role if given is not None else None


def _labelled_pairs(sheet: Sheet, line: int, labels: list[Label]) -> list[Entry]:
    """`CASH 10.00   CHANGE 4.00`: several labels on a line, each with its own amount."""
    facts = sheet.facts[line]
    entries = []
    for index, label in enumerate(labels):
        if label.role not in PART_OF or (index and _is_left_on_card(facts, labels[index - 1], label)):
            continue
        until = labels[index + 1].start if index + 1 < len(labels) else len(facts.text)
        for number in facts.numbers:
            if label.start <= number.start < until and label.end < number.end:  # "收80.00" is glued
                amount = in_fashion(number, sheet.decimals)
                if amount is not None and not _ends_card(number, labels[index : index + 2]):
                    entry = Entry(line, facts, PART_OF[label.role], amount)
                    entry.role, entry.label = label.role, label
                    entries.append(entry)
                    break
    return entries


def _is_left_on_card(facts: LineFacts, card: Label, label: Label) -> bool:
    """`Card no. 9130****9762 Balance 665.69`: a word that may also pay tells what is left behind a card's number."""
    if card.role not in FACTS or label.role not in TENDERS:
        return False
    return any(sense.role is Role.BALANCE for hit in facts.hits if hit.start == label.start for sense in hit.senses)


def _ends_card(number: Number, labels: Sequence[Label]) -> bool:
    """`Visa 1234 (タッチ決済) 1,600`: between two words for the same card stand its last figures."""
    figures = number.end - number.start == _CARD_FIGURES and number.decimals == 0 and not number.currency
    return figures and len(labels) > 1 and labels[0].role in _CARDS and labels[0].role is labels[1].role


def _amount_inside(facts: LineFacts, decimals: int, label: Label) -> tuple[int, int] | None:
    """`Total: 12.00 (incl. VAT)`: a labelled amount with words behind it."""
    for index, number in enumerate(facts.numbers):
        if number.start >= label.end:
            amount = in_fashion(number, decimals)
            # no "Payment terms 30 days", and no till beside the time: "11:32 Kas 7"
            typed = label.role in _HANDED and facts.unknown <= STRAY_LETTERS_MAX and not facts.dated
            typed = typed and number.value < _TYPED_BELOW * MILLI  # "Cash sale A 118822" is the paper's number
            if amount is None and typed and number.decimals == 0 and number.use == "":
                amount = number.value  # "CASH 20": what is handed over is often typed without decimals
            if amount is not None:
                return amount, index
    return None


def _says_what_is_paid(facts: LineFacts, labels: list[Label]) -> bool:
    """`Paid 9.00 EUR by card`: the amount stands between what says that it was paid, and with what."""
    if len(labels) < 2 or facts.unknown or labels[1].role not in TENDERS:
        return False
    if labels[0].role is not Role.RECEIVED and not (
        labels[0].role is Role.TOTAL and _may_be_received(facts, labels[0])
    ):
        return False  # "实付 64.80元 (微信支付)"
    between = [number for number in facts.numbers if labels[0].end <= number.start < labels[1].start]
    return len(between) == 1 and bool(between[0].decimals or between[0].currency)


def _may_be_received(facts: LineFacts, label: Label) -> bool:
    return any(sense.role is Role.RECEIVED for hit in facts.hits if hit.start == label.start for sense in hit.senses)


_TAKES_OFF = re.compile("[\u6298\u51cf\u6e1b\u60e0\u8ba9\u8b93]")  # 折减減惠让讓: "會員 9折 -48"
_PLUS_ONE = re.compile(r"\s*加一(?: ?\(?10 ?%\)?)? *[:$]? *[\d$]")  # "加一 23.0": a tenth for service in Hong Kong
_TYPED_BELOW = 100_000
_COLUMNS = 2  # price and quantity, before the amount
_HANDED = frozenset((Role.CASH, Role.RECEIVED))
_GIVES_BACK = frozenset((Role.RETURN_LINE, Role.VOID_LINE, Role.CHANGE))


def _takes_off(entry: Entry) -> bool:
    """Whether a minus stands before the amount, also in a column of its own ("member price   -  0.70")."""
    return entry.amount < 0 or entry.facts.text[: entry.facts.numbers[-1].start].endswith(("  - ", "  -  "))


def _part_by_words(  # noqa: PLR0911 - the table of words that may name goods instead
    entry: Entry, label: Label
) -> Part:
    if label.role in FACTS:
        named = entry.facts.unknown > 0 or label.role is Role.MEMBER  # "LOYALTY -10.00"
        named = named and bool(entry.facts.numbers[-1].decimals)
        takes_off = entry.amount < 0 and (named or _TAKES_OFF.search(entry.facts.text))
        return Part.MODIFICATION if takes_off else Part.FACT
    part = PART_OF[label.role]
    unknown = entry.facts.unknown
    if label.role is Role.PRICE_INFO and _takes_off(entry):
        entry.amount = -abs(entry.amount)
        return Part.MODIFICATION  # "member price -1.00" is what is taken off, no price
    if part in (Part.TOTAL, Part.WEAK_TOTAL, Part.CHECK) and unknown > stray_max(entry.facts, label):
        taken_off = Part.MODIFICATION if entry.amount < 0 else Part.ITEM
        return taken_off if part is Part.WEAK_TOTAL else Part.WEAK_TOTAL
    if part is Part.MODIFICATION and entry.amount >= 0 and unknown > 0 and not label.leads:
        return Part.ITEM
    if part is Part.MODIFICATION and not entry.amount:
        return Part.DETAIL  # "second at half price -0.00": nothing is taken off
    if part in (Part.VOID, Part.RETURN) and not label.leads and entry.amount > 0:
        return Part.ITEM
    if part is Part.CHANGE:
        return _change_by_words(entry, label)
    if part is Part.SURCHARGE and _is_counted(entry.facts, label):
        return Part.ITEM
    if part is Part.TAX and not label.leads and unknown > 10:
        return Part.ITEM
    return part


def _change_by_words(entry: Entry, label: Label) -> Part:
    """Return what a line is that speaks of change: "CHANGES. WARRANTY 6 MONTHS" tells no amount."""
    if not label.leads:
        return Part.ITEM
    told = entry.facts.unknown > stray_max(entry.facts, label) and not _is_of_money(entry.facts, label)
    return Part.INFO if told else Part.CHANGE


def _is_of_money(facts: LineFacts, label: Label) -> bool:
    """Whether a number behind the words has decimals, a currency or thousands apart."""
    behind = [number for number in facts.numbers if number.start >= label.end]
    return any(number.decimals or number.currency or number.grouped >= 0 for number in behind)


def _is_counted(facts: LineFacts, label: Label) -> bool:
    """`2  Couvert  2.00  4.00`: what has a quantity before its name is goods."""
    first = facts.numbers[0]
    return first.start < label.start and first.decimals == 0 and first.use in ("", "x") and not first.currency


def _without_amount(sheet: Sheet, line: int) -> list[Entry]:
    """A line whose only figures are a quantity and a price, or no amount at all."""
    facts = sheet.facts[line]
    if facts.times is None:
        return []
    quantity, price = (facts.numbers[index] for index in facts.times)
    if in_fashion(quantity, sheet.decimals) is not None and price.decimals == 0 and quantity.decimals:
        quantity, price = price, quantity
    if in_fashion(price._replace(use=""), sheet.decimals) is None and price.decimals not in (2, 3):
        return []
    entry = Entry(line, facts, Part.DETAIL, quantity.value * price.value // MILLI)
    entry.quantity, entry.price = quantity, price
    return [entry]


def quantify(entry: Entry, index: int, decimals: int) -> None:
    """Find quantity and unit price on the line of an item; a line that only multiplies has no amount of its own."""
    facts = entry.facts
    numbers = facts.numbers
    if facts.times is not None:
        first, second = facts.times
        columns = _columns_behind(facts, index, decimals)
        if columns is not None:
            entry.quantity, entry.price = columns
            return
        quantity, price = numbers[first], numbers[second]
        if decimals == 0 and price.decimals == 0 and prices_first(quantity, price):
            quantity, price = price, quantity._replace(use="")  # "298x3"
        elif in_fashion(quantity, decimals) is not None and price.decimals == 0 and decimals:
            quantity, price = price, quantity
        entry.quantity, entry.price = quantity, price
        if index in facts.times:
            entry.part = Part.IMPLICIT
            entry.other = entry.amount
            entry.amount = product_of(quantity, price, decimals)
        return
    entry.quantity, entry.price = quantity_and_price(facts.text, numbers, index, decimals=decimals)


def _columns_behind(facts: LineFacts, index: int, decimals: int) -> tuple[Number, Number] | None:
    """Return the price and the quantity in columns behind a pack in the name: "TUNA 150*3   8,980   1   8,980"."""
    if facts.times is None or index - facts.times[1] <= _COLUMNS:
        return None
    return factors(facts.numbers[facts.times[1] + 1 :], index - facts.times[1] - 1, decimals)
