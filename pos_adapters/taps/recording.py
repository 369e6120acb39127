"""Recorded jobs for support: what the register sent and the printer answered, with timing, card numbers masked.

One JSON file a job: `{"format": 1, "job_id", "received_at", "workstation", "profile", "pieces": [[ms, from, base64]]}`,
`from` being `register` or `printer`, `ms` counted from the job's first byte. Recording is asked for (`--record`) and is
the only case in which a tap writes anything that can be read without a key; payment card numbers never are in it. A
number split over two pieces is found, because the job is masked as a whole, at equal length.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FORMAT = 1
SUFFIX = ".tapjob.json"
FILE_MODE = 0o600

# Payment cards have 13 to 19 digits (ISO/IEC 7812), printed in groups or not.
_CARD = re.compile(rb"(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])")
_KEPT_DIGITS = 4  # PCI DSS 3.4.1 allows the last four to be shown


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


def write_recorded(folder: Path, job: RecordedJob) -> Path:
    """Write a job with its card numbers masked. A repeat replaces the file. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{job.received_at.replace(':', '')}-{job.job_id}{SUFFIX}"
    content = {
        "format": FORMAT,
        "job_id": job.job_id,
        "received_at": job.received_at,
        "workstation": job.workstation_id,
        "profile": job.profile,
        "pieces": [
            [piece.at_ms, piece.sender, base64.b64encode(piece.data).decode()] for piece in masked_pieces(job.pieces)
        ],
    }
    path.touch(FILE_MODE)
    path.write_text(json.dumps(content, indent=1), "utf-8")
    return path


def read_recorded(path: Path) -> RecordedJob:
    """Read a recorded job. Raises OSError, ValueError (no recorded job of this format)."""
    content = json.loads(path.read_text("utf-8"))
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
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: a recorded job without {error}") from error


def recorded_jobs(folder: Path) -> Iterator[RecordedJob]:
    """Yield the recorded jobs of a folder in the order they came. Raises as `read_recorded` does."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        yield read_recorded(path)


def masked_pieces(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield the pieces with card numbers masked, those that run over several pieces, too."""
    masked = {sender: masked_cards(_joined(pieces, sender)) for sender in {piece.sender for piece in pieces}}
    at = dict.fromkeys(masked, 0)
    for piece in pieces:
        start = at[piece.sender]
        at[piece.sender] = start + len(piece.data)
        yield Piece(piece.at_ms, piece.sender, masked[piece.sender][start : at[piece.sender]])


def masked_cards(data: bytes) -> bytes:
    """Return bytes of equal length in which card numbers show their last four digits only."""
    return _CARD.sub(_mask, data)


def _joined(pieces: Sequence[Piece], sender: str) -> bytes:
    return b"".join(piece.data for piece in pieces if piece.sender == sender)


def _mask(match: re.Match[bytes]) -> bytes:
    digits = [byte - ord("0") for byte in match[0] if byte not in b" -"]
    if not _passes_luhn(digits):
        return match[0]
    left = len(digits) - _KEPT_DIGITS
    masked = bytearray()
    for byte in match[0]:
        is_digit = byte not in b" -"
        masked.append(ord("*") if is_digit and left > 0 else byte)
        left -= is_digit
    return bytes(masked)


def _passes_luhn(digits: Sequence[int]) -> bool:
    """Return whether the last digit is the check digit of ISO/IEC 7812."""
    doubled = (2 * digit - 9 * (digit > 4) for digit in digits[-2::-2])  # noqa: PLR2004
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
