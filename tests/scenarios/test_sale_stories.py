"""Stories of who it is and what to offer, told to the real agent core: `tests/scenarios/*.toml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.sale_runner import tell

STORIES = sorted(Path(__file__).parent.glob("*.toml"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_of_a_sale_comes_true(path: Path, tmp_path: Path):
    tell(path, tmp_path / "state")


def test_there_are_sixty_stories_of_sales_or_more():
    assert len(STORIES) >= 60
