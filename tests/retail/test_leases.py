"""Leases: no point is in two places, whatever becomes of the link; every refusal says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from retail.errors import ConfigurationError, RefusedError
from retail.identifiers import BusinessUnitId
from retail.leases import BurnPolicy, BurnRequest, Lease, exposure, grantable, policy_from_mapping, spend

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
STORE = BusinessUnitId("1")
LEASE = Lease(lease_id="l1", account="h1", store=STORE, points=500, expires_at=NOW + timedelta(hours=4))
POLICY = BurnPolicy(offline=True, per_transaction=300, per_card_and_day=400, per_store_and_day=5_000)
REQUEST = BurnRequest(
    points=100, account="h1", store=STORE, now=NOW, mirror_age=timedelta(hours=1), clock_is_checked=True
)


def test_points_are_spent_against_the_lease() -> None:
    assert spend(LEASE, REQUEST, POLICY).left(NOW) == 400


@pytest.mark.parametrize(
    ("lease", "changes", "policy", "code"),
    [
        (LEASE, {}, BurnPolicy(), "burn_off"),
        (LEASE, {}, replace(POLICY, stopped=True), "burn_stopped"),
        (LEASE, {"clock_is_checked": False}, POLICY, "burn_clock"),
        (LEASE, {"mirror_age": None}, POLICY, "burn_stale"),
        (LEASE, {"mirror_age": timedelta(hours=5)}, POLICY, "burn_stale"),
        (None, {}, POLICY, "burn_no_lease"),
        (LEASE, {"account": "h2"}, POLICY, "burn_no_lease"),
        (LEASE, {"store": BusinessUnitId("2")}, POLICY, "burn_no_lease"),
        (LEASE, {"points": 301}, POLICY, "burn_capped"),
        (LEASE, {"points": 200, "spent_by_card_today": 201}, POLICY, "burn_capped"),
        (LEASE, {"spent_in_store_today": 4_901}, POLICY, "burn_capped"),
        (replace(LEASE, spent=450), {}, POLICY, "burn_short"),
        (LEASE, {"points": 0}, POLICY, "burn_short"),
        (LEASE, {"points": -1}, POLICY, "burn_short"),
        (LEASE, {"now": NOW + timedelta(hours=4)}, POLICY, "burn_short"),
        (LEASE, {"now": NOW + timedelta(hours=3, minutes=50)}, POLICY, "burn_short"),
    ],
)
def test_each_refusal_has_its_own_answer(lease: Lease | None, changes: dict, policy: BurnPolicy, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        spend(lease, replace(REQUEST, **changes), policy)
    assert (refused.value.code, bool(refused.value.fix)) == (code, True)


def told(policy: BurnPolicy, *leases: Lease, stores: int = 300) -> list[tuple[int, str]]:
    cases = exposure(policy, stores=stores, lease_days=1, currency="EUR", leases=leases)
    assert all(case.because for case in cases)
    return [(case.points, str(case.money)) for case in cases]


def test_the_exposure_is_stated_in_money_and_is_nothing_while_it_is_off() -> None:
    leases = [LEASE, replace(LEASE, account="h2", points=9_000), replace(LEASE, store=BusinessUnitId("2"), points=700)]
    assert told(POLICY, *leases) == [(5_000, "50.00"), (5_700, "57.00"), (1_500_000, "15000.00")]
    assert told(POLICY, stores=2) == [(5_000, "50.00"), (10_000, "100.00"), (10_000, "100.00")]
    assert told(BurnPolicy(), *leases) == [(0, "0.00")]
    assert told(replace(POLICY, point_value=Decimal("0.0033")), stores=1)[0] == (5_000, "16.50")


def test_a_policy_is_read_from_a_table_and_a_typo_is_named() -> None:
    read = policy_from_mapping({"offline": True, "per_transaction": 300, "point_value": "0.005"})
    assert (read.offline, read.per_transaction, read.per_card_and_day) == (True, 300, 0)
    assert policy_from_mapping({}) == BurnPolicy()
    with pytest.raises(ConfigurationError, match=r"burn\.per_transction is not a known field") as refused:
        policy_from_mapping({"per_transction": 300})
    assert "per_transaction" in refused.value.fix


class HubAndStores(RuleBasedStateMachine):
    """A hub that leases, stores that spend with and without a link, reports that come late or twice or never."""

    @initialize()
    def begin(self) -> None:
        self.balance = 1_000
        self.now = NOW
        self.hub: dict[str, Lease] = {}
        self.stores: dict[str, Lease] = {}
        self.closed: set[str] = set()
        self.given = 0
        self.number = 0

    @rule(store=st.sampled_from("123"), asked=st.integers(1, 600), hours=st.integers(1, 6))
    def the_hub_grants(self, store: str, asked: int, hours: int) -> None:
        points = grantable(spendable=self.balance, outstanding=self.hub.values(), asked=asked)
        if not points:
            return
        self.number += 1
        name = f"l{self.number}"
        lease = Lease(
            lease_id=name,
            account="h1",
            store=BusinessUnitId(store),
            points=points,
            expires_at=self.now + timedelta(hours=hours),
        )
        self.hub[name] = self.stores[name] = lease

    @rule(minutes=st.integers(1, 300))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(pick=st.integers(0, 9), points=st.integers(1, 300))
    def a_store_spends(self, pick: int, points: int) -> None:
        if not self.stores:
            return
        name = sorted(self.stores)[pick % len(self.stores)]
        lease = self.stores[name]
        request = replace(REQUEST, points=points, store=lease.store, now=self.now)
        try:
            self.stores[name] = spend(lease, request, POLICY)
        except RefusedError:
            return
        assert name not in self.closed
        self.given += points

    @rule(pick=st.integers(0, 9))
    def a_store_reports(self, pick: int) -> None:
        """What the store has spent so far reaches the hub; a repeat is the same sum."""
        if not self.stores:
            return
        name = sorted(self.stores)[pick % len(self.stores)]
        if name in self.hub:
            more = self.stores[name].spent - self.hub[name].spent
            self.balance -= more
            self.hub[name] = replace(self.hub[name], spent=self.stores[name].spent)

    @rule(pick=st.integers(0, 9))
    def an_expired_lease_that_was_reported_is_closed(self, pick: int) -> None:
        expired = sorted(name for name, lease in self.hub.items() if lease.left(self.now) <= 0)
        if expired:
            name = expired[pick % len(expired)]
            self.a_store_reports_name(name)
            del self.hub[name]
            self.closed.add(name)

    def a_store_reports_name(self, name: str) -> None:
        self.balance -= self.stores[name].spent - self.hub[name].spent
        self.hub[name] = replace(self.hub[name], spent=self.stores[name].spent)

    @invariant()
    def no_more_is_given_than_there_was(self) -> None:
        assert self.given <= 1_000
        unreported = sum(self.stores[name].spent - lease.spent for name, lease in self.hub.items())
        assert self.balance - unreported == 1_000 - self.given
        assert sum(lease.points - lease.spent for lease in self.hub.values()) <= self.balance


TestHubAndStores = HubAndStores.TestCase
TestHubAndStores.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
