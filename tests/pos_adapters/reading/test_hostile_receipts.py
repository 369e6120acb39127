"""Receipts and near-receipts that a hostile judge would choose: read right, or not taken at all."""

import re
from pathlib import Path

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText

HERE = Path(__file__).parent
BLOCK = re.compile(r"^=== (.+?) \|(.*)\n((?:(?!=== ).*\n)+)", re.MULTILINE)
BLOCKS = [
    block
    for name in (
        "hostile_receipts.txt",
        "strange_receipts.txt",
        "chain_receipts.txt",
        "fresh_receipts.txt",
        "judged_receipts.txt",
        "cluttered_receipts.txt",
        "unseen_receipts.txt",
        "ambiguous_receipts.txt",
    )
    for block in BLOCK.findall((HERE / name).read_text("utf-8"))
]


@pytest.mark.parametrize(("wanted", "text"), [(wanted, text) for _, wanted, text in BLOCKS], ids=[b[0] for b in BLOCKS])
def test_it_is_read_as_a_person_reads_it_or_not_taken(wanted, text, tenders_of):
    reading = read_text(ReceiptText.of(text))
    sale = reading.transaction
    found = f"#{reading.kind.value}" if wanted.strip().startswith("#") else ""
    if sale is not None:
        paid = " ".join(f"{kind}={amount}" for kind, amount in tenders_of(sale).items())
        found = f"{reading.kind.value} {sale.total.amount} {sale.item_count} {paid}".strip()
    assert found == wanted.strip()


def test_there_are_as_many_as_were_written():
    assert len(BLOCKS) >= 750
