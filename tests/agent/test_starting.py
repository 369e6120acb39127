"""Core and desk are begun before anybody has read the configuration, and touch nothing until all they need is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.starting import is_short
from agent.starting_line import LINE_VARIABLE, StartingLine, wait_for_go

ROOT = Path(__file__).resolve().parents[2]
WAITS = "import os; from agent.starting_line import wait_for_go; wait_for_go(os.environ); open('begun', 'w').close()"


def waiting(line: StartingLine, folder: Path) -> subprocess.Popen[bytes]:
    """Start a program that waits at the line and then leaves a file."""
    environment = os.environ | {LINE_VARIABLE: str(line.descriptor), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", WAITS], cwd=folder, env=environment, pass_fds=(line.descriptor,))


def test_all_who_wait_at_the_line_begin_at_the_word(tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("core", "desk")]
    with StartingLine() as line:
        for place in places:
            place.mkdir()
        processes = [waiting(line, place) for place in places]
        assert [process.poll() for process in processes] == [None, None]
        line.go(waiting=2)
    assert [process.wait(60) for process in processes] == [0, 0]
    assert all((place / "begun").exists() for place in places)


def test_who_waits_at_a_line_that_is_given_up_ends_and_has_touched_nothing(tmp_path: Path) -> None:
    with StartingLine() as line:
        process = waiting(line, tmp_path)
    assert process.wait(60) == 1
    assert list(tmp_path.iterdir()) == []


def test_who_was_sent_to_no_line_waits_for_nobody() -> None:
    wait_for_go({})


@pytest.mark.parametrize("program", ["run", "core"])
def test_a_wrong_configuration_is_told_once_and_leaves_nothing(tmp_path: Path, program: str) -> None:
    (tmp_path / "agent.toml").write_text("[store]\nbusiness_unit = '1'\n", "utf-8")
    command = [sys.executable, "-m", "agent", "agent", program, "--config", str(tmp_path / "agent.toml")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=120)
    assert done.returncode == 2
    assert done.stderr.count("unknown") == 1, done.stderr
    assert done.stderr.count("fix:") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["agent.toml"]


@pytest.mark.parametrize(
    ("words", "short"),
    [
        ("agent run --config agent.toml", True),
        ("agent desk --config /etc/tillstream/agent.toml", True),
        ("agent run -c agent.toml", False),
        ("agent run --help", False),
        ("agent run --config --help", False),
        ("agent enrol --config agent.toml", False),
        ("agent run --config agent.toml --json", False),
    ],
)
def test_only_what_a_service_manager_types_takes_the_short_way(words: str, short: bool) -> None:
    assert is_short(words.split()) is short
