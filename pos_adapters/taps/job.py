"""One job as the tap remembers it until core has it on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import UUID

from pos_adapters.taps.frames import Outcome

# A raster receipt is 90 KB, a day's report 300 KB. More is no receipt: it prints whole, and is captured up to here.
CAPTURE_BYTES_MAX = 2 * 1024 * 1024

# A connection that is never silent for two seconds would make one endless job. Once a cut is behind this size, the
# next byte begins a new job, long before the capture is full.
SPLIT_BYTES = 512 * 1024


class EndReason(Enum):
    """Why a job is over (JOB_END)."""

    CLOSE = "close"
    SILENCE = "silence"


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """What came from the register between two ends, and what became of our blocks.

    `session` is the connection to core that has had every byte of it so far; None once one of them was lost, and
    then the job goes through the spool.
    """

    job_id: UUID
    received_at: datetime
    session: int | None
    captured: bytearray = field(default_factory=bytearray)
    taken_bytes: int = 0
    cuts_asked: int = 0
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    ended_by: EndReason | None = None

    @property
    def truncated(self) -> bool:
        """Whether more came than is kept."""
        return self.taken_bytes > len(self.captured)

    def take(self, data: bytes) -> bytes:
        """Count bytes, keep those that fit, and return the kept ones."""
        self.taken_bytes += len(data)
        room = CAPTURE_BYTES_MAX - len(self.captured)
        kept = data if len(data) <= room else data[: max(room, 0)]
        self.captured += kept
        return kept
