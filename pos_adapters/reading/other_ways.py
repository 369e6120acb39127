"""Other ways to read a document whose sums do not hold: amounts that are none, and figures that are amounts after all.

Contract: pure. Each way is a whole sheet of its own, which counts only where its sums hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pos_adapters.reading.entries import sheet_of
from pos_adapters.reading.labels import Labels
from pos_adapters.reading.places import header_amounts
from pos_adapters.reading.quantities import USUAL_DECIMALS
from pos_adapters.reading.sheet import Part, Sheet
from pos_adapters.reading.tax_letters import amounts_before_letters


def other_ways(usual: Sheet, labelled: Sequence[Labels]) -> Iterator[Sheet]:
    """Yield the settled sheets of other readings in the fashion of the `usual` one, made when asked for."""
    header = header_amounts(usual)
    if header:
        headless = sheet_of(usual.facts, labelled, usual.decimals)
        for entry in headless.entries:
            if entry.line in header and entry.part is Part.ITEM:
                entry.part = Part.DETAIL
        yield headless
    lettered = amounts_before_letters(usual.facts) if usual.decimals == USUAL_DECIMALS else None
    if lettered is not None:
        yield sheet_of(lettered, labelled, usual.decimals)
