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
from pos_adapters.reading.sheet import STRAY_LETTERS_MAX, Entry, Part, Sheet
from pos_adapters.reading.tax_letters import amounts_before_letters

_GOODS: Final = (Part.ITEM, Part.IMPLICIT)
_NO_AMOUNTS: Final = (*_GOODS, Part.MODIFICATION)
_NAMES_DISCOUNT: Final = frozenset((Part.WEAK_TOTAL, Part.TENDER, Part.FACT))
_COUNTED: Final = frozenset((Role.COUNT, Role.PRICE_INFO))


def other_ways(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the settled sheets of other readings in the fashion of the `usual` one, made when asked for."""
    header, sizes = header_amounts(usual), _sizes_in_names(usual)
    for none in (header, sizes, header | sizes if header and sizes else frozenset[int]()):
        if none:
            yield _without(none, usual, labelled)
    lettered = amounts_before_letters(usual.facts) if usual.decimals == USUAL_DECIMALS else None
    if lettered is not None:
        yield sheet_of(lettered, labelled, usual.decimals)
    yield from _named_by_known_words(usual, labelled, none=header | sizes)


def _without(lines: Container[int], usual: Sheet, labelled: Sequence[Labels]) -> Sheet:
    """Return the sheet on which the goods of these `lines` have no amount."""
    sheet = sheet_of(usual.facts, labelled, usual.decimals)
    for entry in sheet.entries:
        if entry.line in lines and entry.part in _NO_AMOUNTS:
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


def _named_by_known_words(usual: Sheet, labelled: Sequence[Labels], *, none: frozenset[int]) -> Iterator[Sheet]:
    """Yield the sheet in which goods and discounts may be called by words that mean something else elsewhere.

    "LOT 3 BODIES 14.00" is goods in the column of the others, and "SOLDE -20% -2.00" above the total takes off.
    """
    last_total = max((entry.line for entry in usual.entries if entry.part is Part.TOTAL), default=-1)
    goods = [entry for entry in usual.entries if entry.part is Part.ITEM and entry.line < usual.first_total]
    edges = {edge_of(entry) for entry in goods if entry.line not in none}
    parts: dict[int, Part] = {}
    for at, entry in enumerate(usual.entries):
        inside = goods and goods[0].line < entry.line < last_total and entry.role is not None
        if not inside or not any(abs(edge_of(entry) - edge) <= EDGE_COLUMNS for edge in edges):
            continue
        if entry.amount < 0:
            if entry.part in _NAMES_DISCOUNT:
                parts[at] = Part.MODIFICATION
        elif entry.line < usual.first_total and (
            (entry.part is Part.FACT and entry.facts.unknown > STRAY_LETTERS_MAX)
            or (entry.part is Part.INFO and entry.role in _COUNTED and _ends_name(usual, entry))
        ):
            parts[at] = Part.ITEM
    if not parts:
        return
    renamed = _without(none, usual, labelled)
    for at, part in parts.items():
        entry = renamed.entries[at]
        entry.part, entry.described = part, (entry.line,)
        if part is Part.MODIFICATION:
            entry.role = Role.DISCOUNT
    yield renamed


def _ends_name(sheet: Sheet, entry: Entry) -> bool:
    """Whether a bare name above goes on before the amount: "TOOTHBRUSHES MEDIUM", "  2 PIECES  2.99"."""
    above = sheet.facts[entry.line - 1]
    return above.named and not above.rule and not above.numbers and sheet.labels[entry.line - 1] is None
