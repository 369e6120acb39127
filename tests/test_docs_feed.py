"""`docs/feed.md` is true: every test and story that its table of bad input names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TABLE = (ROOT / "docs" / "feed.md").read_text("utf-8").partition("## Bad input")[2].partition("\n## ")[0]
ROWS = [line.split("|")[1:4] for line in TABLE.splitlines() if line.startswith("| ")][2:]
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
}


def test_the_table_has_every_fault_that_was_promised():
    assert len(ROWS) == 12, [row[0] for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_every_bad_input_has_a_test_or_a_story_of_that_name(row: list[str]):
    shown_by = re.findall(r"`([^`]+)`", row[2])
    assert shown_by, f"nothing shows {row[0]}"
    missing = [
        name
        for name in shown_by
        if name not in TESTS and not (name.endswith(".toml") and (ROOT / "tests" / "scenarios" / name).is_file())
    ]
    assert missing == []
