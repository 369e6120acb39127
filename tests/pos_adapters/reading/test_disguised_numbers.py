"""Card numbers with a mark between their groups, in barcodes and behind commands that end like a figure."""

import pytest

from pos_adapters.reading.card_numbers import passes_luhn
from pos_adapters.reading.masking import StreamMasker, mask_bytes, mask_text

CARD = next(b"453957876362148%d" % last for last in range(10) if passes_luhn(f"453957876362148{last}"))
GROUPS = tuple(CARD[at : at + 4] for at in range(0, 16, 4))
PAIRS = bytes(int(CARD[at : at + 2]) for at in range(0, 16, 2))
MARKS = (b"/", b"_", b"|", b":", b",", b" / ", b"\xb7", b"\x95", b"\x96", b"\xc2\xb7", b"\0", b"\x05", b"\x1c&", b")(")


def streamed(job: bytes, cut: int) -> bytes:
    masker = StreamMasker()
    return masker.feed(job[:cut]) + masker.feed(job[cut:]) + masker.close()


@pytest.mark.parametrize("mark", MARKS)
def test_the_same_mark_between_all_groups_hides_no_number(mark):
    job = b"VISA (" + mark.join(GROUPS) + b")\nTOTAL 5.00\n"
    masked = mask_bytes(job)
    assert (masked.count(b"*"), len(masked)) == (6, len(job))
    assert all(streamed(job, cut) == masked for cut in range(1, len(job)))


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b" \n", b""])
def test_a_number_with_marks_that_ends_its_line_is_masked_line_by_line_and_byte_by_byte(mark, end):
    job = b"SHOP\nREF " + mark.join(GROUPS) + end + b"TOTAL 5.00\n"
    masked = mask_bytes(job)
    masker = StreamMasker()
    assert b"".join(masker.feed(job[at : at + 1]) for at in range(len(job))) + masker.close() == masked
    assert all(streamed(job, cut) == masked for cut in range(1, len(job)))


def test_a_card_of_fifteen_figures_is_found_between_marks():
    assert mask_text("3742/454554/00126") == "3742/45****/*0126"


def test_groups_that_are_no_cards_stay():
    for text in ("4539/5787/6362/1487", "4539/5787-6362/1487", "1234, 5678, 9012, 3456", "4539/5787/6362/14860"):
        assert mask_text(text) == text


@pytest.mark.parametrize(
    "job",
    [
        b"\x1dkI" + bytes([10]) + b"{C" + PAIRS,
        b"\x1dkI" + bytes([16]) + b"{B" + CARD[:8] + b"{C" + PAIRS[4:],
        b"\x1dkI" + bytes([18]) + b"{B" + CARD,
    ],
)
def test_a_barcode_holds_no_card_number_in_figures_or_pairs(job):
    job = b"SHOP\n" + job + b"\nTOTAL 5.00\n"
    masked = mask_bytes(job)
    assert masked != job
    assert len(masked) == len(job)
    assert PAIRS[2:6] not in masked
    assert CARD[4:12] not in masked
    assert all(streamed(job, cut) == masked for cut in range(1, len(job)))


def test_a_barcode_of_pairs_that_is_no_card_stays():
    job = b"\x1dkI" + bytes([10]) + b"{C" + bytes((45, 39, 57, 87, 63, 62, 14, 87)) + b"\n"
    assert mask_bytes(job) == job


def test_a_head_of_a_command_that_ends_like_a_figure_hides_no_number():
    spaced = b" ".join(GROUPS)
    code = b"\x1d(k" + (len(spaced) + 3).to_bytes(2, "little") + b"1P0" + spaced
    for job in (code, b"\x1c(C\x02\x0002" + CARD, b"\x1c(C\x02\x0002" + b"\xc2\xa0".join(GROUPS)):
        masked = mask_bytes(job + b"\n")
        assert masked.count(b"*") == 6, job
        assert masked[:7] == job[:7]


@pytest.mark.parametrize(
    "job",
    [
        b"453900126 5787\xb74539 x",  # a number and a mark behind it
        b"\x1dkI\x12{B{C" + PAIRS + b"\x10\x04\x014111111111111111",  # a barcode that ends within the next number
        b"\x1dkI 4111111111111111{B4539\x1bE\x0114812.50",
    ],
)
def test_a_stream_is_not_cut_within_a_number_for_the_sake_of_another(job):
    whole = mask_bytes(job)
    for first in range(1, len(job)):
        for second in range(first, len(job), 3):
            masker = StreamMasker()
            pieces = (job[:first], job[first:second], job[second:])
            assert b"".join(map(masker.feed, pieces)) + masker.close() == whole, (first, second)
