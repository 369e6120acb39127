"""Other ways to read a document whose sums do not hold: amounts that are none, and figures that are amounts after all.

Contract: pure. Each way is a whole sheet of its own, which counts only where its sums hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pos_adapters.reading.entries import sheet_of
from pos_adapters.reading.labels import Labels
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.places import leave_out_header
from pos_adapters.reading.quantities import USUAL_DECIMALS
from pos_adapters.reading.sheet import Sheet
from pos_adapters.reading.tax_letters import amounts_before_letters


def other_ways(lines: Sequence[LineFacts], labelled: Sequence[Labels], decimals: int) -> Iterator[Sheet]:
    """Yield the settled sheets of other readings in the fashion of `decimals` decimals, made when asked for."""
    headless = sheet_of(lines, labelled, decimals)
    if leave_out_header(headless):
        yield headless
    lettered = amounts_before_letters(lines) if decimals == USUAL_DECIMALS else None
    if lettered is not None:
        yield sheet_of(lettered, labelled, decimals)
