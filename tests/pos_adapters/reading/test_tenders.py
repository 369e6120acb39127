"""Tenders above the total and tenders in another country's money: read where the sums prove them, else parked."""

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText

GOODS = "BAR\nTea     4.00\nCake    6.00\n"


def paid(text, tenders_of):
    sale = read_text(ReceiptText.of(text)).transaction
    return None if sale is None else {kind: str(amount) for kind, amount in tenders_of(sale).items()}


def test_a_tender_above_the_total_pays_it(tenders_of):
    text = GOODS + "Visa   10.00\nSubtotal  10.00\nTotal  10.00\nChange Due  0.00\n"
    assert paid(text, tenders_of) == {"credit": "10.00"}


@pytest.mark.parametrize(
    "text",
    [
        GOODS + "Visa    8.00\nTotal  10.00\n",  # pays only a part
        GOODS + "Gift card  10.00\nTotal  20.00\n",  # sold, and nothing says how it was paid
        GOODS + "Visa   10.00\nTotal  10.00\nCash  10.00\n",  # two payments for one total
    ],
)
def test_a_tender_above_that_does_not_settle_it_parks_the_sale(text, tenders_of):
    assert paid(text, tenders_of) is None


def test_a_gift_card_that_is_sold_is_goods(tenders_of):
    text = GOODS + "Gift card  10.00\nTotal  20.00\nCash  20.00\n"
    assert paid(text, tenders_of) == {"cash": "20.00"}


@pytest.mark.parametrize(
    "told",
    [
        "Cash USD  20.00\nRate 0.9200   18.40\nChange EUR  8.40\n",
        "Cash USD  20.00\nExchange rate 1.0870\nEUR  18.40\nChange EUR  8.40\n",
        "Cash USD  20.00\nRate 0.9200\nChange EUR  8.40\n",
    ],
)
def test_money_of_another_country_counts_as_much_as_its_rate_makes_of_it(told, tenders_of):
    assert paid(GOODS + "Total EUR  10.00\n" + told, tenders_of) == {"cash": "10.00"}


@pytest.mark.parametrize(
    "told",
    [
        "Cash USD  20.00\nRate 0.9200   19.40\nChange EUR  8.40\n",  # the rate makes another amount
        "Cash USD  20.00\nRate 0.9200\nChange EUR  9.40\n",  # the change asks for another one
        "Cash EUR  20.00\nRate 0.9200   18.40\nChange EUR  8.40\n",  # the shop's own money
    ],
)
def test_where_rate_and_change_do_not_fit_nothing_is_taken(told, tenders_of):
    assert paid(GOODS + "Total EUR  10.00\n" + told, tenders_of) is None


@pytest.mark.parametrize(
    ("paid_with", "slip"),
    [
        ("Visa", "VISA DEBIT"), ("Card payment", "Debit Mastercard"), ("Card", "App: Visa Debit"),
        ("Contactless", "AID: A0000000031010 VISA DEBIT"), ("Bank card", "Preferred name: VISA DEBIT"),
    ],
)  # fmt: skip
def test_a_card_is_of_debit_where_its_slip_says_so(paid_with, slip, tenders_of):
    text = GOODS + f"Total  10.00\n{paid_with}  10.00\n{slip}\n************1234\n"
    assert paid(text, tenders_of) == {"debit": "10.00"}


@pytest.mark.parametrize(
    ("paid_with", "slip"),
    [
        ("Visa", "Debit Mastercard"),  # another card
        ("Credit card", "VISA DEBIT"),  # the till says of credit
        ("Card payment", "VISA CREDIT"),
        ("Card payment", "We gladly accept Visa Debit and cheques"),
        ("Card payment", "Visa Debit or Debit Mastercard"),
    ],
)
def test_a_card_is_of_credit_where_its_slip_says_nothing_else_of_it(paid_with, slip, tenders_of):
    assert paid(GOODS + f"Total  10.00\n{paid_with}  10.00\n{slip}\n", tenders_of) == {"credit": "10.00"}


def test_a_till_that_counts_no_voided_goods_voids_nothing(tenders_of):
    assert paid(GOODS + "Voided  0.00\nTotal  10.00\nCash  10.00\n", tenders_of) == {"cash": "10.00"}


def test_what_a_card_holds_is_told_below_what_it_paid(tenders_of):
    text = "BAR\nTe     4,00\nTarta  6,00\nTOTAL A PAGAR  10,00\nTARJETA REGALO  10,00\nSALDO TARJETA REGALO: 12,40\nGRACIAS\n"
    assert paid(text, tenders_of) == {"stored_value": "10.00"}


def test_a_question_for_what_a_card_holds_is_no_sale(tenders_of):
    text = "BAR\nSALDO TARJETA REGALO\nTarjeta  12,40\nTOTAL  12,40\nTARJETA REGALO  12,40\nGRACIAS\n"
    assert paid(text, tenders_of) is None
