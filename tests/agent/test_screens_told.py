"""What core tells screens of a member beside offers: coupons in hand, receipts, and the price of what is scanned."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

from agent.offering.seen import RECEIPTS_MAX, SeenReceipts
from pos_adapters.taps.frames import Outcome
from sync.protocol.mirror_record import CLAIMED_SALE
from tests.agent.core_house import ANNA, Running, Tap, journal, make_store, receipt, write_mirror

DAY = date(2026, 11, 21)


async def told(running: Running, place: str, *, source: str) -> dict[str, Any]:
    """Scan Anna's card somewhere; return what the screens there are told of her."""
    scan_id = await running.scan(ANNA, place, source)
    while True:
        push = await running.hear("customer")
        if push["data"]["scan_id"] == scan_id:
            return push["data"]


def test_a_kiosk_shows_the_coupon_and_the_receipt_of_the_last_visit_and_the_till_only_the_coupon(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with Running(make_store(tmp_path)) as core_runs:
            core = core_runs.core
            tap = await Tap.connect(core)
            await core_runs.scan(ANNA)
            await tap.print(receipt(number=1), outcome=Outcome.PRINTED)
            kiosk = await told(core_runs, "1", source="kiosk")
            till = await told(core_runs, "2", source="scanner")
            tap.close()
        [coupon] = kiosk["coupons"]
        assert "15" in coupon["title"]
        assert till["coupons"] == kiosk["coupons"]
        [shown] = kiosk["receipts"]
        assert (shown["total"], shown["currency"], shown["lines"]) == ("7.48", "EUR", ["Coffee beans", "Rye bread"])
        assert "receipts" not in till

    asyncio.run(story())


def test_a_strangers_sale_that_was_claimed_is_among_its_claimers_receipts_after_the_next_feed_and_a_restart(
    tmp_path: Path,
) -> None:
    sales: dict[str, date] = {f"{CLAIMED_SALE}0f9c2f5e-6d6a-5a1e-9a73-6a1f5f2c9a01": DAY}  # one of another store

    async def claims() -> None:
        async with Running(make_store(tmp_path)) as store:
            tap = await Tap.connect(store.core)
            await tap.print(receipt(number=1))
            tap.close()
            assert (await told(store, "1", source="kiosk"))["receipts"] == []
            [sale] = [record.content() for record in journal(store.core) if record.kind == "transaction.completed"]
            sales[f"{CLAIMED_SALE}{sale['transaction']['transaction_id']}"] = DAY
            write_mirror(store.core, bought=sales, version=2)
            await store.ask("mirror_changed")
            await is_shown(store)

    async def later() -> None:
        core = make_store(tmp_path)
        write_mirror(core, bought=sales, version=2)
        async with Running(core) as store:
            await is_shown(store)

    async def is_shown(store: Running) -> None:
        for _ in range(2):  # looked up once, shown once
            [shown] = (await told(store, "1", source="kiosk"))["receipts"]
            assert (shown["total"], shown["lines"]) == ("7.48", ["Coffee beans", "Rye bread"])

    asyncio.run(claims())
    asyncio.run(later())


def transaction(total: str, *names: str) -> dict[str, object]:
    goods = [{"type": "sale", "description": name, "amount": "1.00", "unit_price": None} for name in names]
    return {"total": total, "currency": "EUR", "line_items": goods}


def test_the_newest_receipts_are_kept_and_forgotten_with_their_person() -> None:
    seen = SeenReceipts()
    for day in range(1, RECEIPTS_MAX + 3):
        seen.replay("c-1", transaction(f"{day}.00", "Bread"), date(2026, 11, day))
    assert [each["total"] for each in seen.of("c-1")] == ["7.00", "6.00", "5.00", "4.00", "3.00"]
    assert seen.of("c-2") == []
    seen.forget("c-1")
    assert seen.of("c-1") == []


def test_a_price_is_the_last_one_that_was_printed_here() -> None:
    seen = SeenReceipts()
    assert seen.price(("Bread",)) is None
    seen.replay(None, transaction("1.00", "Bread"), date(2026, 11, 1))
    assert seen.price(("4006381333931", "Bread")) == ("1.00", "EUR")
