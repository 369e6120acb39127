"""The command line: what it finds, how it fails, what it says."""

import json
import subprocess
import sys

import pytest

from agent.command_line import COMMANDS, run
from retail.errors import ConfigurationError


def test_help_lists_every_command_and_imports_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n  {name} " in shown


def test_a_mistyped_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stauts"]) == 2
    assert "stauts" in capsys.readouterr().err


def test_a_mistyped_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--jsn"]) == 2
    assert "--jsn" in capsys.readouterr().err


def test_a_configuration_error_says_what_to_do_and_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--job", "no-such-file.bin"]) == 2
    said = capsys.readouterr().err
    assert "no-such-file.bin" in said
    assert "\nfix: " in said


def test_with_json_an_error_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--job", "no-such-file.bin", "--json"]) == 2
    told = json.loads(capsys.readouterr().err)
    assert told.keys() == {"code", "message", "fix"}
    assert told["code"] == ConfigurationError.code


def test_version_tells_program_and_protocol(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out).keys() == {"tillstream", "tap_protocol", "python"}


def test_tap_is_reached_without_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "agent", "tap", "--nope"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage: " in done.stderr


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "tap"])
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Usage" in shown
    assert "xample" in shown or "e.g." in shown or "Commands" in shown
