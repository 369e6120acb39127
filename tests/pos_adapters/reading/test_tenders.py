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
