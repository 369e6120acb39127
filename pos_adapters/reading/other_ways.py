"""Other ways to read a document whose sums do not hold: amounts that are none, and figures that are amounts after all.

Contract: pure. Each way is a whole sheet of its own, which counts only where its sums hold.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import pairwise
from typing import Final

from pos_adapters.reading.entries import sheet_of
from pos_adapters.reading.labels import Labels
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.places import EDGE_COLUMNS, edge_of, header_amounts
from pos_adapters.reading.quantities import USUAL_DECIMALS
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Part, Sheet
from pos_adapters.reading.tax_letters import amounts_before_letters

_GOODS: Final = (Part.ITEM, Part.IMPLICIT)
_NAMES_DISCOUNT = frozenset((Part.WEAK_TOTAL, Part.TENDER, Part.FACT))


def other_ways(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the settled sheets of other readings in the fashion of the `usual` one, made when asked for."""
    for none in (header_amounts(usual), _sizes_in_names(usual)):
        if none:
            yield _without(none, usual, labelled)
    lettered = amounts_before_letters(usual.facts) if usual.decimals == USUAL_DECIMALS else None
    if lettered is not None:
        yield sheet_of(lettered, labelled, usual.decimals)
    yield from _named_by_known_words(usual, labelled)


def _without(lines: Container[int], usual: Sheet, labelled: Sequence[Labels]) -> Sheet:
    """Return the sheet on which the goods of these `lines` have no amount."""
    sheet = sheet_of(usual.facts, labelled, usual.decimals)
    for entry in sheet.entries:
        if entry.line in lines and entry.part in _GOODS:
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
        and not goods.facts.named
    )


def _named_by_known_words(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the sheet in which goods and discounts may be called by words that mean something else elsewhere.

    "LOT 3 BODIES 14.00" is goods in the column of the others, and "SOLDE -20% -2.00" above the total takes off.
    """
    last_total = max((entry.line for entry in usual.entries if entry.part is Part.TOTAL), default=-1)
    goods = [entry for entry in usual.entries if entry.part is Part.ITEM and entry.line < usual.first_total]
    edges = {edge_of(entry) for entry in goods}
    parts: dict[int, Part] = {}
    for at, entry in enumerate(usual.entries):
        if not goods or not goods[0].line < entry.line < last_total or entry.role is None:
            continue
        in_column = any(abs(edge_of(entry) - edge) <= EDGE_COLUMNS for edge in edges)
        if in_column and entry.part in _NAMES_DISCOUNT and entry.amount < 0:
            parts[at] = Part.MODIFICATION
        elif in_column and entry.part is Part.FACT and entry.facts.unknown > STRAY_LETTERS_MAX and entry.amount > 0:
            parts[at] = Part.ITEM
    if parts:
        renamed = sheet_of(usual.facts, labelled, usual.decimals)
        for at, part in parts.items():
            entry = renamed.entries[at]
            entry.part, entry.described = part, (entry.line,)
            if part is Part.MODIFICATION:
                entry.role = Role.DISCOUNT
        yield renamed
