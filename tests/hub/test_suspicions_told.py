"""People at the chain see what stores found odd: of which days, of which store, each once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import CliRunner

from hub.__main__ import app
from hub.value.suspicions import suspicions
from tests.hub.test_value import NOW, chain, tell


def flag(sale: str, pattern: str = "staff_card") -> tuple[str, dict[str, str]]:
    told = {"pattern": pattern, "transaction_id": sale, "customer_id": "c-1", "workstation_id": "1"}
    return "fraud.flagged", {**told, "why": "a staff card in 4 sales in a day", "at": NOW.isoformat()}


def test_suspicions_are_listed_since_a_moment_oldest_first_and_each_once(tmp_path: Path) -> None:
    berlin = NOW.astimezone(datetime.fromisoformat("2026-11-22T12:00:00+01:00").tzinfo)
    with chain(tmp_path) as (hub, _service):
        tell(hub, "7781", flag("old"), at=NOW - timedelta(days=8))
        tell(hub, "7781", flag("second"), flag("second"), ("points.earned", {}), seq=10, at=NOW)
        tell(hub, "7782", flag("first", "split_baskets"), at=berlin - timedelta(minutes=30))
        found = suspicions(hub.database, "chain", since=NOW - timedelta(days=7))
        assert [(each.store, each.transaction_id, each.pattern) for each in found] == [
            ("7782", "first", "split_baskets"),
            ("7781", "second", "staff_card"),
        ]
        assert suspicions(hub.database, "another chain", since=NOW - timedelta(days=7)) == []


def test_the_command_shows_them_of_all_stores_or_one_and_says_when_there_are_none(tmp_path: Path) -> None:
    with chain(tmp_path) as (hub, _service):
        tell(hub, "7781", flag("a"), at=datetime.now(UTC) - timedelta(hours=1))
        tell(hub, "7782", flag("b"), at=datetime.now(UTC) - timedelta(days=20))
    (tmp_path / "hub.toml").write_text('[chain]\ntenant = "chain"\ncountry = "DE"\n', "utf-8")
    named = ["suspicions", "--config", str(tmp_path / "hub.toml"), "--state-dir", str(tmp_path)]
    run = CliRunner()
    assert "store 7781 till 1  staff_card  c-1: a staff card in 4 sales in a day" in run.invoke(app, named).stdout
    assert "nothing odd in 7 days" in run.invoke(app, [*named, "--store", "7782"]).stdout
    told = json.loads(run.invoke(app, [*named, "--days", "30", "--json"]).stdout)
    assert [each["transaction_id"] for each in told["suspicions"]] == ["b", "a"]
    assert run.invoke(app, [*named, "--days", "0"]).exit_code == 2
