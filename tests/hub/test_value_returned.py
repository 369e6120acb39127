"""Goods that come back after a lease was granted: what they had earned is debt if it is spent, and no breach of leases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.hub.test_value import NOW, burned, chain, earned, findings, tell, tell_at


def back(points: int, reversal_id: str = "r-1") -> tuple[str, dict[str, object]]:
    content = {"account": "c-1", "of": "earned", "lot_id": "t-1", "points": points, "reversal_id": reversal_id}
    return "points.reversed", {**content, "policy": "debit"}


def test_a_return_after_the_grant_is_told_as_debt_to_come_and_becomes_debt_when_the_lease_is_spent(tmp_path: Path):
    with chain(tmp_path, points=100) as (hub, service):
        tell(hub, "7782", earned(50))
        lease = service.lend("chain", account="c-1", store_id="7781", points=150, days=1, now=NOW)
        tell_at(hub, "7782", 5, back(50))
        report = service.reconcile("chain", now=NOW).to_json()
        assert (report["findings"], report["leased_outstanding"], report["leased_and_returned"]) == ([], 150, 50)
        tell_at(hub, "7781", 9, burned(150, lease["lease_id"]))
        report = service.reconcile("chain", now=NOW).to_json()
        assert (report["findings"], report["leased_and_returned"]) == ([], 0)
        assert service.liability("chain", now=NOW)["debt"]["points"] == 50


def test_leases_beyond_what_was_ever_there_are_a_finding_whatever_came_back(tmp_path: Path):
    with chain(tmp_path, points=100) as (hub, service):
        tell(hub, "7782", earned(50))
        with hub.database.writing() as session:
            session.run(
                "put_lease",
                tenant_id="chain",
                lease_id="l-too-much",
                account="c-1",
                store_id="7781",
                points=170,
                expires_at=(NOW + timedelta(days=1)).isoformat(),
                for_request=0,
                now=NOW.isoformat(),
            )
        tell_at(hub, "7782", 5, back(50))
        assert findings(service) == [("leases_exceed_balance", 20, "0.20")]


def test_a_balance_goes_below_nothing_only_as_far_as_the_chain_allows_and_the_rest_is_waived(tmp_path: Path):
    with chain(tmp_path, points=0) as (hub, service):
        tell(hub, "7781", earned(100))
        lease = service.lend("chain", account="c-1", store_id="7781", points=100, days=1, now=NOW)["lease_id"]
        kind, content = back(100)
        tell(hub, "7781", burned(100, lease), (kind, {**content, "debt_max": 30}), seq=10)
        stands = service.liability("chain", now=NOW)
        assert (stands["debt"]["points"], stands["waived"]["points"]) == (30, 70)
        assert service.account("chain", "c-1", now=NOW)["points"] == 0, "nobody spends what is owed"
        tell(hub, "7781", earned(150, "t-2"), seq=20)
        assert service.account("chain", "c-1", now=NOW)["points"] == 120
        assert findings(service) == []


def test_a_shortage_that_was_paid_by_what_came_back_is_given_back_in_full_in_whatever_order(tmp_path: Path):
    """The debt of the second burn is paid by the first one's return; then the second comes back, too."""
    with chain(tmp_path, points=100) as (hub, service):
        gives = [
            (
                "points.reversed",
                {"account": "c-1", "of": "burned", "burn_id": burn, "points": points, "reversal_id": burn},
            )
            for burn, points in (("b-1", 100), ("b-2", 30))
        ]
        tell_at(hub, "7781", 1, burned(100, "l-1", "b-1"))
        tell_at(hub, "7782", 2, burned(30, "l-2", "b-2"))
        tell_at(hub, "7781", 3, gives[0])
        tell_at(hub, "7782", 4, gives[1])
        assert service.account("chain", "c-1", now=NOW)["points"] == 100
        assert service.liability("chain", now=NOW)["debt"]["points"] == 0
        lease = service.lend("chain", account="c-1", store_id="7781", points=999, days=1, now=NOW)
        assert lease["points"] == 100


def test_points_spent_again_from_what_came_back_of_a_shortage_are_no_breach_of_the_books(tmp_path: Path):
    """Told of one moment, or by a clock that was set back, burns come before what was given back in between."""
    with chain(tmp_path, points=150) as (hub, service):
        spent = [burned(150, "l-1", f"b-{number}") for number in range(1, 3)]
        given = [given_back(150, f"b-{number}") for number in range(1, 3)]
        tell(hub, "7781", *spent, *given)
        tell_at(hub, "7781", 5, burned(100, "l-1", "b-3"))
        tell_at(hub, "7781", 6, given_back(100, "b-3"))
        assert service.account("chain", "c-1", now=NOW)["points"] == 150
        tell_at(hub, "7781", 7, burned(200, "l-1", "b-4"))
        assert service.liability("chain", now=NOW)["debt"]["points"] == 50


def given_back(points: int, burn_id: str) -> tuple[str, dict[str, object]]:
    """Return the record of points that paid for something and came back with it."""
    content = {"account": "c-1", "of": "burned", "burn_id": burn_id, "points": points}
    return "points.reversed", {**content, "lease_id": "l-1", "reversal_id": f"back/{burn_id}"}
