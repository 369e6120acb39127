"""Papers on which nothing but their sums speaks of a sale: a heading that nobody explained is then too much."""

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText

HEADING = "ZORBLAT FENDO"  # in no file of words, as the next till's heading is


def sold(*, head=(), goods=("Murkly  12.00", "Trellow  3.50"), below=(), paid=("CASH  15.50",), foot=()):
    lines = ("HARBOUR SHED", *head, "13.11.2026 12:10", *goods, *below, "TOTAL  15.50", *paid, *foot)
    reading = read_text(ReceiptText(lines=lines))
    assert reading.transaction is not None or reading.parked is not None
    return reading.transaction is not None


def test_a_paper_of_sums_alone_is_a_sale_under_the_shops_name_and_address():
    assert sold()
    assert sold(head=("Zorblat Fendo", "12 High Street", "Tel 0113 496 0101"))


@pytest.mark.parametrize("above", [(), ("12 High Street", "Leeds LS1 4AP"), ("VAT No GB 123 4567 89",)])
@pytest.mark.parametrize("heading", [HEADING, "FENDO CLUB", "CASH ZORBLAT", "ACCOUNT FENDO"])
def test_it_is_none_under_a_heading_that_nobody_explained(above, heading):
    assert not sold(head=(*above, heading))


@pytest.mark.parametrize(
    "below", ["Subtotal  15.50", "VAT 20%  2.58", "Items: 2", "You saved  1.00", "Points earned  15"]
)
def test_what_only_sales_print_below_the_goods_speaks_of_one(below):
    assert sold(head=(HEADING,), below=(below,))


@pytest.mark.parametrize(
    "goods",
    [
        ("Murkly  12.00 A", "Trellow  3.50 B"),
        ("Murkly  12.00", "   2 x 6.00", "Trellow  3.50"),
        ("Murkly 4006381333931  12.00", "Trellow  3.50"),
        ("Murkly  16.00", "Discount  -0.50"),
    ],
)
def test_how_goods_are_printed_speaks_of_a_sale(goods):
    assert sold(head=(HEADING,), goods=goods)


@pytest.mark.parametrize("foot", ["Thank you for your purchase", "Returns within 30 days"])
def test_thanks_for_buying_and_terms_of_return_speak_of_a_sale(foot):
    assert sold(head=(HEADING,), foot=(foot,))


def test_neither_change_nor_thanks_for_a_visit_do():
    assert not sold(head=(HEADING,), paid=("CASH  20.00", "CHANGE  4.50"), foot=("Thank you",))


def test_notes_that_are_counted_are_no_goods():
    assert not sold(head=(HEADING,), goods=("5.00 x 3  15.00", "0.50 x 1  0.50"))


def test_papers_paid_for_are_no_goods():
    assert not sold(goods=("Invoice 20931  12.00", "Invoice 20977  3.50"))
    assert sold(goods=("Invoice 20931  12.00", "Trellow  3.50"))


def test_a_cards_slip_may_stand_above_the_shops_name():
    assert sold(head=("CUSTOMER COPY", "Amount  15.50", "Harbour Shed"))
