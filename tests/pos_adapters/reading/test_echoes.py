"""Totals and change under words that nobody knows: taken where amounts that are known say the same, else not."""

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText

GOODS = "SHOP\nMilk   1.20\nBread  2.00\n"


def total_of(text):
    sale = read_text(ReceiptText.of(text)).transaction
    return None if sale is None else (str(sale.total.amount), sale.item_count)


def test_an_amount_that_a_known_total_below_says_again_is_the_total_and_no_goods():
    assert total_of(GOODS + "Xyzzy plugh  3.20\nTotal  3.20\nCash  3.20\n") == ("3.20", 2)
    assert total_of(GOODS + "Xyzzy plugh  3.20\nCash  3.20\nA 7%  0.21  2.99  3.20\nTotal  3.20\n") == ("3.20", 2)


@pytest.mark.parametrize(
    "text",
    [
        GOODS + "Xyzzy plugh  3.20\nJam  3.00\nTotal  3.20\nCash  3.20\n",  # other goods between
        "SHOP\nMilk  1.20\nXyzzy plugh  1.20\nTotal  1.20\nCash  1.20\n",  # one item costs as much as itself
        GOODS + "Xyzzy plugh  3.20\nTotal  3.20\nCash  6.40\n",  # paid for both
        GOODS + "Xyzzy plugh  3.20\nCash  3.20\n",  # no total is known
    ],
)
def test_without_that_it_is_not_taken(text):
    assert total_of(text) is None


def test_a_total_beside_unknown_words_is_one_where_goods_and_payment_say_the_same():
    assert total_of(GOODS + "Total xyzzyplugh  3.20\nCash  5.00\nChange  1.80\n") == ("3.20", 2)
    assert total_of(GOODS + "Total xyzzyplugh  3.20\nCash  6.40\n") != ("3.20", 2)
    assert total_of(GOODS + "Total xyzzyplugh  3.20\n") is None


def test_goods_that_cost_as_much_as_all_others_are_goods():
    assert total_of(GOODS + "Jam  3.20\nTotal  6.40\nCash  6.40\n") == ("6.40", 3)


def test_what_was_handed_over_too_much_came_back_whatever_it_is_called():
    text = GOODS + "Total  3.20\nCash  5.00\nXyzzy plugh  1.80\n"
    sale = read_text(ReceiptText.of(text)).transaction
    assert [str(line.amount) for line in sale.line_items if line.amount.amount < 0] == ["-1.80"]
    assert total_of(text.replace("1.80", "1.70")) is None
