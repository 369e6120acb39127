"""What commands have in common: the agent.toml that they find, and what they say of a state folder of no use."""

import pytest
from typer.testing import CliRunner

from agent.commands.agent import app as agent_app
from agent.commands.options import open_journal
from agent.state_dir import StateDir
from retail.errors import ConfigurationError, OnSiteError

CONFIG = """
[store]
business_unit_id = "7781"
timezone = "Europe/Berlin"
currency = "EUR"
[agent]
state_dir = "state"
[[workstation]]
id = "1"
[workstation.tap]
listen = "127.0.0.1:9100"
printer = "tcp://127.0.0.1:9200"
"""


def test_a_lost_key_is_not_told_as_a_store_that_never_ran(tmp_path):
    state = StateDir(tmp_path / "state")
    with pytest.raises(OnSiteError) as never_ran:
        open_journal(state, {})
    assert never_ran.value.code == "no_journal"
    state.create()
    state.journal.write_bytes(b"a journal")
    with pytest.raises(OnSiteError) as key_is_lost:
        open_journal(state, {})
    assert key_is_lost.value.code == "no_journal_key"
    assert str(state.keys) in key_is_lost.value.message


def test_what_a_technician_types_without_a_file_is_about_the_one_that_is_there(tmp_path, monkeypatch):
    (tmp_path / "agent.toml").write_text(CONFIG, "utf-8")
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(agent_app, ["sockets"])
    assert "ListenStream=127.0.0.1:9100" in told.output
    told = CliRunner().invoke(agent_app, ["enrol", "--code", "XXXXX"])
    assert isinstance(told.exception, ConfigurationError), told.output
    assert "[hub]" in told.exception.fix
