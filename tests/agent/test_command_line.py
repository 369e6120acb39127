"""The command line: what it finds, how it fails, what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.command_line import COMMANDS, run
from retail.errors import ConfigurationError


def test_help_lists_every_command_and_imports_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n  {name} " in shown


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("stauts", "status"),
        ("demmo", "demo"),
        ("dctor", "doctor"),
        ("enrol", "agent enrol"),
        ("ring", "hub rings"),
    ],
)
def test_a_mistyped_command_is_a_usage_error_that_names_the_nearest(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([typed]) == 2
    said = capsys.readouterr().err
    assert repr(typed) in said
    assert f"Did you mean {meant!r}?" in said


def test_what_resembles_no_command_is_a_usage_error_without_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["qqqq"]) == 2
    assert "Did you mean" not in capsys.readouterr().err


def test_a_mistyped_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--jsn"]) == 2
    assert "--jsn" in capsys.readouterr().err


def test_a_configuration_error_says_what_to_do_and_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--job", "no-such-file.bin"]) == 2
    said = capsys.readouterr().err
    assert "no-such-file.bin" in said
    assert "\nfix: " in said


def test_the_file_that_is_there_is_checked_and_where_there_is_none_setup_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    if not Path("/etc/tillstream/agent.toml").exists():
        assert run(["configcheck"]) == 2
        assert "tillstream setup asks for it" in capsys.readouterr().err
    (tmp_path / "agent.toml").write_text(
        '[store]\nbusiness_unit_id = "7781"\ntimezone = "Europe/Berlin"\ncurrency = "EUR"\n'
    )
    assert run(["configcheck"]) == 0
    assert capsys.readouterr().out == "agent.toml: ok, 0 workstation(s)\n"


def test_the_demo_refuses_a_folder_that_is_not_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "agent.toml").write_text("[store]\n")
    for folder in (tmp_path, tmp_path / "agent.toml", tmp_path / "agent.toml" / "below"):
        assert run(["demo", "--once", "--keep", str(folder)]) == 2
        assert str(folder) in capsys.readouterr().err
    assert (tmp_path / "agent.toml").read_text() == "[store]\n"


def test_the_demo_reports_as_json_only_where_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--json"]) == 2
    assert "--once" in json.loads(capsys.readouterr().err)["fix"]


def test_with_json_an_error_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--job", "no-such-file.bin", "--json"]) == 2
    told = json.loads(capsys.readouterr().err)
    assert told.keys() == {"code", "message", "fix"}
    assert told["code"] == ConfigurationError.code


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        (["stauts", "--json"], "tillstream --help"),
        (["version", "--json", "--jsn"], "tillstream version --help"),
        (["read", "--json"], "tillstream read --help"),
        (["offers", "explain", "--json"], "tillstream offers explain --help"),
    ],
)
def test_with_json_a_usage_error_is_one_object_too(
    arguments: list[str], fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    told = json.loads(capsys.readouterr().err)
    assert (told["code"], told["fix"]) == ("usage", fix)


def test_version_tells_program_and_protocol(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out).keys() == {"tillstream", "tap_protocol", "python", "sqlite"}


def test_tap_is_reached_without_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "agent", "tap", "--nope"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage: " in done.stderr


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in {"tap", "scanner"}])
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Usage" in shown
    assert "xample" in shown or "e.g." in shown or "Commands" in shown
