"""Lines that say in unheard-of words that a document is no sale, and what shops say of themselves, in sixteen languages.

`doubtful_lines.json`: by language lines that were written down before the words of `doubts.toml` were chosen. A paid
receipt with a doubtful one, wherever it stands, never becomes a sale; with a harmless one it stays one.
"""

import json
from pathlib import Path

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText

HERE = Path(__file__).parent
LINES = json.loads((HERE / "doubtful_lines.json").read_text("utf-8"))
WORDS = json.loads((HERE / "refusing_words.json").read_text("utf-8"))
WIDTH = 36
PRICES = (1250, 430, 890)


def paid_receipt(language, *, top=(), between=(), foot=()):
    told = WORDS[language]
    scale = 1 if told["mark"] else 100

    def money(amount):
        return f"{amount // 100}{told['mark']}{amount % 100:02d}" if told["mark"] else f"{amount * scale:,}"

    def row(words, amount):
        cells = sum(2 if ord(letter) >= 0x1100 else 1 for letter in words)
        return words + " " * max(1, WIDTH - cells - len(money(amount))) + money(amount)

    goods = [row(name, price) for name, price in zip(told["goods"], PRICES, strict=True)]
    goods.append(f"  2 x {money(PRICES[-1] // 2)}")  # with sums alone, strange words are too much
    total = sum(PRICES)
    return ReceiptText(
        lines=(
            "          ACME", "12.03.2024 14:31", *top, *goods, *between,
            row(told["total"], total), row(told["cash"], total), told["thanks"], *foot,
        )
    )  # fmt: skip


def sold(text):
    return read_text(text).kind.value == "sale" and read_text(text).transaction is not None


@pytest.mark.parametrize("language", sorted(LINES))
def test_a_paid_receipt_beside_a_line_in_doubt_is_not_taken(language):
    taken = [
        (place, line)
        for line in LINES[language]["doubtful"]
        for place in ("top", "between", "foot")
        if sold(paid_receipt(language, **{place: (line,)}))
    ]
    assert taken == []


@pytest.mark.parametrize("language", sorted(LINES))
def test_what_a_shop_says_of_itself_refuses_no_sale(language):
    refused = [
        (place, line)
        for line in LINES[language]["harmless"]
        for place in ("top", "foot")
        if not sold(paid_receipt(language, **{place: (line,)}))
    ]
    assert refused == []


@pytest.mark.parametrize("place", ["top", "between"])
def test_words_that_nobody_knows_are_doubtful_only_where_no_slogan_stands(place):
    assert not sold(paid_receipt("en", **{place: ("Zorblat murkly fendo",)}))
    assert sold(paid_receipt("en", foot=("Zorblat murkly fendo",)))


@pytest.mark.parametrize("place", ["top", "foot"])
def test_of_a_sentence_one_word_raises_no_doubt(place):
    assert sold(paid_receipt("en", **{place: ("Rehearse your murkly fendo with zorblat.",)}))
    assert sold(paid_receipt("en", foot=("Murkly zorblat ask for", "fendo rehearsed")))


@pytest.mark.parametrize(
    "sentence",
    [
        "REHEARSED FENDO.",
        "Rehearsed fendo",
        "Rehearse your fendo.",
        "This transaction was all but rehearsed by fendo.",
        "This is no receipt.",
        "nothing was paid.",
    ],
)
def test_a_title_in_capitals_and_a_sentence_that_denies_a_sale_raise_a_doubt(sentence):
    assert not sold(paid_receipt("en", foot=(sentence,)))


def test_unknown_words_among_stars_are_doubtful_everywhere():
    assert not sold(paid_receipt("en", foot=("*** ZORBLAT ***",)))
    assert sold(paid_receipt("en", foot=("* * * * * * * *", "************1234")))


@pytest.mark.parametrize(
    "line", ["GROCERY", "PRODUCT: UNLEADED", "SIDE1 ORDER 46", "www.zorblat.example", "-50% ZORBLAT"]
)
def test_facts_groups_addresses_and_offers_stand_above_goods(line):
    assert sold(paid_receipt("en", top=(line,)))


@pytest.mark.parametrize(
    ("language", "title", "sentence"),
    [
        ("en", "WINDOW CLEANER DOCKET", "Ask at the desk for your free window cleaner docket"),
        ("de", "BLUMENSCHEIN", "Mehr Blumen gibt es mit dem neuen Blumenschein"),
        ("nl", "KLEURENSTROOK", "Kijk voor alle kleuren op onze nieuwe kleurenstrook"),
        ("fr", "FICHE COULEURS", "Fiche couleurs offerte aux clients de la maison"),
        ("es", "ARQUEO SEGUNDO", "Arqueo y flecha son deportes para toda la familia"),
    ],
)
def test_a_paper_that_names_itself_shortly_is_doubtful_and_a_sentence_is_not(language, title, sentence):
    assert not sold(paid_receipt(language, foot=(title,)))
    assert sold(paid_receipt(language, foot=(sentence,)))
