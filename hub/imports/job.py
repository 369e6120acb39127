"""What an import is asked to do and what it tells: one run for one chain, and the file of rows it could not take."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from hub.imports.table_file import Rejects
from hub.imports.tokenising import CodeBook
from hub.storage.ports import Database
from retail.errors import OnSiteError


class FileKind(StrEnum):
    """What a file holds, in the order of import."""

    CUSTOMERS = "customers"
    MERGES = "merges"
    CODES = "codes"
    SEGMENTS = "segments"
    BOUGHT = "bought"
    CONTACTS = "contacts"
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
    """One run of `tillstream hub import` for one chain.

    `today`: the first day of memberships that are new. Rejected rows go to `rejects_folder`; where nobody named one,
    beside the file, and where the hub's user may not write there, to `own_folder`.
    """

    database: Database
    tenant_id: str
    country: str
    book: CodeBook
    progress: Progress
    dry_run: bool = False
    replace: bool = False
    rejects_folder: Path | None = None
    own_folder: Path | None = None
    today: date | None = None


def open_rejects(job: ImportJob, path: Path, header: Sequence[str]) -> Rejects:
    """Return the file of rows of `path` that cannot be taken. Raises OnSiteError when it cannot be written."""
    folder = job.rejects_folder or path.parent
    try:
        if job.rejects_folder is None and job.own_folder is not None and not os.access(folder, os.W_OK):
            folder = job.own_folder
            folder.mkdir(mode=0o700, exist_ok=True)
        return Rejects(folder / f"{path.stem}.rejected.csv", header, dry_run=job.dry_run)
    except OSError as error:
        raise OnSiteError(
            f"{folder}: rejected rows cannot be written there: {error.strerror}", fix="name a folder with --rejects"
        ) from error
