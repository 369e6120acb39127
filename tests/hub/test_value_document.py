"""docs/value.md names tests and stories that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "docs" / "value.md").read_text("utf-8").partition("## What was broken on purpose")[2]


def test_every_test_and_story_that_the_table_of_faults_names_exists() -> None:
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    stories = {path.name for path in (ROOT / "tests" / "scenarios" / "value").glob("*.toml")}
    named = re.findall(r"`(test_\w+)`", TABLE)
    told = re.findall(r"`([\w-]+\.toml)`", TABLE)
    files = re.findall(r"`(tests/[\w/.]+)`", TABLE)
    assert len(named) >= 8
    assert [each for each in named if f"def {each}(" not in tests] == []
    assert [each for each in told if each not in stories] == []
    assert [each for each in files if not (ROOT / each).is_file()] == []
