"""A no counts from the moment it is on disk: without the hub, over a restart, at every till of the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

from agent.desk.ports import DeskJournal
from agent.identity.permissions import PEOPLE_MAX, Permissions
from agent.journal.reader import JournalReader
from pos_adapters.taps.frames import FrameType
from retail.identifiers import CustomerId, SegmentId
from retail.loyalty import Account
from tests.agent.core_house import ANNA, Running, Tap, journal, make_store, receipt

Story = Callable[[Running], Awaitable[None]]


def told(folder: Path, *stories: Story) -> list[dict[str, Any]]:
    """Run stories one after the other, each on a core started anew; return what the journal says of consents."""

    async def run(story: Story) -> None:
        async with Running(make_store(folder)) as running:
            await story(running)

    for each in stories:
        asyncio.run(run(each))
    return [each.content() for each in journal(make_store(folder)) if each.kind.startswith("consent.")]


def says(purpose: str, *, given: bool = False) -> Story:
    """Anna scans her card at the kiosk and says yes or no."""

    async def story(running: Running) -> None:
        scan_id = await running.scan(ANNA, "1", "kiosk")
        payload = {"request_id": f"r-{purpose}-{given}", "purpose": purpose, "given": given, "scan_id": scan_id}
        kind = "consent.given" if given else "consent.withdrawn"
        await running.ask("append", kind=kind, workstation_id="", payload=payload)

    return story


def shops(*, answer: FrameType, number: int) -> Story:
    """Anna shops; see whether she gets a personal offer."""

    async def story(running: Running) -> None:
        tap = await Tap.connect(running.core)
        await running.scan(ANNA)
        assert (await tap.print(receipt(number=number))).type is answer
        tap.close()

    return story


def test_without_profiling_nobody_is_chosen_for_offers_at_once_and_after_a_restart(tmp_path: Path) -> None:
    async def at_once(running: Running) -> None:
        await shops(answer=FrameType.BLOCK, number=1)(running)
        await says("profiling")(running)
        await shops(answer=FrameType.NONE, number=2)(running)

    records = told(tmp_path, at_once, shops(answer=FrameType.NONE, number=3))
    assert [(each["customer_id"], each["purpose"]) for each in records] == [("c-1", "profiling")]


def test_a_no_of_nobody_is_refused_because_whoever_said_it_would_think_that_it_counts(tmp_path: Path) -> None:
    async def after_the_scan_is_forgotten(running: Running) -> None:
        for kind in ("consent.withdrawn", "consent.given"):
            payload = {"request_id": kind, "purpose": "offers", "scan_id": "of-last-week", "enrolment_id": ""}
            answer = await running.ask("append", kind=kind, workstation_id="", payload=payload)
            assert (answer["ok"], answer["code"]) == (False, "nobody")

    assert told(tmp_path, after_the_scan_is_forgotten) == []


def test_who_has_left_the_programme_is_a_stranger_at_the_next_scan(tmp_path: Path) -> None:
    async def leave(running: Running) -> None:
        await says("membership")(running)
        scan_id = await running.scan(ANNA)
        while (push := await running.hear("customer"))["data"]["scan_id"] != scan_id:
            pass
        assert push["data"]["known"] is False
        assert "first_name" not in push["data"]

    told(tmp_path, leave)


def test_a_screen_is_told_a_no_as_a_no_and_what_nobody_asked_not_at_all(tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []

    async def looks(running: Running) -> None:
        await running.scan(ANNA)
        heard.append((await running.hear("customer"))["data"]["permissions"])

    told(tmp_path, looks, says("offers"), looks, says("offers", given=True), looks)
    assert [each.get("offers") for each in heard] == [None, False, True]


def test_a_yes_takes_a_no_back(tmp_path: Path) -> None:
    told(tmp_path, says("profiling"), says("profiling", given=True), shops(answer=FrameType.BLOCK, number=1))


def account(customer_id: str = "c-1") -> Account:
    return Account(
        customer_id=CustomerId(customer_id),
        segments={SegmentId("best"): None},
        permissions=frozenset({"offers"}),
        last_bought={"category:coffee": date(2026, 1, 1)},
        rfm_cell="555",
    )


def test_a_word_changes_its_own_purpose_and_its_own_person_only() -> None:
    words = Permissions()
    words.told({"customer_id": "c-1", "purpose": "offers", "given": False})
    words.told({"customer_id": "c-1", "purpose": "receipts", "given": True})
    changed = words.applied(account())
    assert changed is not None
    assert changed.permissions == {"receipts"}
    assert changed.segments == account().segments
    assert words.applied(account("c-2")) == account("c-2")
    assert words.applied(None) is None


def test_a_record_that_names_nobody_or_says_nothing_is_passed_over() -> None:
    words = Permissions()
    for content in ({}, {"customer_id": "", "purpose": "offers", "given": False}, {"customer_id": "c-1", "given": 1}):
        words.told(content)
    assert words.applied(account()) == account()


def test_the_memory_is_bounded_and_forgets_whom_the_hub_erased() -> None:
    words = Permissions()
    for number in range(PEOPLE_MAX + 1):
        words.told({"customer_id": f"c-{number}", "purpose": "membership", "given": False})
    assert words.applied(account("c-0")) is not None, "the oldest word went"
    assert words.applied(account("c-1")) is None
    words.forget("c-1")
    assert words.applied(account("c-1")) is not None


def test_the_desk_tells_consents_once_and_how_far_it_has_read(tmp_path: Path) -> None:
    async def story() -> None:
        async with Running(make_store(tmp_path)) as running:
            await says("offers")(running)
            await shops(answer=FrameType.BLOCK, number=1)(running)
            reader = JournalReader(running.core.state.journal, running.core.keys.journal)
            journal = DeskJournal(reader)
            seq, found = await journal.consents_after(0)
            assert [each["purpose"] for each in found] == ["offers"]
            assert await journal.consents_after(seq) == (running.core.writer.head_seq, [])
            reader.close()

    asyncio.run(story())
