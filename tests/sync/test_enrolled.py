"""An enrolment on disk reads back as it was written, also one of an older hub."""

import json

import pytest

from retail.errors import OnSiteError
from sync.enrolled import Enrolled

ENROLLED = Enrolled(
    hub_url="https://hub.example",
    tenant="main",
    store="7781",
    agent="a1",
    epoch=3,
    hub_key=b"h" * 32,
    feed_key=b"f" * 32,
    pepper=b"p" * 32,
    country="DE",
    contact_key=b"c" * 32,
)


def test_an_enrolment_reads_back_as_it_was_written():
    assert Enrolled.from_json(ENROLLED.to_json()) == ENROLLED


def test_an_enrolment_of_a_hub_that_told_no_contact_key_has_none():
    told = json.loads(ENROLLED.to_json())
    del told["contact_key"]
    assert Enrolled.from_json(json.dumps(told)).contact_key == b""


def test_an_enrolment_shows_no_secret():
    assert (b"p" * 32).hex() not in repr(ENROLLED)
    assert "pppp" not in repr(ENROLLED)


@pytest.mark.parametrize(
    ("part", "damaged"),
    [
        ("hub_url", 5),
        ("tenant", None),
        ("store", []),
        ("epoch", "3"),
        ("epoch", True),
        ("hub_key", ""),
        ("feed_key", "66" * 31),
        ("pepper", "70"),
        ("contact_key", "63"),
        ("country", {}),
        ("another", ""),
    ],
)
def test_json_that_is_no_enrolment_any_more_is_told_as_damaged(part: str, damaged: object):
    told = json.loads(ENROLLED.to_json()) | {part: damaged}
    with pytest.raises(OnSiteError, match="damaged"):
        Enrolled.from_json(json.dumps(told))


@pytest.mark.parametrize("text", ["", "null", "[]", "[" * 100_000, "\0"])
def test_what_is_no_object_is_told_as_damaged(text: str):
    with pytest.raises(OnSiteError, match="damaged"):
        Enrolled.from_json(text)
