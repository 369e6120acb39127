"""The lines of a document as entries for its arithmetic: what each amount may stand for, before any sum is tried.

A document prints its amounts in one fashion (two decimals, none, three), so entries are built for one fashion at a
time. An entry's role comes from its words, its place and its shape; where a shape leaves two readings open (is a
printed discount already taken off?) the entry belongs to a class that is decided for the whole document at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pos_adapters.reading.amounts import DECIMALS_MAX, MILLI, in_fashion
from pos_adapters.reading.details import describe, join_details
from pos_adapters.reading.labels import TENDERS, Label, Labels
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.line_entries import PART_OF, KnownLines, amount_of, entries_of, quantify
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.places import (
    adds_up_discounts,
    goods_called_taxed,
    goods_go_on,
    is_change,
    is_named_charge,
    is_tax_below_goods,
    leave_out_announced,
    leave_out_ungrouped,
    name_paid_total,
    names_goods,
    pays_above,
    settle_rounded_to,
)
from pos_adapters.reading.quantities import USUAL_DECIMALS, Goods
from pos_adapters.reading.shapes import GoodsLine
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Entry, Part, Sheet, is_label

_BASE_AND_TAX = 2
_TAX_SLACK = 10  # thousandths: a tax is rounded to a hundredth
HEADINGS_MIN = 2  # words on a line that make it the heading of columns

# Labels that are printed above their amount; others above a number are headings of a column.
_CARRIED = TENDERS | {Role.TOTAL, Role.SUBTOTAL, Role.TOTAL_WEAK, Role.CHANGE, Role.RECEIVED, Role.ROUNDING, Role.TIP}

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
                weight = 8 if label is not None and label.role in PART_OF else 1
                votes[decimals] += weight
                if decimals == 3 and facts.numbers[facts.right[-1]].grouped >= 0:
                    votes[0] += weight + 1  # "1,200" is far oftener a thousand than a thousandth

    def likeliest(self, lines: Sequence[LineFacts]) -> list[int]:
        """Return the fashions, the likeliest first. `lines` name the currency: the first time they are asked counts."""
        votes = self._votes
        if votes[USUAL_DECIMALS] > max(votes[0], votes[1]) and not votes[3]:  # as nearly everywhere
            return [USUAL_DECIMALS, 0] if votes[0] else [USUAL_DECIMALS]
        found = [decimals for decimals in (USUAL_DECIMALS, 0) if votes[decimals]]
        if votes[1] > max(votes[USUAL_DECIMALS], votes[0]):
            found.append(1)  # "45.5": some Chinese tills leave out what is nothing
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
    speaking = [line for line, facts in enumerate(lines) if facts.speaks]
    add_entries(sheet, labelled, speaking, known=KnownLines(), active=0)
    return settled_sheet(sheet)


def settled_sheet(sheet: Sheet) -> Sheet:
    """Settle what the entries are, once all lines of their document are there; return the sheet."""
    name_paid_total(sheet)
    totals = [
        entry.line for at in sheet.others if (entry := sheet.entries[at]).part is Part.TOTAL or entry.part is Part.CHECK
    ]
    sheet.first_total = min(totals, default=len(sheet.facts))
    leave_out_announced(sheet)
    leave_out_ungrouped(sheet)
    sheet.opened = _opened(sheet)
    if sheet.opened is sheet.entries:
        for entry in sheet.entries:
            entry.item = None  # it may turn out to be anything
    settle_rounded_to(sheet)
    _settle_places(sheet)
    join_details(sheet)
    describe(sheet)
    return sheet


def add_entries(
    sheet: Sheet, labelled: Sequence[Labels], speaking: Sequence[int], *, known: KnownLines, active: int
) -> None:
    """Add an entry for each amount of the sheet's next lines, as their own words and the label above them tell.

    `labelled` are the labels of the lines that it has more than labels, in the `active` languages; `speaking` those of
    them that have any words.
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
    make, keep, last_goods = object.__new__, entries.append, sheet.last_goods
    for line, facts in enumerate(lines[first:], first):
        if isinstance(facts, GoodsLine) and carried is None and usual:
            entry = make(Entry)
            entry.line = line
            entry.facts = facts
            entry.part = item
            entry.amount = facts.amount
            entry.described = (line,)
            keep(entry)
            last_goods = line
            continue
        labels = labelled[line - first]
        label = labels[0]
        if label is None and carried is None and usual and facts.goods is not None:
            entry = _goods_entry(line, facts, facts.goods)
            if entry.described:
                last_goods = line
            else:
                others.append(len(entries))
            keep(entry)
            continue
        if facts.rule or not facts.numbers:
            carried = _carries(facts, label, carried)
            continue
        if label is not None:
            made = known.entries_of(sheet, line, labels, active=active)
        else:
            made = entries_of(sheet, line, _carried_to(facts, carried), labels=labels[1])
        others += range(len(entries), len(entries) + len(made))
        entries += made
        carried = None if made else _carries(facts, label, None)
    sheet.carried = carried
    sheet.last_goods = last_goods
    if sheet.first_goods < 0 <= last_goods:
        sheet.first_goods = next(entry.line for entry in entries if entry.described)


def _goods_entry(line: int, facts: LineFacts, goods: Goods) -> Entry:
    """Return the entry of a line that is goods in the usual fashion, and nothing else."""
    entry = Entry(line, facts, Part.ITEM, goods.amount)
    if goods.quantity is not None:
        entry.quantity, entry.price = goods.quantity, goods.price
    if facts.named:
        entry.described = (line,)
    return entry


def _carried_to(facts: LineFacts, carried: Label | None) -> Label | None:
    """Return the label above that is a line's: none where there is more than a currency, which speaks for itself."""
    return None if facts.named or facts.letters > STRAY_LETTERS_MAX + 1 else carried


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
            len(facts.hits) < HEADINGS_MIN or facts.times is not None or facts.numbers  # "TOTAL ART. 5" counts
        ):
            continue
        if _headings(facts) >= HEADINGS_MIN and facts.unknown <= 4:
            sheet.start, sheet.headed = line + 1, True
            return


def _settle_places(sheet: Sheet) -> None:
    """Settle what only the place tells: tender words before any total name goods, goods after a subtotal may not be."""
    taxed = goods_called_taxed(sheet)
    for entry in sheet.opened:
        if entry.line < sheet.start and entry.part not in (Part.TOTAL, Part.CHECK):
            entry.part = Part.INFO
        elif entry.line < sheet.first_total:
            _settle_above_total(sheet, entry, taxed=taxed)
        elif is_named_charge(entry) and any(e.part is Part.TOTAL and e.line > entry.line for e in sheet.opened):
            entry.part = Part.SURCHARGE  # "Public holiday surcharge 3.20", and "Visa surcharge 0.40" pays nothing
        elif entry.part is Part.ITEM and _may_be_tax(entry) and not goods_go_on(sheet, entry.line):
            rated = entry.role is Role.TAX or _has_rate(entry)
            entry.part = Part.TAX if rated else Part.STRAY if entry.amount else Part.INFO
        elif entry.part in (Part.RETURN, Part.VOID) and (entry.tender is not None or is_change(sheet, entry)):
            entry.part = Part.CHANGE  # "refund cash 19.95" below the total: how it was given back
        if entry.part is Part.MODIFICATION and adds_up_discounts(sheet, entry):
            entry.part = Part.SAVING


def _settle_above_total(sheet: Sheet, entry: Entry, *, taxed: bool) -> None:
    taxed = taxed and entry.part is Part.TAX and not is_tax_below_goods(sheet, entry)
    named = taxed or names_goods(entry)
    if entry.part is not Part.ITEM and named and not pays_above(sheet, entry):
        entry.part = Part.ITEM
        found = amount_of(entry.facts, sheet.decimals)
        if found is not None:
            quantify(entry, found[1], sheet.decimals)
    elif entry.part is Part.RECEIVED and _may_number_till(entry.facts, sheet.decimals):
        entry.part = Part.INFO  # "TILL: 8803", by a word that may also say what was received
    elif entry.part is Part.ITEM and not entry.facts.named and _has_rate(entry):
        entry.part = Part.TAX if _below_taxes(sheet, entry) or _is_tax_row(sheet, entry) else Part.ITEM


def _may_number_till(facts: LineFacts, decimals: int) -> bool:
    """Whether what seems received has no decimals as amounts have, or, where none have, stands by a cashier's word."""
    if decimals:
        return not any(number.decimals for number in facts.numbers)
    return bool(facts.hits) and any(sense.role is Role.CASHIER for sense in facts.hits[0].senses)


def _may_be_tax(entry: Entry) -> bool:
    """Whether the amount has no quantity, or is in a row of a table of taxes: `8%*  216  17`."""
    return entry.quantity is None or (not entry.facts.named and _has_rate(entry))


def _has_rate(entry: Entry) -> bool:
    return any(number.use == "%" for number in entry.facts.numbers)


def _is_tax_row(sheet: Sheet, entry: Entry) -> bool:
    """Whether a line below amounts tells a rate, and two of which one is the tax on the other: "A=23% 35,00 6,54"."""
    if not sheet.facts[entry.line - 1].right:
        return False  # a name stands above: these are its goods
    rates = [number.value for number in entry.facts.numbers if number.use == "%"]
    amounts = [amount for number in entry.facts.numbers if (amount := in_fashion(number, sheet.decimals)) is not None]
    if len(rates) != 1 or len(amounts) != len(entry.facts.numbers) - 1 or len(amounts) != _BASE_AND_TAX:
        return False
    rate, (more, less) = rates[0], sorted(amounts, reverse=True)
    whole = 100 * MILLI
    return min(abs(more * rate - less * whole), abs(more * rate - less * (whole + rate))) <= _TAX_SLACK * (whole + rate)


def _below_taxes(sheet: Sheet, entry: Entry) -> bool:
    """Whether a line tells the tax of what is told above it: "TAXABLE B  39,20", "B=8%  2,90"."""
    above = sheet.labels[entry.line - 1] if entry.line else None
    return above is not None and above.leads and above.role in (Role.TAX, Role.TAX_BASE)


def _opened(sheet: Sheet) -> list[Entry]:
    """Return the entries that may be anything else than goods: goods that stand nowhere usual are among them."""
    if sheet.first_goods < 0 or sheet.start <= sheet.first_goods <= sheet.last_goods < sheet.first_total:
        entries = sheet.entries
        return [entries[at] for at in sheet.others]
    return sheet.entries
