"""How many of what, where a price without decimals is glued to it, as tills in Japan and Korea print."""

from decimal import Decimal

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText
from retail.transaction import SaleLineItem


def goods_of(lines: str) -> SaleLineItem:
    text = f"スーパー\n2026年11月18日 18:20\n{lines}\n小計  294\n合計  ¥294\n現金  ¥294\n"
    sale = read_text(ReceiptText.of(text)).transaction
    assert sale is not None
    (goods,) = [item for item in sale.line_items if isinstance(item, SaleLineItem)]
    return goods


@pytest.mark.parametrize(
    "lines",
    [
        "牛乳 (98×3)   294", "牛乳 98x3   294", "牛乳 3×98   294", "牛乳 3コX98   294", "牛乳\n  (@98×3)   294",
        "牛乳\n 3コX単98   294", "牛乳\n  単98X3個   294", "牛乳 98 x 3   294",
    ],
)  # fmt: skip
def test_three_at_98_are_no_98_at_three(lines):
    goods = goods_of(lines)
    assert (goods.description, goods.quantity) == ("牛乳", Decimal(3))
    assert goods.unit_price is not None
    assert goods.unit_price.amount == Decimal(98)


def test_a_size_that_does_not_make_the_amount_is_no_price():
    assert goods_of("写真 10x15   294").unit_price is None
