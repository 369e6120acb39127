"""Real print jobs and print libraries' jobs: what a person reads in them, against what we read."""

import json
from pathlib import Path

import pytest

from pos_adapters.reading.reader import read_paper
from receipt.document import PaperReader

EXPECTED = json.loads((Path(__file__).parent / "corpus_expectations.json").read_text("utf-8"))


def papers_of(file):
    reader = PaperReader()
    return [*reader.feed(file.read_bytes()), *reader.close()]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_job_is_read_as_a_person_reads_it(corpus, name):
    wanted = EXPECTED[name]
    found = []
    for paper in papers_of(corpus / "print_jobs" / name):
        reading = read_paper(paper)
        sale = reading.transaction
        found.append(
            {
                "kind": reading.kind.value,
                "total": str(sale.total) if sale else None,
                "items": sale.item_count if sale else None,
                "parked": reading.parked.reason.value if reading.parked else None,
            }
        )
    assert wanted in found


def test_receipts_read_alike_from_every_command_language(corpus):
    folder = corpus / "print_jobs" / "receiptline"
    for pattern, total in (("en_receipt.*.bin", "185.80"), ("ja_receipt.*.bin", "18580")):
        files = sorted(folder.glob(pattern))
        assert len(files) > 4
        for file in files:
            sales = [reading.transaction for paper in papers_of(file) if (reading := read_paper(paper)).transaction]
            assert [(str(sale.total), sale.item_count) for sale in sales] == [(total, 2)], file.name


def test_nothing_but_sales_becomes_a_sale(corpus):
    """Kitchen tickets, card slips and the print libraries' feature pages: none has a transaction."""
    sold = {
        file.name
        for file in (corpus / "print_jobs").rglob("*.bin")
        for paper in papers_of(file)
        if read_paper(paper).transaction is not None
    }
    assert sold
    assert not [name for name in sold if "receipt" not in name and "korean" not in name and "malaysia" not in name]
