"""A check-in at the kiosk activates offers, a wish is a fact for campaigns: at once, at every till, over a restart."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from agent.journal.records import JournalKind
from agent.offering.memory import StoreMemory
from pos_adapters.taps.frames import FrameType
from retail.identifiers import CustomerId
from retail.items import Item, ItemCatalogue
from retail.loyalty import Account
from tests.agent.core_house import ANNA, CAMPAIGNS, PRODUCT, Running, Tap, journal, make_store, receipt

Story = Callable[[Running], Awaitable[None]]
DAY = date(2026, 11, 21)
MOMENT = datetime(2026, 11, 21, 12, tzinfo=UTC)


class SetClock:
    """A clock that stands; its monotonic time goes on."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def monotonic_s(self) -> float:
        return time.monotonic()


def running(folder: Path, who: str, *stories: Story, clock: SetClock | None = None) -> None:
    """Run stories one after the other, each on a core started anew, with one campaign for `who`."""

    async def run(story: Story) -> None:
        core = make_store(folder, clock=clock)
        (core.state.mirror / "campaigns.json").write_text(json.dumps([{**CAMPAIGNS[0], "who": who}]), "utf-8")
        async with Running(core) as store:
            await story(store)

    for each in stories:
        asyncio.run(run(each))


async def offers(store: Running, source: str) -> list[dict[str, Any]]:
    """Scan Anna's card somewhere and return the offers that the page there is told."""
    scan_id = await store.scan(ANNA, "1", source)
    while True:
        push = await store.hear("offers")
        if push["data"]["scan_id"] == scan_id:
            return push["data"]["offers"]


def shops(*, answer: FrameType, number: int) -> Story:
    """Anna shops; see whether her paper carries the offer."""

    async def story(store: Running) -> None:
        tap = await Tap.connect(store.core)
        await store.scan(ANNA)
        assert (await tap.print(receipt(number=number))).type is answer
        tap.close()

    return story


async def visits(store: Running) -> None:
    """Anna checks in, as the kiosk's page tells it."""
    scan_id = await store.scan(ANNA, "1", "kiosk")
    payload = {"request_id": "v-1", "scan_id": scan_id, "place": {"kind": "kiosk", "id": "1"}}
    await store.ask("append", kind="visit", workstation_id="", payload=payload)


def test_a_check_in_activates_an_offer_at_the_till_and_on_paper_and_after_a_restart(tmp_path: Path) -> None:
    async def before_and_after(store: Running) -> None:
        assert await offers(store, "scanner") == []
        assert len(await offers(store, "kiosk")) == 1
        await visits(store)
        assert len(await offers(store, "scanner")) == 1

    before = shops(answer=FrameType.NONE, number=1)
    running(tmp_path, "visited within 0 days", before, before_and_after, shops(answer=FrameType.BLOCK, number=2))


def test_a_check_in_after_midnight_is_todays_over_a_restart_though_the_trading_day_is_yesterdays(
    tmp_path: Path,
) -> None:
    async def later(store: Running) -> None:
        [visit] = [record for record in journal(store.core) if record.kind == JournalKind.VISIT]
        assert visit.business_day == "2026-11-21"
        assert len(await offers(store, "scanner")) == 1

    half_past_midnight = SetClock(datetime(2026, 11, 21, 23, 30, tzinfo=UTC))  # in Berlin it is the 22nd
    running(tmp_path, "visited within 0 days", visits, later, clock=half_past_midnight)


def test_whoever_forbids_profiling_is_not_followed_from_the_kiosk_to_the_till(tmp_path: Path) -> None:
    async def forbids(store: Running) -> None:
        await visits(store)
        scan_id = await store.scan(ANNA, "1", "kiosk")
        payload = {"request_id": "no", "purpose": "profiling", "given": False, "scan_id": scan_id}
        await store.ask("append", kind="consent.withdrawn", workstation_id="", payload=payload)
        assert await offers(store, "kiosk") == []
        assert await offers(store, "scanner") == []

    running(tmp_path, "visited within 1 day", forbids)


def test_a_wish_at_the_kiosk_is_a_fact_for_campaigns(tmp_path: Path) -> None:
    async def wishes(store: Running) -> None:
        assert await offers(store, "scanner") == []
        scan_id = await store.scan(ANNA, "1", "kiosk")
        payload = {"request_id": "w-1", "scan_id": scan_id, "code": PRODUCT, "wish": "wished"}
        await store.ask("append", kind="interest", workstation_id="", payload=payload)
        assert len(await offers(store, "scanner")) == 1

    async def later(store: Running) -> None:
        assert len(await offers(store, "scanner")) == 1

    running(tmp_path, f"interest gtin:{PRODUCT} within 14 days", wishes, later)


def test_a_wish_is_known_by_its_item_and_of_restricted_goods_nothing_is_kept() -> None:
    anna = Account(customer_id=CustomerId("c-1"))
    items = ItemCatalogue(
        [Item(item_id="7", gtin=PRODUCT, category="tea"), Item(item_id="8", gtin="4012345678901", restricted="tobacco")]
    )
    memory = StoreMemory()
    for code in (PRODUCT, "4012345678901", "no code"):
        memory.attended(JournalKind.INTEREST, {"customer_id": "c-1", "code": code}, day=DAY, items=items)
    memory.attended(JournalKind.INTEREST, {"code": PRODUCT}, day=DAY, items=items)
    assert set(memory.facts(anna, moment=MOMENT).interests) == {"item:7", "need:7", f"gtin:{PRODUCT}", "category:tea"}
    memory.forget("c-1")
    assert not memory.facts(anna, moment=MOMENT).interests


def test_what_was_bought_here_is_no_fact_of_whoever_forbids_profiling(tmp_path: Path) -> None:
    async def forbids(store: Running) -> None:
        await shops(answer=FrameType.NONE, number=1)(store)
        scan_id = await store.scan(ANNA, "1", "kiosk")
        payload = {"request_id": "no", "purpose": "profiling", "given": False, "scan_id": scan_id}
        await store.ask("append", kind="consent.withdrawn", workstation_id="", payload=payload)
        assert await offers(store, "scanner") == []

    running(tmp_path, "last visit within 1 day", forbids)
