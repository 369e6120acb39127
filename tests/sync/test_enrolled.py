"""An enrolment on disk reads back as it was written, also one of an older hub."""

import json

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
