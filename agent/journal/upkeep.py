"""What keeps a journal fit for years: retention, backups, the scrub. Each in small steps, none on the print path."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlcipher

from agent.journal.batch import Batch, Quarantine
from agent.journal.chain import ChainVerifier, Damage, Finding
from agent.journal.database import BrokenJournalError, disk_errors, translated
from agent.journal.queries import load_queries
from agent.journal.reader import JournalReader
from agent.journal.store import JournalStore
from agent.state_dir import sync_folder

AHEAD_MAX = timedelta(days=2)  # a trading day that a Z report began early; what is dated later came from a wrong clock
PRUNE_ROWS = 2000  # rows removed in one transaction: commits wait 30 ms for it, at night
SCRUB_ROWS = 500  # rows verified in one step
BACKUPS_KEPT = 2  # yesterday's, and the one before in case yesterday's is bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What may go: days before `business_day` that every destination has, and captures before `captures_before`.

    `now` tells what cannot have happened yet: it counts as old as what came before it.
    """

    now: datetime
    business_day: date
    captures_before: datetime
    acked_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What went in one step. `more` says that another step would find something."""

    records: int
    captures: int
    more: bool


def prune(store: JournalStore, retention: Retention) -> Pruned:
    """Remove one step's worth; the chain verifies from the last row removed. A repeat goes on where this ended."""
    sql = load_queries()
    connection = store.connection()
    with translated("retention"):
        until = retention.now + AHEAD_MAX
        values = {"acked_seq": retention.acked_seq, "business_day": retention.business_day.isoformat()}
        limits = {"until_day": until.date().isoformat(), "limit_rows": PRUNE_ROWS}
        last = connection.execute(sql["last_expired"], values | limits).fetchone()
        connection.execute("BEGIN IMMEDIATE")
        try:
            records = 0
            if last is not None:
                connection.execute(sql["set_pruned"], {"seq": last[0], "hash": last[1]})
                records = connection.execute(sql["prune_journal"], {"seq": last[0]}).rowcount
            between = {"received_at": retention.captures_before.isoformat(), "received_until": until.isoformat()}
            captures = connection.execute(sql["prune_captures"], between | {"limit_rows": PRUNE_ROWS}).rowcount
            connection.execute(sql["prune_sales"], {"business_day": retention.business_day.isoformat()})
            connection.execute("COMMIT")
        except sqlcipher.Error:
            connection.execute("ROLLBACK")
            raise
    return Pruned(records=records, captures=captures, more=PRUNE_ROWS in (records, captures))


def backup(path: Path, key: bytes, *, folder: Path, now: datetime) -> Path:
    """Make a whole copy under the same key by `VACUUM INTO` and return it; the oldest copies go.

    Reads only: commits go on meanwhile. A file copy of a live database would lack what is in its log. Raises
    JournalFullError, JournalDiskError; then no half copy bears the name of one.
    """
    target = folder / f"journal-{now.strftime('%Y%m%dT%H%M%SZ')}.db"
    draft = target.with_suffix(".part")
    draft.unlink(missing_ok=True)
    reader = JournalReader(path, key)
    try:
        reader.copy_into(draft)
        with disk_errors(draft):
            descriptor = os.open(draft, os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            draft.chmod(0o600)
            draft.replace(target)
            sync_folder(folder)
    finally:
        reader.close()
        draft.unlink(missing_ok=True)
    for old in sorted(folder.glob("journal-*.db"))[:-BACKUPS_KEPT]:
        old.unlink(missing_ok=True)
    return target


class Scrub:
    """Verifies the whole journal in steps, beside everything else; starts over when it has seen all."""

    def __init__(self, open_reader: Callable[[], JournalReader]) -> None:
        self._open_reader = open_reader
        self._reader: JournalReader | None = None
        self._verifier = ChainVerifier()
        self._seq = 0
        self.rounds = 0

    def step(self) -> list[Finding]:
        """Verify the next rows and return what is wrong with them.

        Raises BrokenJournalError when a page cannot be read at all: the journal must be salvaged.
        """
        try:
            if self._reader is None:
                self._begin()
            assert self._reader is not None
            records = self._reader.all_records_after(self._seq, limit_rows=SCRUB_ROWS)
        except BrokenJournalError:
            self.close()
            raise
        if not records:
            self.close()
            self.rounds += 1
            return []
        self._seq = records[-1].seq
        known = {seq for seq, _, _ in self._reader.quarantined()}
        return [finding for finding in self._verifier.feed(records) if finding.seq not in known]

    def close(self) -> None:
        """Start over with the next step."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def _begin(self) -> None:
        self._reader = self._open_reader()
        self._verifier = ChainVerifier(anchor=self._reader.anchor())
        self._seq = 0


def quarantine_of(findings: list[Finding], found_at: datetime) -> Batch | None:
    """Return the commit that keeps damaged rows from destinations; a gap has no row to keep. None for nothing."""
    rows = [each for each in findings if each.damage is not Damage.GAP]
    if not rows:
        return None
    return Batch(changes=tuple(Quarantine(seq=each.seq, reason=each.damage.value, found_at=found_at) for each in rows))
