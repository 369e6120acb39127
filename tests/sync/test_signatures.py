"""RFC 9421 signatures: the RFC's own vector, and every change on the way is noticed."""

import base64
import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.signatures import (
    Answer,
    BadSignatureError,
    ClockWrongError,
    Request,
    SigningKey,
    UnsignedError,
    _RequestParts,
    sign_answer,
    sign_request,
    signature_base,
    verify_answer,
    verify_request,
)
from sync.protocol.structured_fields import InnerList, Item, MalformedFieldError, parse_dictionary, serialise

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AGENT = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
HUB = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))


def signed_request(body: bytes = b"{}") -> Request:
    request = Request(
        method="POST",
        path="/v1/journal",
        query="a=b",
        headers={"content-type": "application/json", "content-encoding": "deflate"} if body else {},
        body=body,
    )
    return replace(request, headers={**request.headers, **sign_request(request, AGENT, now=NOW)})


def public_key_of(key_id: str):
    return AGENT.private.public_key() if key_id == AGENT.key_id else None


def test_the_vector_of_rfc_9421_appendix_b_2_6_is_met():
    """The RFC signs method and path with derived components and its headers; the base is byte for byte the RFC's."""
    private = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5")
    )
    listed = InnerList(
        (Item("date"), Item("@method"), Item("@path"), Item("content-type"), Item("content-length")),
        (("created", 1618884473), ("keyid", "test-key-ed25519")),
    )
    request = Request(
        method="POST",
        path="/foo",
        headers={
            "date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "content-type": "application/json",
            "content-length": "18",
        },
    )
    base = signature_base(listed, _RequestParts(request)).decode()
    full = base.replace('"@path": /foo\n', '"@path": /foo\n"@authority": example.com\n').replace(
        '"@path" "content-type"', '"@path" "@authority" "content-type"'
    )
    expected = "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    assert base64.b64encode(private.sign(full.encode())).decode() == expected


def test_a_signed_request_tells_who_sent_it():
    told = verify_request(signed_request(), public_key_of, now=NOW)
    assert told.key_id == AGENT.key_id
    assert len(told.nonce) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"path": "/v1/other"},
        {"query": "a=c"},
        {"body": b"[]"},
        {"body": b""},
    ],
)
def test_a_change_on_the_way_is_noticed(change):
    with pytest.raises(BadSignatureError):
        verify_request(replace(signed_request(), **change), public_key_of, now=NOW)


@pytest.mark.parametrize("name", ["content-type", "content-encoding", "content-digest"])
def test_a_changed_or_stripped_header_is_noticed(name):
    request = signed_request()
    with pytest.raises(BadSignatureError):
        verify_request(replace(request, headers={**request.headers, name: "x/y"}), public_key_of, now=NOW)
    without = {key: value for key, value in request.headers.items() if key != name}
    if name != "content-encoding":
        with pytest.raises(BadSignatureError):
            verify_request(replace(request, headers=without), public_key_of, now=NOW)


def test_a_signature_that_leaves_the_body_out_is_refused():
    """Else a man in the middle could put any body under a signature over nothing but the path."""
    bare = replace(signed_request(b""), body=b"{}")
    with pytest.raises(BadSignatureError, match="content-type"):
        verify_request(bare, public_key_of, now=NOW)


def test_a_stranger_is_told_so():
    with pytest.raises(BadSignatureError) as refused:
        verify_request(signed_request(), lambda _key_id: None, now=NOW)
    assert refused.value.code == "unknown_key"


def test_no_signature_is_another_error_than_a_bad_one():
    with pytest.raises(UnsignedError):
        verify_request(replace(signed_request(), headers={}), public_key_of, now=NOW)


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24 * 365 * 56])
def test_a_clock_that_is_wrong_is_named_only_when_the_signature_holds(minutes):
    with pytest.raises(ClockWrongError):
        verify_request(signed_request(), public_key_of, now=NOW + timedelta(minutes=minutes))


def test_an_answer_is_bound_to_the_request_it_answers():
    request, other = signed_request(), signed_request(b"[1]")
    answer = Answer(status=200, headers={"content-type": "application/json"}, body=b"{}")
    signed = replace(answer, headers={**answer.headers, **sign_answer(answer, request, HUB, now=NOW)})
    public = HUB.private.public_key()
    assert verify_answer(signed, request, public, now=NOW).key_id == HUB.key_id
    for request_of, answer_of in ((other, signed), (request, replace(signed, status=201))):
        with pytest.raises(BadSignatureError):
            verify_answer(answer_of, request_of, public, now=NOW)
    with pytest.raises(BadSignatureError):
        verify_answer(signed, request, AGENT.private.public_key(), now=NOW)


@pytest.mark.parametrize(
    "text",
    ["a=(", "a=(1 2", 'a="', "a=:!:", "a=1,", "A=1", "a=1.5", "a=@1", "a=(1)(2)", "a==1", "a" * 9000, 'a=("x""y")'],
)
def test_a_malformed_field_is_refused(text):
    with pytest.raises(MalformedFieldError):
        parse_dictionary(text)


@given(st.text())
def test_no_header_makes_the_parser_do_anything_but_read_or_refuse(text):
    with contextlib.suppress(MalformedFieldError):
        parse_dictionary(text)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z*][a-z0-9_.*-]{0,8}", fullmatch=True),
        st.one_of(
            st.builds(Item, st.text(st.characters(min_codepoint=32, max_codepoint=126))),
            st.builds(Item, st.binary()),
            st.builds(Item, st.integers(-(10**14), 10**14)),
            st.builds(Item, st.booleans()),
        ),
        max_size=5,
    )
)
def test_what_is_serialised_is_read_back(members):
    text = ", ".join(f"{name}={serialise(item)}" for name, item in members.items())
    assert parse_dictionary(text) == members
