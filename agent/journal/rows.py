"""From a row of the database to a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.journal.records import Epoch, StoredRecord, epoch_of


def stored_record(row: Sequence[Any], epochs: tuple[Epoch, ...]) -> StoredRecord:
    """Return the record in a row of `records_after` and its sisters."""
    return StoredRecord(
        epoch=epoch_of(row[0], epochs),
        seq=row[0],
        kind=row[1],
        workstation_id=row[2],
        occurred_at=row[3],
        clock_quality=row[4],
        business_day=row[5],
        salt=row[6],
        payload=row[7],
        payload_hash=row[8],
        prev_hash=row[9],
        hash=row[10],
    )
