"""Lines that are printed again with other amounts become what they would have become without any memory of them."""

from __future__ import annotations

import pytest

from pos_adapters.reading.gathered import Gathered
from pos_adapters.reading.line_entries import entries_of
from pos_adapters.reading.lines import standard_reader
from pos_adapters.reading.sheet import Entry

SEEN = (
    "TOTAL          12.34",
    "CASH           20.00",
    "CHANGE          7.66",
    "Discount        1.00",
    "Till 3 Receipt 1001",
)
AGAIN = (
    "TOTAL          56.78",
    "CASH           60.00",
    "CHANGE          3.22",
    "Discount        0.00",
    "Till 3 Receipt 2002",
)


@pytest.mark.parametrize("line", range(len(SEEN)))
def test_a_line_of_known_shape_becomes_what_its_own_words_make_of_it(line: int) -> None:
    gathered = Gathered(standard_reader(), None)
    gathered.take((SEEN[line],))
    gathered.take((AGAIN[line],))
    label, labels = gathered.labelled[1]
    alone = entries_of(gathered.usual, 1, label, labels=labels)
    assert [_said(entry) for entry in gathered.usual.entries if entry.line == 1] == [_said(entry) for entry in alone]


def _said(entry: Entry) -> tuple[object, ...]:
    return entry.part, entry.amount, entry.role, entry.label, entry.tender, entry.quantity, entry.price, entry.described
