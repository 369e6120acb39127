"""A job that streams in from a tap: its reader, what has been taken of it, what was worked out before its next cut."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from agent.intake.documents import Origin
from agent.intake.taken import Foreseen
from agent.ports import JobReader
from receipt.paper import Paper


@dataclass(slots=True, kw_only=True, eq=False)
class OpenJob:
    """A job that streams in."""

    job_id: UUID
    received_at: datetime
    reader: JobReader
    fed_bytes: int = 0
    taken_bytes: int = 0
    documents: int = 0
    is_lost: bool = False
    files: list[asyncio.Future[None]] = field(default_factory=list)
    cut_no: int = 0  # of the last cut
    foreseen: Foreseen | None = None
    foreseen_times: int = 0  # for the document that is being printed
    used: tuple[int, bytes] = (0, b"")  # the last cut that its tap printed a lent block at, and that block
    kept_ahead: Origin | None = None  # the document whose commit is on disk ahead of its cut, or about to be

    def rest(self) -> bytes:
        """Return the bytes that belong to no document yet."""
        return bytes(memoryview(self.reader.data)[self.taken_bytes :])

    def cut_off(self, end: int) -> bytes:
        """Return the bytes up to `end` that belong to no document yet, and count them as taken."""
        body = bytes(memoryview(self.reader.data)[self.taken_bytes : end])
        self.taken_bytes = max(self.taken_bytes, end)
        return body

    def cut_out(self, papers: Iterable[Paper], workstation_id: str) -> list[tuple[Paper, bytes, Origin]]:
        """Return the next documents, each with its bytes and where it comes from, both counted with it."""
        return [(each, self.cut_off(each.end), self.origin(workstation_id)) for each in papers]

    def origin(self, workstation_id: str) -> Origin:
        """Return where the next document comes from, which is counted with it."""
        origin = self.next_origin(workstation_id)
        self.documents += 1
        self.foreseen, self.foreseen_times = None, 0
        return origin

    def next_origin(self, workstation_id: str) -> Origin:
        """Return where the next document will come from."""
        return Origin(
            workstation_id=workstation_id,
            job_id=str(self.job_id),
            document_no=self.documents,
            received_at=self.received_at,
        )
