"""Documents that refuse a sale, torn and shuffled: as long as one line that refuses is left, none becomes a sale.

Printers run out of paper, tills reprint halves, captures lack lines. Of a document only one line that names its kind
is kept for certain; all others may be missing, moved, doubled or cut short.
"""

import random
from collections.abc import Iterator, Sequence

import pytest

from pos_adapters.reading.lines import standard_reader
from pos_adapters.reading.reader import document_of, read_text
from pos_adapters.reading.values import ReceiptText, StoreFacts
from retail.transaction import DocumentKind
from tests.pos_adapters.reading.layouts.base import Golden
from tests.pos_adapters.reading.layouts.documents import refused

REFUSED = [golden for golden in refused() if golden.kind not in ("void", "return")]
LONG = 12  # times each way to spoil a document, in the long tier


def naming_lines(text: ReceiptText) -> set[int]:
    """Where the words stand that name the kind."""
    reading = document_of(text, StoreFacts(), standard_reader())
    reading.read()
    return {naming.line for naming in reading.named}


def spoilt(lines: Sequence[str], kept: int, rng: random.Random) -> Iterator[list[str]]:
    """Yield a document without some lines, in another order, cut at either end, with lines doubled and cut short."""
    places = range(len(lines))
    others = [at for at in places if at != kept]
    gone = set(rng.sample(others, k=rng.randint(1, max(1, len(others) // 2))))
    yield [lines[at] for at in places if at not in gone]
    order = list(others)
    rng.shuffle(order)
    moved = iter(order)
    yield [lines[at] if at == kept else lines[next(moved)] for at in places]
    yield list(lines[rng.randint(0, kept) : rng.randint(kept, len(lines)) + 1])
    doubled, short = rng.choice(others), rng.choice(others)
    yield [*lines[: doubled + 1], *lines[doubled:]]
    yield [line[: len(line) // 2] if at == short else line for at, line in enumerate(lines)]


def sales_among(golden: Golden, *, times: int) -> list[str]:
    """Return the spoilt forms of a document that are taken for sales; of the lines that name its kind one is left."""
    named = naming_lines(ReceiptText(lines=golden.lines, codes=golden.codes))
    rng = random.Random(golden.name)
    sold = []
    for kept in sorted(named):
        lines = [line for at, line in enumerate(golden.lines) if at == kept or at not in named]
        place = kept - sum(at < kept for at in named)
        for _ in range(times):
            for variant in spoilt(lines, place, rng):
                reading = read_text(ReceiptText(lines=tuple(variant)))
                if reading.transaction is not None and reading.kind is DocumentKind.SALE:
                    sold.append("\n".join(variant))
    return sold


@pytest.mark.parametrize("golden", REFUSED, ids=lambda golden: golden.name)
def test_no_part_of_it_that_still_names_its_kind_becomes_a_sale(golden):
    assert sales_among(golden, times=1) == []


@pytest.mark.slow
@pytest.mark.parametrize("golden", REFUSED, ids=lambda golden: golden.name)
def test_however_often_it_is_spoilt(golden):
    assert sales_among(golden, times=LONG) == []


@pytest.mark.parametrize("golden", [each for each in REFUSED if each.kind == "report"], ids=lambda golden: golden.name)
def test_no_report_becomes_a_sale_without_any_one_of_its_lines(golden):
    for gone in range(len(golden.lines)):
        left = [line for at, line in enumerate(golden.lines) if at != gone]
        assert read_text(ReceiptText(lines=tuple(left))).kind is not DocumentKind.SALE, golden.lines[gone]
