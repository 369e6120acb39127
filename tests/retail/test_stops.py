"""A stop acts at once, ends by itself, and needs no link for either; a long silence stops by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from retail.errors import ConfigurationError
from retail.stops import BURNING_SILENCE, PRINTING_SILENCE, Stop, StopKind, Stops, stops_from

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stop(kind: StopKind, **changes) -> Stop:
    return Stop(**{"stop_no": 1, "kind": kind, "since": NOW} | changes)


def test_printing_is_stopped_until_its_time_and_by_nothing_else():
    stops = Stops(stops=(stop(StopKind.PRINTING, until=NOW + HOUR),), heard_at=NOW)
    assert not stops.may_print(NOW)
    assert not stops.may_print(NOW + HOUR - timedelta(seconds=1))
    assert stops.may_print(NOW + HOUR), "it ends by itself, without a word from the hub"
    assert stops.may_burn(NOW)
    assert stops.campaigns(NOW) == frozenset()


def test_a_stop_acts_in_a_store_whose_clock_is_behind():
    assert not Stops(stops=(stop(StopKind.PRINTING),), heard_at=NOW).may_print(NOW - timedelta(days=3))


def test_a_campaign_is_stopped_alone():
    stops = Stops(stops=(stop(StopKind.CAMPAIGN, campaign_id="coffee-back", until=NOW + HOUR),), heard_at=NOW)
    assert stops.campaigns(NOW) == {"coffee-back"}
    assert stops.campaigns(NOW + HOUR) == frozenset()
    assert stops.may_print(NOW)
    assert stops.may_burn(NOW)


def test_burning_needs_a_hub_that_was_heard_and_printing_does_not():
    assert Stops().may_print(NOW)
    assert not Stops().may_burn(NOW)
    heard = Stops(heard_at=NOW)
    assert heard.may_burn(NOW + BURNING_SILENCE)
    assert not heard.may_burn(NOW + BURNING_SILENCE + HOUR)
    assert heard.may_print(NOW + timedelta(days=30)), "a store offline for 30 days works"
    assert not heard.may_print(NOW + PRINTING_SILENCE + HOUR)


def test_people_hear_why():
    stops = Stops(stops=(stop(StopKind.PRINTING, why="wrong prices"),), heard_at=NOW)
    assert stops.why(StopKind.PRINTING, NOW) == "wrong prices"
    assert stops.why(StopKind.BURNING, NOW) == ""
    assert "4 hours" in stops.why(StopKind.BURNING, NOW + timedelta(days=1))
    assert "35 days" in Stops(heard_at=NOW).why(StopKind.PRINTING, NOW + timedelta(days=60))


def test_a_list_from_the_hub_is_read_and_a_kind_of_tomorrow_is_left_out():
    told = {
        "stops": [
            {"stop_no": 3, "kind": "printing", "since": NOW.isoformat(), "until": "", "why": "x"},
            {"stop_no": 4, "kind": "music", "since": NOW.isoformat()},
        ]
    }
    assert [each.stop_no for each in stops_from(told)] == [3]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"stops": 3},
        {"stops": [3]},
        {"stops": [{"stop_no": 1, "kind": "printing"}]},
        {"stops": [{"stop_no": 1, "kind": "printing", "since": "2026-11-21T12:00:00"}]},
        {"stops": [{"stop_no": "x", "kind": "printing", "since": NOW.isoformat()}]},
    ],
)
def test_a_list_of_another_form_is_refused(told):
    with pytest.raises(ConfigurationError):
        stops_from(told)
