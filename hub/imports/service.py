"""Importing files: what kind each is, row by row into the database, then tokens, then the feed.

Customers come before codes, codes before segments, whatever the order of the files. Rows are written in short
transactions, so that stores go on uploading meanwhile; importing a file again changes only what changed.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from hub.imports import rows
from hub.imports.table_file import Rejects, Row, RowError, TableFile, open_table
from hub.imports.tokenising import CodeBook
from hub.storage.ports import Database, Session, Value
from receipt.templates import check_texts
from retail.errors import ConfigurationError, OnSiteError
from retail.offers.campaign_file import campaign_from_mapping

BATCH_ROWS = 2000
"""Rows between two commits: about 20 ms in which an upload waits."""

CAMPAIGNS_BYTES_MAX = 16 * 1024 * 1024


class FileKind(StrEnum):
    """What a file holds, in the order of import."""

    CUSTOMERS = "customers"
    CODES = "codes"
    SEGMENTS = "segments"
    ITEMS = "items"
    CAMPAIGNS = "campaigns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one file. `changed` counts rows that were not there just so."""

    file: str
    kind: FileKind
    rows: int
    changed: int
    rejected: int
    rejects_file: str | None
    reasons: tuple[str, ...] = ()


class Progress(Protocol):
    """Who is shown how far it is."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Report `done` of `total` (bytes of a file, or codes)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """One run of `tillstream hub import` for one chain."""

    database: Database
    tenant_id: str
    country: str
    book: CodeBook
    progress: Progress
    dry_run: bool = False
    replace: bool = False
    rejects_folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """How one kind of CSV file is read and kept."""

    columns: Sequence[str]
    required: Sequence[str]
    statement: str
    drop: str = ""
    is_about_customers: bool = False


_TABLES: Mapping[FileKind, _Table] = {
    FileKind.CUSTOMERS: _Table(
        columns=rows.CUSTOMER_COLUMNS, required=("customer_id",), statement="put_customer", is_about_customers=True
    ),
    FileKind.CODES: _Table(
        columns=rows.CODE_COLUMNS,
        required=("code", "customer_id"),
        statement="put_customer_code",
        is_about_customers=True,
    ),
    FileKind.SEGMENTS: _Table(
        columns=rows.SEGMENT_COLUMNS,
        required=("customer_id", "segment"),
        statement="put_segment",
        drop="drop_segments",
        is_about_customers=True,
    ),
    FileKind.ITEMS: _Table(columns=rows.ITEM_COLUMNS, required=("item_id",), statement="put_item", drop="drop_items"),
}


def kind_of(path: Path) -> FileKind:
    """Return what a file holds: by its name, which may carry a date (`customers-2026-11-21.csv`)."""
    name = path.name.lower()
    for kind in FileKind:
        if name.startswith(kind.value):
            return kind
    raise ConfigurationError(
        f"{path.name}: what is in it? its name begins with none of {', '.join(FileKind)}",
        fix="rename it, e.g. customers.csv or campaigns.toml",
    )


def import_files(job: ImportJob, paths: Sequence[Path]) -> list[Imported]:
    """Import files in the order of their kinds. Raises ConfigurationError or OnSiteError before the first row."""
    order = list(FileKind)
    sorted_paths = sorted(paths, key=lambda path: order.index(kind_of(path)))
    tables = {path: _open(path) for path in sorted_paths if kind_of(path) in _TABLES}
    return [
        _import_table(job, kind_of(path), tables[path]) if path in tables else _import_campaigns(job, path)
        for path in sorted_paths
    ]


def _open(path: Path) -> TableFile:
    table = _TABLES[kind_of(path)]
    return open_table(path, known=table.columns, required=table.required)


@dataclass(slots=True)
class _Run:
    """One file on its way in."""

    job: ImportJob
    table: _Table
    read: Callable[[dict[str, str]], Mapping[str, Value]]
    rejects: Rejects
    waiting: list[tuple[Row, Mapping[str, Value]]] = field(default_factory=list)
    count: int = 0
    changed: int = 0

    def add(self, row: Row) -> None:
        self.count += 1
        if row.problem:
            self.rejects.add(row, row.problem)
            return
        try:
            self.waiting.append((row, self.read(row.values)))
        except RowError as error:
            self.rejects.add(row, str(error))

    def flush(self) -> None:
        if self.waiting and not self.job.dry_run:
            with self.job.database.writing() as session:
                known = [sets for row, sets in self.waiting if self._holder_is_known(session, row, sets)]
                changed = session.many(self.table.statement, sets=known)
                if changed and self.table.is_about_customers:
                    session.run("raise_mark", tenant_id=self.job.tenant_id, what="customers", number=changed)
                self.changed += changed
        self.waiting.clear()

    def _holder_is_known(self, session: Session, row: Row, sets: Mapping[str, Value]) -> bool:
        """Codes and segments of nobody lead nowhere: they are rejected, so that a typing mistake shows."""
        if not self.table.is_about_customers or self.table.statement == "put_customer":
            return True
        known = session.row("known_customer", tenant_id=self.job.tenant_id, customer_id=sets["customer_id"])
        if known is None:
            self.rejects.add(row, f"customer {sets['customer_id']!s} is not known: import customers.csv first")
        return known is not None


def _import_table(job: ImportJob, kind: FileKind, file: TableFile) -> Imported:
    table = _TABLES[kind]
    rejects = _rejects(job, file.path, file.header)
    run = _Run(job=job, table=table, read=_reader(job, kind), rejects=rejects)
    if job.replace and table.drop and not job.dry_run:
        _drop(job, table)
    for row, read_bytes in file.rows():
        run.add(row)
        if len(run.waiting) >= BATCH_ROWS:
            run.flush()
            job.progress(file.path.name, read_bytes, file.size_bytes)
    run.flush()
    job.progress(file.path.name, file.size_bytes, file.size_bytes)
    rejected_to = rejects.close()
    return Imported(
        file=str(file.path),
        kind=kind,
        rows=run.count,
        changed=run.changed,
        rejected=rejects.count,
        rejects_file=str(rejected_to) if rejected_to else None,
        reasons=tuple(rejects.first_reasons),
    )


def _reader(job: ImportJob, kind: FileKind) -> Callable[[dict[str, str]], Mapping[str, Value]]:
    tenant: dict[str, Value] = {"tenant_id": job.tenant_id}
    plain = {
        FileKind.CUSTOMERS: rows.customer_row,
        FileKind.SEGMENTS: rows.segment_row,
        FileKind.ITEMS: rows.item_row,
    }
    if kind in plain:
        read = plain[kind]
        return lambda values: tenant | read(values)

    def code(values: dict[str, str]) -> Mapping[str, Value]:
        code_kind, spelled, customer_id = rows.code_row({"kind": "", **values}, country=job.country)
        index = job.book.index(spelled)
        sealed = job.book.seal(spelled, index)
        return tenant | {"code_index": index, "kind": code_kind, "customer_id": customer_id, "sealed": sealed}

    return code


def _drop(job: ImportJob, table: _Table) -> None:
    with job.database.writing() as session:
        dropped = session.run(table.drop, tenant_id=job.tenant_id)
        if dropped and table.is_about_customers:
            session.run("raise_mark", tenant_id=job.tenant_id, what="customers", number=dropped)


def _rejects(job: ImportJob, path: Path, header: Sequence[str]) -> Rejects:
    folder = job.rejects_folder or path.parent
    try:
        return Rejects(folder / f"{path.stem}.rejected.csv", header, dry_run=job.dry_run)
    except OSError as error:
        raise OnSiteError(
            f"{folder}: rejected rows cannot be written there: {error.strerror}", fix="name a folder with --rejects"
        ) from error


def _import_campaigns(job: ImportJob, path: Path) -> Imported:
    """Each campaign is checked by the code that decides on it; those that do not hold are rejected by name."""
    entries = _campaign_tables(path)
    with job.database.reading() as session:
        segments = {row[0] for row in session.rows("segment_names", tenant_id=job.tenant_id)}
    rejects = _rejects(job, path, ("campaign",))
    sets: dict[str, Mapping[str, Value]] = {}
    for place, entry in enumerate(entries, start=1):
        try:
            campaign = campaign_from_mapping(entry, path=f"campaign[{place}]", segments=segments or None)
            check_texts([campaign])
        except ConfigurationError as error:
            _reject_campaign(rejects, place, entry, f"{error.message}; {error.fix}" if error.fix else error.message)
            continue
        if campaign.campaign_id in sets:
            _reject_campaign(rejects, place, entry, "another campaign of this file has the same id")
            continue
        body = json.dumps(entry, ensure_ascii=False, sort_keys=True, default=_as_text)
        sets[campaign.campaign_id] = {"tenant_id": job.tenant_id, "campaign_id": campaign.campaign_id, "body": body}
    changed = 0
    if not job.dry_run:
        with job.database.writing() as session:
            changed += session.run("drop_campaigns", tenant_id=job.tenant_id) if job.replace else 0
            changed += session.many("put_campaign", sets=list(sets.values()))
    rejected_to = rejects.close()
    return Imported(
        file=str(path),
        kind=FileKind.CAMPAIGNS,
        rows=len(entries),
        changed=changed,
        rejected=rejects.count,
        rejects_file=str(rejected_to) if rejected_to else None,
        reasons=tuple(rejects.first_reasons),
    )


def _reject_campaign(rejects: Rejects, place: int, entry: object, reason: str) -> None:
    name = str(entry.get("id", "")) if isinstance(entry, dict) else ""
    rejects.add(Row(line=place, values={"campaign": name[: rows.ID_CHARS_MAX]}), reason)


def _campaign_tables(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > CAMPAIGNS_BYTES_MAX:
            raise ConfigurationError(f"{path.name}: larger than {CAMPAIGNS_BYTES_MAX} bytes", fix="split the file")
        content = path.read_bytes()
    except OSError as error:
        raise OnSiteError(f"{path}: cannot be read: {error.strerror}", fix="name a readable file") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", errors="replace")
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path.name}: no TOML: {error}", fix="mend the line named above") from error
    entries = told.get("campaign", [])
    if set(told) - {"campaign"} or not isinstance(entries, list):
        raise ConfigurationError(f"{path.name}: holds something else than [[campaign]]", fix="see contracts: campaigns")
    return entries


def _as_text(value: object) -> str:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(type(value))
