"""A coupon is one store's at a time: what the hub says of it, whoever asks, in whatever order, however late."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlite

from hub.callers import Caller
from hub.value.coupon_leases import CouponLeasing
from retail.coupon_policy import OfflineRule, RedemptionPolicy
from retail.errors import RefusedError
from sync.protocol.value_messages import CouponAnswer, CouponQuestion
from tests.hub.test_value import NOW, chain, tell, used

SERIAL = "ABCDEFGHIJKLM"
LEASES = RedemptionPolicy(offline=OfflineRule.LEASES, lease_days=1)


def caller(store: str) -> Caller:
    return Caller(tenant_id="chain", store_id=store, agent_id=f"a-{store}", epoch=1, key_id="k")


def ask(
    leasing: CouponLeasing,
    store: str,
    *,
    take: bool = True,
    days_old: int = 0,
    later: timedelta = timedelta(),
    policy: RedemptionPolicy | None = None,
) -> CouponAnswer:
    first = (NOW - timedelta(days=days_old)).date()
    question = CouponQuestion(serial=SERIAL, issued_at="7781", valid_from=first, take=take)
    return leasing.ask(caller(store), question, policy=policy or RedemptionPolicy(), now=NOW + later)


def test_a_coupon_asked_for_by_two_stores_is_granted_to_the_first_and_the_other_is_told_who_has_it(tmp_path: Path):
    with chain(tmp_path) as (hub, _service):
        leasing = CouponLeasing(hub.database)
        assert ask(leasing, "7782").verdict == "granted"
        held = ask(leasing, "7781")
        assert (held.verdict, held.store) == ("held", "7782")


def test_the_same_question_again_is_the_same_grant(tmp_path: Path):
    with chain(tmp_path) as (hub, _service):
        leasing = CouponLeasing(hub.database)
        first, again = ask(leasing, "7782"), ask(leasing, "7782")
        assert first.lease is not None
        assert first == again


def test_who_only_looks_takes_nothing(tmp_path: Path):
    with chain(tmp_path) as (hub, _service):
        leasing = CouponLeasing(hub.database)
        assert ask(leasing, "7782", take=False).verdict == "free"
        assert ask(leasing, "7781").verdict == "granted"


def test_a_use_that_was_told_is_answered_with_where_and_when(tmp_path: Path):
    with chain(tmp_path) as (hub, _service):
        tell(hub, "7781", used(SERIAL, "scan/1"))
        told = ask(CouponLeasing(hub.database), "7782")
        assert (told.verdict, told.store, told.workstation_id, told.at) == ("used", "7781", "1", NOW.isoformat())


def test_a_use_that_was_given_back_leaves_the_coupon_free(tmp_path: Path):
    with chain(tmp_path) as (hub, _service):
        tell(hub, "7781", used(SERIAL, "scan/1"), ("coupon.restored", {"serial": SERIAL, "use_id": "scan/1"}))
        assert ask(CouponLeasing(hub.database), "7782").verdict == "granted"


def test_a_coupon_whose_purchase_was_taken_back_is_void_everywhere(tmp_path: Path):
    with chain(tmp_path) as (hub, _service):
        tell(hub, "7781", ("coupon.voided", {"serial": SERIAL, "transaction_id": "t-1"}))
        assert ask(CouponLeasing(hub.database), "7782").verdict == "void"


def test_a_grant_lasts_until_its_store_has_told_what_became_of_it_however_long_it_is_over(tmp_path: Path):
    with chain(tmp_path) as (hub, _service):
        leasing = CouponLeasing(hub.database)
        lease = ask(leasing, "7782").lease
        assert lease is not None
        assert ask(leasing, "7781", later=timedelta(days=20)).verdict == "held"
        tell(hub, "7782", ("coupon.unleased", {"lease_id": lease.lease_id, "serial": SERIAL}))
        assert ask(leasing, "7781", later=timedelta(days=20)).verdict == "granted"


def test_with_leases_a_young_coupon_is_with_its_issuer_and_an_older_one_with_whoever_asks(tmp_path: Path):
    with chain(tmp_path) as (hub, _service):
        leasing = CouponLeasing(hub.database)
        young = ask(leasing, "7782", policy=LEASES, days_old=1)
        assert (young.verdict, young.store) == ("held", "7781")
        assert ask(leasing, "7782", policy=LEASES, days_old=4).verdict == "granted"


def test_a_coupon_granted_ahead_is_held_by_that_store_and_listed_to_it(tmp_path: Path):
    with chain(tmp_path) as (hub, service):
        lent = service.lend_coupon("chain", serial="abcd-efgh-ijklm", store_id="7782", days=2, now=NOW)
        leasing = CouponLeasing(hub.database)
        assert [each.lease_id for each in leasing.held_by("chain", "7782", now=NOW)] == [lent["lease_id"]]
        assert leasing.held_by("chain", "7781", now=NOW) == []
        with pytest.raises(RefusedError) as refused:
            service.lend_coupon("chain", serial=SERIAL, store_id="7781", days=2, now=NOW)
        assert refused.value.code == "lease_none"


def test_a_hub_restored_to_before_a_grant_lets_it_be_used_twice_and_reports_it_to_the_cent(tmp_path: Path):
    with chain(tmp_path) as (hub, service):
        leasing = CouponLeasing(hub.database)
        assert ask(leasing, "7782").verdict == "granted"
        before = sqlite.connect(str(tmp_path / "hub.db"))
        before.execute("DELETE FROM coupon_lease")
        before.commit()
        before.close()
        assert ask(leasing, "7781").verdict == "granted"
        tell(hub, "7781", used(SERIAL, "scan/1"))
        tell(hub, "7782", used(SERIAL, "scan/2", worth="2.25"))
        assert [(line.finding, line.money) for line in service.reconcile("chain", now=NOW).findings] == [
            ("coupon_used_twice", "2.25")
        ]
