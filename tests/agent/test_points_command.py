"""`tillstream points exposure`: the worst case in money, and nothing while it is off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.commands.points import app
from retail.errors import ConfigurationError


def told(tmp_path: Path, policy: str, *options: str):
    file = tmp_path / "burn.toml"
    file.write_text(policy)
    arguments = ["exposure", "--policy", str(file), "--stores", "300", "--currency", "EUR", *options]
    return CliRunner().invoke(app, arguments)


def test_the_worst_case_is_said_in_money(tmp_path: Path) -> None:
    policy = '[burn]\noffline = true\nper_store_and_day = 5000\npoint_value = "0.01"\n'
    answer = told(tmp_path, policy, "--json", "--lease-days", "2")
    assert answer.exit_code == 0, answer.output
    assert [case["money"] for case in json.loads(answer.stdout)] == ["100.00", "30000.00", "30000.00"]
    assert "30000.00 EUR" in told(tmp_path, policy, "--lease-days", "2").stdout


def test_switched_off_it_is_nothing(tmp_path: Path) -> None:
    assert [case["points"] for case in json.loads(told(tmp_path, "[burn]\n", "--json").stdout)] == [0]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no table \[burn\]"):
        raise told(tmp_path, "[born]\n").exception
