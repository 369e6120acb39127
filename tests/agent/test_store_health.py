"""What a store tells its hub of how it is: counts of its day, what waits on its disk, its troubles."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from agent.desk.health import store_health
from agent.journal.batch import Batch
from agent.journal.days import DayReader
from agent.journal.records import ClockQuality, JournalKind, NewRecord, canonical_json
from agent.journal.recovery import JournalPlace, open_or_recover
from agent.journal.store import JournalStore
from agent.state_dir import StateDir
from pos_adapters.taps.spool_files import write_sealed
from retail.errors import TryAgainError
from sync.protocol.feed_messages import StoreHealth

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 11, 22), date(2026, 11, 21)


class Core:
    """Answers like core's control socket, or is away."""

    def __init__(self, *codes: str, away: bool = False) -> None:
        self.codes, self.away = codes, away

    async def ask(self, op: str, *, answer_s: float = 3.0, **values: Any) -> dict[str, Any]:
        assert op == "status"
        if self.away:
            raise TryAgainError("core is away")
        return {"core": {"troubles": [{"code": code, "message": "?"} for code in self.codes], "held_p99_ms": 31}}


@pytest.fixture
def state(tmp_path):
    state = StateDir(tmp_path)
    state.create()
    return state


def journal(state: StateDir, *records: tuple[str, date, dict[str, Any]]) -> None:
    place = JournalPlace(path=state.journal, key=KEY, now=lambda: NOW)
    store = JournalStore(place.path, lambda broken: open_or_recover(place, salvage_first=broken))
    store.open()
    made = [
        NewRecord(
            kind=kind,
            payload=canonical_json(content),
            occurred_at=NOW,
            clock_quality=ClockQuality.UNKNOWN,
            workstation_id="1",
            business_day=day,
        )
        for kind, day, content in records
    ]
    store.append([Batch(records=tuple(made))])
    store.close()


def told(state: StateDir, core: Core) -> StoreHealth:
    with contextlib.closing(DayReader(state.journal, KEY)) as reader:
        return asyncio.run(store_health(reader, core, state, now=NOW + timedelta(hours=3), destination="hub"))


def test_the_day_of_the_newest_record_is_counted_and_no_other(state):
    late, lost = {"outcome": "late"}, {"outcome": "not_sent"}
    journal(
        state,
        (JournalKind.TRANSACTION_COMPLETED, YESTERDAY, {}),
        (JournalKind.OFFER_NOT_PRINTED, YESTERDAY, late),
        (JournalKind.TRANSACTION_COMPLETED, TODAY, {}),
        (JournalKind.TRANSACTION_RETURNED, TODAY, {}),
        (JournalKind.DOCUMENT_PARKED, TODAY, {}),
        (JournalKind.OFFER_PRINTED, TODAY, {}),
        (JournalKind.OFFER_NOT_PRINTED, TODAY, late),
        (JournalKind.OFFER_NOT_PRINTED, TODAY, lost),
    )
    health = told(state, Core())
    assert (health.documents, health.documents_parked) == (3, 1)
    assert (health.blocks, health.blocks_late) == (1, 1)
    assert health.disk_free_mb > 0
    assert health.held_p99_ms == 31


def test_a_backlog_is_as_old_as_the_oldest_record_that_the_hub_lacks(state):
    journal(state, (JournalKind.VISIT, TODAY, {}))
    assert told(state, Core()).backlog_age_s == 3 * 3600


def test_the_newest_day_that_a_till_has_closed_is_compared_with_what_was_captured(state):
    def z_report(sales: int | None) -> dict[str, Any]:
        return {"told": {"sales": sales, "total": None, "cash": None}, "missing_numbers": []}

    sale = (JournalKind.TRANSACTION_COMPLETED, YESTERDAY, {"transaction": {"total": "1.20", "line_items": []}})
    journal(state, sale, sale, sale)
    assert told(state, Core()).captured_percent is None
    journal(state, (JournalKind.DAY_CLOSED, YESTERDAY, z_report(4)), (JournalKind.DAY_CLOSED, TODAY, z_report(None)))
    assert told(state, Core()).captured_percent == 75
    journal(state, (JournalKind.DAY_CLOSED, TODAY, z_report(0)))
    assert told(state, Core()).captured_percent == 100


def test_what_waits_in_the_spool_is_counted_over_all_lanes(state):
    journal(state, (JournalKind.VISIT, TODAY, {}))
    for lane in ("1", "2"):
        write_sealed(state.spool(lane), job_id=uuid4(), received_at=NOW, blob=b"sealed")
    assert told(state, Core()).spooled_jobs == 2


def test_core_tells_its_troubles_once_each_and_a_core_that_is_away_tells_none(state):
    journal(state, (JournalKind.VISIT, TODAY, {}))
    assert told(state, Core("paper_out", "clock", "paper_out")).troubles == ["clock", "paper_out"]
    assert told(state, Core(away=True)).troubles == []


def test_a_journal_that_cannot_be_read_leaves_its_counts_out(state):
    state.journal.write_bytes(b"no database at all" * 500)
    health = told(state, Core("journal"))
    assert (health.documents, health.troubles) == (0, ["journal"])
