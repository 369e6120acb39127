"""A store may send any text as a payload: it is kept, and neither taking it nor learning from it fails."""

import json
from datetime import date

import pytest

from hub.completeness import completeness
from hub.feed.erasing import Erasing
from hub.feed.learning import Learner
from hub.feed.upkeep import FeedUpkeep
from hub.ingest.batch import check_chain
from hub.ingest.contents import content_of, read_content
from hub.ingest.service import IngestService
from tests.hub.rig import MemoryJournal
from tests.hub.test_completeness import upload_of
from tests.hub.test_erasures_given_back import STORE, with_store
from tests.hub.test_order_book import NOW, bring, forget, known, opened

WEIRD = (
    {"transaction_id": "huge", "total": "1e999999999"},
    {
        "transaction_id": "cash",
        "total": "1.00",
        "line_items": [{"type": "tender", "tender_type": "cash", "amount": "1e13"}] * 2_000,
    },
    {"transaction_id": "line", "total": "1.00", "line_items": [{"type": "sale", "amount": "1e999999999"}]},
    {"transaction_id": "half", "total": "1.00", "line_items": [{"type": "sale", "description": "\ud800"}]},
    {"transaction_id": "zero", "total": "1.00", "line_items": [{"type": "sale", "description": "a\0b"}]},
)


@pytest.fixture
def hub(tmp_path):
    hub = with_store(opened(tmp_path))
    with hub.database.writing() as session:
        session.run("put_agent", agent_id=STORE.agent_id, tenant_id="main", store_id=STORE.store_id, epoch=1, now="")
    yield hub
    hub.close()


def escaped(content: object) -> str:
    return json.dumps(content)


def test_half_a_character_or_a_zero_is_written_into_no_database():
    assert content_of(escaped({"name": "\ud800"})) is None
    assert content_of(escaped({"na\0me": ["a\0b"]})) == {"name": ["ab"]}
    assert content_of(escaped({"name": "\\ud800 \U0001f4a5"})) == {"name": "\\ud800 \U0001f4a5"}
    assert content_of("[" * 100_000) is None
    assert content_of("[]") is None
    with pytest.raises(ValueError, match="Expecting"):
        read_content("{")


@pytest.mark.parametrize("content", WEIRD, ids=lambda content: content["transaction_id"])
def test_no_payload_stops_a_stores_uploads_or_what_the_hub_learns(hub_disk, hub, content):
    journal = MemoryJournal()
    journal.append_payload("transaction.completed", escaped(content).encode())
    journal.append("transaction.completed", {"transaction_id": "next", "total": "1.00"})
    with hub_disk.database.writing() as session:
        session.run("put_tenant", tenant_id="main", country="", now="now")
        session.run("put_store", tenant_id="main", store_id="7781", name="", now="now")
        session.run("put_agent", agent_id=STORE.agent_id, tenant_id="main", store_id="7781", epoch=1, now="now")
    taken = IngestService(hub_disk.database).take(STORE, check_chain(upload_of(journal)), now=NOW)
    assert taken.acked_seq == 2
    assert Learner(hub_disk.database, hub.keys).learn("main") == 2
    assert ("next",) in hub_disk.rows("SELECT transaction_id FROM sale")


def test_absurd_amounts_of_one_lane_do_not_hide_the_figures_of_the_chain(hub_disk):
    journal = MemoryJournal()
    for number in range(120):
        journal.sale(number, "-9999999999999.9999")
    with hub_disk.database.writing() as session:
        session.run("put_tenant", tenant_id="main", country="", now="now")
        session.run("put_store", tenant_id="main", store_id="7781", name="", now="now")
        session.run("put_agent", agent_id=STORE.agent_id, tenant_id="main", store_id="7781", epoch=1, now="now")
    IngestService(hub_disk.database).take(STORE, check_chain(upload_of(journal)), now=NOW)
    (line,) = completeness(hub_disk.database, "main", first_day=date(2026, 11, 21), last_day=date(2026, 11, 21))
    assert line.to_json()["captured"]["total"] == "-1199999999999999.988"


def test_a_payload_that_is_no_json_stops_nobody_from_being_forgotten(hub, tmp_path):
    bring(hub, tmp_path)
    journal = MemoryJournal()
    for payload in ('"enrolment_id"', '["enrolment_id", "C1"', '{"enrolment_id": "C1"'):
        journal.append_payload("device.fault", payload.encode())
    IngestService(hub.database).take(STORE, check_chain(upload_of(journal)), now=NOW)
    assert forget(hub, "C1") == 1
    assert known(hub) == {"C2", "C3"}
    assert Erasing(hub.database, hub.files, hub.feed).look("main", ["C1"])[0].records == 0


def test_a_defect_in_one_turn_ends_no_later_one(hub):
    told: list[str] = []
    upkeep = FeedUpkeep(hub, told=told.append)
    upkeep._try(lambda: {}["missing"])
    upkeep._try(lambda: {}["missing"])
    assert told == ["upkeep failed: KeyError('missing'); fix: send the log to support"]
    upkeep._try(lambda: told.append("worked"))
    assert told[-1] == "worked"
