"""Names of jobs: of version 7, each its own, and in the order of their milliseconds."""

from __future__ import annotations

import uuid

from pos_adapters.taps.job_ids import new_job_id

BEGAN_NS = 1_795_000_000_123_456_789
SECOND_NS = 1_000_000_000


def test_a_jobs_name_says_when_it_began_and_is_its_own():
    names = [new_job_id(lambda: BEGAN_NS) for _ in range(1000)]
    assert len(set(names)) == len(names)
    assert {(name.version, name.variant) for name in names} == {(7, uuid.RFC_4122)}
    assert {name.int >> 80 for name in names} == {1_795_000_000_123}


def test_names_sort_as_their_jobs_began_as_text_too():
    names = [str(new_job_id(lambda at=at: BEGAN_NS + at * SECOND_NS)) for at in range(100)]
    assert names == sorted(names)


def test_a_clock_before_1970_or_far_ahead_still_makes_names():
    assert new_job_id(lambda: -BEGAN_NS).version == 7
    assert new_job_id(lambda: 2**90).version == 7
