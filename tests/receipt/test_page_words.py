"""A receipt with one or two letters beyond ASCII is read by the page that makes words of it, whatever was declared."""

import pytest

from receipt.code_pages import Encoding
from receipt.page_repair import PageRepair
from receipt.page_words import known_words
from receipt.printers import DEFAULT_MODEL, printer_model

FEW_LETTERS = {
    "cp852": ("ul. Długa 5", "KAWA BIAŁA 4,50", "DĚKUJEME"),
    "cp1250": ("GOTÓWKA 10,00", "SPRZEDAŻ OPODATKOWANA A"),
    "cp1252": ("CAÑA 2,00", "KÖLN", "PEQUEÑO", "¡Gracias!"),
    "cp857": ("FİŞ NO 12",),
    "cp1254": ("Alışveriş",),
    "cp860": ("PÃO 1,20", "AÇÚCAR"),
    "cp850": ("Nº 12",),
}


def settled(text: str, written: str, declared: str) -> str:
    repair = PageRepair(printer_model(DEFAULT_MODEL))
    encoding = Encoding(codec=declared, international=0, double_byte=None, twice=False)
    repair.note(text.encode(written), encoding)
    repair.settle()
    return repair.settled(encoding).decode(text.encode(written))


@pytest.mark.parametrize("declared", ["cp437", "cp850"])
def test_words_tell_the_page_of_a_receipt_with_few_accents(declared):
    wrong = {
        text: read
        for written, texts in FEW_LETTERS.items()
        for text in texts
        if (read := settled(text, written, declared)) != text
    }
    assert not wrong


def test_a_page_declared_rightly_keeps_its_word():
    for written, texts in FEW_LETTERS.items():
        for text in texts:
            assert settled(text, written, written) == text


def test_words_are_known_in_capitals_and_by_letters_beyond_ascii_only():
    assert known_words("FİŞ NO, Długa, Dêuga, total") == (2, 3)


def test_who_declares_many_pages_prints_samples_and_is_taken_at_their_word():
    """The proof slip prints a few letters of every page of a printer."""
    repair = PageRepair(printer_model(DEFAULT_MODEL))
    for codec in ("cp437", "cp850", "cp852", "cp857", "cp861", "cp862", "cp863", "cp864", "cp866"):
        repair.note(b"\xbf\xb4\xc8", Encoding(codec=codec, international=0, double_byte=None, twice=False))
    assert repair.settle() == frozenset()
