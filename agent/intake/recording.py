"""Makes journal records: when, how sure of it, which trading day."""

from __future__ import annotations

from datetime import datetime

from agent.clock import BusinessDays, Clock, ClockJudge
from agent.intake.documents import Told
from agent.intake.payloads import Content
from agent.journal.records import JournalKind, NewRecord, canonical_json


class RecordMaker:
    """Used by core's loop only."""

    def __init__(self, clock: Clock, judge: ClockJudge, days: BusinessDays) -> None:
        self._clock = clock
        self._judge = judge
        self._days = days

    def now(self) -> datetime:
        """Return the time of day."""
        return self._clock.now()

    def of_document(
        self, kind: JournalKind, content: Content, *, told: Told, workstation_id: str, payload: bytes | None = None
    ) -> NewRecord:
        """Return a record about a document: it happened when the document did.

        `payload` is the content's spelling, where somebody has it already.
        """
        return NewRecord(
            kind=kind.value,
            payload=canonical_json(content) if payload is None else payload,
            occurred_at=told.occurred_at,
            clock_quality=self._judge.quality(),
            workstation_id=workstation_id,
            business_day=told.business_day,
        )

    def of_now(self, kind: JournalKind, content: Content, workstation_id: str = "") -> NewRecord:
        """Return a record about something that happens now."""
        now = self._clock.now()
        return NewRecord(
            kind=kind.value,
            payload=canonical_json(content),
            occurred_at=now,
            clock_quality=self._judge.quality(),
            workstation_id=workstation_id,
            business_day=self._days.day_of(workstation_id, now),
        )
