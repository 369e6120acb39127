"""At start: counts what the journal holds of the running days, so that the evening's Z report meets the whole day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from agent.journal.days import DayReader

if TYPE_CHECKING:
    from agent.bootstrap import Core

DAYS_BACK = 2  # the running day, and yesterday's where a report is printed in the morning


def count_days(core: Core) -> None:
    """Fill the day ledger and learn which days are closed. Raises TillstreamError when the journal is away."""
    reader = DayReader(core.state.journal, core.keys.journal)
    try:
        first_day = core.clock.now().date() - timedelta(days=DAYS_BACK)
        rows = reader.sales_of_days(first_day)
        began = reader.days_began(first_day)
        closed = reader.days_closed(first_day)
    finally:
        reader.close()
    core.ledger.restore(rows)
    for workstation_id, last, at in began:
        core.days.restore(workstation_id, last=last, began=at)
    for workstation_id, day, _, at in closed:
        core.days.restore(workstation_id, closed=(date.fromisoformat(day), at))
