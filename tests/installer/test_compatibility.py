"""The compatibility sheet says of no device that it is tested unless its tests passed."""

from __future__ import annotations

import importlib.util
import tomllib
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sheet() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compatibility_sheet", ROOT / "installer/compatibility.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_row_of_the_table_stands_in_the_page_and_names_tests_that_exist(sheet: ModuleType) -> None:
    rows = tomllib.loads(sheet.TABLE.read_text("utf-8"))["equipment"]
    page = sheet.PAGE.read_text("utf-8")
    for row in rows:
        assert f"| {row['name']} | " in page
        assert all((ROOT / name).is_file() for name in row.get("tests", [])), row["name"]


def test_a_row_is_tested_only_when_all_its_tests_ran_and_none_failed(sheet: ModuleType, tmp_path: Path) -> None:
    row = {"tests": ["tests/installer/test_compatibility.py"]}
    for body, state in (("", "tested"), ("<failure/>", "untested"), ("<skipped/>", "untested")):
        report = tmp_path / "results.xml"
        report.write_text(
            f'<testsuites><testsuite><testcase classname="tests.installer.test_compatibility" name="x">{body}'
            "</testcase></testsuite></testsuites>"
        )
        assert sheet.state_of(row, sheet.passed_by_file(report))[0] == state
    assert sheet.state_of(row, {})[0] == "untested"
    assert sheet.state_of({"source": "a manual"}, {})[0] == "reported"
    assert sheet.state_of(row, {row["tests"][0]: Counter(passed=1)}) == ("tested", 1)
