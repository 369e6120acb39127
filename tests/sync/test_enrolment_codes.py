"""Codes that people type, and the box the pepper travels in."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from retail.errors import RefusedError
from sync.protocol.enrolment import (
    ALPHABET,
    code_digest,
    from_base64,
    new_code,
    open_sealed,
    parse_code,
    seal_to,
    to_base64,
)


def test_a_code_is_read_however_a_person_types_it():
    code = new_code()
    plain = code.replace("-", "")
    typed = [code, code.lower(), f"  {plain} ", code.replace("0", "O").replace("1", "l").replace("V", "u")]
    assert {parse_code(each) for each in typed} == {plain}
    assert len({code_digest(parse_code(each)) for each in typed}) == 1


def test_two_codes_never_meet():
    assert len({new_code() for _ in range(200)}) == 200


@pytest.mark.parametrize("wrong", ["", "12345", "!" * 20, "A" * 21])
def test_what_is_no_code_is_refused_without_asking_a_hub(wrong):
    with pytest.raises(RefusedError) as refused:
        parse_code(wrong)
    assert refused.value.code == "code_mistyped"


@given(st.integers(0, 18), st.sampled_from(ALPHABET))
def test_one_wrong_character_shows(place, character):
    plain = parse_code("40404-04040-40404-0404" + _check("4040404040404040404"))
    if plain[place] == character or {plain[place], character} == {"0", "Z"}:
        return
    with pytest.raises(RefusedError):
        parse_code(plain[:place] + character + plain[place + 1 :])


def _check(body: str) -> str:
    for character in ALPHABET:
        try:
            parse_code(body + character)
        except RefusedError:
            continue
        return character
    raise AssertionError


def test_a_box_opens_only_for_its_holder_and_only_unchanged():
    holder, stranger = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    box = seal_to(holder.public_key(), b"pepper" * 5)
    assert open_sealed(holder, box) == b"pepper" * 5
    assert seal_to(holder.public_key(), b"pepper" * 5) != box
    for private, sealed in ((stranger, box), (holder, box[:-1] + bytes([box[-1] ^ 1])), (holder, b"")):
        with pytest.raises(RefusedError):
            open_sealed(private, sealed)


@given(st.binary())
def test_base64_comes_back(data):
    assert from_base64(to_base64(data)) == data
