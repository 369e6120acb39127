"""The tap's child that seals jobs and writes them to the spool: `tillstream-tap seal FOLDER KEY_FILE`.

Standard input carries jobs: u32 length of a JSON header, the header, u32 length of the data, the data. For each, one
JSON line goes to standard output: `{"job_id", "path", "given_up": {job id: whether it served reports alone}}` once it
is durable, or `{"job_id", "problem"}`. Ends at the end of input. It is the only process beside the tap that sees a job
in clear, and the only part of the tap that imports cryptography.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from pos_adapters.taps.public_key import read_public_key
from pos_adapters.taps.spool_files import QUOTA_BYTES, make_room, mark_report_only, remove_drafts, write_sealed

LENGTH = struct.Struct(">I")
NICENESS = 10  # the receipt after this one matters more than writing this one down


def run(folder: Path, key_file: Path) -> int:
    """Seal what comes on standard input until it ends."""
    os.nice(NICENESS)
    remove_drafts(folder)
    while (header := _read_part(sys.stdin.buffer)) is not None:
        data = _read_part(sys.stdin.buffer)
        if data is None:
            break
        answer = _seal_one(folder, key_file, json.loads(header), data)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()
    return 0


def _seal_one(folder: Path, key_file: Path, header: dict[str, Any], data: bytes) -> dict[str, Any]:
    from pos_adapters.taps.report_only import is_report_only  # noqa: PLC0415 - the tap imports this module, too
    from pos_adapters.taps.sealed_job import SealedJob, seal_job  # noqa: PLC0415 - the heavy import, when it is needed

    job = SealedJob(
        job_id=UUID(header["job_id"]),
        workstation_id=header["workstation"],
        printer=header["printer"],
        received_at=header["received_at"],
        reason=header["reason"],
        truncated=header["truncated"],
        outcomes={int(cut_no): outcome for cut_no, outcome in header["outcomes"].items()},
        data=data,
    )
    try:
        blob = seal_job(read_public_key(key_file), job)
        given_up = make_room(folder, quota_bytes=QUOTA_BYTES, needed_bytes=len(blob))
        received_at = datetime.fromisoformat(job.received_at)
        path = write_sealed(folder, job_id=job.job_id, received_at=received_at, blob=blob)
    except (OSError, ValueError) as error:
        return {"job_id": str(job.job_id), "problem": str(error)}
    if is_report_only(data):  # it is on disk already, whatever becomes of us now
        path = mark_report_only(path)
    told = {str(each.job_id): each.report_only for each in given_up}
    return {"job_id": str(job.job_id), "path": str(path), "given_up": told}


def _read_part(stream: BinaryIO) -> bytes | None:
    length = stream.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(length)
    part = stream.read(size)
    return part if len(part) == size else None
