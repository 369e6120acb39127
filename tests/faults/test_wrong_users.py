"""An agent started as root, as nobody, or where nothing can be written says so at once, and harms nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
CONFIG = """
[store]
business_unit_id = "7781"
timezone = "Europe/Berlin"
currency = "EUR"
"""

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start it as somebody else"),
]


def started_as(user: int, config: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*as_user(user), sys.executable, "-m", "agent", "agent", "run", "--config", str(config)],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **environment},
        capture_output=True, text=True, check=False, timeout=120, cwd="/",
    )  # fmt: skip


def as_user(user: int) -> list[str]:
    return ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"]


@pytest.fixture
def config() -> Iterator[Path]:
    """A store whose folder everybody may look into; skipped where nobody may not even start Python.

    It lies outside pytest's folders: every session of pytest on this machine closes those to others.
    """
    if subprocess.run([*as_user(NOBODY), sys.executable, "-c", ""], check=False, capture_output=True).returncode:
        pytest.skip("this Python is not for everybody")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = folder / "agent.toml"
        path.write_text(CONFIG + f'[agent]\nstate_dir = "{folder / "state"}"\n')
        (folder / "state").mkdir(mode=0o700)
        yield path


def test_root_does_not_run_the_agent_of_another_user(config: Path) -> None:
    state = config.parent / "state"
    os.chown(state, NOBODY, NOBODY)
    done = started_as(0, config)
    assert done.returncode == 1
    assert "started as root" in done.stderr
    assert f"tillstream agent run --config {config}" in done.stderr
    assert list(state.iterdir()) == [], "no file of root's keeps the service out"


def test_nobody_cannot_use_a_store_that_is_not_theirs(config: Path) -> None:
    done = started_as(NOBODY, config)
    assert done.returncode == 1
    assert "cannot be used as state folder" in done.stderr
    assert "fix:" in done.stderr
    config.chmod(0o600)
    done = started_as(NOBODY, config)
    assert done.returncode == 77
    assert "cannot be read" in done.stderr


@pytest.mark.parametrize("words", [["doctor"], ["status"], ["hub", "stores"]], ids=" ".join)
def test_who_may_not_look_is_told_to_type_it_behind_sudo(config: Path, words: list[str]) -> None:
    """The package's folders are closed to others: what lies in them is not "not there", and no traceback."""
    place = config.parent / "closed"
    place.mkdir(mode=0o700)
    config.rename(place / "agent.toml")
    (place / "hub.toml").write_text("[hub]\n")
    named = ["--config", str(place / "hub.toml")] if words[0] == "hub" else []
    done = subprocess.run(
        [*as_user(NOBODY), sys.executable, "-m", "agent", *words, *named],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=False, timeout=120, cwd=place,
    )  # fmt: skip
    assert done.returncode == 77, done.stderr
    assert f"\nfix: sudo tillstream {' '.join([*words, *named])}\n" in done.stderr


@pytest.mark.parametrize("mode", [0o500, None])
def test_a_home_that_cannot_be_written_or_is_not_there_is_named(config: Path, mode: int | None) -> None:
    config.write_text(CONFIG)
    home = config.parent / "home"
    if mode is not None:
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        home.chmod(mode)
    done = started_as(NOBODY, config, HOME=str(home))
    assert done.returncode == 1
    assert f"{home}/.local/state/tillstream: cannot be used as state folder" in done.stderr
    assert "[agent] state_dir" in done.stderr
