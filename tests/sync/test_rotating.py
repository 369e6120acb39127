"""Rotating codes: RFC 6238's own vectors, a code's life, and what is no code."""

from __future__ import annotations

import pytest

from sync.protocol.rotating import digits_at, is_current, is_rotating, is_wallet, read_shown, secret_of

RFC_SECRET = b"12345678901234567890"  # RFC 6238, appendix B; its steps are 30 s long, so its times are doubled here


@pytest.mark.parametrize(
    ("at_s", "digits"),
    [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (20000000000, "65353130")],
)
def test_digits_are_those_of_the_standard(at_s: int, digits: str):
    assert digits_at(RFC_SECRET, at_s * 2) == digits


def test_a_code_is_good_for_its_minute_and_one_on_either_side():
    secret = secret_of(bytes(32))
    shown = read_shown("tsw1:ABCDEFGH12345678:" + digits_at(secret, 600))
    assert shown is not None
    good = [at for at in (420, 539, 540, 600, 659, 719, 720) if is_current(shown, secret, at)]
    assert good == [540, 600, 659, 719]


def test_another_tokens_digits_are_not_good():
    shown = read_shown("tsw1:ABCDEFGH12345678:" + digits_at(secret_of(b"\1" * 32), 600))
    assert shown is not None
    assert not is_current(shown, secret_of(bytes(32)), 600)


@pytest.mark.parametrize(
    "code", ["tsw1:ABCDEFGH12345678", "tsw1:ABCDEFGH:1234567", "tsw1::12345678", "tsw1:A B:12345678"]
)
def test_a_code_without_its_digits_is_never_taken(code: str):
    assert is_rotating(code)
    assert read_shown(code) is None


def test_a_wallets_own_code_is_told_from_what_it_shows():
    assert is_wallet("tsw1:ABCDEFGH12345678")
    assert not is_wallet("tsw1:ABCDEFGH12345678:12345678")
