"""What the last core had put by and did not commit: committed at the next start, before anything else is read.

A row is there because its core was killed between a receipt's payment and its commit. Its block left only if everything
was as foreseen when its cut came, and whatever was handed over later stands behind it on the disk. So a row whose
grounds are on the disk as they were is committed; where another commit has changed them, its block has not left: the
row is thrown away, and its tap hands the job over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from agent.journal.batch import Batch, DropForeseen, DropScan, KnowSale
from agent.journal.database import BrokenJournalError, Connection, translated
from agent.journal.foreseen import Grounds, read_batch
from agent.journal.queries import load_queries
from agent.journal.store import JournalStore
from retail.errors import DefectError, TillstreamError


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """Documents (job, number) that were committed as they had been foreseen, and those that could not be read."""

    committed: frozenset[tuple[str, int]] = frozenset()
    unread: tuple[tuple[str, int], ...] = ()


def commit_foreseen(store: JournalStore) -> LeftBehind:
    """Commit what the last core put by and still holds; what another program spelt stays for that one to read.

    A document that is here by its own batch is not committed again. Raises as commits do, for the disk's sake only.
    """
    committed, unread = set(), []
    for job_id, document_no, body in _rows(store):
        try:
            is_new = document_no not in store.documents_of(job_id) and _commit(store, body)
        except (ValueError, DefectError):
            unread.append((job_id, document_no))
            continue
        if is_new:
            committed.add((job_id, document_no))
        _append(store, Batch(changes=(DropForeseen(job_id=job_id, document_no=document_no),)))
    return LeftBehind(committed=frozenset(committed), unread=tuple(unread))


def _commit(store: JournalStore, body: bytes) -> bool:
    """Commit a row that holds; return whether it does. Raises ValueError or DefectError for what makes no sense."""
    batch, grounds = read_batch(body)
    with translated("the journal"):
        holds = _holds(store.connection(), batch, grounds)
    if holds:
        _append(store, batch)
    return holds


def _append(store: JournalStore, batch: Batch) -> None:
    (result,) = store.append([batch])
    if isinstance(result, TillstreamError):
        raise result


def _rows(store: JournalStore) -> list[tuple[str, int, bytes]]:
    sql = load_queries()["every_foreseen"]
    try:
        with translated("the journal"):
            return list(store.connection().execute(sql).fetchall())
    except BrokenJournalError:
        store.salvage()
    with translated("the journal"):
        return list(store.connection().execute(sql).fetchall())


def _holds(connection: Connection, batch: Batch, grounds: Grounds) -> bool:
    """Whether nothing was committed since that it does not know of: its sale, its scans, its rows of the ledger."""
    sql = load_queries()

    def one(name: str, **values: Any) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = connection.execute(sql[name], values).fetchone()
        return row

    for change in batch.changes:
        if isinstance(change, KnowSale) and one("sale_known", transaction_id=change.transaction_id):
            return False
        if isinstance(change, DropScan) and not one("scan_kept", scan_id=change.scan_id):
            return False
    lane = batch.capture.workstation_id if batch.capture is not None else ""
    if one("scanned_after", workstation_id=lane, at=grounds.at.isoformat()):
        return False
    for what, row_id, before in grounds.rows:
        row = one("value_row", what=what, row_id=row_id)
        if (json.loads(row[0]) if row else None) != (json.loads(before) if before is not None else None):
            return False
    return True
