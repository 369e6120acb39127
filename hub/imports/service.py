"""Importing files: what kind each is, row by row into the database, then tokens, then the feed.

Customers come before merges, merges before codes, codes before segments, whatever the order of the files. Rows are
written in short transactions, so that stores go on uploading meanwhile; importing a file again changes only what
changed, and who changed is noted for the next overlay. Nobody who was erased comes back by an old export.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hub.imports import rows
from hub.imports.campaign_tables import import_campaigns
from hub.imports.job import FileKind, Imported, ImportJob, open_rejects
from hub.imports.merging import erased_customers, merge_account, merged_accounts
from hub.imports.table_file import Rejects, Row, RowError, TableFile, open_table
from hub.imports.whole_truth import Memberships
from hub.storage.ports import Session, Value
from retail.errors import ConfigurationError

BATCH_ROWS = 2000
"""Rows between two commits: about 20 ms in which an upload waits."""

Sets = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """How one kind of CSV file is read and kept."""

    columns: Sequence[str]
    required: Sequence[str]
    statement: str
    is_about_customers: bool = True


_TABLES: Mapping[FileKind, _Table] = {
    FileKind.CUSTOMERS: _Table(columns=rows.CUSTOMER_COLUMNS, required=("customer_id",), statement="put_customer"),
    FileKind.MERGES: _Table(columns=rows.MERGE_COLUMNS, required=rows.MERGE_COLUMNS, statement="put_merge"),
    FileKind.CODES: _Table(columns=rows.CODE_COLUMNS, required=("code", "customer_id"), statement="put_customer_code"),
    FileKind.SEGMENTS: _Table(
        columns=rows.SEGMENT_COLUMNS, required=("customer_id", "segment"), statement="put_segment"
    ),
    FileKind.BOUGHT: _Table(columns=rows.BOUGHT_COLUMNS, required=rows.BOUGHT_COLUMNS, statement="put_bought"),
    FileKind.CONTACTS: _Table(columns=rows.CONTACT_COLUMNS, required=rows.CONTACT_COLUMNS, statement="put_contact"),
    FileKind.ITEMS: _Table(
        columns=rows.ITEM_COLUMNS, required=("item_id",), statement="put_item", is_about_customers=False
    ),
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
        _import_table(job, kind_of(path), tables[path]) if path in tables else import_campaigns(job, path)
        for path in sorted_paths
    ]


def _open(path: Path) -> TableFile:
    table = _TABLES[kind_of(path)]
    return open_table(path, known=table.columns, required=table.required)


@dataclass(slots=True)
class _Run:
    """One file on its way in."""

    job: ImportJob
    kind: FileKind
    read: Callable[[dict[str, str]], Sets]
    rejects: Rejects
    erased: frozenset[str]
    merged: dict[str, str]
    truth: Memberships = field(default_factory=Memberships)
    waiting: list[tuple[Row, Sets]] = field(default_factory=list)
    established: dict[str, bool] = field(default_factory=dict)
    count: int = 0
    changed: int = 0

    def add(self, row: Row) -> None:
        self.count += 1
        if row.problem:
            self.rejects.add(row, row.problem)
            return
        try:
            sets = self._resolved(self.read(row.values))
        except RowError as error:
            self.rejects.add(row, str(error))
            return
        self.waiting.append((row, sets))
        if self.job.replace and self.kind is FileKind.SEGMENTS:
            self.truth.add(str(sets["customer_id"]), str(sets["segment"]))

    def flush(self) -> None:
        if self.waiting and not self.job.dry_run:
            with self.job.database.writing() as session:
                self.changed += self._write(session)
        self.waiting.clear()

    def _write(self, session: Session) -> int:
        tenant_id, table = self.job.tenant_id, _TABLES[self.kind]
        if not table.is_about_customers:
            return session.many(table.statement, sets=[sets for _, sets in self.waiting])
        numbered = session.row("next_change", tenant_id=tenant_id, what="customers")
        change_no = int(numbered[0]) if numbered else 0
        known = [
            dict(sets) | {"change_no": change_no} for row, sets in self.waiting if self._is_known(session, row, sets)
        ]
        if self.kind is FileKind.MERGES:
            return sum(merge_account(session, each) for each in known)
        if self.kind is FileKind.SEGMENTS:
            known = [each | {"today": self._first_day(session, str(each["segment"]))} for each in known]
        changed = session.many(table.statement, sets=known)
        if self.kind is FileKind.CUSTOMERS:
            changed += self._put_home(session, known, change_no)
        if changed:
            ids = json.dumps(sorted({str(each["customer_id"]) for each in known}))
            session.run("touch_customers", tenant_id=tenant_id, customer_ids=ids, change_no=change_no)
        return changed

    def _put_home(self, session: Session, known: Sequence[Sets], change_no: int) -> int:
        """Note where customers shop by the chain's own word; return for how many that is new."""
        told = [
            {"tenant_id": self.job.tenant_id, "customer_id": each["customer_id"], "store_id": each["home_store"]}
            for each in known
            if each["home_store"]
        ]
        if not told or self.job.today is None:
            return 0
        new = [each for each in told if session.row("seen_at", **each) is None]
        session.many("put_store_seen", sets=[each | {"day": self.job.today.isoformat()} for each in told])
        session.many("touch_customer", sets=[each | {"change_no": change_no} for each in new])
        return len(new)

    def _first_day(self, session: Session, segment: str) -> str:
        """Return the first day of a new membership; unknown for all who come with a segment's first file."""
        if segment not in self.established:
            self.established[segment] = (
                session.row("has_segment", tenant_id=self.job.tenant_id, segment=segment) is not None
            )
        today = self.job.today
        return today.isoformat() if today and self.established[segment] else ""

    def _resolved(self, sets: Sets) -> Sets:
        """Lead a merged account's rows to the account it became; raise RowError for somebody who was erased."""
        if not _TABLES[self.kind].is_about_customers:
            return sets
        customer_id = str(sets["customer_id"])
        if customer_id in self.erased:
            raise RowError(f"customer {customer_id} was erased: take them out of the export")
        if self.kind is FileKind.MERGES or customer_id not in self.merged:
            return sets
        if self.kind is FileKind.CUSTOMERS:
            raise RowError(f"customer {customer_id} was merged into {self.merged[customer_id]}")
        return dict(sets) | {"customer_id": self.merged[customer_id]}

    def _is_known(self, session: Session, row: Row, sets: Sets) -> bool:
        """Codes and segments of nobody lead nowhere: they are rejected, so that a typing mistake shows."""
        if self.kind is FileKind.CUSTOMERS:
            return True
        customer_id = sets["into_id"] if self.kind is FileKind.MERGES else sets["customer_id"]
        known = session.row("known_customer", tenant_id=self.job.tenant_id, customer_id=customer_id)
        if known is None:
            self.rejects.add(row, f"customer {customer_id!s} is not known: import customers.csv first")
        return known is not None


def _import_table(job: ImportJob, kind: FileKind, file: TableFile) -> Imported:
    rejects = open_rejects(job, file.path, file.header)
    run = _Run(
        job=job,
        kind=kind,
        read=_reader(job, kind),
        rejects=rejects,
        erased=erased_customers(job.database, job.tenant_id),
        merged=merged_accounts(job.database, job.tenant_id),
    )
    if job.replace and kind is FileKind.ITEMS and not job.dry_run:
        with job.database.writing() as session:
            session.run("drop_items", tenant_id=job.tenant_id)
    for row, read_bytes in file.rows():
        run.add(row)
        if len(run.waiting) >= BATCH_ROWS:
            run.flush()
            job.progress(file.path.name, read_bytes, file.size_bytes)
    run.flush()
    if job.replace and kind is FileKind.SEGMENTS and not job.dry_run:
        run.changed += run.truth.drop_others(job.database, job.tenant_id)
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


def _reader(job: ImportJob, kind: FileKind) -> Callable[[dict[str, str]], Sets]:
    tenant: dict[str, Value] = {"tenant_id": job.tenant_id}
    plain = {
        FileKind.CUSTOMERS: rows.customer_row,
        FileKind.SEGMENTS: rows.segment_row,
        FileKind.BOUGHT: rows.bought_row,
        FileKind.CONTACTS: rows.contact_row,
        FileKind.ITEMS: rows.item_row,
    }
    if kind in plain:
        read = plain[kind]
        return lambda values: tenant | read(values)
    if kind is FileKind.MERGES:
        return lambda values: tenant | dict(zip(rows.MERGE_COLUMNS, rows.merge_row(values), strict=True))

    def code(values: dict[str, str]) -> Sets:
        code_kind, spelled, customer_id = rows.code_row({"kind": "", **values}, country=job.country)
        index = job.book.index(spelled)
        sealed = job.book.seal(spelled, index)
        return tenant | {"code_index": index, "kind": code_kind, "customer_id": customer_id, "sealed": sealed}

    return code
