import random

from hypothesis import given
from hypothesis import strategies as st

from pos_adapters.reading.card_numbers import is_card_number, passes_luhn
from pos_adapters.reading.masking import HELD_BYTES_MAX, StreamMasker, mask_bytes, mask_text

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
    code = "t=20190811T1139&s=1405.00&fn=8600000000000007&i=14378&fp=3796110719&n=1"
    assert is_card_number("8600000000000007")
    assert mask_text(code) == code
    assert mask_bytes(code.encode()) == code.encode()


def test_a_fiscal_codes_fields_hide_no_card_number():
    for field in ("fn=4111111111111111&i=14378", "fn=9289000100405893&i=4111111111111111", "fn=1&s=4111111111111111"):
        code = f"t=20190811T1139&{field}&fp=3796110719&n=1"
        assert "411111******1111" in mask_text(code)
        assert b"411111******1111" in mask_bytes(code.encode())


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


FRAGMENTS = (
    *CARDS,
    "4111",
    " 1111",
    "111111",
    "-",
    ".",
    " ",
    "    ",
    "\t",
    "\n",
    "\r\n",
    "7",
    "x",
    "CARD ",
    "12,50",
    "1.99\n",
)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30))
def test_a_job_without_commands_is_masked_as_its_text_is(fragments):
    text = "".join(fragments)
    assert mask_bytes(text.encode()).decode() == mask_text(text)


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


def test_a_number_is_masked_over_line_ends_tabs_and_commands_of_style():
    for gap in (b"\n", b"\r\n", b"\n          ", b"\t", b"\x1bE\x01", b"\x1b!0", b"\x1bE\x00\n\x1ba1", b" \x1bE1 "):
        for groups in (
            (b"4111", b"1111", b"1111", b"1111"),
            (b"41111111", b"11111111"),
            (b"3782", b"822463", b"10005"),
        ):
            job = b"Card " + gap.join(groups) + b"\nTOTAL 5.00"
            masked = mask_bytes(job)
            assert (len(masked), masked.count(b"*")) == (len(job), len(b"".join(groups)) - 10), (gap, masked)


def test_a_commands_argument_that_looks_like_a_digit_hides_no_number():
    for command in (b"\x1ba1", b"\x1b!0", b"\x1bE1", b"\x1d!0"):
        assert b"4111111111111111" not in mask_bytes(command + b"4111111111111111\n")
        assert mask_bytes(command + b"4111111111111111\n")[:3] == command


def test_a_dot_before_a_number_does_not_hide_it():
    assert mask_text("No.4111 1111 1111 1111") == "No.4111 11** **** 1111"
    assert mask_text("Nr.4111111111111111") == "Nr.411111******1111"


def test_a_split_number_is_masked_in_a_stream_wherever_it_is_cut():
    job = b"VISA\n4111 1111\n\x1bE1 1111 1111\x1bE0\nTOTAL 5.00\n"
    whole = mask_bytes(job)
    assert whole.count(b"*") == 6
    for cut in range(1, len(job)):
        masker = StreamMasker()
        assert masker.feed(job[:cut]) + masker.feed(job[cut:]) + masker.close() == whole, cut


def test_columns_of_amounts_are_no_card_number():
    text = "4111\n1111\n1111\n1112\n12.50 13.60 14.70 15.80"
    assert mask_text(text) == text


def test_full_width_digits_are_digits():
    assert mask_text("カード ４１１１１１１１１１１１１１１１") == "カード ４１１１１１******１１１１"
