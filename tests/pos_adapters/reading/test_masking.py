import random

from hypothesis import given
from hypothesis import strategies as st

from pos_adapters.reading.masking import (
    HELD_BYTES_MAX,
    StreamMasker,
    is_card_number,
    mask_bytes,
    mask_text,
    passes_luhn,
)

CARDS = [
    "4111111111111111",
    "5500005555555559",
    "378282246310005",
    "6011000990139424",
    "3530111333300000",
    "2200000000000004",
    "6759649826438453",
    "30569309025904",
]


def test_each_issuers_test_number_is_masked_to_first_six_and_last_four():
    for card in CARDS:
        assert is_card_number(card), card
        masked = mask_text(f"VISA {card} OK")
        assert masked == f"VISA {card[:6]}{'*' * (len(card) - 10)}{card[-4:]} OK"


def test_a_split_number_is_masked_at_equal_length_whatever_splits_it():
    for mark in (" ", "-", ".", "  "):
        text = "NR " + mark.join(("4111", "1111", "1111", "1111"))
        masked = mask_text(text)
        assert len(masked) == len(text)
        assert masked == "NR " + mark.join(("4111", "11**", "****", "1111"))


def test_figures_beside_a_card_number_do_not_hide_it():
    assert mask_text("4111 1111 1111 1111 0001") == "4111 11** **** 1111 0001"


def test_numbers_that_fail_luhn_or_no_issuer_uses_stay():
    for text in ("4111111111111112", "4006381333931", "2000000000000", "00047512345678901"):
        assert mask_text(text) == text


def test_member_numbers_of_the_store_stay():
    member = next(n for n in ("50000000000" + str(d) for d in range(10)) if passes_luhn(n))
    assert mask_text(member) != member
    assert mask_text(member, exempt=[r"5000\d{8}"]) == member


def test_a_fiscal_code_stays():
    code = "t=20190811T1139&s=1405.00&fn=4111111111111111&i=14378&fp=3796110719&n=1"
    assert mask_text(code) == code
    assert mask_bytes(code.encode()) == code.encode()


@given(
    st.binary(max_size=300), st.sampled_from(CARDS), st.binary(max_size=50), st.lists(st.integers(1, 40), max_size=30)
)
def test_a_stream_is_masked_as_the_whole_would_be_however_it_is_cut(before, card, after, cuts):
    data = before + b"\n" + card.encode() + b"\n" + after
    masker = StreamMasker()
    out, at = b"", 0
    for size in cuts:
        out += masker.feed(data[at : at + size])
        at += size
    out += masker.feed(data[at:]) + masker.close()
    assert len(out) == len(data)
    assert card.encode() not in out


@given(st.text(max_size=200))
def test_masking_never_changes_a_length(text):
    assert len(mask_text(text)) == len(text)


def test_random_valid_cards_never_survive():
    rng = random.Random(1)
    for _ in range(500):
        body = "4" + "".join(rng.choice("0123456789") for _ in range(14))
        card = next(body + str(d) for d in range(10) if passes_luhn(body + str(d)))
        assert card not in mask_text(f"x {card} y")
        assert card not in mask_bytes(f"x {card} y".encode()).decode()


def test_the_masker_holds_back_no_more_than_a_number():
    masker = StreamMasker()
    out = masker.feed(b"1" * 10_000)
    assert len(out) >= 10_000 - HELD_BYTES_MAX
