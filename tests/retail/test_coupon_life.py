"""Coupons are used once: whatever the order of tills, crashes, repeats and stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from retail.coupon_life import (
    TABLE,
    CouponEvent,
    CouponRecord,
    CouponState,
    PrintOutcome,
    Use,
    held_by,
    oldest_usable,
    redeem,
    release,
    reserve,
    reverse,
    void,
)
from retail.coupon_policy import Attempt, OfflineRule, RedemptionPolicy, check, double_uses
from retail.coupons import CouponClaims, CouponScope, campaign_digest, holder_digest
from retail.errors import RefusedError
from retail.identifiers import BusinessUnitId, CampaignId, CouponSerial, CustomerId, TransactionId, WorkstationId
from retail.money import Money

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
TODAY = NOW.date()
SERIAL = CouponSerial("ABCDEFGHIJKLM")
RECORD = CouponRecord(
    serial=SERIAL,
    campaign_id=CampaignId("coffee"),
    transaction_id=TransactionId("issuing"),
    issued_at=BusinessUnitId("1"),
    valid_from=TODAY,
    valid_until=TODAY + timedelta(days=14),
)


def use(transaction: str, at: datetime = NOW, store: str = "1") -> Use:
    return Use(
        transaction_id=TransactionId(transaction),
        business_unit_id=BusinessUnitId(store),
        workstation_id=WorkstationId("2"),
        at=at,
    )


def held(transaction: str, record: CouponRecord = RECORD, minutes: int = 5) -> CouponRecord:
    until = NOW + timedelta(minutes=minutes)
    return reserve(record, transaction_id=TransactionId(transaction), now=NOW, until=until)


def refused_code(action) -> str:
    with pytest.raises(RefusedError) as refused:
        action()
    assert refused.value.fix
    return refused.value.code


def test_the_table_in_the_docstring_is_the_table() -> None:
    import retail.coupon_life

    rows = [line.split("|")[1:-1] for line in (retail.coupon_life.__doc__ or "").splitlines() if line.startswith("|")]
    events = [CouponEvent(name.strip().lower()) for name in rows[0][1:]]
    written = {
        (CouponState(row[0].strip().lower()), event): cell.strip().lower()
        for row in rows[2:]
        for event, cell in zip(events, row[1:], strict=True)
    }
    assert written == {key: TABLE.get(key, "-") for key in written}
    assert set(TABLE) <= set(written)


def test_a_coupon_used_at_two_tills_in_one_second_is_used_once_and_the_other_is_told_where() -> None:
    burned = redeem(RECORD, use("first"))
    assert refused_code(lambda: redeem(burned, use("second"))) == "coupon_used"
    with pytest.raises(RefusedError, match=r"already used on 2026-11-21 at 10:00, store 1, till 2"):
        redeem(burned, use("second"))


def test_burning_again_for_the_same_sale_changes_nothing() -> None:
    burned = redeem(RECORD, use("first"))
    assert redeem(burned, use("first", NOW + timedelta(hours=1))) == burned


def test_a_reservation_keeps_others_out_until_it_runs_out() -> None:
    reserved = held("first")
    assert refused_code(lambda: redeem(reserved, use("second"))) == "coupon_reserved"
    assert refused_code(lambda: held("second", reserved)) == "coupon_reserved"
    assert redeem(reserved, use("first")).state is CouponState.REDEEMED
    later = NOW + timedelta(minutes=5)
    assert redeem(reserved, use("second", later)).state is CouponState.REDEEMED


def test_a_till_that_never_commits_costs_nothing_and_one_that_commits_late_is_told() -> None:
    reserved = held("first")
    later = NOW + timedelta(minutes=6)
    taken = redeem(reserved, use("second", later))
    assert refused_code(lambda: redeem(taken, use("first", later))) == "coupon_used"


def test_releasing_lets_go_of_ones_own_reservation_only() -> None:
    reserved = held("first")
    assert release(reserved, transaction_id=TransactionId("second"), now=NOW) == reserved
    assert release(reserved, transaction_id=TransactionId("first"), now=NOW) == RECORD


def test_a_voided_sale_gives_its_coupon_back_and_takes_back_the_one_it_issued() -> None:
    burned = redeem(RECORD, use("first"))
    assert reverse(burned, transaction_id=TransactionId("other")) == burned
    assert reverse(burned, transaction_id=TransactionId("first")) == RECORD
    assert refused_code(lambda: redeem(void(RECORD), use("first"))) == "coupon_void"
    forfeited = void(burned)
    assert refused_code(lambda: redeem(forfeited, use("second"))) == "coupon_used"
    assert redeem(forfeited, use("first")) == forfeited
    assert reverse(forfeited, transaction_id=TransactionId("first")).state is CouponState.VOIDED


def test_only_what_was_not_confirmed_may_be_printed_again() -> None:
    for outcome in PrintOutcome:
        assert replace(RECORD, outcome=outcome).may_be_printed() == (outcome is not PrintOutcome.PRINTED)
    assert not void(RECORD).may_be_printed()


def test_a_till_barcode_stands_for_the_oldest_coupon_that_is_still_good() -> None:
    old = replace(RECORD, serial=CouponSerial("B"), valid_from=TODAY - timedelta(days=9))
    expired = replace(old, serial=CouponSerial("C"), valid_until=TODAY - timedelta(days=1))
    spent = redeem(replace(old, serial=CouponSerial("D")), use("x"))
    assert oldest_usable([RECORD, spent, expired, old], TODAY) == old
    assert oldest_usable([spent, expired], TODAY) is None
    reserved = reserve(old, transaction_id=TransactionId("other"), now=NOW, until=NOW + timedelta(minutes=10))
    assert oldest_usable([reserved, RECORD], TODAY) == RECORD
    assert oldest_usable([reserved, spent], TODAY) == reserved


def test_of_coupons_behind_one_till_barcode_a_member_uses_their_own_or_the_bearers_and_no_others() -> None:
    annas, boriss, bearers = (replace(RECORD, holder=each) for each in (CustomerId("c-1"), CustomerId("c-2"), None))
    everybodys = [annas, boriss, bearers]
    assert held_by(everybodys, CustomerId("c-2")) == (boriss, bearers)
    assert held_by(everybodys, None) == (bearers,)
    assert held_by([annas], CustomerId("c-2")) == (annas,), "a refusal names the coupon"


CLAIMS = CouponClaims(
    serial=SERIAL,
    campaign_digest=campaign_digest(CampaignId("coffee")),
    key_id=b"1234",
    valid_from=TODAY,
    valid_until=TODAY + timedelta(days=14),
)
ATTEMPT = Attempt(
    claims=CLAIMS,
    campaign_id=CampaignId("coffee"),
    issued_at=BusinessUnitId("1"),
    here=BusinessUnitId("1"),
    today=TODAY,
    worth=Money.of("1.00", "EUR"),
)
PERSONAL = replace(CLAIMS, holder_digest=holder_digest(CustomerId("c1")))
EVERYWHERE = replace(CLAIMS, scope=CouponScope.ANY_STORE)
OTHER = BusinessUnitId("2")
FLOOR = RedemptionPolicy(offline=OfflineRule.ANY_STORE, floor_limit=Decimal("5.00"))


@pytest.mark.parametrize(
    ("changes", "policy", "code"),
    [
        ({"today": TODAY + timedelta(days=15)}, RedemptionPolicy(), "coupon_expired"),
        ({"today": TODAY - timedelta(days=1)}, RedemptionPolicy(), "coupon_not_yet"),
        ({"campaign_id": None}, RedemptionPolicy(), "coupon_campaign"),
        ({"campaign_id": CampaignId("tea")}, RedemptionPolicy(), "coupon_campaign"),
        ({}, RedemptionPolicy(stopped=frozenset({CampaignId("coffee")})), "coupon_stopped"),
        ({}, RedemptionPolicy(all_stopped=True), "coupon_stopped"),
        ({"worth": Money.of(0, "EUR")}, RedemptionPolicy(), "coupon_basket"),
        ({"claims": PERSONAL}, RedemptionPolicy(), "coupon_holder"),
        ({"claims": PERSONAL, "customer_id": CustomerId("c2")}, RedemptionPolicy(), "coupon_holder"),
        ({"only_if_known": True}, RedemptionPolicy(), "coupon_key"),
        ({"here": OTHER}, RedemptionPolicy(), "coupon_elsewhere"),
        ({"here": OTHER}, FLOOR, "coupon_elsewhere"),
        ({"here": OTHER, "claims": EVERYWHERE, "worth": Money.of("5.01", "EUR")}, FLOOR, "coupon_floor_limit"),
        ({}, RedemptionPolicy(offline=OfflineRule.NOWHERE), "coupon_elsewhere"),
    ],
)
def test_each_refusal_has_its_own_answer(changes: dict, policy: RedemptionPolicy, code: str) -> None:
    assert refused_code(lambda: check(replace(ATTEMPT, **changes), policy)) == code


@pytest.mark.parametrize(
    ("changes", "policy"),
    [
        ({}, RedemptionPolicy()),
        ({"today": TODAY + timedelta(days=15)}, RedemptionPolicy(grace_days=1)),
        ({"claims": PERSONAL, "customer_id": CustomerId("c1")}, RedemptionPolicy()),
        ({"only_if_known": True, "record": RECORD}, RedemptionPolicy()),
        ({"here": OTHER, "granted": True}, RedemptionPolicy()),
        ({"here": OTHER, "claims": EVERYWHERE}, FLOOR),
    ],
)
def test_a_good_coupon_passes(changes: dict, policy: RedemptionPolicy) -> None:
    check(replace(ATTEMPT, **changes), policy)


TILLS = st.sampled_from([TransactionId(f"t{number}") for number in range(4)])


class OneStore(RuleBasedStateMachine):
    """One coupon, several tills, repeats, voids and time: never is the discount standing in two sales."""

    @initialize()
    def begin(self) -> None:
        self.record = RECORD
        self.now = NOW
        self.standing: set[TransactionId] = set()
        self.issuing_sale_gone = False

    @rule(minutes=st.integers(1, 9))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(till=TILLS)
    def reserve(self, till: TransactionId) -> None:
        try:
            until = self.now + timedelta(minutes=5)
            self.record = reserve(self.record, transaction_id=till, now=self.now, until=until)
        except RefusedError:
            return

    @rule(till=TILLS)
    def release(self, till: TransactionId) -> None:
        self.record = release(self.record, transaction_id=till, now=self.now)

    @rule(till=TILLS)
    def redeem(self, till: TransactionId) -> None:
        try:
            self.record = redeem(self.record, use(till, self.now))
        except RefusedError:
            return
        assert not self.issuing_sale_gone or till in self.standing
        self.standing.add(till)

    @rule(till=TILLS)
    def sale_is_voided(self, till: TransactionId) -> None:
        self.record = reverse(self.record, transaction_id=till)
        self.standing.discard(till)

    @rule()
    def issuing_sale_is_returned(self) -> None:
        self.record = void(self.record)
        self.issuing_sale_gone = True

    @invariant()
    def it_stands_in_one_sale_at_most(self) -> None:
        assert len(self.standing) <= 1
        assert bool(self.standing) == (self.record.state in {CouponState.REDEEMED, CouponState.FORFEITED})
        if self.standing:
            assert self.record.use is not None
            assert {self.record.use.transaction_id} == self.standing


class ThreeStores(RuleBasedStateMachine):
    """A coupon for any store, three stores that lose their link: what is used twice is reported and bounded."""

    @initialize()
    def begin(self) -> None:
        self.known: dict[str, CouponRecord] = {"1": RECORD}
        self.told: list[tuple[CouponSerial, Use]] = []
        self.used_offline: list[Decimal] = []
        self.sales = 0

    @rule(store=st.sampled_from("123"), has_link=st.booleans(), worth=st.sampled_from(["1.00", "5.00", "9.00"]))
    def held_out(self, store: str, has_link: bool, worth: str) -> None:
        self.sales += 1
        record = self._hub() if has_link else self.known.get(store)
        foreign = replace(ATTEMPT, claims=EVERYWHERE, here=BusinessUnitId(store), record=record, granted=has_link)
        try:
            check(replace(foreign, worth=Money.of(worth, "EUR")), FLOOR)
            used = redeem(record or RECORD, use(f"sale-{self.sales}", store=store))
        except RefusedError:
            return
        self.known[store] = used
        assert used.use is not None
        self.told.append((SERIAL, used.use))
        if not has_link and store != "1":
            self.used_offline.append(Decimal(worth))

    def _hub(self) -> CouponRecord:
        """What the hub says: used, if any use has reached it."""
        return redeem(RECORD, self.told[0][1]) if self.told else RECORD

    @invariant()
    def what_is_used_twice_is_reported_and_bounded(self) -> None:
        doubles = double_uses([*self.told, *self.told])
        assert len(doubles) == (len(self.told) > 1)
        assert all(worth <= FLOOR.floor_limit for worth in self.used_offline)
        beyond_first = len(self.told) - 1
        assert beyond_first <= len(self.used_offline) + 1  # and the issuing store's own, which could not know


TestOneStore = OneStore.TestCase
TestThreeStores = ThreeStores.TestCase
TestOneStore.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)
TestThreeStores.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
