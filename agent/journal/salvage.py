"""Reads what can still be read of a broken journal and copies what verifies into a new one.

Each page of the file carries its own authentication code, so a damaged page is never read as something else: it fails,
and with it the connection, which is opened again behind the damage.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from agent.journal.chain import payload_holds
from agent.journal.database import Connection, open_reading
from agent.journal.queries import load_queries
from agent.journal.records import Epoch, StoredRecord
from agent.journal.rows import stored_record
from agent.journal.store import read_epochs
from retail.errors import TillstreamError
from sync.protocol.chain import record_hash

CHUNK_ROWS = 500  # rows read in one go; after a failure the next are read singly
SKIP_ROWS_MAX = 1 << 20  # a hole larger than this is taken for the end of what is there

# Tables that hang on the journal: each is copied as far as it can be read; the newest cursor matters more than order.
SIDE_TABLES = ("cursor", "parked", "awaited", "sale", "capture", "quarantine", "open_scan", "value", "foreseen")


@dataclass(slots=True, kw_only=True)
class Salvaged:
    """What a salvage found: rows that verified, rows whose payload was damaged, and the highest place seen."""

    records: int = 0
    damaged: int = 0
    last_seq: int = 0
    last_epoch: int = 0


def salvage(broken: Path, key: bytes, into: Connection) -> Salvaged:
    """Copy everything that verifies from `broken` into the open, empty journal `into` (one transaction).

    Nothing readable is no error: the answer counts zero. A repeat starts from an empty `into` again.
    """
    sql = load_queries()
    found = Salvaged()
    into.execute("BEGIN IMMEDIATE")
    epochs = _read_all_epochs(broken, key)
    for epoch in epochs:
        values = {
            "epoch": epoch.epoch,
            "first_seq": epoch.first_seq,
            "reason": epoch.reason,
            "raised_at": epoch.raised_at,
        }
        into.execute(sql["insert_epoch"], values)
        found.last_epoch = max(found.last_epoch, epoch.epoch)
    for record in readable_records(broken, key, epochs):
        _take(record, into=into, insert=sql["insert_record"], found=found)
    _copy_pruned(broken, key, into)
    for table in SIDE_TABLES:
        _copy_table(broken, key, into=into, table=table)
    into.execute("COMMIT")
    return found


def readable_records(path: Path, key: bytes, epochs: tuple[Epoch, ...]) -> Iterator[StoredRecord]:
    """Yield every record that can be read, in order, stepping over damaged pages."""
    sql = load_queries()["all_records_after"]
    seq, step = 0, CHUNK_ROWS
    skip = 1
    while skip <= SKIP_ROWS_MAX:
        rows = _read_rows(path, key, sql, {"seq": seq, "limit_rows": step})
        if rows is None and step > 1:
            step = 1
        elif rows is None:
            seq += skip
            skip *= 2
        elif not rows:
            return
        else:
            for row in rows:
                yield stored_record(row, epochs)
            seq, step, skip = rows[-1][0], CHUNK_ROWS if skip == 1 else 1, 1


def _take(record: StoredRecord, *, into: Connection, insert: str, found: Salvaged) -> None:
    """Insert a record whose link holds; a damaged payload is left out as if it were erased."""
    found.last_seq = max(found.last_seq, record.seq)
    found.last_epoch = max(found.last_epoch, record.epoch)
    if record_hash(record.prev_hash, record.header, record.payload_hash) != record.hash:
        found.damaged += 1
        return
    whole = payload_holds(record)
    found.damaged += not whole
    found.records += whole
    into.execute(
        insert,
        (
            record.seq,
            record.kind,
            record.workstation_id,
            record.occurred_at,
            record.clock_quality,
            record.business_day,
            record.salt if whole else None,
            record.payload if whole else None,
            record.payload_hash,
            record.prev_hash,
            record.hash,
        ),
    )


def _read_rows(path: Path, key: bytes, sql: str, values: dict[str, object]) -> list[tuple[Any, ...]] | None:
    """Return rows, None when a damaged page is in the way. A connection lives as long as one read: damage ends it."""
    try:
        with contextlib.closing(open_reading(path, key)) as connection:
            return [tuple(row) for row in connection.execute(sql, values).fetchall()]
    except (sqlcipher.Error, TillstreamError, OverflowError):
        return None


def _read_all_epochs(path: Path, key: bytes) -> tuple[Epoch, ...]:
    try:
        with contextlib.closing(open_reading(path, key)) as connection:
            return read_epochs(connection, load_queries())
    except (sqlcipher.Error, TillstreamError):
        return ()


def _copy_pruned(path: Path, key: bytes, into: Connection) -> None:
    sql = load_queries()
    for row in _read_rows(path, key, sql["pruned"], {}) or []:
        into.execute(sql["set_pruned"], {"seq": row[0], "hash": row[1]})


def _copy_table(path: Path, key: bytes, *, into: Connection, table: str) -> None:
    """Copy the rows of a table up to the first damaged page."""
    sql = load_queries()
    try:
        with contextlib.closing(open_reading(path, key)) as connection:
            for row in connection.execute(sql[f"every_{table}"]):
                into.execute(sql[f"keep_{table}"], tuple(row))
    except (sqlcipher.Error, TillstreamError):
        return
