"""Other ways to read a document whose sums do not hold: amounts that are none, and figures that are amounts after all.

Contract: pure. Each way is a whole sheet of its own, which counts only where its sums hold.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from itertools import chain, pairwise
from typing import Final

from pos_adapters.reading.amounts import MILLI, in_fashion
from pos_adapters.reading.beside_goods import BESIDE_GOODS
from pos_adapters.reading.beside_tenders import BESIDE_TENDERS
from pos_adapters.reading.discount_places import NO_PRICES
from pos_adapters.reading.dressed_amounts import undressed
from pos_adapters.reading.entries import sheet_of
from pos_adapters.reading.folding import WIDE
from pos_adapters.reading.further_ways import FURTHER_WAYS
from pos_adapters.reading.labelled_goods import goods_by_labels
from pos_adapters.reading.labels import Labels
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.places import EDGE_COLUMNS, edge_of, header_amounts, stands_apart
from pos_adapters.reading.quantities import USUAL_DECIMALS
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Entry, Part, Sheet, stray_max
from pos_adapters.reading.tax_letters import amounts_before_letters
from pos_adapters.reading.told_totals import WAYS_OF_TOTALS
from pos_adapters.reading.word_parts import fee_part, included_part

SUMMED_MIN: Final = 2  # goods that a sum is of: one amount repeats the price of the only goods otherwise
PIECES_MIN: Final = 2  # of one piece the price is the amount
SUMS_MAX: Final = 4  # of groups of goods, one below the other
_SUMS: Final = (Part.CHECK, Part.WEAK_TOTAL)
_BRACKETED: Final = re.compile(r"\[ *\d[\d.,]* *\]$")
_COUNTED: Final = re.compile(r" *\d{1,2} ?[xX]? +[^\W\d_]")
_SEATS: Final = re.compile(r"\bn(?:[.:]|[ro\u00ba\u00b0][.:]?) ?\d{1,2}[,.]\d{2} *$", re.IGNORECASE)
_DASHED: Final = re.compile(r"\d-[^\W\d_]$")
_GOODS: Final = (Part.ITEM, Part.IMPLICIT)
_FACTS: Final = frozenset((Role.DATE, Role.CASHIER, Role.DOCUMENT_NUMBER, Role.WORKSTATION, Role.TAX_ID))
_HAVE_AMOUNTS: Final = (*_GOODS, Part.MODIFICATION, Part.SURCHARGE)
_NAMES_DISCOUNT: Final = frozenset((Part.WEAK_TOTAL, Part.TENDER, Part.FACT, Part.INFO))
_BELOW_NAMES: Final = frozenset((Role.COUNT, Role.PRICE_INFO, Role.TAX_BASE))  # pieces, what is exempt


def other_ways(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the settled sheets of other readings in the fashion of the `usual` one, made when asked for."""
    for way in chain(_WAYS, WAYS_OF_TOTALS):
        yield from way(usual, labelled)
    headless = _without_head(usual, labelled)
    if headless is not None:
        yield _anew(headless, labelled)
        for way in chain(_WAYS, WAYS_OF_TOTALS):
            yield from way(headless, labelled)


def _without_head(usual: Sheet, labelled: Sequence[Labels]) -> Sheet | None:
    """Return the sheet on which lines of the head have no figures: a house may stand where goods are told unusually."""
    heads = header_amounts(usual)
    if not heads:
        return None
    facts = [
        each._replace(numbers=(), right=(), times=None, decimals=None, goods=None) if line in heads else each
        for line, each in enumerate(usual.facts)
    ]
    return sheet_of(facts, labelled, usual.decimals)


def _without_amounts(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheets in which amounts of some lines are none: for each reason, what is told beside, and all."""
    found = [find(usual) for find in _NO_AMOUNTS]
    told, every = (
        frozenset[int]().union(*found[: len(BESIDE_GOODS) + len(BESIDE_TENDERS)]),
        frozenset[int]().union(*found),
    )
    for lines in dict.fromkeys(filter(None, (*found, told, every))):
        yield _without(lines, usual, labelled)


def _counted(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which "1 134.00" is one at 134.00."""
    lines = _counts_before_amounts(usual)
    if lines:
        sheet = _anew(usual, labelled)
        for entry in sheet.entries:
            if entry.line in lines and entry.part is Part.ITEM:
                entry.amount, entry.item = entry.facts.numbers[-1].last_group, None
        yield sheet


def _dressed(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which figures without what all totals have, a currency or thousands apart, are no amounts."""
    places = undressed(usual)
    if places:
        sheet = _anew(usual, labelled)
        for at, entry in enumerate(sheet.entries):
            if at in places:
                entry.part = Part.DETAIL if entry.part in _HAVE_AMOUNTS else Part.INFO
        yield sheet


def _dashed(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which a dash behind each amount takes nothing off."""
    lines = _dashes_before_letters(usual)
    if lines:
        sheet = _anew(usual, labelled)
        for entry in sheet.entries:
            if entry.line in lines:
                entry.part, entry.amount, entry.item = Part.ITEM, -entry.amount, None
        yield sheet


def _lettered(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which letters behind amounts are those of taxes, no units."""
    facts = amounts_before_letters(usual.facts) if usual.decimals == USUAL_DECIMALS else None
    if facts is not None:
        yield sheet_of(facts, labelled, usual.decimals)


def _by_day(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which lines that a day begins are goods, as on a hotel's bill; none where goods stand else."""
    dated = [facts.dated and facts.named and bool(facts.decimals) and bool(facts.right) for facts in usual.facts]
    if any(dated) and not any(entry.part in _GOODS for entry in usual.entries):
        lines = zip(usual.facts, dated, strict=True)
        facts = [facts._replace(dated=False) if by_day else facts for facts, by_day in lines]
        yield sheet_of(facts, labelled, usual.decimals)


def _taken_off_between_totals(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which a discount takes off though no sign says so: "SUM 9,40", "LESS 1,10", "TOTAL 8,30"."""
    found = [
        at + 1
        for at, (above, less, below) in enumerate(
            zip(usual.entries, usual.entries[1:], usual.entries[2:], strict=False)
        )
        if above.part is below.part is Part.TOTAL
        and less.role is Role.DISCOUNT
        and 0 < less.amount == above.amount - below.amount
    ]
    if found:
        sheet = _anew(usual, labelled)
        for at in found:
            less = sheet.entries[at]
            less.part, less.amount, less.item = Part.MODIFICATION, -less.amount, None
        yield sheet


def _fees_alone(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which a fee is what was sold, where nothing else was: "ご利用料金 500" of a locker.

    So are seats: "S席 1階 H列 12番 6,600" has its word for a place within a name.
    """
    above = [entry for entry in usual.entries if entry.part in _HAVE_AMOUNTS and entry.line < usual.first_total]
    charged = len(above) == 1 and above[0].part is Part.SURCHARGE  # "运费 23.00" is all that a carrier sells
    if above and not charged:
        return
    parts = (Part.SURCHARGE,) if charged else _SUMS
    charges = (at for at, entry in enumerate(usual.entries) if entry.part in parts)
    fees = [at for at in charges if fee_part().match(usual.entries[at].facts.text)][:1]
    seats = [
        at
        for at, entry in enumerate(usual.entries)
        if entry.part is Part.FACT and entry.facts.unknown and not entry.facts.dated
        if entry.line < usual.first_total and entry.amount > 0 and WIDE.search(entry.facts.text)
    ]
    for places in filter(None, (fees, seats)):
        sheet = _anew(usual, labelled)
        for at in places:
            entry = sheet.entries[at]
            entry.part, entry.described = Part.ITEM, (entry.line,)
        yield sheet


def _labelled(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which "Cost 618.00" below a name, its price and how many is the amount of goods."""
    goods = goods_by_labels(usual)
    if goods:
        sheet = _anew(usual, labelled)
        for told in goods:
            sheet.entries[told.price_at].part = Part.INFO
            entry = sheet.entries[told.amount_at]
            entry.part, entry.item, entry.role, entry.described = Part.ITEM, None, None, (told.name,)
            entry.quantity, entry.price = told.quantity, told.price
        sheet.first_total = min(entry.line for entry in sheet.entries if entry.part is Part.TOTAL)
        yield sheet


def _anew(usual: Sheet, labelled: Sequence[Labels]) -> Sheet:
    return sheet_of(usual.facts, labelled, usual.decimals)


def _without(lines: Container[int], usual: Sheet, labelled: Sequence[Labels]) -> Sheet:
    """Return the sheet on which the goods, and the parts a card pays in, of these `lines` have no amount."""
    sheet = _anew(usual, labelled)
    for entry in sheet.entries:
        if entry.line in lines and entry.part in (*_HAVE_AMOUNTS, Part.SAVING, Part.TENDER):
            entry.part = Part.DETAIL
    return sheet


def _sizes_in_names(sheet: Sheet) -> frozenset[int]:
    """Return the lines of names that end in a size, as "WINE 0.75": how many at which price stand below it."""
    return frozenset(
        name.line
        for name, goods in pairwise(sheet.entries)
        if name.part in _GOODS
        and goods.part is Part.ITEM
        and goods.line == name.line + 1
        and name.facts.named
        and goods.price is not None
        and goods.facts.unknown <= STRAY_LETTERS_MAX
        and goods.facts.text.lstrip()[:1].isdigit()
    )


def _above_facts(sheet: Sheet) -> frozenset[int]:
    """Return the lines of what looks like goods above the receipt's date, number or cashier: a house, a room."""
    goods = [entry for entry in sheet.entries if entry.part is Part.ITEM and entry.line < sheet.first_total]
    facts = [line for line, label in enumerate(sheet.labels) if label is not None and label.role in _FACTS]
    head = max((line for line in facts if goods and line < goods[-1].line), default=-1)
    above = [entry for entry in goods if entry.line < head]
    return frozenset(entry.line for entry in above) if not any(map(stands_apart, above)) else frozenset()


def _sums_of_goods(sheet: Sheet) -> frozenset[int]:
    """Return the lines of what looks like the last goods, in unknown words, and is the sum of all goods above it.

    So are "Services 125.00" and "Products 30.00" together, and the parts and the labour of a repair.
    """
    counted = (*_GOODS, Part.SURCHARGE)  # "Service Total 105.00"
    amounts = [entry for entry in sheet.entries if entry.part in counted and entry.line < sheet.first_total]
    if not any(entry.part in (Part.TOTAL, Part.CHECK) for entry in sheet.entries):
        return frozenset()
    above = sum(entry.amount for entry in amounts)
    made, below = 0, set[int]()
    for entry in amounts[: SUMMED_MIN - 1 : -1]:
        if entry.quantity is not None or len(below) == SUMS_MAX:
            break
        made, above = made + _amounts_on(entry, sheet.decimals), above - entry.amount
        below.add(entry.line)
        if made == above:
            return frozenset(below)
    return frozenset()


def _amounts_on(entry: Entry, decimals: int) -> int:
    """Return what the amounts of a line come to: "Parts 85.00   Labour 75.00", each in words."""
    numbers = entry.facts.numbers
    amounts = [in_fashion(number, decimals) for number in numbers]
    spread = all(
        any(map(str.isalpha, entry.facts.text[before.end : number.start])) for before, number in pairwise(numbers)
    )
    return sum(filter(None, amounts)) if spread else entry.amount


def _dashes_before_letters(sheet: Sheet) -> frozenset[int]:
    """Return the lines of goods where all above the total are "105.22-A": the dash leads to the letter of a tax."""
    above = [entry for entry in sheet.entries if entry.line < sheet.first_total and entry.amount]
    dashed = all(entry.amount < 0 and _DASHED.search(entry.facts.text) for entry in above)
    return frozenset(entry.line for entry in above) if dashed else frozenset()


def _counts_before_amounts(sheet: Sheet) -> frozenset[int]:
    """Return the lines of goods where "1 134.00" may be one at 134.00, in columns that stand close."""
    return frozenset(
        entry.line
        for entry in sheet.entries
        if entry.part is Part.ITEM
        and entry.quantity is None
        and entry.line < sheet.first_total
        and entry.facts.numbers[-1].last_group >= 0
    )


def _named_by_known_words(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which goods and discounts may be called by words that mean something else elsewhere.

    "LOT 3 BODIES 14.00" is goods in the column of the others, and "SOLDE -20% -2.00" above the total takes off.
    """
    none = frozenset[int]().union(*[find(usual) for find in _NO_AMOUNTS])
    last_total = max((entry.line for entry in usual.entries if entry.part is Part.TOTAL), default=-1)
    goods = [entry for entry in usual.entries if entry.part is Part.ITEM and entry.line < usual.first_total]
    if all(entry.line in none for entry in goods):
        none = frozenset()  # the totals stand in a column of their own
    edges = {edge_of(entry) for entry in goods if entry.line not in none}
    parts: dict[int, Part] = {}
    for at, entry in enumerate(usual.entries):
        inside = goods and usual.start <= entry.line < last_total and entry.role is not None
        part = _part_by_place(usual, entry, below=goods[0].line) if inside else None
        if part is not None and any(abs(edge_of(entry) - edge) <= EDGE_COLUMNS for edge in edges):
            parts[at] = part
    if not parts:
        return
    renamed = _without(none, usual, labelled)
    for at, part in parts.items():
        entry = renamed.entries[at]
        entry.part, entry.described = part, (entry.line,)
        if part is Part.MODIFICATION:
            entry.role = Role.DISCOUNT
    yield renamed


def _part_by_place(sheet: Sheet, entry: Entry, *, below: int) -> Part | None:
    """Return what an amount among the goods may be, whatever its words mean elsewhere; they begin `below` that line."""
    if entry.part is Part.MODIFICATION and entry.amount > 0:  # "1 COMBO 49.00": a menu, no discount
        return Part.ITEM if entry.line < sheet.first_total and _COUNTED.match(entry.facts.text) else None
    goes_on = entry.part is Part.INFO and entry.role in _BELOW_NAMES and _ends_name(sheet, entry)
    leads = entry.part is Part.FACT and entry.line == below - 1  # "2 h room 30.00" right above the first goods
    if not goes_on and not leads and entry.line < below and entry.role is not Role.TAX_BASE:
        return None
    if entry.amount < 0:
        return Part.MODIFICATION if entry.part in _NAMES_DISCOUNT else None
    if entry.line >= sheet.first_total:
        return None
    rated = entry.part is Part.INFO and entry.role is Role.TAX_BASE  # "Tarifa inspección 31,04": a fee by its name
    stray = stray_max(entry.facts, entry.label) if entry.label is not None else STRAY_LETTERS_MAX
    named = (entry.part is Part.FACT or rated) and entry.facts.unknown > stray
    return Part.ITEM if named or goes_on else None


def _ends_name(sheet: Sheet, entry: Entry) -> bool:
    """Whether a bare name above goes on before the amount: "TOOTHBRUSHES MEDIUM", "  2 PIECES  2.99"."""
    above = sheet.facts[entry.line - 1]
    priced = any(number.decimals or number.currency for number in above.numbers)  # "9788806234560 NOVEL" is a name
    return above.named and not above.rule and not priced and sheet.labels[entry.line - 1] is None


def _in_brackets(sheet: Sheet) -> frozenset[int]:
    """Return the lines whose amount stands in square brackets: "MILK 900 ML  [2,150]" tells the usual price."""
    return frozenset(
        entry.line for entry in sheet.entries if entry.part in _GOODS and _BRACKETED.search(entry.facts.text)
    )


def _included(sheet: Sheet) -> frozenset[int]:
    """Return the lines that say what is within the goods above: "COLA 0,5  4,29", "inkl. Pfand 0,25"."""
    return frozenset(
        part.line
        for goods, part in pairwise(sheet.entries)
        if goods.part in _GOODS and part.part in _GOODS and included_part().match(part.facts.text)
    )


def _prices_below(sheet: Sheet) -> frozenset[int]:
    """Return the lines that only tell what one costs of the goods above: "SPRAY 10ML  2  7,90", "  a 3,95"."""
    return frozenset(price.line for goods, price in _pairs_of_goods(sheet) if _makes(goods, price))


def _prices_above(sheet: Sheet) -> frozenset[int]:
    """Return the lines of goods that only tell what one costs, all of them below: "SOIL 40L  7,95", "x 2 = 15,90"."""
    return frozenset(price.line for price, goods in _pairs_of_goods(sheet) if _makes(goods, price))


def _pairs_of_goods(sheet: Sheet) -> Iterator[tuple[Entry, Entry]]:
    """Yield goods with what stands directly below them, nameless."""
    for above, below in pairwise(sheet.entries):
        both = above.part in _GOODS and below.part in _GOODS and below.line == above.line + 1
        if both and below.facts.unknown <= STRAY_LETTERS_MAX:
            yield above, below


def _makes(goods: Entry, price: Entry) -> bool:
    """Whether a line of goods says that it is several at a price."""
    return any(
        number.value >= PIECES_MIN * MILLI
        and not number.decimals
        and number.value * price.amount == goods.amount * MILLI
        for number in goods.facts.numbers
    )


def _numbers_of_places(sheet: Sheet) -> frozenset[int]:
    """Return the lines that end in two numbers of seats: "STALLS ROW F NO. 8,10" costs nothing."""
    return frozenset(entry.line for entry in sheet.entries if entry.part in _GOODS and _SEATS.search(entry.facts.text))


_NO_AMOUNTS: Final = (
    *BESIDE_GOODS, *BESIDE_TENDERS,
    header_amounts, _above_facts, _sizes_in_names, _sums_of_goods, _in_brackets, *NO_PRICES,
    _prices_below, _prices_above, _included, _numbers_of_places,
)  # fmt: skip
"""Each returns the lines whose figures are no amounts, for a reason of its own."""
_WAYS: Final = (
    _without_amounts,
    _dressed,
    _counted,
    _dashed,
    _lettered,
    _by_day,
    _fees_alone,
    _named_by_known_words,
    _taken_off_between_totals,
    _labelled,
    *FURTHER_WAYS,
)
"""In the order they are tried: the first whose sums hold is taken."""
