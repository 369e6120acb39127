"""A line that says with what a sale was paid, without an amount, in sixteen languages; and lines that do not.

`said_paid.json`: by language lines below a total, the paid ones with the kind of tender that they name.
"""

import json
from pathlib import Path

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText
from tests.pos_adapters.reading.conftest import tenders_of

HERE = Path(__file__).parent
LINES = json.loads((HERE / "said_paid.json").read_text("utf-8"))
WORDS = json.loads((HERE / "refusing_words.json").read_text("utf-8"))
PRICES = (12, 7, 9)


def paid_with(language, line):
    """Return the kinds of tender of the sale that a receipt with the line is; None where it is none."""
    told = WORDS[language]

    def money(amount):
        return f"{amount}{told['mark']}00" if told["mark"] else f"{amount * 1000:,}"

    goods = [f"{name}    {money(price)}" for name, price in zip(told["goods"], PRICES, strict=True)]
    counted = f"  3 x {money(PRICES[-1] // 3)}"
    total = f"{told['total']}    {money(sum(PRICES))}"
    text = ReceiptText(lines=("ACME", "12.03.2024 14:31", *goods, counted, total, line, told["thanks"]))
    sale = read_text(text).transaction
    return None if sale is None else [*tenders_of(sale)]


@pytest.mark.parametrize("language", sorted(LINES))
def test_a_tender_that_was_paid_with_settles_the_total(language):
    wrong = [(line, kind) for line, kind in LINES[language]["paid"] if paid_with(language, line) != [kind]]
    assert wrong == []


@pytest.mark.parametrize("language", sorted(LINES))
def test_a_tender_that_may_or_will_or_did_not_pay_settles_nothing(language):
    assert [line for line in LINES[language]["not_paid"] if paid_with(language, line) is not None] == []


@pytest.mark.parametrize("line", ["[ ] PAID BY CARD", "PAID BY CARD 0.00", "PAID BY CARD / CASH", "PAID BY"])
def test_a_box_nothing_or_a_choice_settles_nothing(line):
    assert paid_with("en", line) is None
