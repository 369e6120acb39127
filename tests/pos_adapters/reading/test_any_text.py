"""Any text at all: a reading, never an exception; what is accepted adds up."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText, StoreFacts

PIECES = ["TOTAL", "1.20", "-3,00", "2 x 1.50", "CASH", "合計", "¥1,300", "(5.00)", "10%", "VOID", "1 234,56", "12.03.2024", "14:30", "Σ", "€", "x", "%", "*", "|", "----", "4111 1111 1111 1111", "СКИДКА", "RETURN", "0.00", "999999999.99", "1'234.50", "kg", "٣", "²", "ⅳ", "１２", "\x00", "\u200f", "🙂"]  # fmt: skip
LINES = st.lists(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=6).map("  ".join), max_size=40)
STORE = StoreFacts(business_unit_id="1", workstation_id="1", timezone="Europe/Berlin", currency="EUR", language="de")


@settings(max_examples=300, deadline=None)
@given(LINES, st.lists(st.tuples(st.just("qr"), st.text(max_size=60)), max_size=2))
def test_any_lines_give_a_reading_and_what_is_accepted_adds_up(lines, codes):
    for store in (None, STORE):
        reading = read_text(ReceiptText(lines=tuple(lines), codes=tuple(codes)), store=store, explain=True)
        assert len(reading.roles) >= len(lines) or reading.parked or not any(line.strip() for line in lines)
        if reading.transaction is not None:
            assert reading.transaction.adds_up()


def test_a_long_roll_with_many_open_questions_ends():
    """Every kind of open question at once on 120 lines: parked or read, but at an end."""
    rng = random.Random(7)
    words = (
        "Discount",
        "You saved",
        "Tax",
        "Tip",
        "Rounding",
        "Service charge",
        "Return",
        "Store 5",
        "Points",
        "2 x 1.50 tea",
    )
    lines = [f"{rng.choice(words):30s}{rng.randint(1, 900) / 100:8.2f}" for _ in range(110)]
    lines += ["TOTAL".ljust(30) + f"{rng.randint(1, 9000) / 100:8.2f}" for _ in range(10)]
    assert read_text(ReceiptText(lines=tuple(lines))).transaction is None


def test_letters_that_are_folded_to_two_move_nothing_out_of_its_line():
    assert read_text(ReceiptText.of("æææææææ 2\nææ 1,50 T\nPain æææ 2,00 A\nTOTAL ææ 3.50 x\n")).transaction is None
    assert read_text(ReceiptText.of("Æ  ß  X\n")).transaction is None


def test_how_many_without_a_word_for_it_is_counted_in_no_reading():
    """Found by fuzzing: an amount behind a count, in a reading without the figures of the head."""
    text = "  1,300\n  1.00-\n  1.00-\n 120Items 3@ 0.00  1.00-\n 120Items 3@ 0.00 0.00 0.00  -1.00\n¨ 120  3.00\nItems 3 120Items 3"
    assert read_text(ReceiptText.of(text)).transaction is None


def test_very_long_lines_and_very_long_rolls_are_bounded():
    reading = read_text(ReceiptText(lines=tuple(["9 " * 100_000, "1.00" * 50_000] + ["Tea 1.00"] * 5000)))
    assert reading.transaction is None
