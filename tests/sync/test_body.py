"""Bodies: what is too large, too deep, cut, or newer is refused with a code, before it costs anything."""

import json
import zlib

import pytest

from sync.protocol.body import INFLATED_BYTES_MAX, BodyRefusedError, encode, inflate, parse
from sync.protocol.messages import JournalUpload

ZEROS = "0" * 64


def upload_json(**changes) -> bytes:
    record = {"kind": "visit", "occurred_at": "2026-11-21T12:00:00+01:00", "salt": "0" * 32, "payload": "{}"}
    whole = {
        "wire": 1,
        "epoch": 1,
        "first_seq": 1,
        "prev_hash": ZEROS,
        "head_hash": ZEROS,
        "records": [record],
    }
    return json.dumps(whole | changes).encode()


def code_of(call) -> tuple[str, int]:
    with pytest.raises(BodyRefusedError) as refused:
        call()
    assert refused.value.fix
    return refused.value.code, refused.value.status


def test_what_is_encoded_is_read_back():
    upload = parse(JournalUpload, upload_json())
    assert parse(JournalUpload, inflate(encode(upload))) == upload


def test_a_bomb_is_refused_at_the_bound():
    bomb = zlib.compress(bytes(4 * INFLATED_BYTES_MAX), 9)
    assert len(bomb) < 70_000
    assert code_of(lambda: inflate(bomb)) == ("too_large", 413)
    assert len(inflate(zlib.compress(bytes(100)), inflated_bytes_max=100)) == 100
    assert code_of(lambda: inflate(zlib.compress(bytes(101)), inflated_bytes_max=100)) == ("too_large", 413)


@pytest.mark.parametrize(
    "body",
    [b"", b"no zlib", zlib.compress(b"{}")[:-1], zlib.compress(b"{}") + b"tail", b"\x1f\x8b\x08\x00"],
)
def test_what_is_no_whole_zlib_stream_is_refused(body):
    assert code_of(lambda: inflate(body)) == ("not_deflate", 400)


@pytest.mark.parametrize("text", [b"", b"{", b"<html>Sign in to Cafe WiFi</html>", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_refused(text):
    assert code_of(lambda: parse(JournalUpload, text)) == ("not_json", 400)


@pytest.mark.parametrize(
    "changes",
    [
        {"epoch": "1"},
        {"epoch": 0},
        {"first_seq": -1},
        {"first_seq": 2**60},
        {"records": []},
        {"records": [{}]},
        {"head_hash": "F" * 64},
        {"records": [{"kind": "X", "occurred_at": ""}]},
        {"records": [{"kind": "visit", "occurred_at": "", "payload": "{}", "absent": "erased"}]},
        {"records": [{"kind": "visit", "occurred_at": "", "payload_hash": ZEROS}]},
    ],
)
def test_a_wrong_field_is_named(changes):
    assert code_of(lambda: parse(JournalUpload, upload_json(**changes))) == ("invalid", 422)


def test_a_newer_form_is_told_which_forms_are_taken():
    assert code_of(lambda: parse(JournalUpload, upload_json(wire=2, records={"columns": []}))) == ("wire_unknown", 415)


def test_fields_of_a_newer_peer_are_ignored():
    assert parse(JournalUpload, upload_json(mood="good")).first_seq == 1


def test_an_erased_record_has_a_hash_and_nothing_else():
    text = upload_json(records=[{"kind": "visit", "occurred_at": "", "payload_hash": ZEROS, "absent": "erased"}])
    record = parse(JournalUpload, text).records[0]
    assert record.payload is None
    assert record.absent == "erased"


def test_a_refusal_never_repeats_what_was_sent():
    """A body may hold a person's data; logs and answers must not."""
    with pytest.raises(BodyRefusedError) as refused:
        parse(JournalUpload, upload_json(head_hash="anna@example.org"))
    assert "anna" not in refused.value.message
