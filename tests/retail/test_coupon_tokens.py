"""Coupon tokens: compact, the same at every repeat, and nothing but what a key of the chain has signed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from agent.offering.coupons import CouponIssuer
from receipt.qr_codes import version_for
from retail.coupons import (
    TOKEN_CHARS,
    CouponClaims,
    CouponScope,
    check_digit,
    pack,
    serial_of,
    split_token,
    spoken_serial,
    till_barcode,
    typed_serial,
    unpack,
)
from retail.errors import ConfigurationError, RefusedError
from retail.identifiers import BusinessUnitId, CampaignId, CouponSerial, CustomerId, TransactionId
from retail.money import Money
from retail.offers.campaign_file import campaign_from_mapping
from retail.offers.decision import Reward
from sync.protocol.coupons import CouponVerifier, StoreKey

TODAY = date(2026, 11, 21)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CAMPAIGN = campaign_from_mapping(
    {
        "id": "coffee-back",
        "where": ["receipt"],
        "starts": "2026-11-01",
        "ends": "2026-11-30",
        "benefit": {"kind": "percent", "value": "15"},
        "coupon": {"valid_days": 14, "till_barcode": "ean13:2099{serial:8}"},
    }
)
REWARD = Reward(
    campaign=CAMPAIGN,
    value=CAMPAIGN.benefit.value,
    cost=Money.of("1.00", "EUR"),
    valid_until=TODAY + timedelta(days=14),
    why=(),
)


def store_key(key: Ed25519PrivateKey = KEY, **fields: bool) -> StoreKey:
    return StoreKey(business_unit_id=BusinessUnitId("7781"), public_key=key.public_key().public_bytes_raw(), **fields)


def issue(transaction: str = "t1", holder: str | None = None):
    return CouponIssuer(KEY).issue(
        REWARD,
        transaction_id=TransactionId(transaction),
        today=TODAY,
        holder=None if holder is None else CustomerId(holder),
    )


def test_a_token_fits_a_qr_code_of_version_eight_at_level_m() -> None:
    assert version_for(issue().token.encode()) <= 8


def test_issuing_twice_for_one_transaction_gives_the_same_coupon_and_another_gives_another() -> None:
    assert issue("t1") == issue("t1")
    assert issue("t1").serial != issue("t2").serial


def test_a_verified_token_says_what_was_issued_and_where() -> None:
    verified = CouponVerifier([store_key()]).verify(issue(holder="c1").token)
    assert verified.issued_at == "7781"
    assert verified.claims.valid_until == date(2026, 12, 5)
    assert verified.claims.is_of(CampaignId("coffee-back"))
    assert not verified.claims.is_of(CampaignId("tea-back"))
    assert verified.claims.is_held_by(CustomerId("c1"))
    assert not verified.claims.is_held_by(CustomerId("c2"))


@pytest.mark.parametrize(
    "damage", [str.lower, lambda token: f"  {token}\r\n", lambda token: token.replace("tsc1", "TSC1")]
)
def test_scanners_that_change_case_or_add_line_ends_do_no_harm(damage) -> None:
    assert CouponVerifier([store_key()]).verify(damage(issue().token)).claims.serial == issue().serial


def test_a_key_of_another_chain_is_told_from_a_forgery_and_from_noise() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    verifier = CouponVerifier([store_key(other)])
    with pytest.raises(RefusedError) as foreign:
        verifier.verify(issue().token)
    assert foreign.value.code == "coupon_foreign"
    payload, _signature = split_token(issue().token)
    forged = CouponIssuer(other)
    forged._key_id = payload[1:5]
    token = forged.issue(REWARD, transaction_id=TransactionId("t1"), today=TODAY).token
    with pytest.raises(RefusedError) as refused:
        CouponVerifier([store_key()]).verify(token)
    assert refused.value.code == "coupon_forged"


@given(st.integers(0, TOKEN_CHARS - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567089:-{\x00я"))
def test_no_altered_token_is_ever_accepted(place: int, character: str) -> None:
    token = issue().token
    altered = token[:place] + character + token[place + 1 :]
    if altered.upper() == token.upper():
        return
    with pytest.raises(RefusedError):
        CouponVerifier([store_key()]).verify(altered)


@given(st.text(max_size=200))
def test_noise_is_refused_and_never_crashes(noise: str) -> None:
    with pytest.raises(RefusedError):
        CouponVerifier([store_key()]).verify(noise)


def test_a_revoked_key_is_good_only_for_coupons_that_a_ledger_knows() -> None:
    assert CouponVerifier([store_key(revoked=True)]).verify(issue().token).only_if_known


@given(
    st.binary(min_size=8, max_size=8),
    st.dates(date(2020, 1, 1), date(2100, 1, 1)),
    st.integers(0, 3650),
    st.sampled_from(CouponScope),
    st.binary(min_size=4, max_size=4),
)
def test_what_is_packed_is_unpacked(serial: bytes, first: date, days: int, scope: CouponScope, digest: bytes) -> None:
    claims = CouponClaims(
        serial=serial_of(TransactionId(serial.hex()), CampaignId("c")),
        campaign_digest=b"123456",
        key_id=b"abcd",
        valid_from=first,
        valid_until=first + timedelta(days=days),
        scope=scope,
        holder_digest=digest,
    )
    assert unpack(pack(claims)) == claims


def test_a_clock_before_the_format_began_is_said_and_no_coupon_is_made() -> None:
    with pytest.raises(ConfigurationError, match="does not fit"):
        CouponIssuer(KEY).issue(REWARD, transaction_id=TransactionId("t"), today=date(1970, 1, 1))


def test_the_till_barcode_is_an_ean13_with_its_check_digit() -> None:
    kind, data = issue().till_code or ("", "")
    assert kind == "ean13"
    assert len(data) == 13
    assert data.startswith("2099")
    assert check_digit(data[:-1]) == data[-1]


@pytest.mark.parametrize(("digits", "check"), [("400638133393", "1"), ("590123412345", "7"), ("2099", "2")])
def test_check_digits_are_those_of_gs1(digits: str, check: str) -> None:
    assert check_digit(digits) == check


def test_a_code_128_template_keeps_its_letters() -> None:
    kind, data = till_barcode("code128:CPN-{serial:10}-X", issue().serial)
    assert (kind, len(data)) == ("code128", 16)
    assert data.startswith("CPN-")
    assert data.endswith("-X")


def test_a_mass_coupon_has_the_one_code_that_the_till_knows() -> None:
    whole = "209900000001" + check_digit("209900000001")
    for template in ("ean13:209900000001", f"ean13:{whole}"):
        assert till_barcode(template, issue("t1").serial) == ("ean13", whole)
        assert till_barcode(template, issue("t2").serial) == ("ean13", whole)


@given(st.text(max_size=30))
def test_typing_a_serial_is_forgiving_and_noise_is_none(noise: str) -> None:
    serial = issue().serial
    assert typed_serial(f" {spoken_serial(serial).lower()} ") == serial
    found = typed_serial(noise)
    assert found is None or isinstance(found, str)


def test_a_serial_whose_last_letter_holds_bits_that_nothing_means_is_none() -> None:
    assert typed_serial(CouponSerial("AAAAAAAAAAAAB")) is None
