"""Which goods a "2 x 1.50" belongs to, and which lines describe them."""

from __future__ import annotations

from pos_adapters.reading.labels import FACTS, MONEY
from pos_adapters.reading.quantities import round_half_up
from pos_adapters.reading.sheet import Entry, Part, Sheet, is_label

DETAIL_REACH_LINES = 2  # a "2 x 1.50" belongs to goods at most this many lines away
NAME_LINES_MAX = 4  # a description runs over at most this many lines


def join_details(sheet: Sheet) -> None:
    """Give "2 x 1.50" to the goods whose amount it makes, or make it goods of its own under a bare name."""
    entries = sheet.entries
    for index, entry in enumerate(entries):
        if entry.part is Part.ITEM:
            if not entry.facts.named and _repeats_previous(entries, index):
                entry.part = Part.DETAIL
        elif entry.part in (Part.IMPLICIT, Part.DETAIL) and entry.quantity is not None:
            if entry.part is Part.IMPLICIT and not entry.amount:
                entry.part = Part.DETAIL  # none of it was sold
                continue
            owner = _owner_of(entries, index, sheet.decimals)
            if owner is not None:
                owner.quantity, owner.price = entry.quantity, entry.price
                entry.part = Part.DETAIL
            elif not _bare_name_above(sheet, entry.line, entries[index - 1] if index else None):
                if not entry.facts.named:
                    entry.part = Part.DETAIL
            elif entry.part is Part.DETAIL and entry.price is not None:
                entry.amount = round_half_up(entry.quantity.value * entry.price.value, sheet.decimals)
                entry.part = Part.IMPLICIT if entry.amount else Part.DETAIL


def _repeats_previous(entries: list[Entry], index: int) -> bool:
    """A nameless "2 x 1.50 = 3.00" under "Milk 3.00" says the same again."""
    entry = entries[index]
    if entry.facts.named or entry.facts.times is None or index == 0:
        return False
    above = entries[index - 1]
    return (
        above.part is Part.ITEM and above.line == entry.line - 1 and above.amount == entry.amount and above.facts.named
    )


def _owner_of(entries: list[Entry], index: int, decimals: int) -> Entry | None:
    entry = entries[index]
    if entry.facts.named and entry.part is Part.IMPLICIT:
        return None
    assert entry.quantity is not None
    assert entry.price is not None
    product = round_half_up(entry.quantity.value * entry.price.value, decimals)
    slack = max(2 * 10 ** (3 - decimals), abs(product) // 100)
    around = [entries[at] for at in (index - 1, index + 1) if 0 <= at < len(entries)]
    for other in around:
        if (
            other.part is Part.ITEM
            and abs(other.line - entry.line) <= DETAIL_REACH_LINES
            and abs(abs(other.amount) - product) <= slack
            and (other.facts.named or other.line > entry.line)
            and other.facts.times is None
        ):
            return other
    return None


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
    taken = sheet.start - 1
    for entry in sheet.entries:
        if entry.part is Part.ITEM and entry.facts.named:
            entry.described = (entry.line,)
            taken = entry.line
            continue
        if entry.part not in (Part.ITEM, Part.IMPLICIT, Part.MODIFICATION, Part.RETURN, Part.VOID):
            taken = max(taken, entry.line)
            continue
        if entry.facts.named:
            entry.described = (entry.line,)
        else:
            names: list[int] = []
            above = entry.line - 1
            while above > taken and len(names) < NAME_LINES_MAX and sheet.facts[above].named:
                label = sheet.labels[above]
                if is_label(sheet.facts[above], label, MONEY | FACTS):
                    break
                names.insert(0, above)
                above -= 1
            entry.described = tuple(names)
        taken = entry.line
