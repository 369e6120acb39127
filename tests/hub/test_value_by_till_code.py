"""Coupons that tills took by their till barcode, in stores that had not issued them: found out at the hub."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hub.value.reconcile import reconcile
from retail.coupons import serial_of, till_barcode
from retail.identifiers import CampaignId, TransactionId
from tests.hub.stores_of_a_chain import put_two_stores
from tests.hub.test_value import NOW, used

TEMPLATE = "ean13:2099{serial:8}"
SERIAL = serial_of(TransactionId("t-1"), CampaignId("coffee-back"))
CODE = till_barcode(TEMPLATE, SERIAL)[1]


def chain_on(database: Any) -> None:
    """Two stores, of which 7781 has issued a coupon."""
    with database.writing() as session:
        put_two_stores(session, now=NOW)
        columns = (
            *("agent_id", "epoch", "branch", "seq", "ordinal", "tenant_id", "store_id", "event", "campaign_id"),
            *("transaction_id", "serial", "business_day"),
        )
        issued = ("a-7781", 1, 0, 1, 0, "chain", "7781", "coupon.issued", "coffee-back", "t-1", SERIAL, "2026-11-20")
        session.bulk("offer_event", columns=columns, rows=[issued])


def tell(database: Any, store: str, seq: int, kind: str, content: dict[str, Any]) -> None:
    columns = (
        *("agent_id", "epoch", "branch", "seq", "kind", "workstation_id", "occurred_at", "clock_quality"),
        *("business_day", "payload", "payload_hash", "hash", "received_at"),
    )
    at = (NOW + timedelta(minutes=seq)).isoformat()
    row = (f"a-{store}", 1, 0, seq, kind, "1", at, "synchronised", "2026-11-22", json.dumps(content))
    with database.writing() as session:
        session.bulk("journal_record", columns=columns, rows=[(*row, bytes(32), bytes(32), at)])


def taken(code: str, use_id: str, *, may_be_of: Any = None) -> dict[str, Any]:
    """What a store journals of a till barcode that it did not issue."""
    _kind, content = used("", use_id, worth="2.25")
    campaigns = [{"campaign_id": "coffee-back", "till_barcode": TEMPLATE}]
    return {
        **content,
        "till_code": code,
        "unverified": True,
        "may_be_of": campaigns if may_be_of is None else may_be_of,
    }


def findings(database: Any) -> list[tuple[str, str, tuple[str, ...], str]]:
    found = reconcile(database, "chain", point_value=Decimal("0.01"), now=NOW)
    return [(each.finding.value, each.subject, each.stores, each.money) for each in found.findings]


def test_a_paper_taken_by_another_stores_till_is_that_stores_coupon_and_its_second_use_is_reported(
    hub_disk: Any,
) -> None:
    database = hub_disk.database
    chain_on(database)
    tell(database, "7782", 2, "coupon.redeemed", taken(CODE, "seen/x/stranger/0"))
    assert findings(database) == []
    tell(database, "7781", 3, *used(SERIAL, "seen/y/0", worth="1.50"))
    found = findings(database)
    assert [(each[0], each[1], each[2]) for each in found] == [("coupon_used_twice", SERIAL, ("7781", "7782"))]
    tell(database, "7782", 4, "coupon.restored", {"serial": "", "till_code": CODE, "use_id": "seen/x/stranger/0"})
    assert findings(database) == []


def test_a_paper_taken_by_tills_of_two_other_stores_is_used_twice(hub_disk: Any) -> None:
    database = hub_disk.database
    chain_on(database)
    tell(database, "7782", 2, "coupon.redeemed", taken(CODE, "seen/x/stranger/0"))
    tell(database, "7781", 3, "coupon.redeemed", taken(CODE, "seen/z/stranger/0"))
    assert [each[:2] for each in findings(database)] == [("coupon_used_twice", SERIAL)]


def test_a_till_barcode_that_no_store_has_issued_is_reported_as_unknown_with_its_money(hub_disk: Any) -> None:
    database = hub_disk.database
    chain_on(database)
    forged = till_barcode(TEMPLATE, serial_of(TransactionId("nobody's"), CampaignId("coffee-back")))[1]
    tell(database, "7782", 2, "coupon.redeemed", taken(forged, "seen/x/stranger/0"))
    tell(database, "7781", 3, "coupon.redeemed", taken(forged, "seen/z/stranger/0"))
    assert findings(database) == [("coupon_unknown", forged, ("7781", "7782"), "4.50")]


def test_a_record_that_names_campaigns_in_another_shape_stops_no_report(hub_disk: Any) -> None:
    database = hub_disk.database
    chain_on(database)
    odd = ["x", [7, {"campaign_id": 1}], [{"campaign_id": "coffee-back", "till_barcode": "{"}]]
    for seq, named in enumerate(odd, start=2):
        tell(database, "7782", seq, "coupon.redeemed", taken(CODE, f"seen/{seq}/stranger/0", may_be_of=named))
    assert findings(database) == [("coupon_unknown", CODE, ("7782",), "6.75")]
