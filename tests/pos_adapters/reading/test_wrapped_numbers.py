"""A card number that a till broke at its line end is masked wherever it broke; numbers below each other are not joined."""

import itertools
import random

import pytest

from pos_adapters.reading.masking import StreamMasker, mask_bytes, mask_text

CARDS = ("4111111111111111", "5500005555555559", "378282246310005", "6283778353374068129", "2200000000000004")


@pytest.mark.parametrize("gap", ["\n", "\r\n", " \n  ", "\x1bE\x00\n\x1ba1"])
def test_a_number_broken_anywhere_behind_its_sixth_figure_is_masked(gap):
    for card in CARDS:
        for at in range(6, len(card)):
            job = f"CARD {card[:at]}{gap}{card[at:]}\nTOTAL 5.00\n".encode("latin-1")
            masked = mask_bytes(job)
            assert (len(masked), masked.count(b"*")) == (len(job), len(card) - 10), (card, at)
            masker = StreamMasker()
            assert b"".join(masker.feed(job[at : at + 1]) for at in range(len(job))) + masker.close() == masked


@pytest.mark.parametrize("label", ["CARD ", "VISA: ", "Karte ", "\u041a\u0410\u0420\u0422\u0410 "])
def test_beside_a_word_that_speaks_of_a_card_it_is_masked_wherever_it_broke_over_two_or_three_lines(label):
    for card in CARDS:
        for first, second in itertools.combinations(range(1, len(card)), 2):
            middle = card[first:second]
            if len(middle) in (12, 13, 14):
                continue  # may be an article's number
            job = f"{label}{card[:first]}\r\n  {middle}\r\n{card[second:]}\nTOTAL 5.00\n".encode("cp866")
            assert mask_bytes(job).count(b"*") == len(card) - 10, job
        for at in (1, *range(len(card) - 11, len(card))):
            job = f"{label}{card[:at]}\n {card[at:]}\nTOTAL 5.00\n".encode("cp866")
            assert mask_bytes(job).count(b"*") == len(card) - 10, job
    job = f"{label}41111\n11111111\n111\nTOTAL 5.00\n".encode("cp866")
    masker = StreamMasker()
    assert b"".join(masker.feed(job[at : at + 1]) for at in range(len(job))) + masker.close() == mask_bytes(job)


def test_the_first_four_figures_alone_on_a_line_need_no_word():
    assert mask_text("OK\n4111\n111111111111\nEND") == "OK\n4111\n11******1111\nEND"
    assert mask_text("OK\n4111\n1111\n1111\n1111\nEND") == "OK\n4111\n11**\n****\n1111\nEND"
    job = b"OK\n 4111\r\n 111111111111\nEND"
    masker = StreamMasker()
    assert b"".join(masker.feed(job[at : at + 1]) for at in range(len(job))) + masker.close() == mask_bytes(job)
    assert mask_bytes(job).count(b"*") == 6


def test_a_number_in_groups_broken_within_one_is_masked():
    assert mask_text("PAN 12 4111 1111 11\n11 1111\nOK") == "PAN 12 4111 11** **\n** 1111\nOK"


def test_a_command_whose_argument_looks_like_a_digit_hides_no_broken_number():
    assert mask_bytes(b"\x1ba14111111111\n111111\n") == b"\x1ba1411111****\n**1111\n"
    assert mask_bytes(b"\x1ba1123456\n7890123456\n") == b"\x1ba1123456\n7890123456\n"


def test_numbers_below_each_other_stay():
    for text in (
        "Order 4111111111\n111111 pieces\n",  # words behind: a line of its own
        "Order 4111111111\n111112\n",  # passes no check
        "Receipt 41111\n11111111111\n",  # too little before the break
        "12.50 4111.11\n1111111111\n",
        "4006381333931\n111\n",
        "2026-11-22 41111\n11111111111\n",
        "CARD READER 411\n4006381333931\n",  # an article's number below
    ):
        assert mask_text(text) == text
        assert mask_bytes(text.encode()) == text.encode()


def test_the_stores_own_numbers_stay():
    assert mask_text("4111111111\n111111\n", exempt=[r"4111\d{12}"]) == "4111111111\n111111\n"


def test_columns_of_figures_without_end_are_passed_over_once():
    figures = random.Random(3)
    job = b"".join(b"%d%s" % (figures.randrange(10), figures.choice((b" ", b"\n", b""))) for _ in range(100_000))
    assert len(mask_bytes(job)) == len(job)
    assert len(mask_bytes(b"1 " * 100_000 + b"\n1")) == 200_002
    assert len(mask_bytes(b"111111\n" * 50_000)) == 350_000
