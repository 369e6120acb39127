"""The head of the journal and how it moves: batches in, one transaction, one sync. Used by one thread at a time.

After an error of the disk the connection is thrown away and opened again before the next commit: what a failed sync
left in the page cache must not be trusted (a later sync would report success for it).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from sqlcipher3 import dbapi2 as sqlcipher

from agent.journal.batch import (
    AwaitOutcome,
    Batch,
    Change,
    Committed,
    DropEveryForeseen,
    DropForeseen,
    DropScan,
    DropValue,
    EraseCapture,
    EraseRecord,
    FillCapture,
    KeepForeseen,
    KeepScan,
    KeepValue,
    KnowSale,
    MoveCursor,
    Park,
    Quarantine,
    SettleOutcome,
    Unpark,
)
from agent.journal.database import (
    BUSY_MS,
    PAGE_BYTES,
    BrokenJournalError,
    Connection,
    JournalFullError,
    translate,
    translated,
)
from agent.journal.log_file import LogFile
from agent.journal.queries import load_queries
from agent.journal.records import PAYLOAD_BYTES_MAX, Epoch, NewRecord
from retail.errors import DefectError, TillstreamError
from sync.protocol.chain import GENESIS, SALT_BYTES, payload_hash, record_hash

WAL_FRAME_BYTES = PAGE_BYTES + 24  # a page and the header of its frame
CHECKPOINT_PAGES = 16_000  # 33 MB of log: a checkpoint costs 3 syncs, so 2,500 receipts share them

STATEMENTS: Mapping[type, str] = MappingProxyType(
    {
        MoveCursor: "move_cursor",
        Park: "park",
        Unpark: "unpark",
        AwaitOutcome: "await_outcome",
        SettleOutcome: "settle_outcome",
        KeepScan: "keep_scan",
        DropScan: "drop_scan",
        KeepValue: "keep_value_row",
        DropValue: "drop_value_row",
        KeepForeseen: "keep_foreseen_commit",
        DropForeseen: "drop_foreseen_commit",
        DropEveryForeseen: "drop_every_foreseen",
        FillCapture: "fill_capture",
        KnowSale: "insert_sale",
        Quarantine: "quarantine",
        EraseRecord: "erase_record",
        EraseCapture: "erase_capture",
    }
)
"""The statement of each change; tests hold it against the union `Change`."""

Result = Committed | TillstreamError


class JournalStore:
    """The writing side of a journal.

    `connect` returns an open, migrated connection to a database with at least one epoch; it is called again after an
    error of the disk, and with True after a page could not be read: then it moves the database aside and salvages what
    verifies (`recovery.open_or_recover`).
    """

    def __init__(self, path: Path, connect: Callable[[bool], Connection]) -> None:
        self._path = path
        self._log = LogFile(path.with_name(f"{path.name}-wal"), length_bytes=CHECKPOINT_PAGES * WAL_FRAME_BYTES)
        self._log_is_short = False
        self._connect = connect
        self._is_broken = False
        self._sql = load_queries()
        self._connection: Connection | None = None
        self._epoch = 0
        self._seq = 0
        self._hash = GENESIS
        self._before = self._seq, self._hash  # the head before what is written and not committed
        self._begun: list[Committed] = []  # what comes of the batches that are

    @property
    def is_open(self) -> bool:
        """Whether there is a connection; without one the next commit tries to open it."""
        return self._connection is not None

    @property
    def log_is_short(self) -> bool:
        """Whether commits make the log longer than it is, so that their syncs take longer: see `lengthen_log`."""
        return self._log_is_short and self._connection is not None

    @property
    def head(self) -> tuple[int, int, bytes]:
        """Epoch, sequence number and hash of the last record."""
        return self._epoch, self._seq, self._hash

    def open(self) -> None:
        """Open the connection and find the head; a page that cannot be read is salvaged around.

        Raises whatever `connect` does; DefectError without an epoch.
        """
        was_broken = self._is_broken
        self._connection = self._connect(was_broken)
        self._is_broken = False
        self._log_is_short = True
        try:
            self._find_head()
        except BrokenJournalError:
            if was_broken:
                raise
            self.salvage()

    def _find_head(self) -> None:
        assert self._connection is not None
        with translated(str(self._path)):
            epochs = read_epochs(self._connection, self._sql)
            if not epochs:
                raise DefectError(f"{self._path}: no epoch was opened", fix="restart the agent")
            current = epochs[-1]
            pruned = self._connection.execute(self._sql["pruned"]).fetchone()
            row = self._connection.execute(self._sql["head"]).fetchone() or pruned
        self._epoch = current.epoch
        self._seq = max(row[0] if row else 0, current.first_seq - 1)
        self._hash = bytes(row[1]) if row and row[0] >= current.first_seq else GENESIS

    def salvage(self) -> None:
        """Move the database aside and go on with what verifies: a page of it cannot be read. Raises as `open` does."""
        self.close()
        self._is_broken = True
        self.open()

    def close(self) -> None:
        """Close the connection; what was committed stays. A repeat changes nothing."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def begin(self, batches: Sequence[Batch]) -> bool:
        """Write batches for the next `append`, which must be given them first, and has their sync left to do.

        False where that cannot be done: then nothing is begun, and `append` does all of it, and tells what is wrong.
        Nothing else may be asked of the store in between.
        """
        if self._connection is None:
            return False
        try:
            self._write(batches)
        except Exception as error:  # noqa: BLE001 - see above
            self._failed(error)
            return False
        return True

    def append(self, batches: Sequence[Batch], *, syncs: Callable[[], None] | None = None) -> list[Result]:
        """Apply batches in one transaction; when one of them is at fault, each on its own.

        `syncs` is called when all is written but the sync, which is what takes long.

        A database that turns out to be broken is salvaged on the spot and the batches are applied to the new one.
        Returns one result a batch, in order. Nothing is raised: an error is the result of those it concerns.
        """
        try:
            return list(self._commit_or_salvage(batches, syncs))
        except DefectError as error:
            if len(batches) == 1:
                return [error]
        except TillstreamError as error:
            return [error] * len(batches)
        return [self.append([batch])[0] for batch in batches]

    def epochs(self) -> tuple[Epoch, ...]:
        """Return all ranges, oldest first."""
        with translated(str(self._path)):
            return read_epochs(self._open_connection(), self._sql)

    def documents_of(self, job_id: str) -> frozenset[int]:
        """Return which documents of a job are here already."""
        with translated(str(self._path)):
            rows = self._open_connection().execute(self._sql["has_job"], {"job_id": job_id}).fetchall()
        return frozenset(row[0] for row in rows)

    def raise_epoch_if_higher(self, *, to: int, reason: str, raised_at: str) -> bool:
        """Open a new range unless this one is as new already; return whether it did."""
        self._open_connection()
        if to <= self._epoch:
            return False
        self.raise_epoch(to=to, reason=reason, raised_at=raised_at)
        return True

    def raise_epoch(self, *, to: int, reason: str, raised_at: str) -> None:
        """Open a new range behind the head; the next record chains to nothing. `to` must be above every epoch."""
        assert to > self._epoch, (to, self._epoch)
        with translated(str(self._path)):
            self._open_connection().execute(
                self._sql["insert_epoch"],
                {"epoch": to, "first_seq": self._seq + 1, "reason": reason, "raised_at": raised_at},
            )
        self._epoch, self._hash = to, GENESIS

    def wal_pages(self) -> int:
        """Return how many pages of the write-ahead log are not in the database yet. Raises as commits do."""
        with translated(str(self._path)):
            _, logged, copied = self._open_connection().execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
        return int(logged - copied)

    def copy_log(self) -> bool:
        """Copy the write-ahead log into the database; return whether all of it is there and the log begins anew.

        Never waits for a reader: where one still needs the log, what can be copied is copied. The file keeps its length
        and, until they are overwritten, its old pages. Raises as commits do.
        """
        with translated(str(self._path)):
            _, logged, copied = self._open_connection().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return bool(logged == copied)

    def checkpoint(self) -> bool:
        """Copy the log and cut its file to nothing: what was erased must not stand in it. Return whether that is done.

        Never waits for a reader either. Raises as commits do.
        """
        with translated(str(self._path)):
            connection = self._open_connection()
            connection.execute("PRAGMA busy_timeout = 0")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        self._log_is_short = True
        return not busy

    def lengthen_log(self) -> None:
        """Bring the log's file nearer to its full length, for some milliseconds. Never raises."""
        self._log_is_short = self._log.lengthen()

    def connection(self) -> Connection:
        """Return the open connection, for upkeep that runs on the same thread."""
        return self._open_connection()

    def _open_connection(self) -> Connection:
        if self._connection is None:
            self.open()
        assert self._connection is not None
        return self._connection

    def _commit_or_salvage(self, batches: Sequence[Batch], syncs: Callable[[], None] | None) -> list[Committed]:
        try:
            return self._commit(batches, syncs)
        except BrokenJournalError:
            self.salvage()
            return self._commit(batches, syncs)

    def _commit(self, batches: Sequence[Batch], syncs: Callable[[], None] | None) -> list[Committed]:
        try:
            self._write(batches)
            if syncs is not None:
                syncs()
            self._open_connection().execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - it is told as an error of ours, whatever it is
            ours = self._failed(error)
            raise ours from error.__cause__ if ours is error else error
        results, self._begun = self._begun, []
        return results

    def _write(self, batches: Sequence[Batch]) -> None:
        """Write those of the batches that are not written yet; the first begins the transaction."""
        if not self._begun:
            self._before = self._seq, self._hash
            self._open_connection().execute("BEGIN IMMEDIATE")
        for batch in batches[len(self._begun) :]:
            self._begun.append(self._apply(self._open_connection(), batch))

    def _failed(self, error: Exception) -> TillstreamError:
        """Take back what is written and not committed; return what went wrong as an error of ours."""
        self._seq, self._hash = self._before
        self._begun = []
        ours = self._ours(error)
        self._roll_back(keep_connection=isinstance(ours, DefectError | JournalFullError))
        return ours

    def _ours(self, error: Exception) -> TillstreamError:
        """Return what went wrong in a commit as an error of ours."""
        if isinstance(error, TillstreamError):
            return error
        if isinstance(error, sqlcipher.Error):
            return translate(error, str(self._path))
        return DefectError(f"{self._path}: {error!r}", fix="send the log to support")

    def _roll_back(self, *, keep_connection: bool) -> None:
        """Undo the open transaction; after an error of the disk drop the connection altogether."""
        if self._connection is None:
            return
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlcipher.Error:
            keep_connection = False
        if not keep_connection:
            self.close()

    def _apply(self, connection: Connection, batch: Batch) -> Committed:
        capture = batch.capture
        if capture is not None:
            row = {
                "job_id": capture.job_id,
                "document_no": capture.document_no,
                "workstation_id": capture.workstation_id,
                "received_at": capture.received_at.isoformat(),
                "body": capture.body,
                "file_hash": capture.file_hash,
            }
            if connection.execute(self._sql["insert_capture"], row).rowcount == 0:
                return Committed(repeated=True)
        first_seq = self._seq + 1
        if batch.records:
            connection.executemany(self._sql["insert_record"], [self._row_of(record) for record in batch.records])
        for change in batch.changes:
            self._change(connection, change, first_seq)
        return Committed(seqs=tuple(range(first_seq, self._seq + 1)))

    def _row_of(self, record: NewRecord) -> tuple[object, ...]:
        """Return a record as the next row of the journal, and move the head to it."""
        if len(record.payload) > PAYLOAD_BYTES_MAX:
            raise DefectError(f"{record.kind}: payload of {len(record.payload)} bytes", fix="send the job to support")
        before, self._seq = self._hash, self._seq + 1
        header = record.header(epoch=self._epoch, seq=self._seq)
        salt = os.urandom(SALT_BYTES)
        digest = payload_hash(salt, record.payload)
        self._hash = record_hash(before, header, digest)
        return (
            self._seq,
            header.kind,
            header.workstation_id,
            header.occurred_at,
            header.clock_quality,
            header.business_day,
            salt,
            record.payload,
            digest,
            before,
            self._hash,
        )

    def _change(self, connection: Connection, change: Change, first_seq: int) -> None:
        values = {name: _column(getattr(change, name)) for name in change.__dataclass_fields__}
        connection.execute(self._sql[STATEMENTS[type(change)]], {**values, "seq": values.get("seq", first_seq)})


def read_epochs(connection: Connection, sql: Mapping[str, str]) -> tuple[Epoch, ...]:
    """Return all ranges of an open journal, oldest first."""
    rows = connection.execute(sql["epochs"]).fetchall()
    return tuple(Epoch(epoch=row[0], first_seq=row[1], reason=row[2], raised_at=row[3]) for row in rows)


def _column(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value
