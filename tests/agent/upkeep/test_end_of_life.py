"""A PC at the end of its life: what only it has is told, and then nothing of anybody is left on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.journal.batch import Batch, MoveCursor, Park
from agent.journal.records import ClockQuality, JournalKind, NewRecord, canonical_json
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.store import JournalStore
from agent.keys import FileSecrets, load_or_create_keys
from agent.state_dir import StateDir
from agent.upkeep.end_of_life import what_is_left, wipe
from retail.errors import TillstreamError

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    """A store with three sales and a visit, of which the hub has taken two records and refused one."""
    made = StateDir(tmp_path / "state")
    made.create()
    keys = load_or_create_keys(FileSecrets.of(made.keys, {}))
    place = JournalPlace(path=made.journal, key=keys.journal, now=lambda: NOW)
    store = JournalStore(place.path, lambda broken: open_or_recover(place, salvage_first=broken))
    store.open()
    kinds = [JournalKind.TRANSACTION_COMPLETED] * 3 + [JournalKind.VISIT]
    for number, kind in enumerate(kinds):
        store.append([Batch(records=(record(kind, number),))])
    head = store.head[1]
    move = MoveCursor(destination="hub", epoch=1, acked_seq=head - 2, head_hash="00" * 32, moved_at=NOW)
    park = Park(destination="hub", seq=head, reason="refused", detail="", parked_at=NOW)
    store.append([Batch(changes=(move, park))])
    store.close()
    (made.spool("1")).mkdir()
    (made.spool("1") / "1.job").write_bytes(b"sealed")
    (made.slots).mkdir()
    return made


def record(kind: JournalKind, number: int) -> NewRecord:
    return NewRecord(
        kind=kind, workstation_id="1", occurred_at=NOW, clock_quality=ClockQuality.SYNCHRONISED,
        business_day=NOW.date(), payload=canonical_json({"number": number}),
    )  # fmt: skip


def test_what_only_this_disk_has_is_counted_by_kind(state: StateDir) -> None:
    left = what_is_left(state, {})
    assert dict(left.unsent) == {"transaction.completed": 1, "visit": 1}
    assert (left.parked, left.spooled_jobs, left.is_nothing) == (1, 1, False)
    assert any("1 x transaction.completed, not uploaded" in line for line in left.lines())


def test_a_wipe_leaves_programs_and_nothing_of_anybody(state: StateDir, tmp_path: Path) -> None:
    credentials = tmp_path / "credstore"
    credentials.mkdir()
    (credentials / "tillstream.journal.key").write_bytes(b"sealed key")
    (credentials / "somebody.else").write_bytes(b"theirs")
    removed = wipe(state, credentials)
    assert {"journal.key", "agent_sign.key", "journal.db", "spool", "keys"} <= set(removed)
    assert [path.name for path in state.root.iterdir()] == ["slots"]
    assert [path.name for path in credentials.iterdir()] == ["somebody.else"]
    assert what_is_left(state, {}).is_nothing


def test_a_wipe_that_was_cut_short_has_taken_the_keys_and_is_finished_by_the_next(state: StateDir) -> None:
    for path in state.keys.iterdir():
        path.unlink()
    left = what_is_left(state, {})
    assert "key is gone" in left.unreadable
    wipe(state, state.root / "none")
    assert [path.name for path in state.root.iterdir()] == ["slots"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove everything")
def test_a_disk_that_says_no_is_told(state: StateDir) -> None:
    state.root.chmod(0o500)
    with pytest.raises(TillstreamError) as refused:
        wipe(state, state.root / "none")
    state.root.chmod(0o700)
    assert "sudo" in refused.value.fix


def reset(state: StateDir, *words: str) -> subprocess.CompletedProcess[str]:
    config = state.root.parent / "agent.toml"
    config.write_text(
        '[store]\nbusiness_unit_id = "7781"\ntimezone = "UTC"\ncurrency = "EUR"\n'
        f'[agent]\nstate_dir = "{state.root}"\n',
        "utf-8",
    )
    command = [sys.executable, "-m", "agent", "factory-reset", "--config", str(config), "--json", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.real
def test_nobody_is_wiped_who_did_not_agree_and_a_dry_run_says_what_would_be_lost(state: StateDir) -> None:
    told = json.loads(reset(state, "--dry-run").stdout)
    assert told["lost"]["unsent"] == {"transaction.completed": 1, "visit": 1}
    assert told["removed"] == []
    refused = reset(state)
    assert (refused.returncode, json.loads(refused.stderr)["code"]) == (2, "not_agreed")
    assert state.journal.exists()
    done = json.loads(reset(state, "--yes").stdout)
    assert "journal.db" in done["removed"]
    assert done["nothing_lost"] is False
    assert not state.journal.exists()
