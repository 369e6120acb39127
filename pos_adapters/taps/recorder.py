"""Follows one passage for `--record`; a child process writes each job when it is over: printing waits for no disk.

Nor for the look for card numbers, which would take the interpreter from the passage. What the children have not
written yet is bounded; a job beyond that is not recorded, and said so.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pos_adapters.taps.events import EventLog
from pos_adapters.taps.job import CAPTURE_BYTES_MAX, Job
from pos_adapters.taps.own_program import RECORD, own_program
from pos_adapters.taps.record import packed
from pos_adapters.taps.recording import Piece, RecordedJob

REGISTER = "register"
PRINTER = "printer"

PIECES_MAX = 20_000  # a receipt that drips byte by byte has 3,000; a piece costs memory whatever is in it
WAITING_BYTES_MAX = 4 * CAPTURE_BYTES_MAX  # what waits for the child; a disk that hangs must not fill the memory
WRITTEN_WITHIN_S = 60.0


class RecordWriter:
    """Hands jobs to a child process, one after the other, on a thread of its own that only waits for it."""

    def __init__(self, folder: Path, *, log: EventLog) -> None:
        self._command: Sequence[str] = (*own_program(), RECORD, str(folder))
        self._log = log
        self._waiting_bytes = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="record")

    def write(self, job: RecordedJob) -> None:
        """Begin to write a job; returns at once."""
        data = packed(job)
        if self._waiting_bytes + len(data) > WAITING_BYTES_MAX:
            self._log.event("recording_failed", job=job.job_id, cause="the disk is slower than the registers")
            return
        self._waiting_bytes += len(data)
        self._thread.submit(self._run, job.job_id, data)

    def _run(self, job_id: str, data: bytes) -> None:
        try:
            child = subprocess.run(  # noqa: S603 - our own program
                self._command, input=data, stdout=subprocess.PIPE, timeout=WRITTEN_WITHIN_S, check=False
            )
            cause = child.stdout.decode("utf-8", "replace").strip() if child.returncode else ""
            cause = cause or (f"its process ended with {child.returncode}" if child.returncode else "")
        except (OSError, subprocess.TimeoutExpired) as error:
            cause = str(error)
        self._waiting_bytes -= len(data)
        if cause:
            self._log.event("recording_failed", job=job_id, cause=cause)


class Recorder:
    """Collects the pieces of the job that is open; `clock_s` counts seconds from anywhere."""

    def __init__(
        self, writer: RecordWriter, *, workstation_id: str, profile: str, clock_s: Callable[[], float]
    ) -> None:
        self._writer = writer
        self._workstation_id = workstation_id
        self._profile = profile
        self._clock_s = clock_s
        self._pieces: list[Piece] = []
        self._size = 0
        self._truncated = False
        self._began_s = 0.0

    def note(self, sender: str, data: bytes) -> None:
        """Keep bytes with their time, as long as the job is not larger than what is captured of any."""
        over = self._size + len(data) > CAPTURE_BYTES_MAX or len(self._pieces) >= PIECES_MAX
        self._truncated = self._truncated or over
        if self._truncated:
            return
        if not self._pieces:
            self._began_s = self._clock_s()
        self._size += len(data)
        self._pieces.append(Piece(round((self._clock_s() - self._began_s) * 1000), sender, data))

    def end(self, job: Job) -> None:
        """Write what has been noted as this job."""
        recorded = RecordedJob(
            job_id=str(job.job_id),
            received_at=job.received_at.isoformat(timespec="milliseconds"),
            workstation_id=self._workstation_id,
            profile=self._profile,
            pieces=tuple(self._pieces),
            truncated=self._truncated,
        )
        self._pieces, self._size, self._truncated = [], 0, False
        self._writer.write(recorded)
