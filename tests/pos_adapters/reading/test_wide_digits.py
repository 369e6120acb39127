"""Card numbers in full-width digits are masked in the bytes of a job, however they are encoded or split."""

import pytest

from pos_adapters.reading.masking import StreamMasker, mask_bytes

WIDE = str.maketrans("0123456789 -*", "０１２３４５６７８９　－＊")
ENCODINGS = ("cp932", "gbk", "euc_kr", "big5", "utf-8")
CARDS = {
    "4111111111111111": "411111******1111",
    "4111 1111 1111 1111": "4111 11** **** 1111",
    "4111-1111-1111-1111": "4111-11**-****-1111",
    "3782 822463 10005": "3782 82**** *0005",
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("printed", "masked"), CARDS.items())
def test_first_six_and_last_four_stay_and_every_length(encoding, printed, masked):
    job = b"\x1b@\x1c&" + printed.translate(WIDE).encode(encoding) + b"\n100\n"
    assert mask_bytes(job) == b"\x1b@\x1c&" + masked.translate(WIDE).encode(encoding) + b"\n100\n"


def test_seven_bit_kanji_mode_is_masked_too():
    digits = "".join(f"#{digit}" for digit in "4111111111111111").encode()
    assert mask_bytes(b"\x1c&" + digits + b"\x1c.") == b"\x1c&#4#1#1#1#1#1!*!*!*!*!*!*#1#1#1#1\x1c."


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_other_long_numbers_stay(encoding):
    job = "４１１１１１１１１１１１１１１２ 合計　１２３４５６".encode(encoding, "replace")
    assert mask_bytes(job) == job


def test_a_member_number_of_the_store_stays():
    job = "４１１１１１１１１１１１１１１１".encode("shift_jis")
    assert mask_bytes(job, exempt=["4111[0-9]{12}"]) == job


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_split_anywhere_the_stream_is_masked_as_the_whole(encoding):
    job = b"ABC " + "４１１１　１１１１　１１１１　１１１１".encode(encoding) + b" 4111111111111111\n"
    whole = mask_bytes(job)
    for at in range(len(job) + 1):
        masker = StreamMasker()
        assert masker.feed(job[:at]) + masker.feed(job[at:]) + masker.close() == whole


def test_bytes_that_look_like_digits_for_ever_are_held_in_bounds_and_read_in_linear_time():
    for piece in (b" ", b"#", b"\x82", b"\x82\x50", b"\xa1\xa1", b"!", b"\x81\x40 ", b"#1 "):
        masker = StreamMasker()
        job = piece * (40_000 // len(piece)) + b"x"
        assert masker.feed(job) + masker.close() == job
