"""Till barcodes that only look like coupons of the chain: told from goods, from other numbers and from misreadings."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.coupon_sightings import codes_taken_off, taken_off
from retail.coupons import may_be_till_barcode, serial_of, till_barcode
from retail.identifiers import CampaignId, TransactionId
from retail.line_items import PriceModificationLineItem, ReturnLineItem, SaleLineItem
from retail.money import Money
from tests.retail.test_fraud import bought

EAN = "ean13:2099{serial:8}"
CODE = till_barcode(EAN, serial_of(TransactionId("t-1"), CampaignId("c")))[1]
LESS = PriceModificationLineItem(description="Coupon", amount=Money.of("-1.50", "EUR"))
COFFEE = SaleLineItem(description="Coffee", amount=Money.of("10.00", "EUR"))


def is_ours(code: str) -> bool:
    return may_be_till_barcode(code, EAN)


@given(
    st.text(min_size=1, max_size=20),
    st.sampled_from([EAN, "code128:CPN-{serial:10}-X", "gs1_128:2554006381333931{serial:12}"]),
)
def test_what_a_template_makes_of_a_serial_is_known_by_it_and_no_digit_may_be_misread(name: str, template: str) -> None:
    _kind, code = till_barcode(template, serial_of(TransactionId(name), CampaignId("c")))
    assert may_be_till_barcode(code, template)
    assert not may_be_till_barcode(f"{code}0", template)
    assert not may_be_till_barcode(code[:-1], template)
    if template == EAN:
        assert not may_be_till_barcode(code[:-1] + str((int(code[-1]) + 1) % 10), template)


@pytest.mark.parametrize("template", ["ean13:209912345678", "code128:{serial:13}", "ean13:20{serial:10}", "", "odd{"])
def test_a_mass_coupon_and_a_template_with_too_little_of_its_own_tell_no_coupon(template: str) -> None:
    assert not may_be_till_barcode(CODE, template)
    assert not may_be_till_barcode("2099123456782", template)


def test_a_code_counts_where_it_takes_something_off_as_often_as_it_does() -> None:
    line = f"Coupon {CODE}      -1.50"
    assert codes_taken_off(bought(COFFEE, LESS), [line], is_ours) == (CODE,)
    assert codes_taken_off(bought(COFFEE, LESS, LESS), [line, line], is_ours) == (CODE, CODE)
    assert codes_taken_off(bought(COFFEE, LESS), [line, f"Coupon {CODE}  1.50"], is_ours) == ()
    assert codes_taken_off(bought(COFFEE), [f"Coffee {CODE}  10.00"], is_ours) == ()


def test_a_code_that_goods_bear_is_theirs() -> None:
    cheese = SaleLineItem(description="Cheese", amount=Money.of("3.00", "EUR"), gtin=CODE)
    reduced = PriceModificationLineItem(description=f"Reduced {CODE}", amount=Money.of("-0.50", "EUR"))
    back = ReturnLineItem(description="Cheese", amount=Money.of("3.00", "EUR"), gtin=CODE)
    assert codes_taken_off(bought(cheese, reduced), [f"Reduced {CODE}  -0.50"], is_ours) == ()
    assert codes_taken_off(bought(COFFEE, back), [f"Cheese {CODE}  -3.00"], is_ours) == ()


def test_what_it_took_off_is_what_its_line_says() -> None:
    more = PriceModificationLineItem(description="Coupon", amount=Money.of("-2.00", "EUR"))
    sale = bought(COFFEE, LESS, more)
    assert taken_off(sale, [f"Coupon {CODE}    1,50-", "Coupon 7  -2.00"], CODE) == Decimal("1.50")
    assert taken_off(sale, [f"Coupon {CODE}", "  -1.50"], CODE) is None
