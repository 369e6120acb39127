"""The tap's child that masks and writes one recorded job: `tillstream-tap record FOLDER`.

Standard input carries u32 length of a JSON header, the header, and the pieces' bytes one behind the other; the header's
`pieces` are `[ms, sender, bytes]`. What went wrong goes to standard output, with exit code 1. Looking for card numbers
in two megabytes takes a second of a processor: in the tap's own process it would hold up the receipt that prints.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from pathlib import Path
from typing import Any

from pos_adapters.taps.recording import Piece, RecordedJob, write_recorded

LENGTH = struct.Struct(">I")
NICENESS = 10
EXIT_PROBLEM = 1


def packed(job: RecordedJob) -> bytes:
    """Return a job as it goes to the child."""
    header = {
        "job_id": job.job_id,
        "received_at": job.received_at,
        "workstation": job.workstation_id,
        "profile": job.profile,
        "truncated": job.truncated,
        "pieces": [[piece.at_ms, piece.sender, len(piece.data)] for piece in job.pieces],
    }
    text = json.dumps(header).encode()
    return b"".join((LENGTH.pack(len(text)), text, *(piece.data for piece in job.pieces)))


def unpacked(data: bytes) -> RecordedJob:
    """Return the job that `packed` packed."""
    (size,) = LENGTH.unpack_from(data)
    at = LENGTH.size + size
    header: dict[str, Any] = json.loads(data[LENGTH.size : at])
    pieces = []
    for at_ms, sender, length in header["pieces"]:
        pieces.append(Piece(at_ms, sender, data[at : at + length]))
        at += length
    return RecordedJob(
        job_id=header["job_id"],
        received_at=header["received_at"],
        workstation_id=header["workstation"],
        profile=header["profile"],
        pieces=tuple(pieces),
        truncated=header["truncated"],
    )


def run(folder: Path) -> int:
    """Write the job on standard input; returns the exit code."""
    os.nice(NICENESS)
    try:
        write_recorded(folder, unpacked(sys.stdin.buffer.read()))
    except OSError as error:
        sys.stdout.write(f"{error}\n")
        return EXIT_PROBLEM
    return 0
