"""Keys are made once, kept private, and found where the service manager puts them."""

import stat
from pathlib import Path

import pytest

from agent.keys import JOURNAL_KEY, SEAL_PUBLIC_KEY, FileSecrets, load_or_create_keys
from agent.state_dir import StateDir
from retail.errors import OnSiteError


def test_keys_are_made_once_and_are_private(tmp_path: Path):
    state = StateDir(tmp_path / "state")
    state.create()
    state.create()
    first = load_or_create_keys(FileSecrets.of(state.keys, {}))
    again = load_or_create_keys(FileSecrets.of(state.keys, {}))
    assert first.journal == again.journal
    assert first.seal_public == again.seal_public == bytes.fromhex((state.keys / SEAL_PUBLIC_KEY).read_text())
    assert {stat.S_IMODE(path.stat().st_mode) for path in state.keys.iterdir()} == {0o600}
    assert stat.S_IMODE(state.root.stat().st_mode) == 0o700
    assert first.journal.hex() not in repr(first)


def test_a_credential_of_the_service_manager_wins(tmp_path: Path):
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / f"tillstream.{JOURNAL_KEY}").write_text("ab" * 32)
    keys = load_or_create_keys(FileSecrets.of(tmp_path, {"CREDENTIALS_DIRECTORY": str(credentials)}))
    assert keys.journal == b"\xab" * 32
    assert not (tmp_path / JOURNAL_KEY).exists()


def test_a_damaged_key_is_said_and_never_replaced(tmp_path: Path):
    (tmp_path / JOURNAL_KEY).write_text("no key")
    with pytest.raises(OnSiteError, match="unreadable key"):
        load_or_create_keys(FileSecrets.of(tmp_path, {}))
    assert (tmp_path / JOURNAL_KEY).read_text() == "no key"


def test_an_existing_key_is_never_overwritten(tmp_path: Path):
    store = FileSecrets.of(tmp_path, {})
    store.create("a.key", b"1")
    with pytest.raises(OnSiteError):
        store.create("a.key", b"2")
    assert store.read("a.key") == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["a.key"]
