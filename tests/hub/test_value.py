"""What the hub makes of stores' records about value: accounts, leases, double uses, to the cent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.__main__ import app
from hub.bootstrap import Hub, open_hub
from hub.config import HubConfig
from hub.feed.records import entry_of
from hub.storage.statements import Dialect, load_statements
from hub.value.service import ValueService
from hub.value.standing import Standings
from retail.errors import RefusedError
from sync.protocol.mirror_record import MirrorRecord

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STORES = ("7781", "7782")


@contextmanager
def chain(folder: Path, *, points: int = 1000) -> Iterator[tuple[Hub, ValueService]]:
    """Open a hub with two stores and one member; records are put where uploads put them."""
    hub = open_hub(HubConfig(state_dir=folder, tenant="chain", country="DE"), clock=lambda: NOW)
    try:
        with hub.database.writing() as session:
            for store in STORES:
                session.run("put_store", tenant_id="chain", store_id=store, name="", now=NOW.isoformat())
                session.run(
                    "put_agent", agent_id=f"a-{store}", tenant_id="chain", store_id=store, epoch=1, now=NOW.isoformat()
                )
            session.bulk(
                "customer",
                columns=(
                    *("tenant_id", "customer_id", "first_name", "language", "birthday", "tier", "points"),
                    *("household_id", "employee"),
                ),
                rows=[("chain", "c-1", "", "", "", "", points, "", 0)],
            )
        yield hub, ValueService(hub.database, hub.files)
    finally:
        hub.close()


def tell_at(hub: Hub, store: str, minutes: int, *records: tuple[str, dict[str, Any]]) -> None:
    """Tell of something that happened some minutes later."""
    tell(hub, store, *records, seq=1000 * minutes, at=NOW + timedelta(minutes=minutes))


def tell(hub: Hub, store: str, *records: tuple[str, dict[str, Any]], seq: int = 1, at: datetime = NOW) -> None:
    columns = (
        *("agent_id", "epoch", "branch", "seq", "kind", "workstation_id", "occurred_at", "clock_quality"),
        *("business_day", "payload", "payload_hash", "hash", "received_at"),
    )
    rows = [
        (
            *(f"a-{store}", 1, 0, seq + place, kind, "1", at.isoformat(), "synchronised", "2026-11-22"),
            *(json.dumps(content, separators=(",", ":")), bytes(32), bytes(32), NOW.isoformat()),
        )
        for place, (kind, content) in enumerate(records)
    ]
    with hub.database.writing() as session:
        session.bulk("journal_record", columns=columns, rows=rows)


def used(serial: str, use_id: str, *, worth: str = "1.50") -> tuple[str, dict[str, Any]]:
    content = {"serial": serial, "use_id": use_id, "worth": worth, "at": NOW.isoformat(), "workstation_id": "1"}
    return "coupon.redeemed", content


def burned(points: int, lease_id: str, burn_id: str = "b-1") -> tuple[str, dict[str, Any]]:
    return "points.burned", {"account": "c-1", "points": points, "lease_id": lease_id, "burn_id": burn_id}


def earned(points: int, lot_id: str = "t-1") -> tuple[str, dict[str, Any]]:
    content = {"account": "c-1", "points": points, "lot_id": lot_id, "active_from": "2026-11-01"}
    return "points.earned", {**content, "earned_on": "2026-11-01", "expires_on": "2027-11-01"}


def findings(service: ValueService) -> list[tuple[str, int, str]]:
    report = service.reconcile("chain", now=NOW).to_json()
    return [(each["finding"], each["points"], each["money"]) for each in report["findings"]]


def test_an_ordinary_day_adds_up(tmp_path: Path):
    with chain(tmp_path) as (hub, service):
        lease = service.lend("chain", account="c-1", store_id="7781", points=400, days=1, now=NOW)
        tell(
            hub,
            "7781",
            earned(50),
            burned(300, lease["lease_id"]),
            (
                "points.reversed",
                {"account": "c-1", "of": "burned", "burn_id": "b-1", "points": 100, "reversal_id": "r"},
            ),
            used("AAAA", "scan/1"),
            ("coupon.redeemed", {"serial": "AAAA", "use_id": "scan/1", "confirms": True, "transaction_id": "t-9"}),
        )
        assert findings(service) == []
        told = service.liability("chain", now=NOW)
        assert told["liability"] == {"points": 850, "money": "8.50"}


def test_a_coupon_used_in_two_stores_is_reported_with_what_it_cost(tmp_path: Path):
    with chain(tmp_path) as (hub, service):
        tell(hub, "7781", used("AAAA", "scan/1"), used("BBBB", "scan/2"))
        tell(hub, "7782", used("AAAA", "scan/3", worth="2.25"))
        assert findings(service) == [("coupon_used_twice", 0, "2.25")]


def test_a_use_that_was_given_back_and_one_told_twice_are_no_second_use(tmp_path: Path):
    with chain(tmp_path) as (hub, service):
        tell(hub, "7781", used("AAAA", "scan/1"), used("AAAA", "scan/1"))
        tell(hub, "7781", ("coupon.restored", {"serial": "AAAA", "use_id": "scan/1"}), seq=10)
        tell(hub, "7782", used("AAAA", "scan/3"))
        assert findings(service) == []


def test_leases_never_exceed_the_balance_however_long_a_store_is_silent(tmp_path: Path):
    with chain(tmp_path, points=500) as (hub, service):
        first = service.lend("chain", account="c-1", store_id="7781", points=400, days=1, now=NOW)
        later = NOW + timedelta(days=20)
        second = service.lend("chain", account="c-1", store_id="7782", points=400, days=1, now=later)
        assert (first["points"], second["points"]) == (400, 100)
        with pytest.raises(RefusedError) as none:
            service.lend("chain", account="c-1", store_id="7782", points=1, days=1, now=later)
        assert none.value.code == "lease_none"
        tell(hub, "7781", ("points.unleased", {"lease_id": first["lease_id"], "account": "c-1", "points": 400}))
        assert service.lend("chain", account="c-1", store_id="7782", points=999, days=1, now=later)["points"] == 400


def test_a_copied_disk_that_spends_a_lease_again_is_reported_to_the_cent(tmp_path: Path):
    with chain(tmp_path) as (hub, service):
        lease = service.lend("chain", account="c-1", store_id="7781", points=100, days=1, now=NOW)["lease_id"]
        tell(hub, "7781", burned(100, lease), burned(70, lease, "b-2"))
        assert findings(service) == [("lease_overspent", 70, "0.70")]


def test_a_hub_restored_to_before_a_lease_learns_of_it_from_the_store(tmp_path: Path):
    with chain(tmp_path, points=100) as (hub, service):
        told = {"lease_id": "l-lost", "account": "c-1", "points": 80, "expires_at": "2026-11-23T12:00:00+00:00"}
        tell(hub, "7781", ("points.leased", told))
        assert findings(service) == [("lease_unknown", 80, "0.80")]
        left = service.lend("chain", account="c-1", store_id="7782", points=100, days=1, now=NOW)
        assert left["points"] == 20, "what the lost lease may still spend is not granted again"


def test_points_burned_beyond_the_balance_become_debt_that_the_next_points_pay(tmp_path: Path):
    with chain(tmp_path, points=10) as (hub, service):
        tell(hub, "7781", burned(30, "l-x"))
        assert ("account_overdrawn", 20, "0.20") in findings(service)
        tell(hub, "7782", earned(50))
        told = service.liability("chain", now=NOW)
        assert (told["liability"]["points"], told["debt"]["points"]) == (30, 0)


@pytest.mark.parametrize(("policy", "debt", "waived", "after"), [("debit", 100, 0, 50), ("waive", 0, 100, 150)])
def test_a_return_after_its_points_were_spent_is_owed_or_waived_as_the_chain_has_it(
    tmp_path: Path, policy: str, debt: int, waived: int, after: int
):
    with chain(tmp_path, points=0) as (hub, service):
        tell(hub, "7781", earned(100))
        lease = service.lend("chain", account="c-1", store_id="7781", points=100, days=1, now=NOW)["lease_id"]
        back = {"account": "c-1", "of": "earned", "lot_id": "t-1", "points": 100, "reversal_id": "r-1"}
        tell(hub, "7781", burned(100, lease), ("points.reversed", {**back, "policy": policy}), seq=10)
        stands = service.liability("chain", now=NOW)
        assert (stands["debt"]["points"], stands["waived"]["points"]) == (debt, waived)
        tell(hub, "7781", earned(150, "t-2"), seq=20)
        assert service.account("chain", "c-1", now=NOW)["points"] == after
        assert findings(service) == []


def test_a_household_pools_its_points_whoever_of_it_bought(tmp_path: Path):
    with chain(tmp_path, points=0) as (hub, service):
        for number, who in enumerate(("c-1", "c-2")):
            kind, content = earned(60 + number, f"t-{number}")
            tell(hub, "7781", (kind, {**content, "account": "h-1", "customer_id": who}), seq=10 * (number + 1))
        assert service.account("chain", "h-1", now=NOW)["points"] == 121
        lent = service.lend("chain", account="h-1", store_id="7782", points=999, days=1, now=NOW)
        assert lent["points"] == 121


def test_points_given_back_and_spent_again_are_no_overdraft(tmp_path: Path):
    with chain(tmp_path, points=300) as (hub, service):
        lease = service.lend("chain", account="c-1", store_id="7781", points=300, days=1, now=NOW)["lease_id"]
        back = {
            "account": "c-1",
            "of": "burned",
            "burn_id": "b-1",
            "points": 300,
            "reversal_id": "r",
            "lease_id": lease,
        }
        tell(hub, "7781", burned(300, lease))
        tell_at(hub, "7781", 1, ("points.reversed", back))
        tell_at(hub, "7781", 2, burned(300, lease, "b-2"))
        assert findings(service) == []


def test_points_of_an_unknown_lot_are_taken_from_the_newest(tmp_path: Path):
    with chain(tmp_path, points=0) as (hub, service):
        back = {"account": "c-1", "of": "earned", "lot_id": "", "points": 30, "reversal_id": "r-1"}
        tell(hub, "7781", earned(50), ("points.reversed", back), ("points.reversed", back))
        assert service.liability("chain", now=NOW)["liability"]["points"] == 20
        assert findings(service) == []


def test_rules_are_checked_before_they_are_published_and_a_stolen_key_is_revoked(tmp_path: Path):
    with chain(tmp_path) as (hub, service):
        with hub.database.writing() as session:
            for number, store in enumerate(STORES):
                key = bytes([number]) * 32
                session.run(
                    "put_key", key_id=f"k{number}", agent_id=f"a-{store}", epoch=1, public_key=key, now=NOW.isoformat()
                )
        rules = tmp_path / "value.toml"
        rules.write_text("[earn]\npoints_per_unti = 1\n", "utf-8")
        with pytest.raises(Exception, match="points_per_unti"):
            service.publish("chain", rules, now=NOW)
        rules.write_text('[earn]\npoints_per_unit = 10\n[burn]\npoint_value = "0.02"\n', "utf-8")
        assert service.publish("chain", rules, now=NOW)["keys"] == 2
        assert service.point_value("chain") == Decimal("0.02")
        service.revoke("chain", "7782", now=NOW)
        service.publish("chain", None, now=NOW)
        keys = service.published("chain")["keys"]
        assert [(each["store"], each["revoked"]) for each in keys] == [("7781", False), ("7782", True)]


def test_spending_without_a_link_is_published_only_once_its_exposure_was_agreed_to(tmp_path: Path):
    with chain(tmp_path) as (_hub, service):
        rules = tmp_path / "value.toml"
        caps = "per_transaction = 500\nper_card_and_day = 800\nper_store_and_day = 20000\n"
        rules.write_text(f"[burn]\noffline = true\n{caps}", "utf-8")
        with pytest.raises(RefusedError, match=r"400\.00 a day in 2 stores") as refused:
            service.publish("chain", rules, now=NOW)
        assert (refused.value.code, service.published("chain")) == ("exposure", {})
        with pytest.raises(RefusedError):
            service.publish("chain", rules, now=NOW, accepted=Decimal("399.99"))
        service.publish("chain", rules, now=NOW, accepted=Decimal("400.00"))
        rules.write_text(f"[burn]\noffline = true\n{caps}[earn]\n", "utf-8")
        service.publish("chain", rules, now=NOW)
        rules.write_text(f'[burn]\noffline = true\n{caps}point_value = "0.02"\n', "utf-8")
        with pytest.raises(RefusedError):
            service.publish("chain", rules, now=NOW)


def test_the_commands_print_one_json_object_and_say_by_exit_code_whether_it_adds_up(tmp_path: Path):
    with chain(tmp_path) as (hub, _service):
        tell(hub, "7781", used("AAAA", "scan/1"))
    run = CliRunner()
    config = tmp_path / "hub.toml"
    config.write_text(f'[hub]\nstate_dir = "{tmp_path}"\n[chain]\ntenant = "chain"\ncountry = "DE"\n', "utf-8")
    fine = run.invoke(app, ["reconcile", "--config", str(config), "--json"])
    assert (fine.exit_code, json.loads(fine.output)["adds_up"]) == (0, True), fine.output
    with chain_again(tmp_path) as hub:
        tell(hub, "7782", used("AAAA", "scan/2"))
    wrong = run.invoke(app, ["reconcile", "--config", str(config), "--json"])
    assert (wrong.exit_code, json.loads(wrong.output)["findings"][0]["subject"]) == (1, "AAAA")
    owed = run.invoke(app, ["liability", "--config", str(config), "--json"])
    assert json.loads(owed.output)["liability"]["points"] == 1000


@contextmanager
def chain_again(folder: Path) -> Iterator[Hub]:
    hub = open_hub(HubConfig(state_dir=folder, tenant="chain", country="DE"), clock=lambda: NOW)
    try:
        yield hub
    finally:
        hub.close()


def published_tiers(service: ValueService, folder: Path) -> None:
    rules = folder / "value.toml"
    levels = '[{ tier = "silver", points = 500 }, { tier = "gold", points = 2000 }]'
    rules.write_text(f"[earn]\n[tiers]\nperiod_days = 365\ngrace_days = 90\nlevel = {levels}\n", "utf-8")
    service.publish("chain", rules, now=NOW)


def mirrored(hub: Hub) -> MirrorRecord:
    """Return what the next mirror says of the only member."""
    with hub.database.reading() as session:
        (row,) = session.rows("mirror_entries", tenant_id="chain", store_id="", since="", unplaced=0)
    return entry_of(row)[1]


def with_card(hub: Hub) -> None:
    columns = ("tenant_id", "code_index", "kind", "customer_id", "token")
    with hub.database.writing() as session:
        session.bulk("customer_code", columns=columns, rows=[("chain", bytes(32), "card", "c-1", bytes(32))])


def test_what_a_member_earned_anywhere_is_on_every_screen_with_its_tier(tmp_path: Path):
    with chain(tmp_path, points=100) as (hub, service):
        with_card(hub)
        published_tiers(service, tmp_path)
        tell(hub, "7781", earned(400))
        tell(hub, "7782", earned(150, "t-2"))
        hub.publisher.mirror("chain", now=NOW)
        assert (mirrored(hub).points, mirrored(hub).tier) == (650, "silver")
        assert Standings(hub.database).refresh("chain", tiers=None, now=NOW) == 1, "without tiers none is earned"
        told = service.account("chain", "c-1", now=NOW)
        assert (told["tier"], told["tier_safe_until"], told["points_to_next_tier"]) == ("silver", "2028-01-30", 1450)


def test_a_tier_outlives_its_period_by_the_grace_and_then_ends(tmp_path: Path):
    with chain(tmp_path) as (hub, service):
        with_card(hub)
        published_tiers(service, tmp_path)
        tell(hub, "7781", earned(600))
        tiers = []
        for days in (0, 400, 434, 435):
            hub.publisher.mirror("chain", now=NOW + timedelta(days=days))
            tiers.append(mirrored(hub).tier)
        assert tiers == ["silver", "silver", "silver", ""]


def test_points_that_will_expire_are_announced_to_every_store(tmp_path: Path):
    with chain(tmp_path, points=0) as (hub, _service):
        with_card(hub)
        tell(hub, "7781", earned(40))
        hub.publisher.mirror("chain", now=NOW)
        assert mirrored(hub).points_expiring == 0
        soon = datetime(2027, 10, 20, 12, tzinfo=UTC)
        hub.publisher.mirror("chain", now=soon)
        assert (mirrored(hub).points_expiring, mirrored(hub).points_expire_on) == (40, date(2027, 11, 1))
        hub.publisher.mirror("chain", now=datetime(2027, 11, 2, 12, tzinfo=UTC))
        assert (mirrored(hub).points, mirrored(hub).points_expiring) == (0, 0)


def test_a_mirror_is_made_anew_only_for_those_whose_standing_changed(tmp_path: Path):
    with chain(tmp_path) as (hub, _service):
        with_card(hub)
        tell(hub, "7781", earned(40))
        assert hub.publisher.mirror("chain", now=NOW) is not None
        assert hub.publisher.mirror("chain", now=NOW) is None
        tell(hub, "7782", earned(2, "t-2"))
        assert hub.publisher.mirror("chain", now=NOW + timedelta(days=1)) is not None


def test_an_account_that_nobody_knows_is_refused(tmp_path: Path):
    with chain(tmp_path) as (_hub, service), pytest.raises(RefusedError):
        service.account("chain", "nobody", now=NOW)


def test_records_of_value_are_found_by_their_index(tmp_path: Path):
    with chain(tmp_path):
        statement = load_statements(Dialect.SQLITE)["value_records"]
    connection = sqlite3.connect(tmp_path / "hub.db")
    plan = connection.execute(
        f"EXPLAIN QUERY PLAN {statement}", {"tenant_id": "chain", "kind": "points.earned", "like": "%"}
    ).fetchall()
    connection.close()
    assert any("journal_record_of_value" in row[3] for row in plan), plan
