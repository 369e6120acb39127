"""Core as a tap and a desk see it, person by person: real sockets, real journal, real mirror."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.identity.scanning import Presented
from pos_adapters.taps.frames import FrameType, Outcome
from tests.agent.core_house import (
    ANNA,
    BORIS,
    PRODUCT,
    STAFF,
    Running,
    Tap,
    journal,
    kinds,
    receipt,
    story,
)


def test_a_member_gets_their_offer_before_the_cut_and_all_of_it_is_on_disk(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        answer = await tap.print(receipt(number=1))
        assert answer.type is FrameType.BLOCK
        assert b"Anna, your coffee: 15 % off" in answer.body

    core = story(tmp_path, tell)
    assert kinds(core) == [
        "transaction.completed",
        "customer.identified",
        "offer.decided",
        "coupon.issued",
        "offer.printed",
    ]
    completed, identified, decided, issued, printed = (record.content() for record in journal(core))
    assert completed["transaction"]["total"] == "7.48"
    assert completed["transaction"]["currency"] == "EUR"
    assert identified["customer_id"] == "c-1"
    assert decided["offers"][0]["serial"] == issued["serial"]
    assert printed["outcome"] == "unconfirmed"


def test_a_stranger_gets_none_and_the_sale_is_kept(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        assert (await tap.print(receipt(number=1))).type is FrameType.NONE

    core = story(tmp_path, tell)
    assert kinds(core) == ["transaction.completed"]


def test_staff_get_no_offers(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(STAFF)
        assert (await tap.print(receipt(number=1))).type is FrameType.NONE

    core = story(tmp_path, tell)
    assert kinds(core) == ["transaction.completed", "customer.identified"]


def test_pages_hear_who_it_is_what_to_say_and_that_they_are_gone(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        scan_id = await running.scan(ANNA)
        customer = await running.hear("customer")
        assert (customer["workstation"], customer["data"]["first_name"]) == ("1", "Anna")
        assert customer["data"]["scan_id"] == scan_id
        assert ANNA not in str(customer)
        offers = await running.hear("offers")
        assert "Tell them: 15 % off coffee" in offers["data"]["sentences"]
        assert len(offers["data"]["paper"]) == 1
        assert "15 % off" in offers["data"]["paper"][0]
        await tap.print(receipt(number=1))
        assert (await running.hear("clear"))["data"]["reason"] == "completed"
        sold = (await running.hear("sale"))["data"]
        assert (sold["total"], sold["paper"]) == ("7.48", [])
        again = (await running.hear("sale"))["data"]
        paper = [{"campaign_id": "coffee-back", "outcome": "unconfirmed"}]
        assert again == {**sold, "as_of": again["as_of"], "paper": paper, "again": True}

    story(tmp_path, tell)


@pytest.mark.parametrize(("profile", "papers"), [("off", 0), ("on_request", 1), ("separate_slip", 1)])
def test_what_the_paper_will_carry_is_told_where_there_will_be_one(tmp_path: Path, profile: str, papers: int):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        assert len((await running.hear("offers"))["data"]["paper"]) == papers

    story(tmp_path, tell, profile=profile)


def test_undo_takes_a_scan_back(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        scan_id = await running.scan(ANNA)
        assert (await running.ask("undo", scan_id=scan_id))["ok"]
        assert (await running.ask("undo", scan_id=scan_id))["ok"]
        assert (await tap.print(receipt(number=1))).type is FrameType.NONE

    assert kinds(story(tmp_path, tell)) == ["transaction.completed"]


def test_after_undo_the_pages_show_whoever_was_scanned_before(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        first = await running.scan(ANNA)
        await running.hear("customer")
        wrong = await running.scan(BORIS)
        assert (await running.hear("customer"))["data"]["first_name"] == "Boris"
        await running.ask("undo", scan_id=wrong)
        again = (await running.hear("customer"))["data"]
        assert (again["first_name"], again["scan_id"]) == ("Anna", first)

    story(tmp_path, tell)


def test_a_card_scanned_while_another_is_taken_back_is_no_stranger_for_a_moment(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        wrong = await running.scan(BORIS)
        await running.hear("customer")
        right = asyncio.ensure_future(
            running.core.scanning.scan(Presented(workstation_id="1", code=ANNA, symbology="ean13"))
        )
        await asyncio.sleep(0)
        await running.core.scanning.undo(wrong)
        await right
        await running.ask("status")
        heard = [push["data"] for push in running.pushes if push["event"] == "customer"]
        assert [each.get("first_name") for each in heard] == ["Anna"]

    story(tmp_path, tell)


def test_a_late_card_earns_and_the_next_paper_carries_nobodys_name(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await tap.print(receipt(number=1))
        await running.scan(ANNA)
        assert (await tap.print(receipt(number=2))).type is FrameType.NONE

    core = story(tmp_path, tell)
    late = [record.content() for record in journal(core) if record.kind == "customer.identified"]
    assert [(each["how"], each["flagged"], each["customer_id"]) for each in late] == [("late", True, "c-1")]
    assert late[0]["transaction_id"] == journal(core)[0].content()["transaction"]["transaction_id"]


def test_once_goods_are_scanned_a_card_is_for_the_new_sale(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await tap.print(receipt(number=1))
        await running.scan(PRODUCT)
        await running.scan(ANNA)
        assert (await tap.print(receipt(number=2))).type is FrameType.BLOCK

    story(tmp_path, tell)


def test_a_scan_at_one_workstation_says_nothing_at_another(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA, workstation="2")
        assert (await tap.print(receipt(number=1))).type is FrameType.NONE

    story(tmp_path, tell)


def test_a_separate_slip_comes_as_a_slip(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        data = receipt(number=1, cut=False)
        job = tap.begin(data)
        slip = await tap.cut(job, data)
        assert slip.type is FrameType.SLIP
        assert b"\x1dV" in slip.body, "a slip of its own brings its own cut"

    story(tmp_path, tell, profile="separate_slip")


@pytest.mark.parametrize("profile", ["off", "on_request"])
def test_where_nothing_may_be_printed_nothing_is_decided(tmp_path: Path, profile):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        assert (await tap.print(receipt(number=1))).type is FrameType.NONE

    assert kinds(story(tmp_path, tell, profile=profile)) == ["transaction.completed", "customer.identified"]


def test_on_request_prints_for_whoever_asked(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        await running.ask("paper", workstation_id="1")
        data = receipt(number=1, cut=False)
        assert (await tap.cut(tap.begin(data), data)).type is FrameType.SLIP

    story(tmp_path, tell, profile="on_request")


def test_an_offer_that_was_not_printed_is_given_back_and_its_coupon_is_void(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        await tap.print(receipt(number=1), outcome=Outcome.LATE)

    core = story(tmp_path, tell)
    assert kinds(core)[-2:] == ["offer.not_printed", "coupon.voided"]
    assert journal(core)[-2].content()["outcome"] == "late"
    assert core.memory.ledger(None, core.offers.today(core.clock.now())).store["coffee-back"] == 0


def test_an_outcome_told_twice_is_journalled_once(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        data = receipt(number=1, cut=False)
        job = tap.begin(data)
        await tap.cut(job, data)
        tap.outcome(job, Outcome.PRINTED)
        tap.outcome(job, Outcome.NOT_SENT)
        assert (await tap.end(job)).type is FrameType.ACK

    core = story(tmp_path, tell)
    assert kinds(core).count("offer.printed") == 1
    assert "offer.not_printed" not in kinds(core)
