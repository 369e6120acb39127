"""Whose sale is it? Stories first, then a state machine that looks for a stranger's name on somebody's paper."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.identity.binding import (
    TABLE,
    Effect,
    EffectKind,
    Event,
    Happening,
    IllegalEventError,
    Lane,
    Phase,
    Sale,
    Scan,
    now,
    step,
)

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


class Story:
    """One lane, told in seconds since its start."""

    def __init__(self) -> None:
        self.lane = Lane()
        self.effects: list[Effect] = []
        self._numbers = itertools.count(1)

    def tell(self, event: Event, at_s: float, **more) -> list[Effect]:
        result = step(self.lane, Happening(event=event, at=START + timedelta(seconds=at_s), **more))
        self.lane = result.lane
        self.effects += result.effects
        return list(result.effects)

    def scan(self, who: str, at_s: float) -> str:
        scan_id = f"s{next(self._numbers)}"
        self.tell(Event.SCANNED, at_s, scan=Scan(scan_id=scan_id, holder=who, at=START + timedelta(seconds=at_s)))
        return scan_id

    def sale(self, at_s: float) -> str | None:
        """End a sale; return whose it is."""
        sold = Sale(transaction_id=f"t{at_s}", at=START + timedelta(seconds=at_s))
        effects = self.tell(Event.SOLD, at_s, sale=sold)
        return next((each.scan.holder for each in effects if each.kind is EffectKind.CONSUMED), None)


def test_every_event_is_answered_in_every_state():
    assert set(TABLE) == set(itertools.product(Phase, Event))


def test_a_scan_belongs_to_the_sale_that_ends_next():
    story = Story()
    story.scan("anna", 0)
    assert story.sale(30) == "anna"
    assert story.sale(60) is None


def test_the_last_code_wins_and_undo_brings_the_one_before_back():
    story = Story()
    story.scan("anna", 0)
    second = story.scan("boris", 5)
    story.tell(Event.UNDONE, 6, scan_id=second)
    assert story.sale(30) == "anna"
    story.scan("anna", 40)
    story.scan("boris", 41)
    assert story.sale(60) == "boris"


def test_undoing_a_buried_or_unknown_scan_changes_nobody():
    story = Story()
    first = story.scan("anna", 0)
    story.scan("boris", 1)
    assert story.tell(Event.UNDONE, 2, scan_id=first) == []
    assert story.tell(Event.UNDONE, 3, scan_id="none") == []
    assert story.sale(9) == "boris"


def test_undoing_the_only_scan_leaves_nobody_and_says_so():
    story = Story()
    only = story.scan("anna", 0)
    assert [each.kind for each in story.tell(Event.UNDONE, 1, scan_id=only)] == [EffectKind.RELEASED]
    assert story.tell(Event.UNDONE, 2, scan_id=only) == []
    assert story.sale(9) is None


@pytest.mark.parametrize("end", [Event.VOIDED, Event.SIGNED_OFF, Event.SUSPENDED])
def test_void_sign_off_and_suspension_end_what_was_known(end):
    story = Story()
    story.scan("anna", 0)
    assert [(each.kind, each.why) for each in story.tell(end, 5)] == [(EffectKind.RELEASED, end)]
    assert story.sale(30) is None


def test_ten_minutes_without_lane_activity_end_it():
    story = Story()
    story.scan("anna", 0)
    story.tell(Event.BEGUN, 500)
    story.tell(Event.BEGUN, 1000)
    assert now(story.lane, START + timedelta(seconds=1600)).lane.phase is Phase.BOUND
    gone = now(story.lane, START + timedelta(seconds=1601))
    assert gone.lane.phase is Phase.EMPTY
    assert gone.effects[0].why is Event.QUIET
    assert story.sale(1601) is None


def test_a_card_held_out_after_the_receipt_earns_only_and_never_reaches_the_next_paper():
    story = Story()
    assert story.sale(0) is None
    story.scan("anna", 20)
    assert story.effects[-1].kind is EffectKind.ATTACHED_LATE
    assert story.effects[-1].sale.transaction_id == "t0"
    assert story.sale(50) is None


def test_a_late_scan_can_be_undone():
    story = Story()
    story.sale(0)
    scan = story.scan("anna", 20)
    assert story.tell(Event.UNDONE, 21, scan_id="other") == []
    assert [each.kind for each in story.tell(Event.UNDONE, 22, scan_id=scan)] == [EffectKind.DETACHED_LATE]
    story.scan("boris", 30)
    assert story.effects[-1].kind is EffectKind.ATTACHED_LATE


def test_a_late_card_held_out_twice_is_still_late():
    story = Story()
    story.sale(0)
    story.scan("anna", 20)
    story.scan("anna", 40)
    assert len(story.effects) == 1
    assert story.sale(55) is None


def test_a_second_card_after_a_late_one_is_a_doubt_and_counts_for_nobody():
    story = Story()
    story.sale(0)
    story.scan("anna", 20)
    story.scan("boris", 40)
    assert [each.kind for each in story.effects] == [EffectKind.ATTACHED_LATE, EffectKind.DOUBTED]
    assert story.sale(55) is None


def test_once_a_new_sale_has_begun_a_scan_is_for_that_one():
    story = Story()
    story.sale(0)
    story.tell(Event.BEGUN, 10)
    story.scan("anna", 12)
    assert story.sale(40) == "anna"


def test_a_minute_after_a_sale_a_scan_is_for_the_next_one():
    story = Story()
    story.sale(0)
    story.scan("anna", 61)
    assert story.sale(90) == "anna"


def test_after_a_members_sale_a_scan_is_the_next_customers():
    story = Story()
    story.scan("anna", 0)
    story.sale(10)
    story.scan("boris", 15)
    assert story.sale(40) == "boris"


def test_a_clock_that_is_set_back_makes_nobody_known_for_longer():
    story = Story()
    story.scan("anna", 90_000)
    story.tell(Event.ACTIVE, 3_600)
    assert story.sale(3_600 + 601) is None

    story = Story()
    story.sale(90_000)
    story.tell(Event.ACTIVE, 3_600)
    story.scan("boris", 3_700)
    assert story.sale(3_720) == "boris", "the next customer's card was taken for one held out after the sale before"


def test_a_resumed_sale_takes_its_own_person_back():
    story = Story()
    story.scan("anna", 0)
    put_by = story.tell(Event.SUSPENDED, 5, number="17")[0].scan
    story.scan("boris", 10)
    assert story.sale(20) == "boris"
    story.tell(Event.RESUMED, 25, scan=put_by, number="17")
    assert story.sale(30) == "anna"


def test_a_resumed_sale_nobody_was_put_by_for_is_scanned_again():
    story = Story()
    story.sale(0)
    story.tell(Event.RESUMED, 5, number="17")
    story.scan("anna", 10)
    assert story.sale(20) == "anna"


def test_two_people_for_one_resumed_sale_are_a_doubt():
    story = Story()
    story.scan("anna", 0)
    put_by = Scan(scan_id="x", holder="boris", at=START)
    assert story.tell(Event.RESUMED, 5, scan=put_by, number="17")[0].kind is EffectKind.RELEASED
    assert story.sale(20) is None


def test_a_sale_handed_over_late_does_not_take_the_next_customers_scan():
    story = Story()
    story.scan("anna", 100)
    late = Sale(transaction_id="spooled", at=START + timedelta(seconds=50))
    assert story.tell(Event.SOLD, 110, sale=late) == []
    assert story.sale(130) == "anna"


def test_a_happening_without_what_it_needs_changes_nothing():
    with pytest.raises(IllegalEventError):
        step(Lane(), Happening(event=Event.SCANNED, at=START))
    with pytest.raises(IllegalEventError):
        step(Lane(), Happening(event=Event.SOLD, at=START))


class OneLane(RuleBasedStateMachine):
    """Customers one after the other at one lane, in any order of doings: nobody's code is on another's paper.

    `mine` is everybody who held out a card in this sale before it ended; customers hold out their own cards only, and
    the forgetful ones after the receipt (within the minute, before the next sale begins).
    """

    def __init__(self) -> None:
        super().__init__()
        self.lane = Lane()
        self.at = START
        self.mine: set[str] = set()
        self.count = itertools.count()
        self.begun = True
        self.sold_at = START

    def happen(self, event: Event, **more) -> tuple[Effect, ...]:
        result = step(self.lane, Happening(event=event, at=self.at, **more))
        self.lane = result.lane
        return result.effects

    @rule(seconds=st.sampled_from([0, 1, 20, 59, 61, 300, 601]))
    def pass_time(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)

    @rule()
    def product_is_scanned(self) -> None:
        self.begun = True
        self.happen(Event.BEGUN)

    @precondition(lambda self: self.begun)
    @rule(card=st.sampled_from(["a", "b"]))
    def customer_scans(self, card: str) -> None:
        holder = f"{card}{self.number()}"
        self.mine.add(holder)
        self.happen(Event.SCANNED, scan=Scan(scan_id=f"s{next(self.count)}", holder=holder, at=self.at))

    @precondition(lambda self: not self.begun and self.at <= self.sold_at + timedelta(seconds=60))
    @rule()
    def forgetful_customer_scans(self) -> None:
        holder = f"late{self.number()}"
        effects = self.happen(Event.SCANNED, scan=Scan(scan_id=f"s{next(self.count)}", holder=holder, at=self.at))
        assert all(each.kind in (EffectKind.ATTACHED_LATE, EffectKind.DOUBTED) for each in effects)

    @rule(event=st.sampled_from([Event.VOIDED, Event.SIGNED_OFF]))
    def sale_is_given_up(self, event: Event) -> None:
        self.happen(event)
        self.mine = set()
        assert self.lane.phase is Phase.EMPTY
        self.begun = True

    @rule()
    def sale_ends(self) -> None:
        for effect in self.happen(Event.SOLD, sale=Sale(transaction_id=f"t{next(self.count)}", at=self.at)):
            if effect.kind is EffectKind.CONSUMED:
                assert effect.scan.holder in self.mine
        self.begun, self.sold_at = bool(self.mine), self.at
        self.mine = set()

    def number(self) -> int:
        return next(self.count)

    @invariant()
    def scans_are_bounded_and_belong_to_a_phase(self) -> None:
        assert bool(self.lane.scans) == (self.lane.phase in (Phase.BOUND, Phase.LATE))
        assert len(self.lane.scans) <= 32


OneLane.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestOneLane = OneLane.TestCase
