"""The lines of a document as entries for its arithmetic: what each amount may stand for, before any sum is tried.

A document prints its amounts in one fashion (two decimals, none, three), so entries are built for one fashion at a
time. An entry's role comes from its words, its place and its shape; where a shape leaves two readings open (is a
printed discount already taken off?) the entry belongs to a class that is decided for the whole document at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pos_adapters.reading.amounts import DECIMALS_MAX, MILLI, in_fashion
from pos_adapters.reading.details import describe, join_details
from pos_adapters.reading.labels import FACTS, MONEY, TENDERS, Label, Labels, tender_of
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.places import (
    adds_up_discounts,
    goods_go_on,
    is_change,
    leave_out_announced,
    names_goods,
    pays_above,
    settle_rounded_to,
)
from pos_adapters.reading.quantities import USUAL_DECIMALS, Goods, prices_first, quantity_and_price, round_half_up
from pos_adapters.reading.shapes import GoodsLine
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Entry, Part, Sheet, is_label, stray_max

_PART_OF = {
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


HEADINGS_MIN = 2  # words on a line that make it the heading of columns

# Labels that are printed above their amount; others above a number are headings of a column.
_CARRIED = TENDERS | {Role.TOTAL, Role.SUBTOTAL, Role.TOTAL_WEAK, Role.CHANGE, Role.RECEIVED, Role.ROUNDING, Role.TIP}

# A line that multiplies belongs to goods, unless it is one of these ("3 x discount 0.50").
_MULTIPLIED = frozenset(
    (Role.TOTAL, Role.SUBTOTAL, Role.DISCOUNT, Role.VOID_LINE, Role.RETURN_LINE, Role.TAX, Role.TIP)
)

# What heads a quantity or a price; where the figures behind make the amount, the line is goods.
_MEASURES = frozenset((Role.COUNT, Role.PRICE_INFO))


# Currencies of a thousand parts; elsewhere "1.234" with three decimals is a weight or a thousand, never an amount.
_THREE_DECIMALS = frozenset(("kwd", "bhd", "tnd", "omr", "jod", "iqd", "lyd", "dt", "kd", "bd"))


class Fashions:
    """How amounts may be printed here, in decimals: totals and tenders tell. Lines are counted as they come."""

    __slots__ = ("_in_thousandths", "_votes")

    def __init__(self) -> None:
        self._votes = [0] * (DECIMALS_MAX + 1)
        self._in_thousandths: bool | None = None  # whether the currency has a thousand parts; None while nobody asked

    def count(self, lines: Iterable[tuple[int, LineFacts]], labelled: Sequence[Labels], *, goods: int) -> None:
        """Count the votes of more lines: of so many `goods` in the usual fashion, and of others at their places."""
        votes = self._votes
        votes[USUAL_DECIMALS] += goods
        for at, facts in lines:
            decimals = facts.decimals
            if decimals is not None:
                label = labelled[at][0]
                weight = 8 if label is not None and label.role in _PART_OF else 1
                votes[decimals] += weight
                if decimals == 3 and facts.numbers[facts.right[-1]].grouped >= 0:
                    votes[0] += weight + 1  # "1,200" is far oftener a thousand than a thousandth

    def likeliest(self, lines: Sequence[LineFacts]) -> list[int]:
        """Return the fashions, the likeliest first. `lines` name the currency: the first time they are asked counts."""
        votes = self._votes
        found = [decimals for decimals in (USUAL_DECIMALS, 0) if votes[decimals]]
        if votes[3]:
            if self._in_thousandths is None:
                self._in_thousandths = any(
                    number.currency in _THREE_DECIMALS for facts in lines for number in facts.numbers
                )
            if self._in_thousandths:
                found.append(3)
        return sorted(found, key=lambda decimals: -votes[decimals])


def sheet_of(lines: Sequence[LineFacts], labelled: Sequence[Labels], decimals: int) -> Sheet:
    """Build the entries of a document whose amounts have `decimals` decimals."""
    sheet = Sheet(lines, [], decimals)
    add_entries(sheet, labelled, [line for line, facts in enumerate(lines) if facts.speaks])
    return settled_sheet(sheet)


def settled_sheet(sheet: Sheet) -> Sheet:
    """Settle what the entries are, once all lines of their document are there; return the sheet."""
    totals = [
        entry.line for at in sheet.others if (entry := sheet.entries[at]).part is Part.TOTAL or entry.part is Part.CHECK
    ]
    sheet.first_total = min(totals, default=len(sheet.facts))
    leave_out_announced(sheet)
    sheet.opened = _opened(sheet)
    if sheet.opened is sheet.entries:
        for entry in sheet.entries:
            entry.item = None  # it may turn out to be anything
    settle_rounded_to(sheet)
    _settle_places(sheet)
    join_details(sheet)
    describe(sheet)
    return sheet


def add_entries(sheet: Sheet, labelled: Sequence[Labels], speaking: Sequence[int]) -> None:
    """Add an entry for each amount of the sheet's next lines, as their own words and the label above them tell.

    `labelled` are the labels of the lines that it has more than labels, `speaking` those of them that have any words.
    """
    first = len(sheet.labels)
    sheet.labels += [None] * len(labelled)
    for line in speaking:
        sheet.labels[line] = labelled[line - first][0]
    if not sheet.headed:
        _find_heading(sheet, speaking)
    carried = sheet.carried
    usual = sheet.decimals == USUAL_DECIMALS
    entries, others, lines = sheet.entries, sheet.others, sheet.facts
    item = Part.ITEM
    make, keep, before = object.__new__, entries.append, len(entries)
    for line, facts in enumerate(lines[first:], first):
        if isinstance(facts, GoodsLine) and carried is None and usual:
            entry = make(Entry)
            entry.line = line
            entry.facts = facts
            entry.part = item
            entry.amount = facts.amount
            entry.described = (line,)
            keep(entry)
            continue
        label, all_labels = labelled[line - first]
        if label is None and carried is None and usual and facts.goods is not None:
            entry = _goods_entry(line, facts, facts.goods)
            if not entry.described:
                others.append(len(entries))
            keep(entry)
            continue
        if facts.rule or not facts.numbers:
            carried = _carries(facts, label, carried)
            continue
        if carried is not None and (facts.named or facts.letters > STRAY_LETTERS_MAX + 1):
            carried = None  # more than a currency: the line speaks for itself
        made = _entries_of(sheet, line, carried if label is None else label, all_labels)
        others += range(len(entries), len(entries) + len(made))
        entries += made
        carried = None if made else _carries(facts, label, None)
    sheet.carried = carried
    sheet.last_goods = next((entry.line for entry in reversed(entries[before:]) if entry.described), sheet.last_goods)
    if sheet.first_goods < 0 <= sheet.last_goods:
        sheet.first_goods = next(entry.line for entry in entries if entry.described)


def _goods_entry(line: int, facts: LineFacts, goods: Goods) -> Entry:
    """Return the entry of a line that is goods in the usual fashion, and nothing else."""
    entry = Entry(line, facts, Part.ITEM, goods.amount)
    if goods.quantity is not None:
        entry.quantity, entry.price = goods.quantity, goods.price
    if facts.named:
        entry.described = (line,)
    return entry


def _carries(facts: LineFacts, label: Label | None, carried: Label | None) -> Label | None:
    """A label without an amount stands for the amount alone on the next line."""
    if facts.rule:
        return carried
    if label is None or facts.unknown or facts.numbers or not is_label(facts, label, _CARRIED):
        return None
    return label if _headings(facts) <= 1 else None


def _headings(facts: LineFacts) -> int:
    """Return how many words on a line may head a column."""
    return sum(any(sense.role is Role.HEADING for sense in hit.senses) for hit in facts.hits)


def _find_heading(sheet: Sheet, lines: Iterable[int]) -> None:
    """Find the line after the column headings, before which no goods are printed, among `lines`."""
    for line in lines:
        facts = sheet.facts[line]
        if not facts.hits:
            continue
        label = sheet.labels[line]
        if label is not None and label.role in (Role.TOTAL, Role.SUBTOTAL) and facts.right:
            sheet.headed = True
            return
        if (
            len(facts.hits) < HEADINGS_MIN or facts.times is not None or facts.right  # "TOTAL ART. 5" counts
        ):
            continue
        if _headings(facts) >= HEADINGS_MIN and facts.unknown <= 4:
            sheet.start, sheet.headed = line + 1, True
            return


def _amount_of(facts: LineFacts, decimals: int) -> tuple[int, int] | None:
    """Return (amount, index of its number) at the right end of a line, None when there is none in this fashion."""
    for index in facts.right:
        amount = in_fashion(facts.numbers[index], decimals)
        if amount is not None:
            return amount, index
    return None


def _entries_of(sheet: Sheet, line: int, label: Label | None, labels: list[Label]) -> list[Entry]:
    facts = sheet.facts[line]
    if label is not None and _is_of_measure(facts, label):
        label, labels = None, []
    if label is not None and label.leads and len(labels) > 1:
        several = _labelled_pairs(sheet, line, labels)
        if len(several) > 1 or (several and label.role in FACTS):
            return several
    found = _amount_of(facts, sheet.decimals)
    if facts.dated and label is None:
        return []
    if found is None and label is not None and label.leads and label.role in MONEY:
        found = _amount_inside(facts, sheet.decimals, label)
    if found is None:
        return _without_amount(sheet, line)
    amount, index = found
    entry = Entry(line, facts, Part.ITEM, amount)
    entry.label = label
    if label is not None:
        entry.role = label.role
        entry.part = _part_by_words(entry, label)
        entry.tender = _tender_in(labels) if label.role in _GIVES_BACK else None
    elif amount < 0:
        counted = any(
            number.value < 0 and number.decimals == 0 and number.use != "%" for number in facts.numbers[:index]
        )
        entry.part = Part.RETURN if counted else Part.MODIFICATION
    if entry.part is Part.ITEM:
        _quantify(entry, index, sheet.decimals)
    return [entry]


def _is_of_measure(facts: LineFacts, label: Label) -> bool:
    """`Qty 4 @ 1.03`, `0.957 kg NET @ 2.53`, `Qty 3  Price 1.50  4.50`: a word of measure labels no amount."""
    if facts.times is not None and label.role not in _MULTIPLIED:
        return True
    return label.role in _MEASURES and facts.goods is not None and facts.goods.price is not None


def _tender_in(labels: list[Label]) -> Role | None:
    given = tender_of(labels)
    return given.role if given is not None else None


def _labelled_pairs(sheet: Sheet, line: int, labels: list[Label]) -> list[Entry]:
    """`CASH 10.00   CHANGE 4.00`: several labels on a line, each with its own amount."""
    facts = sheet.facts[line]
    entries = []
    for index, label in enumerate(labels):
        if label.role not in _PART_OF:
            continue
        until = labels[index + 1].start if index + 1 < len(labels) else len(facts.text)
        for number in facts.numbers:
            if label.end <= number.start < until:
                amount = in_fashion(number, sheet.decimals)
                if amount is not None:
                    entry = Entry(line, facts, _PART_OF[label.role], amount)
                    entry.role, entry.label = label.role, label
                    entries.append(entry)
                    break
    return entries


def _amount_inside(facts: LineFacts, decimals: int, label: Label) -> tuple[int, int] | None:
    """`Total: 12.00 (incl. VAT)`: a labelled amount with words behind it."""
    for index, number in enumerate(facts.numbers):
        if number.start >= label.end:
            amount = in_fashion(number, decimals)
            # no "Payment terms 30 days", and no till beside the time: "11:32 Kas 7"
            typed = label.role in _HANDED and facts.unknown <= STRAY_LETTERS_MAX and not facts.dated
            if amount is None and typed and number.decimals == 0 and number.use == "":
                amount = number.value  # "CASH 20": what is handed over is often typed without decimals
            if amount is not None:
                return amount, index
    return None


_HANDED = frozenset((Role.CASH, Role.RECEIVED))
_GIVES_BACK = frozenset((Role.RETURN_LINE, Role.VOID_LINE, Role.CHANGE))


def _part_by_words(  # noqa: PLR0911 - the table of words that may name goods instead
    entry: Entry, label: Label
) -> Part:
    if label.role in FACTS:
        takes_off = entry.amount < 0 and entry.facts.unknown > 0 and entry.facts.numbers[-1].decimals
        return Part.MODIFICATION if takes_off else Part.FACT
    part = _PART_OF[label.role]
    unknown = entry.facts.unknown
    if label.role is Role.PRICE_INFO and entry.amount < 0:
        return Part.MODIFICATION  # "member price -1.00" is what is taken off, no price
    if part in (Part.TOTAL, Part.WEAK_TOTAL, Part.CHECK) and unknown > stray_max(entry.facts, label):
        return Part.ITEM if part is Part.WEAK_TOTAL else Part.WEAK_TOTAL
    if part is Part.MODIFICATION and entry.amount > 0 and unknown > 0 and not label.leads:
        return Part.ITEM
    if part in (Part.VOID, Part.RETURN) and not label.leads and entry.amount > 0:
        return Part.ITEM
    if part is Part.CHANGE and not label.leads:
        return Part.ITEM
    if part is Part.TAX and not label.leads and unknown > 10:
        return Part.ITEM
    return part


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


def _quantify(entry: Entry, index: int, decimals: int) -> None:
    """Find quantity and unit price on the line of an item; a line that only multiplies has no amount of its own."""
    facts = entry.facts
    numbers = facts.numbers
    if facts.times is not None:
        first, second = facts.times
        quantity, price = numbers[first], numbers[second]
        if decimals == 0 and price.decimals == 0 and prices_first(quantity, price):
            quantity, price = price, quantity._replace(use="")  # "298x3"
        elif in_fashion(quantity, decimals) is not None and price.decimals == 0 and decimals:
            quantity, price = price, quantity
        entry.quantity, entry.price = quantity, price
        if index in facts.times:
            entry.part = Part.IMPLICIT
            entry.other = entry.amount
            entry.amount = round_half_up(quantity.value * price.value, decimals)
        return
    entry.quantity, entry.price = quantity_and_price(facts.text, numbers, index, decimals=decimals)


def _settle_places(sheet: Sheet) -> None:
    """Settle what only the place tells: tender words before any total name goods, goods after a subtotal may not be."""
    for entry in sheet.opened:
        if entry.line < sheet.start and entry.part not in (Part.TOTAL, Part.CHECK):
            entry.part = Part.INFO
        elif entry.line < sheet.first_total:
            if entry.part is not Part.ITEM and names_goods(entry) and not pays_above(sheet, entry):
                entry.part = Part.ITEM
                found = _amount_of(entry.facts, sheet.decimals)
                if found is not None:
                    _quantify(entry, found[1], sheet.decimals)
        elif entry.part is Part.ITEM and entry.quantity is None and not goods_go_on(sheet, entry.line):
            rated = entry.role is Role.TAX or any(number.use == "%" for number in entry.facts.numbers)
            entry.part = Part.TAX if rated else Part.STRAY if entry.amount else Part.INFO
        elif entry.part in (Part.RETURN, Part.VOID) and (entry.tender is not None or is_change(sheet, entry)):
            entry.part = Part.CHANGE  # "refund cash 19.95" below the total: how it was given back
        if entry.part is Part.MODIFICATION and adds_up_discounts(sheet, entry):
            entry.part = Part.SAVING


def _opened(sheet: Sheet) -> list[Entry]:
    """Return the entries that may be anything else than goods: goods that stand nowhere usual are among them."""
    if sheet.first_goods < 0 or sheet.start <= sheet.first_goods <= sheet.last_goods < sheet.first_total:
        entries = sheet.entries
        return [entries[at] for at in sheet.others]
    return sheet.entries
