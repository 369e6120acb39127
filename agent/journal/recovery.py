"""Opens the journal whatever state it is in: makes it when it is missing, moves it aside when it is broken.

A new database is made under another name and renamed when it is whole and durable, so `journal.db` is never half made.
A broken one is kept as `journal.db.broken-TIME` (with its log), what verifies is copied into a new one, and the epoch
is raised. Killed at any point, the next start begins again or finds the work done. A disk that is full, read-only or
failing is raised to the caller, who goes on printing and tries again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.journal.database import (
    BrokenJournalError,
    Connection,
    create,
    disk_errors,
    open_writing,
    translated,
)
from agent.journal.epochs import EpochMark
from agent.journal.queries import load_queries
from agent.journal.records import Epoch
from agent.journal.rows import stored_record
from agent.journal.salvage import Salvaged, salvage
from agent.journal.store import read_epochs
from agent.state_dir import sync_folder
from sync.protocol.chain import record_hash

SIDE_FILES = ("-wal", "-shm")
TAIL_ROWS = 1000  # rows whose links are checked at every start: 5 ms; the scrub checks all of them later


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPlace:
    """Where a journal lies and how it is opened; `now` is for names and marks only."""

    path: Path
    key: bytes
    now: Callable[[], datetime]

    @property
    def epoch_mark(self) -> EpochMark:
        """The file that remembers the highest epoch."""
        return EpochMark(self.path.with_suffix(".epoch"))

    def set_aside(self) -> list[Path]:
        """Return broken databases that were moved aside, oldest first."""
        return sorted(self.path.parent.glob(f"{self.path.name}.broken-*[0-9Z]"))


def open_or_recover(place: JournalPlace, *, salvage_first: bool = False) -> Connection:
    """Return the one writing connection to a journal that has an epoch.

    `salvage_first` moves the database aside even if it opens: the scrub found a damaged page in it. Raises
    JournalDiskError, JournalFullError, TryAgainError or OnSiteError when the disk or a newer program is in the way.
    """
    if not place.path.exists():
        _make_new(place, broken=_unfinished_salvage(place), reason="new journal")
    if not salvage_first:
        with contextlib.suppress(BrokenJournalError):
            return _open_checked(place)
    _make_new(place, broken=_move_aside(place), reason="journal was broken")
    return _open_checked(place)


def _open_checked(place: JournalPlace) -> Connection:
    """Open the database and check the links of its tail."""
    connection = open_writing(place.path, place.key)
    try:
        with translated(str(place.path)):
            epochs = read_epochs(connection, load_queries())
            _check_tail(connection, epochs)
        place.epoch_mark.raise_to(epochs[-1].epoch)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_tail(connection: Connection, epochs: tuple[Epoch, ...]) -> None:
    """Raise BrokenJournalError unless there is an epoch and the newest rows hold together."""
    if not epochs:
        raise BrokenJournalError("the journal has no epoch", fix="restart the agent")
    sql = load_queries()["records_before"]
    for row in connection.execute(sql, {"seq": 2**63 - 1, "limit_rows": TAIL_ROWS}):
        record = stored_record(row, epochs)
        if record_hash(record.prev_hash, record.header, record.payload_hash) != record.hash:
            raise BrokenJournalError(f"record {record.seq} does not verify", fix="restart the agent")


def _move_aside(place: JournalPlace) -> Path:
    """Rename a broken database and its log; a kill in between is made good by `_unfinished_salvage`."""
    stamp = place.now().strftime("%Y%m%dT%H%M%S%fZ")
    broken = place.path.with_name(f"{place.path.name}.broken-{stamp}")
    with disk_errors(place.path):
        place.path.rename(broken)
        _move_side_files(place, broken)
        sync_folder(place.path.parent)
    return broken


def _move_side_files(place: JournalPlace, broken: Path) -> None:
    """Let the log follow its database: it holds the newest commits."""
    for suffix in SIDE_FILES:
        part = place.path.with_name(place.path.name + suffix)
        target = broken.with_name(broken.name + suffix)
        if part.exists() and not target.exists():
            part.rename(target)


def _unfinished_salvage(place: JournalPlace) -> Path | None:
    """Return the database that was moved aside last when nothing took its place: the agent was killed in between."""
    aside = place.set_aside()
    if not aside:
        return None
    _move_side_files(place, aside[-1])
    return aside[-1]


def _make_new(place: JournalPlace, *, broken: Path | None, reason: str) -> None:
    """Make a database with an epoch above all known ones and what verifies of `broken`, then give it its name."""
    draft = place.path.with_name(f"{place.path.name}.new")
    with disk_errors(place.path):
        _remove(draft, "", *SIDE_FILES)
        create(draft, place.key)
    with contextlib.closing(open_writing(draft, place.key)) as connection, translated(str(draft)):
        found = salvage(broken, place.key, connection) if broken else Salvaged()
        epoch = max(found.last_epoch, place.epoch_mark.read()) + 1
        values = {
            "epoch": epoch,
            "first_seq": found.last_seq + 1,
            "reason": reason,
            "raised_at": place.now().isoformat(),
        }
        connection.execute(load_queries()["insert_epoch"], values)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    place.epoch_mark.raise_to(epoch)
    with disk_errors(place.path):
        _remove(place.path, *SIDE_FILES)
        draft.rename(place.path)
        sync_folder(place.path.parent)


def _remove(path: Path, *suffixes: str) -> None:
    for suffix in suffixes:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
