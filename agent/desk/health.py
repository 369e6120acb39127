"""How this store is, as the hub's page of the fleet shows it: counts of the business day, room on the disk, troubles.

Nothing of a person, a sale or a code. What cannot be read is left out: a report that says little comes all the same.
"""

from __future__ import annotations

import asyncio
import shutil
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from agent.desk.loyalty import Asking
from agent.journal.completeness import lane_days
from agent.journal.days import DayReader
from agent.journal.records import JournalKind
from agent.state_dir import StateDir
from pos_adapters.taps.spool_files import spooled_files
from retail.errors import TillstreamError
from sync.protocol.feed_messages import StoreHealth

ROWS_LOOKED_AT = 50_000  # newest of the journal: a busy store's day is 10,000
CLOSED_LOOKED_BACK = timedelta(days=7)  # a shop that closes its tills once a week
MB = 1_000_000
TROUBLES_MAX = 64  # what the message holds

_READ = (JournalKind.TRANSACTION_COMPLETED, JournalKind.TRANSACTION_RETURNED, JournalKind.TRANSACTION_VOIDED)
_COUNTED = (*_READ, JournalKind.DOCUMENT_PARKED, JournalKind.OFFER_PRINTED)
LATE = "late"  # outcome of a block, as the tap tells it


async def store_health(
    reader: DayReader, control: Asking, state: StateDir, *, now: datetime, destination: str
) -> StoreHealth:
    """Return how this store is now; takes some milliseconds off the loop and one question to core.

    `destination` is the hub's name among those that records are carried to.
    """
    counts: dict[str, int | None] = await asyncio.to_thread(lambda: {**_counts(reader)})
    counts["backlog_age_s"] = await asyncio.to_thread(_backlog_age_s, reader, destination, now)
    counts["captured_percent"] = await asyncio.to_thread(_captured_percent, reader)
    disk_free_mb, spooled = await asyncio.to_thread(_disk, state)
    try:
        core: Any = (await control.ask("status")).get("core", {})
    except TillstreamError:
        core = {}
    troubles = {str(each.get("code", "")) for each in core.get("troubles", ())}
    told = {"spooled_jobs": spooled, "disk_free_mb": disk_free_mb, "troubles": sorted(troubles)[:TROUBLES_MAX]}
    counts["held_p99_ms"] = core.get("held_p99_ms")
    return StoreHealth.model_validate(counts | told)


def _backlog_age_s(reader: DayReader, destination: str, now: datetime) -> int | None:
    """Return the age of the oldest record that the hub has not taken."""
    try:
        cursor = reader.cursor(destination)
        after_seq = cursor.acked_seq if cursor is not None else 0
        waiting = reader.records_after(after_seq, limit_rows=1, limit_bytes=1)
    except TillstreamError:
        return None
    if not waiting:
        return None
    return max(0, round((now - datetime.fromisoformat(waiting[0].occurred_at)).total_seconds()))


def _captured_percent(reader: DayReader) -> int | None:
    """Return the share of the newest day whose lanes told how many sales they had; of other lanes nobody knows."""
    try:
        newest = reader.newest(limit_rows=1)
        if not newest:
            return None
        first_day = date.fromisoformat(newest[0].business_day) - CLOSED_LOOKED_BACK
        closed = [each[:3] for each in reader.days_closed(first_day)]
        told = [day for _, day, content in closed if (content.get("told") or {}).get("sales") is not None]
        if not told:
            return None
        day = max(told)
        sales = [(lane, of, Decimal(0), Decimal(0)) for lane, of, *_ in reader.sales_of_days(date.fromisoformat(day))]
    except TillstreamError:
        return None
    lines = [line for line in lane_days(sales, closed) if line.business_day == day and (line.told or {}).get("sales")]
    wanted = sum(int((line.told or {})["sales"]) for line in lines)
    return 100 * sum(line.captured.sales for line in lines) // wanted if wanted else 100


def _counts(reader: DayReader) -> dict[str, int]:
    """Count the business day of the newest record; nothing for a journal that is empty or cannot be read."""
    try:
        newest = reader.newest(limit_rows=1)
        if not newest:
            return {}
        business_day, after_seq = newest[0].business_day, max(0, newest[0].seq - ROWS_LOOKED_AT)
        counted = reader.count_of_day(_COUNTED, business_day=business_day, after_seq=after_seq)
        unprinted = reader.contents_of((JournalKind.OFFER_NOT_PRINTED,), after_seq=after_seq)
    except TillstreamError:
        return {}
    parked = counted.get(JournalKind.DOCUMENT_PARKED, 0)
    late = sum(day == business_day and content.get("outcome") == LATE for _, _, day, content in unprinted)
    return {
        "documents": parked + sum(counted.get(kind, 0) for kind in _READ),
        "documents_parked": parked,
        "blocks": counted.get(JournalKind.OFFER_PRINTED, 0),
        "blocks_late": late,
    }


def _disk(state: StateDir) -> tuple[int | None, int]:
    try:
        spooled = sum(len(spooled_files(folder)) for folder in state.spools.iterdir())
        return shutil.disk_usage(state.root).free // MB, spooled
    except OSError:
        return None, 0
