"""What only its place on the paper tells of an amount: above all goods, below a subtotal, in no column of amounts.

Contract: these look at a sheet whose entries have their parts by words; two of them change parts, the others answer.
"""

from __future__ import annotations

import re
from typing import Final

from pos_adapters.reading.amounts import MILLI, Number
from pos_adapters.reading.folding import column_of
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Entry, Part, Sheet

ROUNDED_SHARE = 20  # what cash is rounded by is a smaller part of any total
SENTENCE_WORDS_MIN = 3
_HOURS = re.compile(r"\b[012]?\d[.,:][0-5]\d *[-\u2013] *[012]?\d[.,:][0-5]\d\b")  # "Mo-Sa 7.00 - 21.00"
_FIGURES = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]{2,}")
_RATED_MIN = 2  # goods whose rates make a column
_GROUPED_MIN = 1000 * MILLI  # from here on thousands stand apart, where tills group them
EDGE_COLUMNS = 3  # a tax letter or a currency beside the amount moves its edge by so much


def leave_out_announced(sheet: Sheet) -> None:
    """A total at the head, above all goods, announces the one below them (Taiwan's invoices begin so)."""
    if 0 <= sheet.first_goods < sheet.first_total:
        return
    goods = [entry.line for entry in sheet.entries if entry.part in (Part.ITEM, Part.IMPLICIT)]
    first = [entry for entry in sheet.entries if entry.part is Part.TOTAL and entry.line == sheet.first_total]
    if len(first) != 1 or any(line < sheet.first_total for line in goods):
        return
    again = [
        entry.line
        for entry in sheet.entries
        if entry.role is Role.TOTAL and entry.line > first[0].line and entry.amount == first[0].amount
    ]
    if again and any(first[0].line < line < again[0] for line in goods):
        first[0].part = Part.INFO
        totals = [entry.line for entry in sheet.entries if entry.part in (Part.TOTAL, Part.CHECK)]
        sheet.first_total = min(totals, default=again[0])


def name_paid_total(sheet: Sheet) -> None:
    """Where no total is printed, "AMOUNT PAID 11.42" below the taxes is one if tenders above the subtotal made it."""
    told = [sheet.entries[at] for at in sheet.others]
    parts = [entry.part for entry in told]
    if Part.TOTAL in parts or Part.CHECK not in parts or Part.RECEIVED not in parts or Part.CHANGE in parts:
        return
    received, subtotal = told[parts.index(Part.RECEIVED)], told[parts.index(Part.CHECK)]
    paid = [entry for entry in told if entry.part is Part.TENDER and entry.amount]
    above = all(entry.line < subtotal.line for entry in paid) and subtotal.line < received.line
    if above and parts.count(Part.RECEIVED) == 1 and sum(entry.amount for entry in paid) == received.amount:
        received.part = Part.TOTAL


def leave_out_ungrouped(sheet: Sheet) -> None:
    """Where "3,980" is a total, "312075" beside no currency is a number of something, no amount without decimals.

    Tills that group totals alone are known: there it must be more than any total.
    """
    told = (Part.TOTAL, Part.CHECK, Part.TENDER, Part.RECEIVED)
    amounts = [entry for entry in sheet.entries if entry.part in told and entry.amount >= _GROUPED_MIN]
    if sheet.decimals or not amounts or any(map(_is_ungrouped, amounts)):
        return
    goods = [entry for entry in sheet.entries if entry.part is Part.ITEM and entry.amount >= _GROUPED_MIN]
    most = 0 if not all(map(_is_ungrouped, goods)) else max(entry.amount for entry in amounts)
    for entry in goods:
        if entry.amount > most and _is_ungrouped(entry):
            entry.part = Part.INFO


def _is_ungrouped(entry: Entry) -> bool:
    facts = entry.facts
    printed = any(figures == str(entry.amount // MILLI) for figures in _FIGURES.findall(facts.text))
    return printed and not any(number.currency for number in facts.numbers)


def header_amounts(sheet: Sheet) -> frozenset[int]:
    """Return the lines of goods that are amounts of the header: they stand in no column of amounts.

    Receipts without decimals print house numbers and party sizes like amounts, and any may print "Free delivery over
    $50"; amounts end where the totals end.
    """
    amounts = [entry for entry in sheet.entries if entry.part in (Part.TOTAL, Part.CHECK, Part.TENDER)]
    edges = {edge_of(entry) for entry in amounts}
    apart = sum(map(stands_apart, amounts)) * 2 > len(amounts)  # a long name may leave no gap
    found = set()
    for entry in sheet.entries:
        in_column = any(abs(edge_of(entry) - edge) <= EDGE_COLUMNS for edge in edges)
        if in_column and (stands_apart(entry) or not apart):
            break
        opening = entry.part is Part.MODIFICATION and _HOURS.search(entry.facts.text) is not None
        if opening or (entry.part is Part.ITEM and (_is_in_sentence(entry) if sheet.decimals else entry.label is None)):
            found.add(entry.line)
    return frozenset(found)


def _is_in_sentence(entry: Entry) -> bool:
    """Whether words of the shop, and no payment, lead to the amount: goods and papers are called by fewer."""
    return len(_WORD.findall(entry.facts.text)) >= SENTENCE_WORDS_MIN


def stands_apart(entry: Entry) -> bool:
    """Whether a gap, as of a column, stands before the last number of a line (or its currency), or nothing does."""
    text, number = entry.facts.text, entry.facts.numbers[-1]
    before = text[: number.start]
    return not before.strip() or before.endswith("  ") or "  " in text[number.start : number.end]


def edge_of(entry: Entry) -> int:
    """Return the paper column where the line's last number ends."""
    return column_of(entry.facts.text, entry.facts.numbers[-1].end)


def adds_up_discounts(sheet: Sheet, entry: Entry) -> bool:
    """`TOTAL DISCOUNT -3.00` of as much as all discounts above it may tell of them again: the sums decide."""
    words = entry.facts.text[entry.label.start : entry.label.end].split() if entry.label is not None else []
    if entry.role is Role.DISCOUNT and entry.amount < 0 and _breaks_down(sheet, entry):
        return True
    if entry.role is not Role.DISCOUNT or entry.amount >= 0:
        return False
    if len(words) + len(entry.facts.hits) <= 2 and not _is_below_gross(sheet, entry):
        return False
    above = [other.amount for other in sheet.entries if other.line < entry.line and other.part is Part.MODIFICATION]
    return bool(above) and all(amount < 0 for amount in above) and sum(above) == entry.amount


def _is_below_gross(sheet: Sheet, entry: Entry) -> bool:
    """Whether the subtotal above is what the goods come to before any discount: those above it are told once more."""
    above = [one for one in sheet.entries if one.line < entry.line]
    goods = [one for one in above if one.part is Part.ITEM]
    gross = [one.amount for one in above if one.part in (Part.CHECK, Part.TOTAL)]
    return bool(gross) and gross[-1] == sum(one.amount for one in goods)


def _breaks_down(sheet: Sheet, entry: Entry) -> bool:
    """Whether discounts directly below, further in, make as much: `ALL DISCOUNTS -12.00` above each of them."""
    made, line = 0, entry.line + 1
    for other in sheet.entries:
        if other.line == line and other.part is Part.MODIFICATION and other.facts.indent > entry.facts.indent:
            made, line = made + other.amount, line + 1
    return made == entry.amount


_CHARGES: Final = frozenset((Role.SURCHARGE, Role.TIP))


def names_goods(entry: Entry) -> bool:
    """Whether a labelled line before any total names goods all the same: "gift card 50.00", "round steak 9.99"."""
    if entry.amount > 0 and _is_counted(entry) and (entry.part is Part.SURCHARGE or _tells_points(entry)):
        return True  # "tea for x4  60.00" among the dishes, "1 piece, 10% in points  29,800" below a name
    if entry.part is Part.ITEM or entry.facts.unknown == 0 or entry.amount <= 0:
        return False
    if entry.part in (Part.TENDER, Part.RECEIVED, Part.CHANGE):
        return True
    if entry.part is Part.WEAK_TOTAL:
        return entry.role is not Role.TOTAL_WEAK
    if entry.facts.unknown <= STRAY_LETTERS_MAX or _is_rated(entry):
        return False
    return entry.part in (Part.TIP, Part.SURCHARGE, Part.ROUNDING)


def is_named_charge(entry: Entry) -> bool:
    """Whether the last of a line's words is one for a charge, whatever it is for, as English calls things."""
    if entry.part not in (Part.ITEM, Part.TENDER) or entry.amount <= 0 or not entry.facts.hits:
        return False
    last = entry.facts.hits[-1]
    if not any(sense.role in _CHARGES for sense in last.senses):
        return False
    between = entry.facts.text[last.end : entry.facts.numbers[-1].start]
    return not any(map(str.isalpha, between))


def _tells_points(entry: Entry) -> bool:
    return entry.role is Role.POINTS and _is_rated(entry)


def _is_rated(entry: Entry) -> bool:
    return any(number.use == "%" for number in entry.facts.numbers)


def _is_counted(entry: Entry) -> bool:
    """Whether the line says how many: `x4`, `4 @ 15.00`."""
    return entry.facts.times is not None or any(number.use in ("x", "u") for number in entry.facts.numbers[:-1])


def goods_called_taxed(sheet: Sheet) -> bool:
    """Whether lines above the total that speak of a tax are goods and its rate: "BAROLO IVA22  39.00".

    No tax stands above goods, or without any: one such line says what all of them are, for a till prints them alike.
    """
    above = [entry for entry in sheet.opened if sheet.start <= entry.line < sheet.first_total]
    taxed = [entry for entry in above if entry.role is Role.TAX and entry.facts.unknown > 0 and entry.amount > 0]
    if not taxed or any(entry.part not in (Part.TAX, Part.ITEM) for entry in taxed):
        return False
    goods = [entry.line for entry in sheet.entries if entry.part in (Part.ITEM, Part.IMPLICIT) and entry not in taxed]
    last = max([line for line in goods if line < sheet.first_total], default=sheet.first_total)
    return any(entry.part is Part.ITEM or entry.line < last for entry in taxed)


def is_tax_below_goods(sheet: Sheet, entry: Entry) -> bool:
    """Whether a line is a tax whatever goods above are called: "VAT @ 20% on 165.50  33.10" below "MOT (no VAT)"."""
    if entry.label is None or not entry.label.leads or entry.facts.unknown > STRAY_LETTERS_MAX:
        return False
    goods = [other.line for other in sheet.entries if other.part in (Part.ITEM, Part.IMPLICIT) and other is not entry]
    above = [line for line in goods if line < sheet.first_total]
    return bool(above) and entry.line > above[-1]


def pays_above(sheet: Sheet, entry: Entry) -> bool:
    """Whether a tender above the total may be what was paid: it is as much as a total below, and nothing else pays."""
    if entry.part is not Part.TENDER:
        return False
    totals = {other.amount for other in sheet.entries if other.part is Part.TOTAL}
    paying = (Part.TENDER, Part.RECEIVED)
    return entry.amount in totals and not any(
        other.part in paying and other.amount and other is not entry for other in sheet.entries
    )


def settle_rounded_to(sheet: Sheet) -> None:
    """`Rounded to 26.90` below a total of 26.89 says what the rounding comes to, not how much it is."""
    above: Entry | None = None
    for entry in sheet.opened:
        if entry.part is Part.TOTAL:
            above = entry
        elif entry.part is Part.ROUNDING and above is not None:
            difference = entry.amount - above.amount
            if abs(difference) * ROUNDED_SHARE <= entry.amount:
                entry.amount = difference


def is_change(sheet: Sheet, entry: Entry) -> bool:
    """Whether what "comes back" below the payment is exactly what was handed over beyond the total."""
    paid = [
        other.amount
        for other in sheet.entries
        if other.part in (Part.TENDER, Part.RECEIVED) and sheet.first_total < other.line < entry.line
    ]
    above = [other for other in sheet.entries if other.line < entry.line]
    rounded = [0, *(other.amount for other in above if other.part is Part.ROUNDING)]
    totals = {other.amount + by for other in above if other.part is Part.TOTAL for by in rounded}
    return entry.amount > 0 and any(amount - entry.amount in totals for amount in (*paid, sum(paid)))


def goods_go_on(sheet: Sheet, line: int) -> bool:
    """Whether a subtotal stands below `line` too, or its rate in the column of the goods above: then goods go on."""
    subtotal_below = any(entry.part is Part.CHECK and entry.line > line for entry in sheet.entries)
    return subtotal_below or _rated_as_goods(sheet, line)


def _rated_as_goods(sheet: Sheet, line: int) -> bool:
    """Whether a line in words that nobody knows tells its rate where goods do: "CARRIER BAG  22%  0.10"."""
    facts = sheet.facts[line]
    columns = {column for number in facts.numbers if number.use == "%" for column in _edges(number)}
    if not columns or facts.unknown <= STRAY_LETTERS_MAX:
        return False
    goods = [entry.facts.numbers for entry in sheet.entries if entry.part is Part.ITEM and entry.line < line]
    rated = [numbers for numbers in goods if any(n.use == "%" and columns & {*_edges(n)} for n in numbers)]
    return bool(rated) and len(rated) >= min(_RATED_MIN, len(goods))


def _edges(number: Number) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return where a number begins and ends, for columns are set to the left or to the right."""
    return ("from", number.start), ("to", number.end)
