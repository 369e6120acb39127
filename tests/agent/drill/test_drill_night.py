"""A night of stories: `make soak` tells as many as TILLSTREAM_DRILL_SEEDS says, from the run's seed on."""

import os

import pytest

from agent.drill.run import faults_of, tell
from agent.drill.settings import Story

SEEDS = int(os.environ.get("TILLSTREAM_DRILL_SEEDS", "100"))


@pytest.mark.slow
def test_a_night_of_stories_loses_nothing_and_applies_nothing_twice():
    first = int(os.environ.get("TILLSTREAM_SEED", "1"))
    broken = {}
    for seed in range(first, first + SEEDS):
        story = Story(seed=seed)
        told = tell(story, faults_of(story))
        if told.violations:
            broken[story.command()] = [each.to_json() for each in told.violations]
    assert broken == {}
