"""The bytes that are hashed: written by hand for speed, so held against an encoder."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sync.protocol.chain import RecordHeader

words = st.text(st.characters(exclude_categories=["Cs"]))


headers = st.builds(
    RecordHeader,
    epoch=st.integers(1),
    seq=st.integers(1),
    kind=words,
    workstation_id=words,
    occurred_at=words,
    clock_quality=words,
    business_day=words,
)


@given(headers)
def test_the_bytes_of_a_header_are_what_an_encoder_of_json_writes(header: RecordHeader):
    written = json.dumps(header, ensure_ascii=False, separators=(",", ":"))
    assert header.canonical() == written.encode()
