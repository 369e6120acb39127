"""Which goods a "2 x 1.50" belongs to, and which lines describe them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pos_adapters.reading.amounts import MILLI, Number
from pos_adapters.reading.folding import WIDE
from pos_adapters.reading.labels import FACTS, MONEY, Label
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.places import EDGE_COLUMNS, edge_of
from pos_adapters.reading.quantities import product_of
from pos_adapters.reading.sheet import Entry, Part, Sheet, is_label

DETAIL_REACH_LINES = 2  # a "2 x 1.50" belongs to goods at most this many lines away
NET_LETTERS_MAX = 2  # a tax letter beside an amount
CODE_LETTERS_MAX = 2  # beside the figures of the goods' number: a size, a shelf
CLOSING_SLACK = 20  # thousandths: a weight times a price is rounded up or down, to a step or two ...
CLOSING_SHARE = 200  # ... fuel tills round by more: half a hundredth of the amount
EACH_LETTERS_MAX = 8  # beside how many and at which price: "12 Stück zu je 0,15"
_COUNTED = re.compile(r"\s*(\d{1,3}) ?[xX*]? +[^\W\d_]")
_EACH = re.compile(r"\s*(?:@|[aáàâ]\b)", re.IGNORECASE)
_NUMBERS = frozenset((Role.ID,))
_OF_GOODS = frozenset((Role.HEADING, Role.FILLER))
_NUMBER = re.compile(r"\d{4}")
NAME_LINES_MAX = 4  # a description runs over at most this many lines


def join_details(sheet: Sheet) -> None:
    """Give "2 x 1.50" to the goods whose amount it makes, or make it goods of its own under a bare name."""
    entries = sheet.entries
    for index in sheet.others:
        entry = entries[index]
        if entry.part is Part.ITEM:
            _settle_beside_previous(sheet, index)
        elif entry.part is Part.WEAK_TOTAL and entry.line < sheet.first_total and _closes_multiplied(entries, index):
            entry.part = Part.DETAIL
        elif entry.part in (Part.IMPLICIT, Part.DETAIL) and entry.quantity is not None:
            if entry.part is Part.IMPLICIT and not entry.amount:
                entry.part = Part.DETAIL  # none of it was sold
                continue
            owner = _owner_of(entries, index, sheet.decimals)
            if owner is not None:
                owner.quantity, owner.price, owner.item = entry.quantity, entry.price, None
                entry.part = Part.DETAIL
            elif not _has_name_above(sheet, index):
                if not entry.facts.named:
                    entry.part = Part.DETAIL
            elif entry.part is Part.DETAIL and entry.price is not None:
                entry.amount = product_of(entry.quantity, entry.price, sheet.decimals)
                entry.part = Part.IMPLICIT if entry.amount else Part.DETAIL


def _settle_beside_previous(sheet: Sheet, index: int) -> None:
    """Find goods that only detail the goods above them, or whose name is above them and looks like goods."""
    entries = sheet.entries
    if _says_again(entries, index) or _prices_next(entries, index) or _prices_counted(entries, index):
        entries[index].part = Part.DETAIL
    elif _is_named_by_previous(entries, index) or _is_below_its_name(entries, index, sheet):
        entries[index - 1].part = Part.INFO


def _says_again(entries: list[Entry], index: int) -> bool:
    """Whether a nameless amount tells what the goods above it come to."""
    return (
        _repeats_previous(entries, index)
        or _prices_previous(entries, index)
        or _nets_previous(entries, index)
        or (not entries[index].facts.named and _closes_multiplied(entries, index))
    )


def _closes_multiplied(entries: list[Entry], index: int) -> bool:
    """A lone "10.00", or "worth 10.00", under goods "2 x 5.00" is what they come to: the printed amount wins."""
    entry, above = entries[index], entries[max(0, index - 1)]
    amounts = sum(number.use != "%" for number in entry.facts.numbers)  # "%10  *320,00": beside the rate of its tax
    if above.line != entry.line - 1 or amounts != 1:
        return False
    if above.part is Part.ITEM and above.quantity is not None and above.quantity.use == "u" and above.price is None:
        return _multiplies_counted(above, entry)
    if above.part is not Part.IMPLICIT:
        return False
    slack = max(CLOSING_SLACK, above.amount // CLOSING_SHARE)
    if not above.amount or abs(above.amount - entry.amount) > slack:
        return False
    above.amount, above.other, above.item = entry.amount, None, None
    return True


def _multiplies_counted(above: Entry, entry: Entry) -> bool:
    """A lone "10.00" under "Oil   2 pcs  5.00" is what they come to: what stands beside the pieces is for one."""
    quantity = above.quantity
    if quantity is None or above.amount <= 0 or quantity.value * above.amount // MILLI != entry.amount:
        return False
    above.amount, above.item = entry.amount, None
    return True


def _nets_previous(entries: list[Entry], index: int) -> bool:
    """A bare "5.63" under "Bananas 6.63" and "Discount -1.00" is what is left of them."""
    entry = entries[index]
    if entry.facts.letters > NET_LETTERS_MAX or entry.facts.named or index < 2 or len(entry.facts.numbers) != 1:
        return False
    goods, off = entries[index - 2], entries[index - 1]
    return (
        goods.part in (Part.ITEM, Part.IMPLICIT)
        and off.part is Part.MODIFICATION
        and off.line == entry.line - 1
        and entry.amount == goods.amount - abs(off.amount)
    )


def _repeats_previous(entries: list[Entry], index: int) -> bool:
    """A nameless "2 x 1.50 = 3.00" under "Milk 3.00" says the same again."""
    entry = entries[index]
    if entry.facts.named or entry.facts.times is None or index == 0:
        return False
    above = entries[index - 1]
    return (
        above.part is Part.ITEM and above.line == entry.line - 1 and above.amount == entry.amount and above.facts.named
    )


def _prices_counted(entries: list[Entry], index: int) -> bool:
    """A nameless "@ 6.40" under "3 x Salad 19.20" is what one of them costs."""
    entry, above = entries[index], entries[max(0, index - 1)]
    if entry.facts.named or above.part is not Part.ITEM or above.line != entry.line - 1 or above.price is not None:
        return False
    if len(entry.facts.numbers) != 1 or entry.facts.indent <= above.facts.indent:
        return False
    each = _EACH.match(entry.facts.text) is not None
    if each and any(above.amount * MILLI == pieces.value * entry.amount for pieces in _pieces(above)):
        return True  # "Water   2   5.00", "  @ 2.50"
    counted = _COUNTED.match(above.facts.text)
    return counted is not None and (each or int(counted[1]) > 1) and above.amount == int(counted[1]) * entry.amount


def _pieces(goods: Entry) -> Sequence[Number]:
    """Return the numbers of a line of goods, before its amount, that may tell how many they are."""
    return [number for number in goods.facts.numbers[:-1] if number.decimals == 0 and not number.currency]


def _multiplies_previous(entries: list[Entry], index: int) -> bool:
    """`Deposit 0.25` above a nameless `6 x 0.25  1.50`: what looks like the amount of the goods is their unit price.

    Their amount is then what they make together.
    """
    entry, above = entries[index], entries[max(0, index - 1)]
    if entry.facts.named or above.part is not Part.ITEM or above.line != entry.line - 1 or not above.facts.named:
        return False
    if entry.facts.times is None or entry.quantity is None or entry.price is None or above.facts.times is not None:
        return False
    several = entry.quantity.decimals == 0 and entry.quantity.value > MILLI
    if not several or above.price is not None or above.amount != entry.price.value:
        return False
    made = entry.quantity.value * entry.price.value // MILLI
    if entry.part is Part.ITEM and entry.amount != made:
        return False
    above.amount, above.quantity, above.price, above.item = made, entry.quantity, entry.price, None
    return True


def _prices_next(entries: list[Entry], index: int) -> bool:
    """A nameless "2x    1.19" in columns above "Milk 2.38" is how many and at which price."""
    entry, below = entries[index], entries[min(index + 1, len(entries) - 1)]
    if entry.facts.named or entry.quantity is None or entry.quantity.use != "x" or entry.price is not None:
        return False
    if below.part is not Part.ITEM or below.line != entry.line + 1 or below.price is not None or not below.facts.named:
        return False
    price = entry.facts.numbers[-1]
    if entry.quantity.decimals or entry.quantity.value * price.value // MILLI != below.amount:
        return False
    below.quantity, below.price, below.item = entry.quantity, price, None
    return True


def _prices_previous(entries: list[Entry], index: int) -> bool:
    """An indented "2 pcs 245 each" under "Pasta   490", a nameless "CANT: 2  PRECIO: 245": how many at which price."""
    entry, above = entries[index], entries[max(0, index - 1)]
    facts = entry.facts
    said = facts.named and (facts.unknown > EACH_LETTERS_MAX or facts.indent <= above.facts.indent)
    if said or facts.times is not None or len(facts.numbers) != 2:
        return False
    if above.part is not Part.ITEM or above.line != entry.line - 1 or above.price is not None or not above.facts.named:
        return False
    pieces, price = facts.numbers
    counted = pieces.use in ("u", "") and pieces.decimals == 0 and pieces.value > (MILLI if facts.named else 0)
    if not counted or pieces.value * entry.amount // MILLI != above.amount:
        return False
    above.quantity, above.price, above.item = pieces, price, None
    return True


def _is_named_by_previous(entries: list[Entry], index: int) -> bool:
    """`Cheese 0.25` above `99.00 * 1   99.00`: a size within a name is no amount.

    It stands where no amount ends, or the line below says "=" what is one.
    """
    entry, above = entries[index], entries[max(0, index - 1)]
    if entry.facts.named or entry.quantity is None or entry.price is None:
        return False
    named = above.part is Part.ITEM and not above.facts.times and above.facts.named
    if above.line != entry.line - 1 or not named:
        return False
    size = above.facts.numbers[-1]
    if above.label is not None or above.facts.text[max(0, size.start - 2) : size.start].isspace():
        return False
    made = entry.quantity.value * (entry.price.grouped if entry.price.grouped >= 0 else entry.price.value) // MILLI
    elsewhere = "=" in entry.facts.text or abs(edge_of(above) - edge_of(entry)) > EDGE_COLUMNS
    return elsewhere and made == entry.amount


def _is_below_its_name(entries: list[Entry], index: int, sheet: Sheet) -> bool:
    """`Batteries 6P` above a nameless `1     100`: without decimals, a figure in a name looks like an amount.

    It stands in no column of amounts, directly above the line that has the amount, or the goods' number between them.
    """
    entry, name = entries[index], entries[max(0, index - 1)]
    if sheet.decimals or entry.facts.named or entry.label is not None or name.part not in (Part.ITEM, Part.IMPLICIT):
        return False
    facts = name.facts
    figure = facts.numbers[-1]
    if name.label is not None or not facts.named or figure.currency or figure.decimals:
        return False
    if not all(is_code(sheet.facts[line]) for line in range(name.line + 1, entry.line)):
        return False
    return name.line < entry.line <= name.line + DETAIL_REACH_LINES and edge_of(entry) - edge_of(name) > EDGE_COLUMNS


def is_code(facts: LineFacts) -> bool:
    """Whether a line has figures and hardly a letter, no amount and no date: `733-118090 09 M`, the goods' number."""
    if facts.rule or facts.dated or facts.named or facts.letters > CODE_LETTERS_MAX:
        return False
    return facts.times is None and not (facts.numbers and facts.right) and any(map(str.isdigit, facts.text))


def _owner_of(entries: list[Entry], index: int, decimals: int) -> Entry | None:
    entry = entries[index]
    if entry.facts.named and entry.part is Part.IMPLICIT:
        return _owner_of_counted(entries, index)
    assert entry.quantity is not None
    assert entry.price is not None
    product = product_of(entry.quantity, entry.price, decimals)
    slack = max(2 * 10 ** (3 - decimals), abs(product) // 100)
    below = index + 1
    while below < len(entries) - 1 and entries[below].part is Part.TAX and not entries[below].facts.named:
        below += 1  # of these goods, above their amount
    around = [entries[at] for at in (index - 1, below) if 0 <= at < len(entries)]
    for other in around:
        if (
            other.part is Part.ITEM
            and abs(other.line - entry.line) <= DETAIL_REACH_LINES
            and abs(abs(other.amount) - product) <= slack
            and (other.facts.named or other.line > entry.line)
            and other.facts.times is None
        ):
            return other
    return entries[index - 1] if _multiplies_previous(entries, index) else None


def _owner_of_counted(entries: list[Entry], index: int) -> Entry | None:
    """Return the goods above an indented "3 copies at 3.50" that makes their amount: the word in it counts them.

    Or it has the goods' number: "EAN 5602614067585  3 x 16.99".
    """
    entry, above = entries[index], entries[max(0, index - 1)]
    facts = entry.facts
    named = facts.unknown and any(map(str.isalpha, facts.text[: facts.numbers[0].start]))
    if named or facts.indent <= above.facts.indent:
        return None
    near = 0 < entry.line - above.line <= DETAIL_REACH_LINES
    whole = above.part is Part.ITEM and above.facts.named and above.facts.times is None
    return above if near and whole and above.amount == entry.amount else None


def _has_name_above(sheet: Sheet, index: int) -> bool:
    """Whether the line above names what this one counts: in words, or with a figure that looks like an amount."""
    entries = sheet.entries
    if index and _is_below_its_name(entries, index, sheet):
        entries[index - 1].part = Part.INFO
        return True
    return _bare_name_above(sheet, entries[index].line, entries[index - 1] if index else None)


def _bare_name_above(sheet: Sheet, line: int, previous: Entry | None) -> bool:
    """Whether the line above names something and has no amount: the description of this line's goods."""
    above = line - 1
    if above < sheet.start or (previous is not None and previous.line >= above):
        return False
    facts = sheet.facts[above]
    label = sheet.labels[above]
    return facts.named and not facts.rule and not is_label(facts, label, MONEY)


def describe(sheet: Sheet) -> None:
    """Find the lines that name each item: its own, or the bare names above a nameless line."""
    entries = sheet.entries
    for index in sheet.others:
        entry = entries[index]
        if entry.part not in (Part.ITEM, Part.IMPLICIT, Part.MODIFICATION, Part.RETURN, Part.VOID):
            continue
        if entry.facts.named or _is_called_goods(entry.facts):
            entry.described = (entry.line,)
        else:
            entry.described = _names_above(sheet, index)
    _end_heading(sheet)


def _is_called_goods(facts: LineFacts) -> bool:
    """Whether a line begins with a word that heads the column of goods, "Item 1": so who tries a till calls them."""
    if not facts.hits or facts.text[: facts.hits[0].start].strip() or WIDE.search(facts.text):
        return False
    roles = {sense.role for sense in facts.hits[0].senses}
    return Role.HEADING in roles and roles <= _OF_GOODS


def _names_above(sheet: Sheet, index: int) -> tuple[int, ...]:
    """Return the lines of bare names above a nameless entry; its price or number may stand between."""
    entries = sheet.entries
    above = entries[index].line - 1
    before = index - 1
    while before >= 0 and entries[before].part is Part.DETAIL and entries[before].line == above:
        before -= 1
        above -= 1
    while before >= 0 and entries[before].part is Part.INFO and entries[before].label is None:
        before -= 1  # a figure within the name
    taken = max(sheet.start - 1, entries[before].line if before >= 0 else -1)
    names: list[int] = []
    while above > taken and len(names) < NAME_LINES_MAX:
        facts = sheet.facts[above]
        numbers = not names and is_label(facts, sheet.labels[above], _NUMBERS)  # "Batch 52311", below the name
        if not numbers and is_label(facts, sheet.labels[above], MONEY | FACTS):
            break
        explained = not names and _says_what_goods_are(facts, sheet.labels[above])
        if not (facts.named or numbers or explained or facts.text.strip().isdigit() or (is_code(facts) and not names)):
            break
        if facts.named and not numbers:
            names.insert(0, above)
        above -= 1
    return tuple(names)


def _says_what_goods_are(facts: LineFacts, label: Label | None) -> bool:
    """Whether a line below a name consists of a word such as "SERVICE", which heads a column elsewhere."""
    if facts.unknown or facts.numbers or label is not None:
        return False
    return any(sense.role is Role.HEADING for hit in facts.hits for sense in hit.senses)


def _end_heading(sheet: Sheet) -> None:
    """What stands above the name of the first goods heads them: they have as many lines of a name as the others."""
    goods = (Part.ITEM, Part.IMPLICIT)
    named = [entry for entry in sheet.entries if entry.part in goods and entry.described and not entry.facts.named]
    if not named or named[0].described[-1] > min(
        (entry.line for entry in sheet.entries if entry.part in goods), default=0
    ):
        return
    numbered = _NUMBER.search(sheet.facts[named[0].described[-1]].text) is not None  # "Batch 52311" below a name
    lines = max((len(entry.described) for entry in named[1:]), default=2 if numbered else 1)
    named[0].described = named[0].described[-lines:]
