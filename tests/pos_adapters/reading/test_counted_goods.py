"""What goods are called, how many there are and what one costs, beside amounts that the sums have proved."""

from decimal import Decimal

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText


def goods_of(*lines: str, total: str) -> list[tuple[str, str, str]]:
    text = "\n".join(["SHOP ANNA", "12/03/2026 10:22", "Ticket 00123", "", *lines, "", f"TOTAL EUR   {total}"])
    sale = read_text(ReceiptText.of(f"{text}\nCASH   {total}\n")).transaction
    assert sale is not None
    return [
        (each.description, f"{each.quantity:f}", "" if each.unit_price is None else str(each.unit_price.amount))
        for each in sale.goods()
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("2 x Tea               2.50", ("Tea", "2", "")),
        ("6 x Beer 33cl         2.50", ("Beer 33cl", "6", "")),
        ("4x Yogurt 125g        2.50", ("Yogurt 125g", "4", "")),
        ("2 x Tea @ 1.25        2.50", ("Tea", "2", "1.25")),
        ("2 Tea   1.25          2.50", ("Tea", "2", "1.25")),
        ("2 x 1.25 Tea          2.50", ("Tea", "2", "1.25")),
        ("Tea 2x1.25            2.50", ("Tea", "2", "1.25")),
        ("Tea 1.25x2            2.50", ("Tea", "2", "1.25")),
        ("Tea   2   1.25        2.50", ("Tea", "2", "1.25")),
        ("Cola 500ml  @1.25 x2  2.50", ("Cola 500ml", "2", "1.25")),
        ("0.250 kg Pears        2.50", ("Pears", "0.250", "")),
        ("0.250kg Pears  @10.00 2.50", ("Pears", "0.250", "10.00")),
    ],
)
def test_how_many_is_told_and_no_part_of_the_name(line: str, told: tuple[str, str, str]) -> None:
    assert goods_of(line, "Frame   12.00", total="14.50")[0] == told


@pytest.mark.parametrize(
    "name",
    [
        "YOGURT 4X125G", "FOTO 10x15", "FOTO 10 x 15 cm", "2x1 PIZZA", "TABLE 3x4x200", "6x33cl Beer", "AGUA 6X1,5L",
        "SCREWS 4X40  200", "2 x 125 gr Butter", "3XL SHIRT", "7 Up", "5 Gum", "2 in 1 Shampoo", "1/2 Bread",
        "2 kg Potatoes", "3. Bread", "30% cream",
    ],
)  # fmt: skip
def test_a_size_or_a_number_is_part_of_the_name(name: str) -> None:
    (description, quantity, price), _ = goods_of(f"{name:24}2.50", "Frame   12.00", total="14.50")
    assert (description, quantity, price) == (" ".join(name.split()), "1", "")


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (("2", "1", "3"), ("2", "1", "3")),
        (("1", "1", "1"), ("1", "1", "1")),
        (("2", "2", "3"), ("2", "2", "3")),
        (("2 x", "1 x", "3 x"), ("2", "1", "3")),
        (("1 x", "2 x", "3 x"), ("1", "2", "3")),
    ],
)
def test_figures_before_most_names_are_counts(counts: tuple[str, ...], told: tuple[str, ...]) -> None:
    lines = [
        f"{count} {name}" for count, name in zip(counts, ("Soup   9.00", "Juice   3.50", "Cola   6.00"), strict=True)
    ]
    assert goods_of(*lines, total="18.50") == [(n, c, "") for n, c in zip(("Soup", "Juice", "Cola"), told, strict=True)]


@pytest.mark.parametrize(
    "lines",
    [
        ("1 Soup   9.00", "2 Tea   3.50", "3 Cola   6.00"),  # the lines are numbered
        ("3 Soup   1   9.00   9.00", "2 Tea   1   3.50   3.50", "2 Cola   1   6.00   6.00"),  # columns say otherwise
        ("Soup   9.00", "Tea   3.50", "7 Up   6.00"),
    ],
)
def test_other_figures_before_names_stay(lines: tuple[str, ...]) -> None:
    assert [name for name, _, _ in goods_of(*lines, total="18.50")] == [line.split("   ")[0] for line in lines]


def test_one_guest_s_bill_of_one_dish_counts_it() -> None:
    assert goods_of("1 Soup   9.00", total="9.00") == [("Soup", "1", "")]


@pytest.mark.parametrize(("price", "each"), [("1,399", "1.399"), ("1.399", "1.399"), ("1,40", "1.40")])
def test_the_price_of_a_litre_has_three_decimals_and_is_no_fortune(price: str, each: str) -> None:
    amount = f"{(Decimal('42.12') * Decimal(each)).quantize(Decimal('0.01'))}"
    assert goods_of("Diesel", f"  42,12 L x {price}   {amount}", total=amount) == [("Diesel", "42.12", each)]


@pytest.mark.parametrize("beside", ["42,12 L x", "42,12 x", "42,12 L x 1,399"])
def test_goods_without_a_name_beside_their_figures_have_that_of_the_line_above(beside: str) -> None:
    assert [name for name, _, _ in goods_of("Diesel", f"{beside}   1,399   58,93", total="58,93")] == ["Diesel"]


def test_weights_at_prices_without_decimals() -> None:
    text = "Дүкен\n12.03.2026 10:22\nАлма Апорт\n   1,240 x 890          1104\nЖИЫНЫ 1104\nҚОЛМА-ҚОЛ 1104\n"
    sale = read_text(ReceiptText.of(text)).transaction
    assert sale is not None
    (goods,) = sale.goods()
    assert goods.unit_price is not None
    assert (goods.description, goods.quantity, goods.unit_price.amount) == (
        "Алма Апорт",
        Decimal("1.240"),
        Decimal(890),
    )
