"""What every command says of a state folder that it cannot use."""

import pytest

from agent.commands.options import open_journal
from agent.state_dir import StateDir
from retail.errors import OnSiteError


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
