"""Short receipts by hand, one a habit of tills (`habits_of_tills.txt`): kind, total, items as a person reads them."""

import re
from pathlib import Path

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText

TEXT = (Path(__file__).parent / "habits_of_tills.txt").read_text("utf-8")
RECEIPTS = re.findall(r"^=== (.+)\n((?:(?!=== ).*\n)+)", TEXT, re.MULTILINE)


def test_there_are_as_many_as_were_written():
    assert len(RECEIPTS) == 76


@pytest.mark.parametrize(("wanted", "text"), RECEIPTS)
def test_a_habit_of_tills_is_read_as_a_person_reads_it(wanted, text):
    reading = read_text(ReceiptText.of(text))
    sale = reading.transaction
    total, items = (str(sale.total), sale.item_count) if sale else (None, None)
    assert f"{reading.kind.value} {total} {items}" == wanted
