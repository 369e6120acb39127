"""The till API over a real core: what a quote says, what a reservation holds, and that nothing is burned twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from agent.journal.reader import JournalReader
from agent.value.book import What
from tests.agent.core_house import ANNA, BORIS, Running, Tap, journal, kinds, receipt
from tests.agent.value.value_house import BREAD, COFFEE, TillHttp, lease, till_story, value_store


async def coupon_of(running: Running) -> str:
    """Print Anna a receipt with her coupon and return the coupon's number."""
    tap = await Tap.connect(running.core)
    await running.scan(ANNA)
    await tap.print(receipt(number=901))
    tap.close()
    issued = [record.content() for record in journal(running.core) if record.kind == "coupon.issued"]
    return str(issued[-1]["serial"])


def codes(*answers: Any) -> list[tuple[int, str]]:
    return [(each.status_code, each.json().get("code", "")) for each in answers]


def test_a_quote_says_what_a_coupon_takes_off_which_line_and_changes_nothing(tmp_path: Path):
    async def tell(running: Running, till: TillHttp) -> None:
        serial = await coupon_of(running)
        await till.post("identify", workstation_id="1", code=ANNA)
        before = running.core.writer.head_seq
        quote = (await till.post("quote", workstation_id="1", lines=[BREAD, COFFEE], coupons=[serial])).json()
        assert quote["price_effects"] == [{"line": 1, "campaign_id": "coffee-back", "amount": "-1.50"}]
        assert (quote["discount"], quote["known"], quote["coupons"][0]["accepted"]) == ("1.50", True, True)
        assert running.core.writer.head_seq == before

    till_story(value_store(tmp_path / "state"), tell)


def test_a_quote_says_clearly_why_a_coupon_is_not_good(tmp_path: Path):
    async def tell(running: Running, till: TillHttp) -> None:
        serial = await coupon_of(running)
        basket = {"workstation_id": "1", "lines": [BREAD], "coupons": [serial]}
        await till.post("identify", workstation_id="1", code=BORIS)
        other = (await till.post("quote", **basket)).json()
        await till.post("identify", workstation_id="1", code=ANNA)
        wrong = (await till.post("quote", **basket)).json()
        unknown = (await till.post("quote", workstation_id="1", lines=[BREAD], coupons=["tsc1:nonsense"])).json()
        assert [each["coupons"][0]["code"] for each in (other, wrong, unknown)] == [
            "coupon_basket",
            "coupon_basket",
            "coupon_unreadable",
        ]
        basket["lines"] = [COFFEE]
        await till.post("identify", workstation_id="2", code=BORIS)
        stolen = (await till.post("quote", **{**basket, "workstation_id": "2"})).json()
        assert stolen["coupons"][0]["code"] == "coupon_holder"
        assert "somebody else" in stolen["message"]

    till_story(value_store(tmp_path / "state"), tell)


def test_a_commit_burns_on_disk_and_the_same_key_is_answered_the_same_after_a_restart(tmp_path: Path):
    core = value_store(tmp_path / "state")
    told: dict[str, Any] = {}

    async def first(running: Running, till: TillHttp) -> None:
        serial = await coupon_of(running)
        await lease(running, 400)
        await till.post("identify", workstation_id="1", code=ANNA)
        basket = {"workstation_id": "1", "lines": [COFFEE], "coupons": [serial], "points": 300}
        told["reserve"] = (await till.post("reserve", key="k-1", **basket)).json()
        told["basket"] = basket
        held = told["reserve"]["reservation_id"]
        told["commit"] = (await till.post("commit", key="k-2", reservation_id=held)).json()
        assert told["commit"]["points"] == {"burned": 300, "amount": "3.00"}

    async def second(running: Running, till: TillHttp) -> None:
        held = told["reserve"]["reservation_id"]
        again = await till.post("reserve", key="k-1", **told["basket"])
        assert again.json() == told["reserve"]
        for key in ("k-2", "k-3"):
            assert (await till.post("commit", key=key, reservation_id=held)).json() == told["commit"]
        other = await till.post("reserve", key="k-1", **{**told["basket"], "points": 1})
        assert codes(other) == [(409, "key_reused")]

    till_story(core, first)
    core = till_story(value_store(tmp_path / "state"), second)
    assert kinds(core).count("points.burned") == kinds(core).count("coupon.redeemed") == 1
    burned = next(record.content() for record in journal(core) if record.kind == "points.burned")
    assert burned["limits_version"]
    assert burned["mirror_age_s"] is not None


def test_a_burn_that_is_on_disk_and_was_never_confirmed_is_confirmed_by_the_same_key(tmp_path: Path):
    """Between burn and confirmation core is gone: its answer never reached the till, its commit did reach the disk."""
    core = value_store(tmp_path / "state")
    told: dict[str, Any] = {}

    async def first(running: Running, till: TillHttp) -> None:
        await lease(running, 400)
        await till.post("identify", workstation_id="1", code=ANNA)
        held = (await till.post("reserve", key="k-1", workstation_id="1", lines=[COFFEE], points=100)).json()
        told["held"] = held["reservation_id"]
        lost = asyncio.ensure_future(till.post("commit", key="k-2", reservation_id=told["held"]))
        while "points.burned" not in kinds(running.core):  # noqa: ASYNC110 - a commit takes milliseconds
            await asyncio.sleep(0.001)
        lost.cancel()

    async def second(running: Running, till: TillHttp) -> None:
        answer = await till.post("commit", key="k-2", reservation_id=told["held"])
        assert answer.json()["points"]["burned"] == 100
        left = running.core.value.room.book.get(What.LEASE, "l-1")
        assert left is not None
        assert left["spent"] == 100

    till_story(core, first)
    till_story(value_store(tmp_path / "state"), second)


def test_two_tills_with_one_coupon_in_one_moment_one_wins_the_other_is_told_why(tmp_path: Path):
    async def tell(running: Running, till: TillHttp) -> None:
        serial = await coupon_of(running)
        for lane in ("1", "2"):
            await till.post("identify", workstation_id=lane, code=ANNA)
        asked = [
            till.post("reserve", key=f"k-{lane}", workstation_id=lane, lines=[COFFEE], coupons=[serial])
            for lane in ("1", "2")
        ]
        answers = await asyncio.gather(*asked)
        assert sorted(codes(*answers)) == [(200, ""), (409, "coupon_reserved")]
        winner = next(each.json() for each in answers if each.status_code == 200)
        await till.post("commit", key="k-3", reservation_id=winner["reservation_id"])
        late = await till.post("reserve", key="k-4", workstation_id="2", lines=[COFFEE], coupons=[serial])
        assert codes(late) == [(409, "coupon_used")]
        assert "till 1" in late.json()["message"] or "till 2" in late.json()["message"]

    core = till_story(value_store(tmp_path / "state"), tell)
    assert kinds(core).count("coupon.redeemed") == 1
    assert kinds(core).count("coupon.refused") == 2


def test_a_reversal_gives_everything_back_once_and_a_reservation_that_is_never_committed_costs_nothing(tmp_path: Path):
    async def tell(running: Running, till: TillHttp) -> None:
        serial = await coupon_of(running)
        await lease(running, 400)
        await till.post("identify", workstation_id="1", code=ANNA)
        basket = {"workstation_id": "1", "lines": [COFFEE], "coupons": [serial], "points": 400}
        held = (await till.post("reserve", key="k-1", **basket)).json()["reservation_id"]
        await till.post("commit", key="k-2", reservation_id=held)
        for key in ("k-3", "k-3", "k-4"):
            assert (await till.post("reverse", key=key, reservation_id=held)).json()["reversed"] is True
        assert codes(await till.post("commit", key="k-5", reservation_id=held)) == [(409, "reservation_reversed")]
        again = await till.post("reserve", key="k-6", **basket)
        assert again.status_code == 200, "coupon and points are there again"
        await till.post("reverse", key="k-7", reservation_id=again.json()["reservation_id"])
        assert (await till.post("reserve", key="k-8", **basket)).status_code == 200

    core = till_story(value_store(tmp_path / "state"), tell)
    assert kinds(core).count("points.reversed") == kinds(core).count("coupon.restored") == 1


def test_a_commit_after_the_reservation_ended_burns_nothing(tmp_path: Path):
    async def tell(running: Running, till: TillHttp) -> None:
        await lease(running, 400)
        await till.post("identify", workstation_id="1", code=ANNA)
        held = (await till.post("reserve", key="k-1", workstation_id="1", points=100)).json()["reservation_id"]
        book = running.core.value.room.book
        row = book.get(What.HOLD, held)
        assert row is not None
        ended = running.core.clock.now() - timedelta(seconds=1)
        book.put(What.HOLD, held, {**row, "until": ended.isoformat()})
        answer = await till.post("commit", key="k-2", reservation_id=held)
        assert codes(answer) == [(409, "reservation_expired")]
        assert codes(await till.post("commit", key="k-3", reservation_id="r-none")) == [(409, "reservation_unknown")]

    assert "points.burned" not in kinds(till_story(value_store(tmp_path / "state"), tell))


def test_points_are_refused_with_the_reason_until_the_chain_has_switched_them_on(tmp_path: Path):
    async def off(running: Running, till: TillHttp) -> None:
        await lease(running, 400)
        await till.post("identify", workstation_id="1", code=ANNA)
        assert codes(await till.post("reserve", key="k-1", workstation_id="1", points=1)) == [(409, "burn_off")]

    async def on(running: Running, till: TillHttp) -> None:
        nobody = await till.post("reserve", key="k-2", workstation_id="1", points=1)
        await till.post("identify", workstation_id="1", code=ANNA)
        without = await till.post("reserve", key="k-3", workstation_id="1", points=1)
        await lease(running, 5000)
        too_many = await till.post("reserve", key="k-4", workstation_id="1", points=501)
        quote = (await till.post("quote", workstation_id="1")).json()
        assert codes(nobody, without, too_many) == [
            (409, "points_nobody"),
            (409, "burn_no_lease"),
            (409, "burn_capped"),
        ]
        assert quote["points"]["redeemable"] == 500

    till_story(value_store(tmp_path / "off", policy={}), off)
    till_story(value_store(tmp_path / "on"), on)


def test_with_a_link_the_purchase_at_hand_gets_its_own_lease_whatever_is_allowed_without_one(tmp_path: Path):
    asked: list[tuple[str, int]] = []

    async def lend(account: str, points: int) -> dict[str, Any]:
        from datetime import UTC, datetime

        asked.append((account, points))
        ends = datetime.now(UTC) + timedelta(minutes=30)
        told = {"lease_id": "now", "account": account, "store": "7781", "points": points, "for_request": True}
        return {**told, "expires_at": ends.isoformat()}

    async def tell(running: Running, till: TillHttp) -> None:
        await till.post("identify", workstation_id="1", code=ANNA)
        held = await till.post("reserve", key="k-1", workstation_id="1", points=2000)
        done = await till.post("commit", key="k-2", reservation_id=held.json()["reservation_id"])
        assert done.json()["points"]["burned"] == 2000

    core = till_story(value_store(tmp_path / "state", policy={}), tell, lend=lend)
    assert asked == [("c-1", 2000)]
    burned = next(record.content() for record in journal(core) if record.kind == "points.burned")
    assert burned["without_link"] is False


def test_requests_that_make_no_sense_are_refused_in_the_one_shape(tmp_path: Path):
    async def tell(running: Running, till: TillHttp) -> None:
        answers = [
            await till.post("reserve", workstation_id="1"),
            await till.post("quote", workstation_id="9"),
            await till.post("quote", workstation_id="1", lines=[{"amount": "many"}]),
            await till.post("commit", key="k", reservation_id=""),
            await till.post("identify", workstation_id="1", code=""),
            await till.post("quote", workstation_id="1", colour="red"),
        ]
        assert [each.status_code for each in answers] == [422, 404, 422, 422, 422, 422]
        assert all(set(each.json()) == {"code", "message", "fix"} for each in answers)

    till_story(value_store(tmp_path / "state"), tell)


def test_whoever_is_erased_is_named_neither_by_the_journal_nor_by_the_ledger(tmp_path: Path):
    async def tell(running: Running, till: TillHttp) -> None:
        serial = await coupon_of(running)
        await lease(running, 300)
        await till.post("identify", workstation_id="1", code=ANNA)
        basket = {"workstation_id": "1", "lines": [COFFEE], "coupons": [serial], "points": 50}
        held = (await till.post("reserve", key="k-1", **basket)).json()["reservation_id"]
        await till.post("commit", key="k-2", reservation_id=held)
        await running.ask("erase", erasures=[{"erasure_no": 1, "customer_id": "c-1", "locators": []}])

    core = till_story(value_store(tmp_path / "state"), tell)
    reader = JournalReader(core.state.journal, core.keys.journal)
    rows = reader.value_rows()
    reader.close()
    assert rows
    assert not [row for row in rows if b'"c-1"' in row[2] or row[1] == "c-1"]
    assert not [record.kind for record in journal(core) if b'"c-1"' in (record.payload or b"")]
