"""Card numbers whose figures stand alone, or have bytes between them that print nothing."""

import random

import pytest

from pos_adapters.reading.masking import StreamMasker, mask_bytes, mask_text

CARDS = (b"4111111111111111", b"374245455400126", b"6283778353374068129")
MARKS = (b"\0", b"\t", b" ", b"   ", b"\n", b"\r\n", b"|", b" | ", b"\x18", b"\xe2\x80\x8b", b"\xc2\xad", b"\x1b@")
UNSEEN = (b"\x18", b"\x08", b"\0", b"\x7f", b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\x05\x05")
HEADS = (b"SHOP\n", b"\x1ba1", b"\x1c(C\x02\x0002", b"")


def alone(figures, mark):
    return mark.join(figures[at : at + 1] for at in range(len(figures)))


def streamed(job, cut):
    masker = StreamMasker()
    return masker.feed(job[:cut]) + masker.feed(job[cut:]) + masker.close()


def by_bytes(job):
    masker = StreamMasker()
    return b"".join(masker.feed(job[at : at + 1]) for at in range(len(job))) + masker.close()


@pytest.mark.parametrize("mark", MARKS)
def test_the_same_mark_between_all_figures_hides_no_number(mark):
    for card in CARDS:
        for head in HEADS:
            job = head + alone(card, mark) + b"\nTOTAL 5.00\n"
            masked = mask_bytes(job)
            assert (masked.count(b"*"), len(masked)) == (len(card) - 10, len(job)), job
            assert by_bytes(job) == masked
    assert all(streamed(job, cut) == masked for cut in range(1, len(job)))


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_prints_nothing_hides_no_number_wherever_it_stands(unseen):
    for card in CARDS:
        for at in range(1, len(card)):
            job = b"SHOP " + card[:at] + unseen + card[at:] + b"\nTOTAL 5.00\n"
            assert mask_bytes(job).count(b"*") == len(card) - 10, job
    assert by_bytes(job) == mask_bytes(job)
    job = b"4111 11" + unseen + b"11-1111" + unseen + b" 1111 5.00\n"
    assert by_bytes(job) == mask_bytes(job)
    assert mask_bytes(job).count(b"*") == 6


def test_blanks_of_no_width_in_text_hide_none():
    assert mask_text("4111\u200b1111\u20601111\ufeff1111") == "4111\u200b11**\u2060****\ufeff1111"
    assert mask_text("4|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1").count("*") == 6


@pytest.mark.parametrize(
    "job",
    [
        alone(b"4111111111111112", b"\t"),  # passes no check
        alone(b"41111111111111", b"\t"),  # too few
        alone(b"41111111111111110000", b"\t"),  # too many
        b"411111111111111\0\0\0\0" + b"1",  # as far apart as the columns of a picture
        b"4006381333931\x00123\n",  # a barcode's number, and a text behind its end
        b"4\t1\t1\t1|1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1\t1",
    ],
)
def test_figures_that_are_no_number_stay(job):
    assert mask_bytes(b"SHOP\n" + job + b"\n") == b"SHOP\n" + job + b"\n"


def test_the_stores_own_numbers_stay():
    for job in (alone(b"4111111111111111", b"\t"), b"41111111\x1811111111"):
        assert mask_bytes(job, exempt=[r"4111\d{12}"]) == job


@pytest.mark.parametrize("cut", [b"\x1dV\x00", b"\x1dVB\x00", b"\x1bm"])
def test_no_command_that_cuts_the_paper_is_held_back(cut):
    for printed in (b"4111", b"1 2 3 4 5 6 7 8", alone(b"12345678", cut), b"4111" + cut + b"1111"):
        masker = StreamMasker()
        assert masker.feed(printed + cut).endswith(cut)


def test_runs_without_end_are_passed_over_once():
    figures = random.Random(7)
    mixed = b"".join(b"%d%s" % (figures.randrange(10), figures.choice(MARKS)) for _ in range(30_000))
    for job in (mixed, b"1|" * 100_000, b"1\x00\x00" * 70_000, b"1\x00\x00\x00\x00" * 40_000):
        assert len(mask_bytes(job)) == len(job)
