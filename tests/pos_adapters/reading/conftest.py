"""The goldens of all layouts, printed once."""

import importlib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from retail.line_items import TenderLineItem
from retail.transaction import RetailTransaction

LAYOUT_MODULES = ("asian", "english", "german", "others", "polish_and_czech", "romance", "slavic")


@pytest.fixture(scope="session")
def layouts():
    package = "tests.pos_adapters.reading.layouts"
    for name in LAYOUT_MODULES:
        importlib.import_module(f"{package}.{name}")
    return dict(importlib.import_module(f"{package}.base").LAYOUTS)


@pytest.fixture(scope="session")
def goldens(layouts):
    """Four receipts of every layout."""
    return [function(seed) for function in layouts.values() for seed in range(4)]


def tenders_of(transaction: RetailTransaction) -> dict[str, Decimal]:
    """Return what was paid, net by kind."""
    net: Counter[str] = Counter()
    for line in transaction.line_items:
        if isinstance(line, TenderLineItem):
            net[line.tender_type.value] += line.amount.amount
    return dict(net)


@pytest.fixture(name="tenders_of")
def tenders_of_fixture():
    return tenders_of


@pytest.fixture(scope="session")
def captures() -> Path:
    return Path(__file__).parent
