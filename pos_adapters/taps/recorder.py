"""Follows one passage for `--record` and writes each job when it is over, in a thread: printing waits for no disk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from pos_adapters.taps.events import EventLog
from pos_adapters.taps.job import CAPTURE_BYTES_MAX, Job
from pos_adapters.taps.recording import Piece, RecordedJob, write_recorded

REGISTER = "register"
PRINTER = "printer"


class Recorder:
    """Collects the pieces of the job that is open; `clock_s` counts seconds from anywhere."""

    def __init__(
        self,
        folder: Path,
        *,
        workstation_id: str,
        profile: str,
        clock_s: Callable[[], float],
        disk: Executor,
        log: EventLog,
    ) -> None:
        self._folder = folder
        self._workstation_id = workstation_id
        self._profile = profile
        self._clock_s = clock_s
        self._disk = disk
        self._log = log
        self._pieces: list[Piece] = []
        self._size = 0
        self._began_s = 0.0

    def note(self, sender: str, data: bytes) -> None:
        """Keep bytes with their time, as long as the job is not larger than what is captured of any."""
        if self._size + len(data) > CAPTURE_BYTES_MAX:
            return
        if not self._pieces:
            self._began_s = self._clock_s()
        self._size += len(data)
        self._pieces.append(Piece(round((self._clock_s() - self._began_s) * 1000), sender, data))

    def end(self, job: Job) -> None:
        """Write what has been noted as this job."""
        pieces, self._pieces, self._size = tuple(self._pieces), [], 0
        recorded = RecordedJob(
            job_id=str(job.job_id),
            received_at=job.received_at.isoformat(timespec="milliseconds"),
            workstation_id=self._workstation_id,
            profile=self._profile,
            pieces=pieces,
        )
        self._disk.submit(self._write, recorded)

    def _write(self, job: RecordedJob) -> None:
        try:
            write_recorded(self._folder, job)
        except OSError as error:
            self._log.event("recording_failed", job=job.job_id, cause=str(error))
