"""Other ways to read a document whose sums do not hold: amounts that are none, and figures that are amounts after all.

Contract: pure. Each way is a whole sheet of its own, which counts only where its sums hold.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import pairwise
from typing import Final

from pos_adapters.reading.entries import sheet_of
from pos_adapters.reading.labels import Labels
from pos_adapters.reading.places import header_amounts
from pos_adapters.reading.quantities import USUAL_DECIMALS
from pos_adapters.reading.sheet import Part, Sheet
from pos_adapters.reading.tax_letters import amounts_before_letters

_GOODS: Final = (Part.ITEM, Part.IMPLICIT)


def other_ways(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the settled sheets of other readings in the fashion of the `usual` one, made when asked for."""
    for none in (header_amounts(usual), _sizes_in_names(usual)):
        if none:
            yield _without(none, usual, labelled)
    lettered = amounts_before_letters(usual.facts) if usual.decimals == USUAL_DECIMALS else None
    if lettered is not None:
        yield sheet_of(lettered, labelled, usual.decimals)


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
