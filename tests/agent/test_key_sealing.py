"""Keys sealed to this machine: opened by it, gone in clear, and never made anew by mistake."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.commands.agent import app
from agent.key_sealing import SEALED, install_drop_in, open_sealed, seal_keys
from agent.keys import JOURNAL_KEY, FileSecrets, load_or_create_keys
from agent.state_dir import StateDir
from retail.errors import OnSiteError
from tests.agent.core_house import CONFIG


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    state = StateDir(tmp_path / "state")
    state.create()
    return state


@pytest.fixture
def sealer() -> str:
    """Skip where this machine seals nothing."""
    found = shutil.which("systemd-creds")
    if found is None:
        pytest.skip("systemd-creds is not here: apt-get install systemd")
    tried = subprocess.run([found, "encrypt", "--name=try", "-", "-"], input=b"x", capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"systemd-creds cannot seal here: {tried.stderr.decode().strip()}")
    return found


def test_sealed_keys_are_the_same_keys_and_no_file_holds_them_in_clear(state, tmp_path, sealer):
    keys = load_or_create_keys(FileSecrets(state.keys))
    done = seal_keys(state.keys, tmp_path / "sealed")
    assert done.sealed == SEALED
    for path in [*state.keys.iterdir(), *(tmp_path / "sealed").iterdir()]:
        assert keys.journal.hex().encode() not in path.read_bytes()
        assert keys.journal not in path.read_bytes()
    handed_over = tmp_path / "credentials"
    handed_over.mkdir()
    for name in SEALED:  # what systemd does when it starts the unit
        (handed_over / f"tillstream.{name}").write_text(open_sealed(name, tmp_path / "sealed" / f"tillstream.{name}"))
    again = load_or_create_keys(FileSecrets(state.keys, handed_over))
    assert (again.journal, again.seal_public) == (keys.journal, keys.seal_public)
    assert seal_keys(state.keys, tmp_path / "sealed").already == SEALED


def test_an_agent_without_its_sealed_keys_says_so_and_makes_no_new_ones(state, tmp_path, sealer):
    load_or_create_keys(FileSecrets(state.keys))
    seal_keys(state.keys, tmp_path / "sealed")
    with pytest.raises(OnSiteError, match="sealed to this machine"):
        load_or_create_keys(FileSecrets(state.keys))
    assert not (state.keys / JOURNAL_KEY).exists()


def test_the_command_prints_what_the_unit_needs(state, tmp_path, sealer):
    load_or_create_keys(FileSecrets(state.keys))
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(state_dir=state.root, profile="off"), "utf-8")
    command = ["seal-keys", "--config", str(config), "--to", str(tmp_path / "sealed"), "--json"]
    told = json.loads(CliRunner().invoke(app, command).stdout)
    for name in SEALED:
        assert f"LoadCredentialEncrypted=tillstream.{name}:{tmp_path}/sealed/tillstream.{name}" in told["drop_in"]


def test_keys_that_were_never_made_are_not_sealed(state, tmp_path):
    with pytest.raises(OnSiteError, match="no such key"):
        seal_keys(state.keys, tmp_path / "sealed")


def test_the_drop_in_is_installed_whole_and_again_the_same(tmp_path):
    folder = tmp_path / "tillstream.service.d"
    text = "[Service]\nLoadCredentialEncrypted=tillstream.journal.key:/somewhere\n"
    for _ in range(2):
        assert install_drop_in(text, folder) == folder / "keys.conf"
        assert [each.name for each in folder.iterdir()] == ["keys.conf"]
        assert (folder / "keys.conf").read_text() == text


def test_a_drop_in_that_cannot_be_written_is_told_with_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OnSiteError) as refused:
        install_drop_in("", tmp_path / "file" / "folder")
    assert refused.value.fix


def test_the_command_installs_what_it_has_sealed(state, tmp_path, sealer):
    load_or_create_keys(FileSecrets(state.keys))
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(state_dir=state.root, profile="off"), "utf-8")
    unit, to = tmp_path / "unit.d", tmp_path / "sealed"
    command = ["seal-keys", "--config", str(config), "--to", str(to), "--install", "--unit", str(unit), "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["installed"] == str(unit / "keys.conf")
    assert "LoadCredentialEncrypted=" in (unit / "keys.conf").read_text()
