import asyncio

import pytest
from kiosk_fakes import ANNA, FakeClock

from kiosk.broadcast import KIOSK_PERSONAL_FOR_S, RING_EVENTS_MAX, Channel, Switchboard
from kiosk.events import EventName, Place, PlaceKind


def channel(clock: FakeClock | None = None, *, boot: str = "b1", kiosk: bool = False) -> Channel:
    return Channel(
        clock=clock or FakeClock(), boot=boot, personal_for_s=KIOSK_PERSONAL_FOR_S, reopens_with_person=not kiosk
    )


def names(events) -> list[str]:
    return [each.name.value for each in events]


def test_every_event_says_how_old_it_is():
    event = channel().publish(EventName.CUSTOMER, {"known": False})
    assert event.data["as_of"] == "2026-11-21T12:00:00.000+00:00"


def test_an_age_that_core_gave_is_kept():
    event = channel().publish(EventName.CUSTOMER, {"as_of": "2026-11-21T11:00:00+00:00"})
    assert event.data["as_of"] == "2026-11-21T11:00:00+00:00"


def test_a_page_that_reconnects_gets_what_it_missed_and_nothing_else():
    here = channel()
    seen = here.publish(EventName.STALE, {"stale": False})
    here.publish(EventName.CUSTOMER, ANNA)
    here.publish(EventName.OFFERS, {})
    assert names(here.opening(seen.event_id)) == ["customer", "offers"]


def test_a_page_that_opens_in_mid_sale_sees_who_is_there():
    here = channel()
    here.publish(EventName.CUSTOMER, ANNA)
    here.publish(EventName.OFFERS, {})
    assert names(here.opening("")) == ["customer", "offers"]


def test_a_kiosk_that_opens_anew_sees_nobody():
    here = channel(kiosk=True)
    here.publish(EventName.CUSTOMER, ANNA)
    here.publish(EventName.TROUBLE, {"code": "paper_out"})
    assert names(here.opening("")) == ["trouble"]


def test_a_page_that_was_told_nothing_yet_resumes_where_it_began():
    here = channel(kiosk=True)
    began = here.event_id(here.position)
    here.publish(EventName.CUSTOMER, ANNA)
    assert names(here.opening(began)) == ["customer"]


@pytest.mark.parametrize("known_id", ["b0-1", "b1-999", "b1-", "b1-x", "nonsense", "b1-\u0663"])
def test_a_page_that_lost_the_thread_forgets_first_and_then_sees_the_state(known_id):
    here = channel()
    here.publish(EventName.CUSTOMER, ANNA)
    assert names(here.opening(known_id)) == ["clear", "customer"]


def test_a_clear_leaves_no_trace_of_a_person():
    here = channel()
    first = here.publish(EventName.STALE, {"stale": False})
    here.publish(EventName.CUSTOMER, ANNA)
    here.publish(EventName.OFFERS, {})
    here.publish(EventName.CLEAR, {"reason": "completed"})
    assert names(here.opening(first.event_id)) == ["clear"]
    assert names(here.opening("")) == ["stale"]


def test_a_person_who_went_away_a_minute_ago_is_told_to_nobody():
    clock = FakeClock()
    here = channel(clock)
    first = here.publish(EventName.STALE, {"stale": False})
    here.publish(EventName.CUSTOMER, ANNA)
    clock.elapsed_s = KIOSK_PERSONAL_FOR_S
    assert here.opening(first.event_id) == []
    assert names(here.opening("")) == ["stale"]


def test_a_ring_that_turned_over_is_noticed_even_after_a_clear_made_room():
    here = channel()
    first = here.publish(EventName.CUSTOMER, ANNA)
    for _ in range(RING_EVENTS_MAX):
        here.publish(EventName.STALE, {"stale": False})
    here.publish(EventName.CLEAR, {"reason": "completed"})
    assert names(here.opening(first.event_id)) == ["clear", "stale"]


def test_a_page_on_a_slow_line_that_fell_behind_gets_the_state_and_not_a_gap():
    here = channel()
    here.publish(EventName.CUSTOMER, ANNA)
    seen = here.position
    here.publish(EventName.CLEAR, {"reason": "completed"})
    for _ in range(RING_EVENTS_MAX):
        here.publish(EventName.STALE, {"stale": False})
    assert names(here.news(seen)) == ["clear", "stale"]
    assert here.news(here.position) == []


def test_a_trouble_stays_until_it_is_resolved():
    here = channel()
    here.publish(EventName.TROUBLE, {"code": "paper_out"})
    here.publish(EventName.TROUBLE, {"code": "cover_open"})
    here.publish(EventName.TROUBLE, {"code": "paper_out", "resolved": True})
    assert [each.data["code"] for each in here.opening("")] == ["cover_open"]


def test_memory_is_bounded_whatever_happens():
    here = channel()
    for number in range(20 * RING_EVENTS_MAX):
        here.publish(EventName.TROUBLE, {"code": f"c{number}"})
        here.publish(EventName.CUSTOMER, ANNA)
    assert len(here.opening("b1-0")) < 32
    assert len(here.after(0)) <= RING_EVENTS_MAX


def test_repr_shows_no_person():
    here = channel()
    event = here.publish(EventName.CUSTOMER, ANNA)
    assert "Anna" not in repr(event) + repr(here)


def test_a_follower_is_woken_by_an_event_and_not_before():
    async def story() -> list[str]:
        here = channel()
        waiting = asyncio.create_task(here.wait_after(0, timeout_s=30))
        await asyncio.sleep(0)
        assert not waiting.done()
        here.publish(EventName.CLEAR, {})
        await waiting
        return names(here.after(0))

    assert asyncio.run(story()) == ["clear"]


def test_a_place_that_the_store_does_not_have_is_told_nothing():
    board = Switchboard(workstations=["1"], kiosks=["k1"], clock=FakeClock(), boot="b1")
    assert not board.publish(Place(kind=PlaceKind.WORKSTATION, place_id="9"), EventName.CLEAR, {})
    assert not board.publish(Place(kind=PlaceKind.KIOSK, place_id="1"), EventName.CLEAR, {})
    assert board.publish(Place(kind=PlaceKind.KIOSK, place_id="k1"), EventName.CLEAR, {})
