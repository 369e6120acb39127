"""Reads the journal without being able to write: for desk's courier, the pages and people.

A read-only connection that never checkpoints. It follows the file: when core moved a broken journal aside, the next
read is from the new one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.journal.batch import KeepScan
from agent.journal.database import Connection, open_reading, translated
from agent.journal.queries import load_queries
from agent.journal.records import Epoch, StoredRecord
from agent.journal.rows import stored_record
from agent.journal.store import read_epochs
from retail.errors import OnSiteError

ROW_OVERHEAD_BYTES = 300  # header and hashes of a record as the wire spells them
CHUNK_ROWS = 500  # rows fetched at once; the byte limit is checked between rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a destination is; `head_hash` is hexadecimal."""

    destination: str
    epoch: int
    acked_seq: int
    head_hash: str
    moved_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRecord:
    """A record that a destination would not take."""

    destination: str
    seq: int
    reason: str
    detail: str
    parked_at: str


class JournalReader:
    """Opens on first use; every method raises OnSiteError or TryAgainError when the journal cannot be read now.

    May be called from several threads; calls wait for each other.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._sql = load_queries()
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._epochs: tuple[Epoch, ...] = ()

    def close(self) -> None:
        """Close the connection; the next read opens it again."""
        with self._lock:
            self._close()

    def records_after(self, seq: int, *, limit_rows: int, limit_bytes: int) -> list[StoredRecord]:
        """Return records behind `seq`, oldest first, within both limits; at least one when there is one."""
        found: list[StoredRecord] = []
        size_bytes = 0
        for row in self._rows("records_after", seq=seq, limit_rows=limit_rows):
            record = stored_record(row, self._epochs)
            size_bytes += len(record.payload or b"") + ROW_OVERHEAD_BYTES
            if found and size_bytes > limit_bytes:
                break
            found.append(record)
        return found

    def all_records_after(self, seq: int, *, limit_rows: int = CHUNK_ROWS) -> list[StoredRecord]:
        """Return records behind `seq`, the quarantined too."""
        return [
            stored_record(row, self._epochs) for row in self._rows("all_records_after", seq=seq, limit_rows=limit_rows)
        ]

    def marks(self) -> list[tuple[int, bytes, bool]]:
        """Return (seq, hash, whether erased) of every record, the quarantined too."""
        return [(row[0], row[1], bool(row[2])) for row in self._rows("marks")]

    def newest(self, *, limit_rows: int) -> list[StoredRecord]:
        """Return the last records, oldest of them first."""
        rows = self._rows("records_before", seq=2**63 - 1, limit_rows=limit_rows)
        return [stored_record(row, self._epochs) for row in reversed(rows)]

    def record(self, seq: int) -> StoredRecord | None:
        """Return one record, None when there is none."""
        rows = self._rows("record", seq=seq)
        return stored_record(rows[0], self._epochs) if rows else None

    def head(self) -> tuple[int, int, bytes]:
        """Return epoch, sequence number and hash of the last record; seq 0 when there is none."""
        rows = self._rows("head") or self._rows("pruned")
        if not rows:
            return (self._epochs[-1].epoch if self._epochs else 0), 0, b""
        record = self.record(rows[0][0])
        return (record.epoch if record else 0), rows[0][0], bytes(rows[0][1])

    def epochs(self) -> tuple[Epoch, ...]:
        """Return all ranges, oldest first."""
        self._rows("epochs")
        return self._epochs

    def anchor(self) -> tuple[int, bytes] | None:
        """Return the last row that retention removed: the chain is verified from there."""
        rows = self._rows("pruned")
        return (rows[0][0], bytes(rows[0][1])) if rows else None

    def count_behind(self, seq: int) -> int:
        """Return how many records stand behind `seq`."""
        return int(self._rows("count_behind", seq=seq)[0][0])

    def cursors(self) -> list[Cursor]:
        """Return how far every destination is."""
        names = ("destination", "epoch", "acked_seq", "head_hash", "moved_at")
        return [Cursor(**dict(zip(names, row, strict=True))) for row in self._rows("cursors")]

    def cursor(self, destination: str) -> Cursor | None:
        """Return how far one destination is, None when it never took anything."""
        return next((each for each in self.cursors() if each.destination == destination), None)

    def parked(self) -> list[ParkedRecord]:
        """Return what destinations would not take."""
        names = ("destination", "seq", "reason", "detail", "parked_at")
        return [ParkedRecord(**dict(zip(names, row, strict=True))) for row in self._rows("parked")]

    def quarantined(self) -> list[tuple[int, str, str]]:
        """Return (seq, reason, found_at) of damaged rows."""
        return [(row[0], row[1], row[2]) for row in self._rows("quarantined")]

    def records_holding(self, needle: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (seq, content) of records whose payload holds these bytes, oldest first."""
        seq = 0
        while rows := self._rows("records_holding", seq=seq, needle=needle, limit_rows=CHUNK_ROWS):
            for seq, payload in rows:
                yield seq, json.loads(payload)

    def contents_of(self, kinds: Iterable[str], *, after_seq: int) -> list[tuple[int, str, str, dict[str, Any]]]:
        """Return the next (seq, kind, business day, content) of records of some kinds; empty at the end."""
        rows = self._rows("by_kind", kinds=json.dumps(list(kinds)), seq=after_seq, limit_rows=CHUNK_ROWS)
        return [(seq, kind, day, json.loads(payload)) for seq, kind, day, _, payload in rows]

    def moments_of(self, kinds: Iterable[str], *, after_seq: int) -> list[tuple[int, str, datetime, dict[str, Any]]]:
        """Return the next (seq, kind, when it happened, content) of records of some kinds; empty at the end."""
        rows = self._rows("by_kind", kinds=json.dumps(list(kinds)), seq=after_seq, limit_rows=CHUNK_ROWS)
        return [(seq, kind, datetime.fromisoformat(at), json.loads(payload)) for seq, kind, _, at, payload in rows]

    def sale(self, transaction_id: str) -> tuple[datetime, dict[str, Any]] | None:
        """Return when a completed sale happened, and its record; None for one that is not here (any more)."""
        found = self._rows("sale_record", transaction_id=transaction_id)
        return (datetime.fromisoformat(found[0][0]), json.loads(found[0][1])) if found else None

    def count_of_day(self, kinds: Iterable[str], *, business_day: str, after_seq: int) -> dict[str, int]:
        """Return how many records of some kinds a business day has behind a number; a kind without one is left out."""
        wanted = json.dumps(list(kinds))
        return dict(self._rows("count_of_day", kinds=wanted, business_day=business_day, seq=after_seq))

    def sales_since(self, business_day: str) -> list[tuple[str, str]]:
        """Return (transaction id, total) of business keys journalled since a day."""
        return [(row[0], row[1]) for row in self._rows("sales_since", business_day=business_day)]

    def awaited(self) -> list[tuple[str, int, str, dict[str, Any]]]:
        """Return (job id, cut number, workstation, decision) of papers whose outcome nobody has told."""
        return [(job, cut, lane, json.loads(payload)) for job, cut, lane, payload in self._rows("awaited")]

    def open_scans(self) -> list[KeepScan]:
        """Return scans that were acknowledged and belong to no sale yet, oldest first."""
        return [
            KeepScan(
                scan_id=scan_id,
                workstation_id=lane,
                scanned_at=datetime.fromisoformat(at),
                number=number,
                locator=locator,
                customer_id=customer_id,
            )
            for scan_id, lane, at, number, locator, customer_id in self._rows("open_scans")
        ]

    def value_rows(self, *, sales_since: str = "") -> list[tuple[str, str, bytes]]:
        """Return the ledger of value, (what, id, JSON) of every row, without the sales of days before one."""
        return [
            (what, row_id, bytes(body)) for what, row_id, body in self._rows("value_but_old_sales", day=sales_since)
        ]

    def capture_files(self) -> set[str]:
        """Return the names of sealed files that captures point at."""
        return {str(row[0]) for row in self._rows("capture_files")}

    def copy_into(self, target: Path) -> None:
        """Write a whole, encrypted copy of what is committed now to a new file.

        What is put by for cuts to come is no part of it: it says what a core that dies now has printed, not what one
        that goes on will have.
        """
        with self._lock, translated(str(target)):
            connection = self._follow()
            connection.execute("PRAGMA query_only = OFF").fetchall()  # it forbids writing the copy, too
            try:
                connection.execute("VACUUM INTO ?", (str(target),))
                connection.execute("ATTACH DATABASE ? AS copy", (str(target),))  # under the same key
                connection.execute("PRAGMA copy.secure_delete = ON").fetchall()
                connection.execute(self._sql["drop_copys_foreseen"])
                connection.execute("DETACH DATABASE copy")
            finally:
                connection.execute("PRAGMA query_only = ON").fetchall()

    def capture(self, job_id: str, document_no: int) -> tuple[bytes | None, str | None] | None:
        """Return body and sealed file's name of one document; None when it is not here."""
        rows = self._rows("read_capture", job_id=job_id, document_no=document_no)
        return (rows[0][0], rows[0][1]) if rows else None

    def without_capture(self, job_ids: Iterable[str]) -> list[str]:
        """Return those of these jobs of whose first document nothing is here."""
        return [row[0] for row in self._rows("without_capture", job_ids=json.dumps(list(job_ids)))]

    def _rows(self, name: str, **values: object) -> list[tuple[Any, ...]]:
        """Run one statement; a connection that failed is opened again by the next call."""
        with self._lock, translated(str(self._path)):
            try:
                return list(self._follow().execute(self._sql[name], values).fetchall())
            except BaseException:
                self._close()
                raise

    def _follow(self) -> Connection:
        """Return a connection to the file that bears the name now, and know its epochs."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise OnSiteError(
                f"{self._path}: no journal: {error.strerror}",
                fix="tillstream agent run --config FILE",
                code="no_journal",
            ) from error
        if (found.st_dev, found.st_ino) != self._identity:
            self._close()
        if self._connection is None:
            self._connection = open_reading(self._path, self._key)
            self._identity = found.st_dev, found.st_ino
        self._epochs = read_epochs(self._connection, self._sql)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._identity = None, None
