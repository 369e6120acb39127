"""Stories of coupons and points, told to the real agent core: `tests/scenarios/value/*.toml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.story_runner import tell

STORIES = sorted((Path(__file__).parent / "value").glob("*.toml"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_of_value_comes_true(path: Path, tmp_path: Path):
    tell(path, tmp_path / "state")


def test_there_are_forty_stories_of_value_or_more():
    assert len(STORIES) >= 40
