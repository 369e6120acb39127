"""Reads whole days of the journal, and captures that may be read again; everything else as `JournalReader`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agent.journal.reader import JournalReader


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCapture:
    """A document as the register sent it that no sale and no Z report came of. `parked_day` None: never parked."""

    job_id: str
    document_no: int
    workstation_id: str
    received_at: datetime
    parked_day: date | None
    reason: str


class DayReader(JournalReader):
    """May be called from several threads; raises as JournalReader does."""

    def sales_of_days(self, first_day: date, *, after_seq: int = 0) -> list[tuple[str, str, str, str | None, str]]:
        """Return (workstation, day, total, printed number, tenders as JSON pairs) of sales and returns since a day."""
        rows = self._rows("sales_of_days", first_day=first_day.isoformat(), seq=after_seq)
        return [(lane, day, total, number, tenders) for lane, day, total, number, tenders in rows]

    def days_began(self, first_day: date) -> list[tuple[str, date, datetime]]:
        """Return (workstation, day, when its first sale was) since a day, the running days last."""
        rows = self._rows("days_began", first_day=first_day.isoformat())
        return [(lane, date.fromisoformat(day), datetime.fromisoformat(at)) for lane, day, at in rows]

    def days_closed(self, first_day: date) -> list[tuple[str, str, dict[str, Any], datetime]]:
        """Return (workstation, day, content, when) of Z reports since a day, oldest first."""
        rows = self._rows("days_closed", first_day=first_day.isoformat())
        return [(lane, day, json.loads(payload), datetime.fromisoformat(at)) for lane, day, payload, at in rows]

    def reread_candidates(self) -> list[KeptCapture]:
        """Return captures that may say more to a newer reader, oldest first."""
        return [
            KeptCapture(
                job_id=job_id,
                document_no=document_no,
                workstation_id=lane,
                received_at=datetime.fromisoformat(received_at),
                parked_day=date.fromisoformat(parked_day) if parked_day else None,
                reason=reason or "unread",
            )
            for _, job_id, document_no, lane, received_at, parked_day, reason in self._rows("reread_candidates")
        ]

    def newest_captures(
        self, workstation_id: str, *, limit_rows: int, look_back_rows: int
    ) -> list[tuple[bytes | None, str | None]]:
        """Return (body, sealed file's name) of a lane's newest papers, newest first; one of the two is None."""
        return [
            (body, file_hash)
            for body, file_hash in self._rows(
                "newest_captures", workstation_id=workstation_id, limit_rows=limit_rows, look_back_rows=look_back_rows
            )
        ]

    def known_total(self, transaction_id: str) -> str | None:
        """Return the total under which a business key is journalled, None for a new one."""
        rows = self._rows("known_total", transaction_id=transaction_id)
        return str(rows[0][0]) if rows else None
