"""Captured against told: the auditor's figure, per lane and day."""

from datetime import UTC, date, datetime

from hub.callers import Caller
from hub.completeness import Figures, compare, completeness
from hub.ingest.batch import check_chain
from hub.ingest.service import IngestService
from sync.delivery_plan import CourierPolicy, plan_batch
from sync.http_transport import _on_the_wire
from sync.protocol.messages import JournalUpload
from tests.hub.rig import MemoryJournal

LANE = ("7781", "1", "2026-11-21")
CALLER = Caller(tenant_id="main", store_id="7781", agent_id="agent", epoch=1, key_id="key")


def upload_of(journal: MemoryJournal) -> JournalUpload:
    batch = plan_batch(None, journal.records, parked=frozenset(), policy=CourierPolicy())
    return JournalUpload(
        epoch=batch.epoch,
        first_seq=batch.first_seq,
        prev_hash=batch.prev_hash.hex(),
        records=[_on_the_wire(record, withheld=False) for record in batch.records],
        head_hash=batch.last.hash.hex(),
    )


def test_a_day_that_agrees_is_complete():
    (line,) = compare(
        {LANE: Figures(sales=12, total_e4=1_234_500, cash_e4=200_000)},
        {LANE: (Figures(sales=12, total_e4=1_234_500, cash_e4=None), ())},
    )
    told = line.to_json()
    assert (told["complete"], told["share_percent"]) == (True, "100.00")
    assert told["difference"] == {"sales": 0, "total": "0.00", "cash": None}


def test_what_is_missing_is_named_in_sales_and_money():
    (line,) = compare(
        {LANE: Figures(sales=11, total_e4=1_200_000, cash_e4=0)},
        {LANE: (Figures(sales=12, total_e4=1_234_500, cash_e4=0), ("1007",))},
    )
    told = line.to_json()
    assert (told["complete"], told["share_percent"], told["missing_numbers"]) == (False, "91.67", ["1007"])
    assert told["difference"] == {"sales": -1, "total": "-3.45", "cash": "0.00"}


def test_a_lane_without_a_report_has_no_share_and_a_report_without_a_sale_is_not_forgotten():
    other = ("7781", "2", "2026-11-22")
    lines = compare({LANE: Figures(sales=3, total_e4=1, cash_e4=0)}, {other: (Figures(sales=5), ())})
    assert [(line.workstation_id, line.share_percent, line.is_complete) for line in lines] == [
        ("2", 0, False),
        ("1", None, None),
    ]


def test_records_of_a_store_become_its_days(hub_disk):
    with hub_disk.database.writing() as session:
        session.run("put_tenant", tenant_id="main", country="", now="")
        session.run("put_store", tenant_id="main", store_id="7781", name="", now="")
        session.run("put_agent", agent_id="agent", tenant_id="main", store_id="7781", epoch=1, now="")
    journal = MemoryJournal()
    cash = [{"type": "tender", "tender_type": "cash", "amount": "4.30"}]
    for number in range(3):
        journal.sale(number, line_items=cash if number else [])
    journal.append("transaction.returned", {"transaction_id": "r", "total": "-1.00", "line_items": []})
    journal.append("transaction.voided", {"transaction_id": "v", "total": "9.99", "line_items": []})
    journal.append("day.closed", {"told": {"sales": 9, "total": "1.00"}, "missing_numbers": []})
    journal.append("day.closed", {"told": {"sales": 5, "total": "11.90", "cash": "8.60"}, "missing_numbers": ["4711"]})
    IngestService(hub_disk.database).take(
        CALLER, check_chain(upload_of(journal)), now=datetime(2026, 11, 21, tzinfo=UTC)
    )
    (line,) = completeness(hub_disk.database, "main", first_day=date(2026, 11, 1), last_day=date(2026, 11, 30))
    assert line.captured == Figures(sales=4, total_e4=119_000, cash_e4=86_000)
    assert line.told == Figures(sales=5, total_e4=119_000, cash_e4=86_000)
    assert (line.missing_numbers, line.is_complete) == (("4711",), False)
    assert not completeness(hub_disk.database, "main", first_day=date(2026, 12, 1), last_day=date(2026, 12, 2))
    assert not completeness(hub_disk.database, "other", first_day=date(2026, 11, 1), last_day=date(2026, 11, 30))
