"""What is still owed below a payment makes no sale of it."""

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText


def is_read(*foot: str, total: str = "TOTAL", cash: str = "CASH") -> bool:
    text = [
        "SHOP ANNA",
        "12/03/2026 10:22",
        "Bread   3.50",
        "Milk   10.00",
        f"{total}   13.50",
        f"{cash}   13.50",
        *foot,
    ]
    return read_text(ReceiptText.of("\n".join(text))).transaction is not None


@pytest.mark.parametrize(
    ("line", "total", "cash"),
    [
        ("Outstanding: 13.50", "TOTAL", "CASH"), ("Still to pay 5.00", "TOTAL", "CASH"), ("Balance due 5.00", "TOTAL", "CASH"),
        ("Noch offen 5.00", "SUMME", "BAR"), ("Reste à payer 5.00", "TOTAL", "ESPECES"), ("Resta da pagare 5.00", "TOTALE", "CONTANTI"),
        ("К доплате 5.00", "ИТОГО", "НАЛИЧНЫМИ"), ("Do zapłaty 5.00", "SUMA PLN", "GOTÓWKA"),
    ],
)  # fmt: skip
def test_money_that_is_still_owed_below_a_payment_parks(line: str, total: str, cash: str) -> None:
    assert is_read(total=total, cash=cash)
    assert not is_read(line, total=total, cash=cash)


@pytest.mark.parametrize(
    "lines",
    [("Outstanding: 0.00",), ("Balance due 0.00",), ("Balance due 13.50",), ("VAT A 20%   11.25   2.25   13.50",)],
)
def test_nothing_open_and_the_total_said_again_do_not(lines: tuple[str, ...]) -> None:
    assert is_read(*lines)
