"""How a store is, in words: pure rules over a store's line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.fleet import (
    BACKLOG_MAX,
    CAPTURED_PERCENT_MIN,
    DISK_FREE_MB_MIN,
    SILENT_AFTER,
    Trouble,
    fleet_view,
    troubles_of,
)
from hub.reports import StoreLine

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
WELL = StoreLine(
    store_id="7781",
    name="Corner shop",
    last_contact_at=(NOW - timedelta(seconds=20)).isoformat(),
    epoch=1,
    sales=10,
    returns=0,
    offers_decided=5,
    offers_printed=5,
    offers_withheld=0,
    coupons_redeemed=0,
    forks=0,
    parked=0,
    backlog_records=3,
    erased_through=4,
    mirror_version=1,
    program="tillstream 1.0",
    feed_refused=[],
    region="north",
    ring="canary",
    health={
        "documents": 200,
        "documents_parked": 2,
        "blocks": 99,
        "blocks_late": 1,
        "held_p99_ms": 31,
        "disk_free_mb": 9_000,
    },
)


def troubles(**changes):
    return troubles_of(replace(WELL, **changes), now=NOW, through=4)


def test_a_store_that_is_well_has_no_trouble():
    (line,) = fleet_view([WELL], now=NOW, through=4).lines
    assert (line.troubles, line.reading_percent, line.late_percent, line.held_p99_ms) == ((), 99, 1, 31)


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"forks": 1}, Trouble.FORKED),
        ({"last_contact_at": (NOW - SILENT_AFTER - timedelta(seconds=1)).isoformat()}, Trouble.SILENT),
        ({"last_contact_at": None}, Trouble.NEVER_HEARD),
        ({"feed_refused": [{"kind": "config", "message": "no"}]}, Trouble.FEED_REFUSED),
        ({"erased_through": 3}, Trouble.ERASURES_WAIT),
        ({"backlog_records": BACKLOG_MAX + 1}, Trouble.BACKLOG),
        ({"parked": 1}, Trouble.PARKED),
        ({"health": {"disk_free_mb": DISK_FREE_MB_MIN - 1}}, Trouble.DISK_FULL),
        ({"health": {"spooled_jobs": 1}}, Trouble.SPOOLED),
        ({"health": {"documents": 100, "documents_parked": 11}}, Trouble.READS_LITTLE),
        ({"health": {"blocks": 90, "blocks_late": 10}}, Trouble.LATE),
        ({"health": {"captured_percent": CAPTURED_PERCENT_MIN - 1}}, Trouble.INCOMPLETE),
        ({"health": {"troubles": ["clock"]}}, Trouble.CHECKS_FAIL),
        ({"health": {"has_left": True}, "last_contact_at": "2026-01-01T00:00:00+00:00"}, Trouble.LEFT),
    ],
)
def test_each_trouble_is_named(changes, trouble):
    assert troubles(**changes) == (trouble,)


def test_every_trouble_has_its_words_in_every_language():
    from hub.web.texts import load_texts

    for text in load_texts().values():
        assert {f"trouble_{each.value}" for each in Trouble} <= text.keys()


def test_a_share_of_a_few_says_nothing():
    assert troubles(health={"documents": 3, "documents_parked": 3, "blocks": 1, "blocks_late": 1}) == ()


def test_a_store_that_reports_no_health_is_not_ill_for_it():
    assert troubles(health={}) == ()


def test_the_worst_comes_first_and_a_search_finds_by_any_word():
    stores = [
        replace(WELL, store_id="1"),
        replace(WELL, store_id="2", parked=1),
        replace(WELL, store_id="3", forks=1, region="south"),
        replace(WELL, store_id="4", program="tillstream 0.9"),
    ]
    view = fleet_view(stores, now=NOW, through=4)
    assert [line.store_id for line in view.lines] == ["3", "2", "1", "4"]
    assert (view.stores, view.in_trouble, view.by_trouble) == (4, 2, {"forked": 1, "parked": 1})
    assert view.by_program == {"tillstream 1.0": 3, "tillstream 0.9": 1}
    for wanted, found in (("SOUTH", ["3"]), ("0.9", ["4"]), ("parked", ["2"]), ("nothing such", [])):
        assert [line.store_id for line in fleet_view(stores, now=NOW, through=4, wanted=wanted).lines] == found


def test_a_long_fleet_comes_in_pages_and_is_counted_whole():
    stores = [replace(WELL, store_id=f"{number:05}") for number in range(450)]
    view = fleet_view(stores, now=NOW, through=4, first=400, count=200)
    assert ([view.lines[0].store_id, view.lines[-1].store_id], view.stores) == (["00400", "00449"], 450)
