"""What tills print over documents that add up and are no sales, in sixteen languages: none becomes a sale.

`refusing_words.json`: by language the words a person knows from such documents; "unpaid" are those that a paid
receipt may carry too ("Order").
"""

import json
from pathlib import Path

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText

WORDS = json.loads((Path(__file__).parent / "refusing_words.json").read_text("utf-8"))
WIDTH = 32
PRICES = (1250, 430, 890)
PLACES = ("head", "foot", "stars")


def printed(language, *, phrase="", place="head", paid=False, thanks=True):
    told = WORDS[language]
    prices = PRICES if told["mark"] else [price * 100 for price in PRICES]

    def money(amount):
        return f"{amount // 100}{told['mark']}{amount % 100:02d}" if told["mark"] else f"{amount:,}"

    def row(words, amount):
        cells = sum(2 if ord(letter) >= 0x1100 else 1 for letter in words)
        return words + " " * max(1, WIDTH - cells - len(money(amount))) + money(amount)

    lines = ["          ACME", "        12 Main 5", f"   {phrase}" if place == "head" else "", "12.03.2024 14:31"]
    lines += [row(name, price) for name, price in zip(told["goods"], prices, strict=True)]
    lines.append(f"  2 x {money(prices[-1] // 2)}")  # with sums alone, strange words are too much
    lines.append(row(told["total"], sum(prices)))
    lines += [row(told["cash"], sum(prices))] if paid else []
    lines += [told["thanks"]] if thanks else []
    lines += [phrase] if place == "foot" else [f"*** {phrase} ***"] if place == "stars" else []
    return ReceiptText(lines=tuple(lines))


def sold(text):
    return read_text(text).transaction is not None


@pytest.mark.parametrize("language", sorted(WORDS))
def test_the_same_receipt_without_the_words_is_a_sale_once_it_is_paid(language):
    assert sold(printed(language, paid=True))


@pytest.mark.parametrize("language", sorted(WORDS))
def test_a_bill_that_only_says_thank_you_is_no_sale(language):
    reading = read_text(printed(language))
    assert (reading.transaction, reading.parked.reason.value) == (None, "incomplete")


@pytest.mark.parametrize("language", sorted(WORDS))
def test_no_document_with_refusing_words_becomes_a_sale_even_with_a_tender(language):
    """Wherever the words stand; a voided sale may become a transaction, but never a completed one."""
    wrong = []
    for at, phrase in enumerate(WORDS[language]["refusing"]):
        reading = read_text(printed(language, phrase=phrase, place=PLACES[at % 3], paid=at % 2 == 0))
        if reading.transaction is not None and reading.kind.value == "sale":
            wrong.append(phrase)
    assert wrong == []


@pytest.mark.parametrize("language", sorted(WORDS))
def test_words_of_order_and_kitchen_refuse_what_is_not_paid(language):
    phrases = WORDS[language]["unpaid"]
    assert [
        phrase for phrase in phrases for place in PLACES if sold(printed(language, phrase=phrase, place=place))
    ] == []


@pytest.mark.parametrize(
    "takes",
    ["VISA MASTERCARD AMEX", "Cash\nCard", "[ ] Cash\n[ ] Card\n[ ] Room", "CASH ONLY", "We accept Visa and Amex"],
)
def test_a_list_of_what_the_shop_takes_is_no_payment(takes):
    text = "BISTRO\nBurger   12.00\nCola   3.00\nTotal   15.00\n" + takes + "\nThank you"
    assert not sold(ReceiptText.of(text))


@pytest.mark.parametrize("tender", ["cash", "card"])
@pytest.mark.parametrize("amount", ["", "   0.00", "   ____", ":"])
def test_a_tender_without_an_amount_or_of_nothing_pays_nothing(tender, amount):
    """An order that is paid at the door says how it will be paid, too."""
    named = {"cash": "CASH", "card": "VISA DEBIT"}[tender]
    text = f"BISTRO\nBurger   12.00\nCola   3.00\nTotal   15.00\n{named}{amount}\nThank you"
    assert not sold(ReceiptText.of(text))


def test_a_card_named_beside_its_figures_or_its_slip_pays():
    text = "BISTRO\nBurger   12.00\nCola   3.00\nTotal   15.00\n"
    assert sold(ReceiptText.of(text + "VISA ************4242"))
    assert sold(ReceiptText.of(text + "VISA\nAuth code 004512\nAID: A0000000031010"))


def test_words_that_only_a_finished_sale_prints_complete_it():
    text = "ACME\nBread   2.00\nTea   3.00\nTotal   5.00\n"
    assert sold(ReceiptText.of(text + "Thank you for your purchase"))
    assert sold(ReceiptText.of(text + "Paid by Visa ending 4242"))
    assert not sold(ReceiptText.of(text + "Thank you for your visit"))


@pytest.mark.parametrize("paid", ["Pagado 0,00", "Pagado 5,00", "Pagado: 0", "Pendiente 12,00"])
def test_what_is_paid_only_in_part_is_not_completed(paid):
    assert not sold(ReceiptText.of(f"BAR PEPE\nVino   7,00\nTortilla   5,00\nTotal   12,00\n{paid}\nGracias"))
