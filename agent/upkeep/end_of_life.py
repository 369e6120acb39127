"""Factory reset: what a store still holds that nobody else has, and how everything of it goes.

Contract: `what_is_left` reads and says; `wipe` removes, keys first. Without its keys journal, captures, copies, mirror
and spools are noise, whatever a worn disk still holds of their blocks; so a wipe that the power cuts short has done
what matters, and a repeat finishes it. `agent.toml` and programs (`slots/`) stay: they say nothing of anybody.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from agent.journal.reader import JournalReader
from agent.keys import JOURNAL_KEY, FileSecrets
from agent.state_dir import StateDir, sync_folder
from agent.upkeep.patient import files, folders
from retail.errors import OnSiteError, TillstreamError

KEPT = frozenset({"slots", "updates"})
CREDENTIALS = Path("/etc/credstore.encrypted")
OVERWRITE_BYTES_MAX = 1_000_000  # keys and small state; a disk's own wear levelling makes more of it an empty gesture


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What would be lost: `unsent` counts records by kind that the hub has not taken.

    `unreadable` says why they cannot be counted; empty when they can.
    """

    unsent: Mapping[str, int] = field(default_factory=dict)
    parked: int = 0
    spooled_jobs: int = 0
    unreadable: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether the hub has all there is."""
        return not (self.unsent or self.parked or self.spooled_jobs or self.unreadable)

    def lines(self) -> list[str]:
        """Return it for a person, one thing a line."""
        told = [f"{count} x {kind}, not uploaded" for kind, count in sorted(self.unsent.items())]
        told += (
            [f"{self.parked} records that the hub would not take (tillstream journal parked)"] if self.parked else []
        )
        told += [f"{self.spooled_jobs} receipts that core has not read yet"] if self.spooled_jobs else []
        return [*told, *([f"whatever is in the journal: {self.unreadable}"] if self.unreadable else [])]


def what_is_left(state: StateDir, environment: Mapping[str, str]) -> Left:
    """Return what nobody but this disk has. Never raises for a broken store: then `unreadable` says so."""
    spooled = sum(len(files(folder)) for folder in folders(state.spools))
    if not state.journal.exists():
        return Left(spooled_jobs=spooled)
    try:
        key = FileSecrets.of(state.keys, environment).read(JOURNAL_KEY)
        if key is None:
            return Left(spooled_jobs=spooled, unreadable="its key is gone already")
        with closing(JournalReader(state.journal, key)) as reader:
            cursors = [cursor.acked_seq for cursor in reader.cursors()]
            return Left(
                unsent=dict(_kinds(reader, min(cursors, default=0))), parked=len(reader.parked()), spooled_jobs=spooled
            )
    except TillstreamError as error:
        return Left(spooled_jobs=spooled, unreadable=error.message)


def _kinds(reader: JournalReader, after_seq: int) -> Counter[str]:
    found: Counter[str] = Counter()
    while records := reader.all_records_after(after_seq):
        found.update(str(record.kind) for record in records)
        after_seq = records[-1].seq
    return found


def wipe(state: StateDir, credentials: Path = CREDENTIALS) -> list[str]:
    """Remove keys, then everything else; return what was removed, by name. Raises OnSiteError when the disk says no."""
    removed: list[str] = []
    try:
        for path in _keys(state, credentials):
            _overwrite(path)
            path.unlink()
            removed.append(path.name)
        for folder in (state.keys, credentials):
            if folder.is_dir():
                sync_folder(folder)
        for path in sorted(state.root.iterdir()):
            if path.name in KEPT:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
            removed.append(path.name)
        sync_folder(state.root)
    except OSError as error:
        raise OnSiteError(
            f"{error.filename or state.root}: {error.strerror}; {len(removed)} things are gone already",
            fix="run it again as root: sudo tillstream factory-reset",
            code="reset",
        ) from error
    return removed


def _keys(state: StateDir, credentials: Path) -> Iterator[Path]:
    yield from sorted(path for path in state.keys.glob("*") if path.is_file()) if state.keys.is_dir() else ()
    if credentials.is_dir():
        yield from sorted(credentials.glob("tillstream.*"))


def _overwrite(path: Path) -> None:
    """Write zeros over a small file before its name goes: honest on a magnetic disk, a gesture on flash."""
    size = path.stat().st_size
    if size > OVERWRITE_BYTES_MAX:
        return
    with suppress(PermissionError), path.open("r+b") as file:
        file.write(bytes(size))
        file.flush()
        os.fsync(file.fileno())
