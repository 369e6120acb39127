"""The audit log: who did what, when, chained so that an entry changed or taken out later is found.

`hash = SHA-256(hash of the entry before ‖ canonical JSON of this one)`; the first entry chains to 32 zero bytes.
Entries name people of the chain, stores, campaigns and counts, never a customer: who was erased stands as a number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from hub.storage.ports import Database, Row, Session

ZERO_HASH = bytes(32)
SUBJECT_CHARS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that somebody did. `subject` is what it was done to, `detail` what a reader wants to know besides."""

    entry_no: int
    at: str
    who: str
    did: str
    subject: str
    detail: str

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditBreak:
    """The first entry whose hash does not follow from the one before."""

    entry_no: int
    why: str


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The log of one hub."""

    database: Database

    def note(self, tenant_id: str, *, who: str, did: str, subject: str = "", detail: str = "", now: datetime) -> None:
        """Write an entry in a transaction of its own."""
        with self.database.writing() as session:
            note_in(session, tenant_id, who=who, did=did, subject=subject, detail=detail, now=now)

    def entries(self, tenant_id: str, *, first_no: int = 1) -> list[AuditEntry]:
        """Return the entries from a number on, oldest first."""
        with self.database.reading() as session:
            return [_entry(row) for row in session.rows("audit_entries", tenant_id=tenant_id, first_no=first_no)]

    def check(self, tenant_id: str) -> AuditBreak | None:
        """Return the first place where the log was changed, None when it is whole."""
        with self.database.reading() as session:
            return _first_break(session.each("audit_entries", tenant_id=tenant_id, first_no=1))


def note_in(
    session: Session, tenant_id: str, *, who: str, did: str, subject: str = "", detail: str = "", now: datetime
) -> None:
    """Write an entry in the transaction that does the thing: both are on disk, or neither."""
    session.row("next_change", tenant_id=tenant_id, what="audit")  # writers take turns
    last = session.row("last_audit_entry", tenant_id=tenant_id)
    entry_no, before = (int(last[0]), bytes(last[1])) if last else (0, ZERO_HASH)
    entry = AuditEntry(
        entry_no=entry_no + 1,
        at=now.isoformat(),
        who=who,
        did=did,
        subject=subject[:SUBJECT_CHARS_MAX],
        detail=detail[:SUBJECT_CHARS_MAX],
    )
    session.run("put_audit_entry", tenant_id=tenant_id, hash=_hash(before, entry), **asdict(entry))


def _first_break(rows: Iterator[Row]) -> AuditBreak | None:
    before, expected_no = ZERO_HASH, 1
    for row in rows:
        entry, kept = _entry(row), bytes(row[6])
        if entry.entry_no != expected_no:
            return AuditBreak(entry_no=expected_no, why="taken out")
        if _hash(before, entry) != kept:
            return AuditBreak(entry_no=entry.entry_no, why="changed")
        before, expected_no = kept, expected_no + 1
    return None


def _entry(row: Row) -> AuditEntry:
    entry_no, at, who, did, subject, detail, _ = row
    return AuditEntry(entry_no=entry_no, at=at, who=who, did=did, subject=subject, detail=detail)


def _hash(before: bytes, entry: AuditEntry) -> bytes:
    fields: Mapping[str, Any] = asdict(entry)
    return hashlib.sha256(before + json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()).digest()
