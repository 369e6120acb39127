"""Receipts with `?` for letters that a till or its library lacks: read as they were meant, or parked, never wrongly."""

import importlib
from collections import Counter

import pytest

from pos_adapters.reading.gaps import GapIndex, has_gaps, is_legible, may_be
from pos_adapters.reading.lines import standard_reader
from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText
from retail.line_items import TenderLineItem
from tests.pos_adapters.reading.layouts.base import LAYOUTS, Golden
from tests.pos_adapters.reading.layouts.documents import refused, returned

SEEDS = (0, 1)
LANGUAGES = ("kk", "tr", "pl", "cs", "uk", "ru", "de", "fr", "es", "pt")
POOR_PAGES = ("ascii", "cp437", "cp1251", "cp866")  # each lacks some letters of most languages


def goldens(language: str) -> list[Golden]:
    for name in ("english", "german", "others", "polish_and_czech", "romance", "slavic"):
        importlib.import_module(f"tests.pos_adapters.reading.layouts.{name}")
    everything = [*(function(seed) for function in LAYOUTS.values() for seed in SEEDS), *refused(), *returned()]
    return [golden for golden in everything if golden.language == language]


def gapped(line: str, page: str, *, by_byte: bool) -> str:
    """Return a line as a library without its letters prints it: a `?` for each, or for each of its bytes in UTF-8."""
    return "".join(
        letter if letter.encode(page, "ignore") else "?" * (len(letter.encode()) if by_byte else 1) for letter in line
    )


def is_right(golden: Golden, reading) -> bool:
    sale, tenders = reading.transaction, Counter()
    for line in sale.line_items:
        if isinstance(line, TenderLineItem):
            tenders[line.tender_type.value] += line.amount.amount
    return (reading.kind.value, sale.total.amount, sale.item_count, dict(tenders)) == (
        golden.kind,
        golden.total,
        golden.items,
        dict(golden.tenders),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt_with_missing_letters_is_never_read_wrongly(language):
    wrong = []
    for golden in goldens(language):
        for page in POOR_PAGES:
            for by_byte in (False, True):
                lines = tuple(gapped(line, page, by_byte=by_byte) for line in golden.lines)
                reading = read_text(ReceiptText(lines=lines, codes=(), images=False))
                if reading.transaction is not None and not is_right(golden, reading):
                    wrong.append((golden.name, page, reading.proof))
    assert wrong == []


def test_a_kazakh_total_with_missing_letters_is_the_total_and_no_item():
    goods = (("Наурыз", 1, 1200), ("Плов", 2, 1500), ("Лагман", 1, 1260))
    lines = ("   «Дастархан» кафес?", "Атауы           Саны  Ба?асы  Сомасы")
    lines += tuple(f"{name:16}{count:4}{price:8}{count * price:8}" for name, count, price in goods)
    lines += ("Барлы?ы т?леуге:             5 460 ?", "Kaspi QR                     5 460 ?")
    reading = read_text(ReceiptText(lines=lines, codes=(), images=False))
    assert reading.transaction is not None
    assert (reading.transaction.total.amount, reading.transaction.item_count) == (5460, 3)


@pytest.mark.parametrize(
    ("printed", "kind"),
    [("?KOLEN?", "training"), ("??KOLEN??", "training"), ("*** КОП?Я ***", "copy"), ("F?? ?PTAL", "void")],
)
def test_a_refusing_word_with_missing_letters_refuses(printed, kind):
    facts = standard_reader().read(printed)
    assert kind in {sense.kind.value for hit in facts.hits for sense in hit.senses if sense.kind is not None}


def test_a_byte_that_means_no_letter_is_a_gap_too():
    facts = standard_reader().read("Барлы\ufffdы т\ufffdлеуге: 5 460")
    assert any(sense.role.value == "total" for hit in facts.hits for sense in hit.senses)


def test_too_few_letters_name_nothing():
    assert not is_legible("s?t")
    hits = standard_reader().read("S?T 1L             48,82").hits
    assert all(hit.letters == len("L") for hit in hits)


def test_gaps_stand_for_one_letter_each_or_for_one_in_two_bytes():
    index = GapIndex(["барлыгы", "total", "skoleni*"])
    assert index.matching("барлы?ы") == ["барлыгы"]
    assert index.matching("барлы??ы") == ["барлыгы"]
    assert index.matching("?kolen?ch") == ["skoleni*"]
    assert index.matching("tot??l?") == ["total"]
    assert index.matching("????") == []
    assert may_be("uhrade", "?hrad?")
    assert not may_be("uhrade", "?hrada")


@pytest.mark.parametrize(("text", "expected"), [("Have you a card?", False), ("т?леуге", True), ("5 460 ?", False)])
def test_a_question_mark_at_the_end_of_words_is_no_gap(text, expected):
    assert has_gaps(text) is expected
