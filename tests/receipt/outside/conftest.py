"""The goldens of all layouts, encoded once by every print library."""

import importlib

import pytest

from tests.receipt.outside.encoders import (
    DOUBLE_BYTE,
    Dialect,
    by_python_escpos,
    by_receipt_printer_encoder,
    by_receiptline,
)

LAYOUT_MODULES = ("asian", "english", "german", "others", "polish_and_czech", "romance", "slavic")
SEEDS = (11, 12)


@pytest.fixture(scope="session")
def printed():
    """Two receipts of every layout that nobody has looked at before, with the truth of their till."""
    package = "tests.pos_adapters.reading.layouts"
    for name in LAYOUT_MODULES:
        importlib.import_module(f"{package}.{name}")
    layouts = importlib.import_module(f"{package}.base").LAYOUTS
    return [function(seed) for function in layouts.values() for seed in SEEDS]


@pytest.fixture(scope="session")
def by_alphabet(printed):
    return [golden for golden in printed if golden.language not in DOUBLE_BYTE]


@pytest.fixture(scope="session")
def python_escpos_jobs(by_alphabet):
    return by_python_escpos(by_alphabet)


@pytest.fixture(scope="session")
def npm_jobs(printed, by_alphabet):
    """Jobs of receiptline in five command sets and two ways of writing, and of receipt-printer-encoder in three."""
    jobs = [job for dialect in Dialect for job in by_receiptline(printed, dialect)]
    for language in ("esc-pos", "star-prnt", "star-line"):
        jobs += by_receipt_printer_encoder(by_alphabet, language)
    return jobs


@pytest.fixture(scope="session")
def gapped_jobs(printed, by_alphabet):
    """Jobs of libraries that lack letters of the receipt and print `?` for them."""
    return by_python_escpos(by_alphabet, gapped=True) + by_receiptline(printed, Dialect.ESCPOS, gapped=True)
