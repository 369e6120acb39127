"""The folder of sealed jobs: one file a job, written whole or not at all; beyond the quota the oldest are given up.

A file is `<received, ms since 1970, 13 digits>-<job id>.sealed`, or `....report.sealed` when it serves reports alone:
those are given up before any other. Names sort by age. A draft begins with a dot and is removed at the next start.
Both the tap (handing over) and its child (writing) use this module: standard library only.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

SUFFIX = ".sealed"
REPORT_SUFFIX = ".report.sealed"
DRAFT_PREFIX = "."
FOLDER_MODE = 0o700
FILE_MODE = 0o600

# A busy lane's receipts of three weeks at 2 KB, or 2,800 raster receipts: longer than an agent stays broken unseen.
QUOTA_BYTES = 256 * 1024 * 1024

_NAME = re.compile(r"(\d{13,})-([0-9a-f-]{36})(\.report)?\.sealed")


@dataclass(frozen=True, slots=True)
class SpooledFile:
    """One sealed job on disk."""

    path: Path
    job_id: UUID
    report_only: bool = False


def spooled_files(folder: Path) -> list[SpooledFile]:
    """Return the sealed jobs, oldest first; none when the folder cannot be read."""
    try:
        names = sorted(each.name for each in folder.iterdir())
    except OSError:
        return []
    matches = ((name, _NAME.fullmatch(name)) for name in names)
    return [SpooledFile(folder / name, UUID(match[2]), bool(match[3])) for name, match in matches if match]


def write_sealed(folder: Path, *, job_id: UUID, received_at: datetime, blob: bytes) -> Path:
    """Write one job durably: write, fsync, rename, fsync folder. A repeat replaces the file. Raises OSError."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    path = folder / f"{int(received_at.timestamp() * 1000):013d}-{job_id}{SUFFIX}"
    draft = folder / f"{DRAFT_PREFIX}{path.name}"
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(blob)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync(folder)
    return path


def make_room(folder: Path, *, quota_bytes: int, needed_bytes: int) -> list[SpooledFile]:
    """Delete jobs until `needed_bytes` more fit into the quota, the oldest first, those for reports before all others.

    Returns what was given up.
    """
    files = sorted(spooled_files(folder), key=lambda each: not each.report_only)  # by age among equals
    sizes = {each.path: _size(each.path) for each in files}
    total = sum(sizes.values())
    given_up = []
    for each in files:
        if total + needed_bytes <= quota_bytes:
            break
        each.path.unlink(missing_ok=True)
        total -= sizes[each.path]
        given_up.append(each)
    return given_up


def mark_report_only(path: Path) -> Path:
    """Note of a job on disk that it serves reports alone; returns its new path, or the old one when that cannot be."""
    marked = path.with_suffix(REPORT_SUFFIX)
    try:
        path.rename(marked)
    except OSError:
        return path
    return marked


def remove_drafts(folder: Path) -> None:
    """Delete what a power cut left half-written; it was never acknowledged to anybody."""
    for draft in folder.glob(f"{DRAFT_PREFIX}*{SUFFIX}"):
        draft.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
