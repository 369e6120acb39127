"""Recorded jobs for support: what the register sent and the printer answered, with timing, card numbers masked.

One JSON file a job: `{"format": 1, "job_id", "received_at", "workstation", "profile", "pieces": [[ms, from, base64]]}`,
`from` being `register` or `printer`, `ms` counted from the job's first byte, `truncated` true when the job went on.
Recording is asked for (`--record`) and is the only case in which a tap writes anything that can be read without a key;
payment card numbers never are in it (`pos_adapters.reading.masking`, the rule of everything that is captured). A number
split over two pieces is found, because the job is masked as a whole, at equal length.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FORMAT = 1
SUFFIX = ".tapjob.json"
DRAFT_SUFFIX = ".draft"  # what a recorder that was killed leaves behind; nobody reads it
FILE_MODE = 0o600

# A recording is forgotten on, and shares its disk with spool and journal, which matter: they keep this much.
FREE_BYTES_MIN = 256 * 1024 * 1024


class DiskShortError(OSError):
    """Too little is left on the disk to record onto it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that came together: when (milliseconds since the job's first), from whom, and what."""

    at_ms: int
    sender: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedJob:
    """One job as it was recorded."""

    job_id: str
    received_at: str
    workstation_id: str
    profile: str
    pieces: tuple[Piece, ...]
    truncated: bool = False


def write_recorded(folder: Path, job: RecordedJob, *, free_bytes_min: int = FREE_BYTES_MIN) -> Path:
    """Write a job with its card numbers masked, whole or not at all. A repeat replaces the file. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < free_bytes_min:
        raise DiskShortError(f"less than {free_bytes_min // 1_000_000} MB are left on the disk of {folder}")
    path = folder / f"{job.received_at.replace(':', '')}-{job.job_id}{SUFFIX}"
    content = {
        "format": FORMAT,
        "job_id": job.job_id,
        "received_at": job.received_at,
        "workstation": job.workstation_id,
        "profile": job.profile,
        "truncated": job.truncated,
        "pieces": [
            [piece.at_ms, piece.sender, base64.b64encode(piece.data).decode()] for piece in masked_pieces(job.pieces)
        ],
    }
    draft = path.with_suffix(DRAFT_SUFFIX)
    try:
        draft.touch(FILE_MODE)
        draft.write_text(json.dumps(content, indent=1), "utf-8")
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return path


def read_recorded(path: Path) -> RecordedJob:
    """Read a recorded job. Raises OSError, ValueError (no recorded job of this format)."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:  # not UTF-8, or not JSON: half a file of an older tap, or another's
        raise ValueError(f"{path}: not a whole recorded job ({error}); move it away and try again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path}: no recorded job of format {FORMAT}")
    try:
        pieces = tuple(Piece(int(ms), str(who), base64.b64decode(data)) for ms, who, data in content["pieces"])
        return RecordedJob(
            job_id=content["job_id"],
            received_at=content["received_at"],
            workstation_id=content["workstation"],
            profile=content["profile"],
            pieces=pieces,
            truncated=bool(content.get("truncated", False)),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: a recorded job without {error}") from error


def recorded_jobs(folder: Path) -> Iterator[RecordedJob]:
    """Yield the recorded jobs of a folder in the order they came. Raises as `read_recorded` does."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        yield read_recorded(path)


def masked_pieces(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield the pieces with card numbers masked, those that run over several pieces, too."""
    from pos_adapters.reading.masking import mask_bytes  # noqa: PLC0415 - 1 MB that a tap which prints never needs

    masked = {sender: mask_bytes(_joined(pieces, sender)) for sender in {piece.sender for piece in pieces}}
    at = dict.fromkeys(masked, 0)
    for piece in pieces:
        start = at[piece.sender]
        at[piece.sender] = start + len(piece.data)
        yield Piece(piece.at_ms, piece.sender, masked[piece.sender][start : at[piece.sender]])


def _joined(pieces: Sequence[Piece], sender: str) -> bytes:
    return b"".join(piece.data for piece in pieces if piece.sender == sender)
