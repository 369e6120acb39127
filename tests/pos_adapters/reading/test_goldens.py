"""Receipts of many tills in sixteen languages, whose truth the printing till told."""

import random
import re
from collections.abc import Iterator

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText
from retail.transaction import DocumentKind
from tests.pos_adapters.reading.layouts.documents import refused, returned

LANGUAGES = {"en", "ru", "uk", "kk", "de", "fr", "es", "it", "pt", "pl", "tr", "nl", "cs", "ja", "zh", "ko"}
MUTANTS_OF_A_LINE = 2


def test_the_goldens_are_as_many_and_as_various_as_promised(layouts, goldens):
    assert len(goldens) >= 120
    assert len(layouts) >= 30
    assert {golden.language for golden in goldens} == LANGUAGES
    assert 2 * sum(golden.chain for golden in goldens) >= len(goldens)


def test_every_golden_is_read_as_its_till_meant_it(goldens, tenders_of):
    wrong = []
    for golden in goldens:
        reading = read_text(ReceiptText(lines=golden.lines, codes=golden.codes))
        sale = reading.transaction
        if sale is None or reading.kind is not DocumentKind.SALE:
            wrong.append((golden.name, reading.parked))
        elif (sale.total.amount, sale.item_count, tenders_of(sale)) != (
            golden.total,
            golden.items,
            dict(golden.tenders),
        ):
            wrong.append((golden.name, str(sale.total), sale.item_count, tenders_of(sale)))
        elif golden.currency not in (None, sale.currency):
            wrong.append((golden.name, sale.currency))
    assert wrong == []


def test_documents_that_add_up_and_are_no_sales_never_become_sales():
    wrong = []
    for golden in refused():
        reading = read_text(ReceiptText(lines=golden.lines, codes=golden.codes))
        if reading.kind.value != golden.kind or (reading.transaction is not None and golden.kind != "void"):
            wrong.append((golden.name, reading.kind.value))
    assert wrong == []


def test_a_return_printed_with_positive_amounts_is_negative(tenders_of):
    wrong = []
    for golden in returned():
        reading = read_text(ReceiptText(lines=golden.lines, codes=golden.codes))
        given = reading.transaction
        if given is None or (reading.kind.value, given.total.amount, given.item_count) != (
            "return", golden.total, golden.items,
        ):  # fmt: skip
            wrong.append(golden.name)
        elif tenders_of(given) != dict(golden.tenders):
            wrong.append((golden.name, tenders_of(given)))
    assert wrong == []


def _mutants(lines: tuple[str, ...], rng: random.Random) -> Iterator[tuple[str, ...]]:
    """Drop, repeat and swap lines; change single digits."""
    for at, line in enumerate(lines):
        yield lines[:at] + lines[at + 1 :]
        yield lines[: at + 1] + lines[at:]
        places = [match.start() for match in re.finditer(r"\d", line)]
        for place in rng.sample(places, min(MUTANTS_OF_A_LINE, len(places))):
            digit = rng.choice([each for each in "0123456789" if each != line[place]])
            yield (*lines[:at], line[:place] + digit + line[place + 1 :], *lines[at + 1 :])
        if at:
            yield (*lines[: at - 1], line, lines[at - 1], *lines[at + 1 :])


def test_a_damaged_receipt_is_read_right_or_not_at_all(layouts, tenders_of):
    """Never a wrong total, item count, sign or tender; a tender may be unknown where its line is gone."""
    rng = random.Random(20240612)
    wrong = []
    for name, function in layouts.items():
        golden = function(rng.randrange(1000))
        for lines in _mutants(golden.lines, rng):
            reading = read_text(ReceiptText(lines=lines))
            sale = reading.transaction
            if sale is None:
                continue
            paid = tenders_of(sale)
            if (
                (sale.total.amount, sale.item_count, reading.kind.value) != (golden.total, golden.items, "sale")
                or (paid and set(paid) != {"other"} and paid != dict(golden.tenders))
                or not sale.adds_up()
            ):
                wrong.append((name, str(sale.total), sale.item_count, paid))
    assert wrong == []


def test_a_make_of_till_that_no_word_of_ours_was_written_for_is_parked_not_guessed(goldens):
    """Labels in no language: nothing is accepted."""
    for golden in goldens[::7]:
        lines = tuple(re.sub(r"[^\W\d_]+", lambda word: "q" * len(word.group()), line) for line in golden.lines)
        assert read_text(ReceiptText(lines=lines)).transaction is None, golden.name
