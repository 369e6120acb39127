"""Stories of what a member is told by a store of what the whole chain knows: `tests/scenarios/chain/*.toml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.chain_runner import tell

STORIES = sorted((Path(__file__).parent / "chain").glob("*.toml"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_of_a_chain_comes_true(path: Path, tmp_path: Path):
    tell(path, tmp_path / "state")
