"""Writes records to files for people: CSV, JSON lines, or a plain SQLite database (through sqlite-utils)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher
from sqlite_utils import Database

from agent.journal.records import StoredRecord
from retail.errors import ConfigurationError, OnSiteError

COLUMNS = (
    "epoch",
    "seq",
    "kind",
    "workstation_id",
    "occurred_at",
    "clock_quality",
    "business_day",
    "payload",
    "payload_hash",
    "prev_hash",
    "hash",
)


class ExportForm(StrEnum):
    """What file to write."""

    CSV = "csv"
    JSON = "json"
    DB = "db"

    @classmethod
    def of_file(cls, path: Path) -> ExportForm:
        """Return the form that a file's name asks for. Raises ConfigurationError for any other name."""
        names = {".csv": cls.CSV, ".json": cls.JSON, ".jsonl": cls.JSON, ".db": cls.DB, ".sqlite": cls.DB}
        if path.suffix not in names:
            raise ConfigurationError(f"{path}: which form?", fix="add --csv, --json or --db", code="usage")
        return names[path.suffix]


def record_row(record: StoredRecord) -> dict[str, Any]:
    """Return a record as an object for people: payload as an object (null when erased), hashes hexadecimal."""
    row = {name: getattr(record, name) for name in COLUMNS}
    row["payload"] = None if record.is_erased else record.content()
    return row | {name: row[name].hex() for name in ("payload_hash", "prev_hash", "hash")}


def export_records(records: Iterable[StoredRecord], target: Path, form: ExportForm) -> int:
    """Write records to a new file and return how many. Raises OnSiteError when it exists or the disk says no.

    What could not be written whole is removed, so that nobody takes half an export for one and a repeat finds room.
    """
    try:
        target.touch(exist_ok=False, mode=0o600)
    except OSError as error:
        raise _no_room(target, error.strerror) from error
    try:
        return _WRITERS[form](records, target)
    except (OSError, sqlcipher.Error) as error:
        _remove(target)
        raise _no_room(target, error.strerror if isinstance(error, OSError) else str(error)) from error
    except BaseException:
        _remove(target)
        raise


def _remove(target: Path) -> None:
    for path in (target, target.with_name(f"{target.name}-journal")):
        path.unlink(missing_ok=True)


def _no_room(target: Path, why: str | None) -> OnSiteError:
    return OnSiteError(f"{target}: {why}", fix="name a new file on a disk with room")


def _to_csv(records: Iterable[StoredRecord], target: Path) -> int:
    written = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in _flat(records):
            writer.writerow(row)
            written += 1
    return written


def _to_json(records: Iterable[StoredRecord], target: Path) -> int:
    written = 0
    with target.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record_row(record), ensure_ascii=False) + "\n")
            written += 1
    return written


def _to_database(records: Iterable[StoredRecord], target: Path) -> int:
    """Write a plain database through our own SQLite; the interpreter's is inside the corruption range."""
    connection = sqlcipher.connect(str(target))
    try:
        table = Database(connection).table("journal")
        table.create(dict.fromkeys(COLUMNS, str) | {"epoch": int, "seq": int}, pk="seq")
        table.insert_all(_flat(records))
        return int(table.count)
    finally:
        connection.close()


def _flat(records: Iterable[StoredRecord]) -> Iterator[dict[str, Any]]:
    for record in records:
        row = record_row(record)
        yield {**row, "payload": None if row["payload"] is None else json.dumps(row["payload"], ensure_ascii=False)}


_WRITERS: Mapping[ExportForm, Callable[[Iterable[StoredRecord], Path], int]] = {
    ExportForm.CSV: _to_csv,
    ExportForm.JSON: _to_json,
    ExportForm.DB: _to_database,
}
