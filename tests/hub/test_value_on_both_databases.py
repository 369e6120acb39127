"""Leases, grants of coupons, standings, keys and the report on SQLite and on a real PostgreSQL: the same answers."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.feed.files import FeedFiles
from hub.value.coupon_leases import CouponLeasing
from hub.value.service import ValueService
from hub.value.standing import Standings
from retail.errors import RefusedError
from tests.hub.stores_of_a_chain import put_two_stores
from tests.hub.test_coupon_leases import ask
from tests.hub.test_value import NOW, burned, earned, used


def test_value_is_lent_told_of_and_added_up(hub_disk: Any, tmp_path: Path) -> None:
    database, records = hub_disk.database, [earned(50), used("AAAA", "scan/1"), used("AAAA", "scan/2")]
    service = ValueService(database, FeedFiles(database, tmp_path / "feed"))
    with database.writing() as session:
        put_two_stores(session, now=NOW)
        session.run("put_key", key_id="k", agent_id="a-7781", epoch=1, public_key=bytes(32), now=NOW.isoformat())
    lent: list[dict[str, Any]] = []
    for turn, kinds in enumerate((records, None)):
        told = kinds or [burned(40, lent[0]["lease_id"])]
        columns = (
            *("agent_id", "epoch", "branch", "seq", "kind", "workstation_id", "occurred_at", "clock_quality"),
            *("business_day", "payload", "payload_hash", "hash", "received_at"),
        )
        rows = [
            (
                *("a-7781", 1, 0, 10 * turn + place, kind, "1", NOW.isoformat(), "synchronised", "2026-11-22"),
                *(json.dumps(content), bytes(32), bytes(32), NOW.isoformat()),
            )
            for place, (kind, content) in enumerate(told)
        ]
        with database.writing() as session:
            session.bulk("journal_record", columns=columns, rows=rows)
        if not turn:
            lent.append(service.lend("chain", account="c-1", store_id="7781", points=999, days=1, now=NOW))
    assert lent[0]["points"] == 50
    with pytest.raises(RefusedError):
        service.lend("chain", account="c-1", store_id="7782", points=1, days=1, now=NOW)
    report = service.reconcile("chain", now=NOW).to_json()
    assert [(each["finding"], each["money"]) for each in report["findings"]] == [("coupon_used_twice", "1.50")]
    assert (report["leased_outstanding"], service.account("chain", "c-1", now=NOW)["points"]) == (10, 10)
    assert Standings(database).refresh("chain", tiers=None, now=NOW) == 1
    leasing = CouponLeasing(database)
    assert (ask(leasing, "7782").verdict, ask(leasing, "7781").verdict) == ("granted", "held")
    assert service.keep_keys("chain", now=NOW)
    assert not service.keep_keys("chain", now=NOW + timedelta(days=1))
    assert service.point_value("chain") == Decimal("0.01")
