"""Core as a tap and a desk see it: real sockets, real journal, real mirror, receipts by python-escpos."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from agent.journal.chain import ChainVerifier
from agent.journal.database import open_reading
from pos_adapters.taps.frames import FrameType, Outcome
from tests.agent.core_house import (
    ANNA,
    BORIS,
    CUT,
    PRODUCT,
    STAFF,
    Running,
    Tap,
    journal,
    kinds,
    make_store,
    receipt,
)


def identified(core) -> list[tuple[str | None, bool]]:
    """Return whose sales the journal names, and whether it is sure enough of them to print a name."""
    found = [record.content() for record in journal(core) if record.kind == "customer.identified"]
    return [(each["customer_id"], each["flagged"]) for each in found]


def story(folder: Path, tell, *, profile: str = "appendix"):
    """Run a story against a real core; return the core when it has stopped."""
    core = make_store(folder / "state", profile=profile)

    async def run() -> None:
        async with Running(core) as running:
            tap = await Tap.connect(core)
            await tell(running, tap)
            tap.close()

    asyncio.run(run())
    assert list(ChainVerifier().feed(journal(core))) == []
    return core


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
        await tap.print(receipt(number=1))
        assert (await running.hear("clear"))["data"]["reason"] == "completed"
        assert (await running.hear("sale"))["data"]["total"] == "7.48"
        assert (await running.hear("sale"))["data"]["paper"] == [
            {"campaign_id": "coffee-back", "outcome": "unconfirmed"}
        ]

    story(tmp_path, tell)


def test_undo_takes_a_scan_back(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        scan_id = await running.scan(ANNA)
        assert (await running.ask("undo", scan_id=scan_id))["ok"]
        assert (await running.ask("undo", scan_id=scan_id))["ok"]
        assert (await tap.print(receipt(number=1))).type is FrameType.NONE

    assert kinds(story(tmp_path, tell)) == ["transaction.completed"]


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


def test_two_receipts_in_one_job_are_two_sales(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        first, second = receipt(number=1, cut=False), receipt(number=2, cut=False)
        job = tap.begin(first)
        await tap.cut(job, first)
        tap.send(FrameType.BYTES, job.bytes + CUT + second)
        await tap.cut(job, first + CUT + second, cut_no=2)
        tap.send(FrameType.BYTES, job.bytes + CUT)
        assert (await tap.end(job)).type is FrameType.ACK

    assert kinds(story(tmp_path, tell)) == ["transaction.completed"] * 2


def test_a_job_without_a_cut_is_a_sale_when_it_ends(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        job = tap.begin(receipt(number=1, cut=False))
        assert (await tap.end(job)).type is FrameType.ACK

    assert kinds(story(tmp_path, tell)) == ["transaction.completed"]


def test_the_same_receipt_printed_again_is_a_copy_and_another_total_is_parked(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await tap.print(receipt(number=5))
        await tap.print(receipt(number=5))
        await tap.print(receipt(number=5, items=[("Tea", "3.00")]))

    core = story(tmp_path, tell)
    assert kinds(core) == ["transaction.completed", "document.parked"]
    assert journal(core)[1].content()["reason"] == "conflict"


def test_a_spooled_job_is_taken_once_however_often_it_comes(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        job = tap.spool(running.core, receipt(number=1))
        assert (await tap.hear(job)).type is FrameType.ACK
        tap.spool(running.core, receipt(number=1), job=job)
        assert (await tap.hear(job)).type is FrameType.ACK

    assert kinds(story(tmp_path, tell)) == ["transaction.completed"]


def test_a_job_that_was_taken_in_part_is_completed_from_the_spool(tmp_path: Path):
    """Core acknowledges whole jobs only; what it already has of one is not taken again."""

    async def tell(running: Running, tap: Tap) -> None:
        first, second = receipt(number=1), receipt(number=2)
        job = tap.begin(first.removesuffix(CUT))
        await tap.cut(job, first.removesuffix(CUT))
        tap.close()
        again = await Tap.connect(running.core)
        again.spool(running.core, first + second, job=job)
        assert (await again.hear(job)).type is FrameType.ACK
        again.close()

    assert kinds(story(tmp_path, tell)) == ["transaction.completed"] * 2


def test_a_block_that_never_reached_the_tap_is_known_from_the_spool(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        data = receipt(number=1)
        job = tap.begin(data.removesuffix(CUT))
        assert (await tap.cut(job, data.removesuffix(CUT))).type is FrameType.BLOCK
        tap.close()
        again = await Tap.connect(running.core)
        again.spool(running.core, data, job=job)
        assert (await again.hear(job)).type is FrameType.ACK
        again.close()

    core = story(tmp_path, tell)
    assert kinds(core)[-2:] == ["offer.not_printed", "coupon.voided"]


def test_another_tap_at_a_lane_prints_nobodys_name_and_the_scan_earns_flagged(tmp_path: Path):
    """What was printed while it was away is unknown, so a scan from before may be another customer's."""

    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        again = await Tap.connect(running.core)
        assert (await again.print(receipt(number=1))).type is FrameType.NONE
        again.close()

    assert identified(story(tmp_path, tell)) == [("c-1", True)]


def test_a_spooled_job_sealed_to_another_agent_is_left_with_the_tap(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        tap.send(FrameType.SEALED, bytes(16) + b"no job of ours")
        assert (await tap.print(receipt(number=1))).type is FrameType.NONE
        status = await running.ask("status")
        assert "sealed_job" in {trouble["code"] for trouble in status["core"]["troubles"]}

    story(tmp_path, tell)


@pytest.mark.parametrize(
    "nonsense",
    [b"\xff" * 64, b"\x00\x00\x00\x02\x02{}", b"\x00\x00\x00\x02\x01{}", b"\x00\x00\x00\x05\x01nojso"],
    ids=["noise", "job before hello", "hello without workstation", "no json"],
)
def test_a_peer_that_makes_no_sense_is_dropped_and_others_go_on(tmp_path: Path, nonsense):
    async def tell(running: Running, tap: Tap) -> None:
        reader, writer = await asyncio.open_unix_connection(str(running.core.state.core_socket))
        writer.write(nonsense)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        assert (await tap.print(receipt(number=1))).type is FrameType.NONE

    story(tmp_path, tell)


def captures(core) -> bytes:
    """Return all captures that stand in the journal."""
    place = core.place
    with contextlib.closing(open_reading(place.path, place.key)) as connection:
        return b"".join(row[0] or b"" for row in connection.execute("SELECT body FROM capture"))


def test_payment_cards_are_masked_before_anything_is_kept(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await tap.print(receipt(number=1, remark="VISA 4111 1111 1111 1111"))

    core = story(tmp_path, tell)
    kept = captures(core) + b"".join(record.payload for record in journal(core))
    assert b"4111 1111 1111 1111" not in kept
    assert b"4111 11** **** 1111" in kept
    assert kinds(core) == ["transaction.completed"]


def test_a_member_number_on_the_receipt_itself_says_whose_sale_it_is(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        answer = await tap.print(receipt(number=1, remark=f"Member card {ANNA}"))
        assert answer.type is FrameType.BLOCK
        assert b"Anna, your coffee" in answer.body

    core = story(tmp_path, tell)
    identified = next(record.content() for record in journal(core) if record.kind == "customer.identified")
    assert (identified["how"], identified["customer_id"], identified["flagged"]) == ("printed", "c-1", False)
    kept = captures(core) + b"".join(record.payload for record in journal(core))
    assert ANNA.encode() not in kept
    assert b"*********0017" in kept


def test_a_member_number_that_is_looked_up_too_late_is_linked_after_printing(tmp_path: Path):
    core = make_store(tmp_path / "state", look_up_within_s=0.0)

    async def run() -> None:
        async with Running(core):
            tap = await Tap.connect(core)
            answer = await tap.print(receipt(number=1, remark=f"Member card {ANNA}"))
            assert answer.type is FrameType.NONE
            while core.writer.head_seq < 2:  # noqa: ASYNC110 - the look-up takes 12 ms
                await asyncio.sleep(0.01)
            tap.close()

    asyncio.run(run())
    assert kinds(core) == ["transaction.completed", "customer.identified"]


def test_noise_is_captured_and_acknowledged(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        job = tap.begin(bytes(range(256)) * 400)
        answer = await tap.end(job)
        assert answer.type is FrameType.ACK

    core = story(tmp_path, tell)
    assert "transaction.completed" not in kinds(core)


def test_a_large_capture_is_a_sealed_file_that_reads_back(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        goods = [(f"Article {number}", "1.00") for number in range(400)]
        await tap.print(receipt(number=1, items=goods))

    core = story(tmp_path, tell)
    files = list((core.state.captures).iterdir())
    assert len(files) == 1
    assert b"Article" not in files[0].read_bytes()


def test_scans_of_noise_and_of_unknown_places_are_refused(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        for place, code, expected in (("9", ANNA, "not_found"), ("1", "", "no_code"), ("1", "\x07\x08", "no_code")):
            answer = await running.ask("scan", workstation_id=place, code=code, symbology="", source="scanner")
            assert (answer["ok"], answer["code"]) == (False, expected)
        assert (await running.ask("fly"))["code"] == "unknown_op"
        assert (await running.ask("scan", workstation_id=1))["code"] == "invalid"

    story(tmp_path, tell)


def test_what_is_born_on_a_page_is_journalled_once(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        visit = {"request_id": "r-1", "kiosk": "1"}
        first = await running.ask("append", kind="visit", workstation_id="1", payload=visit)
        again = await running.ask("append", kind="visit", workstation_id="1", payload=visit)
        assert (first["seq"], again["seq"]) == (1, None)
        refused = await running.ask("append", kind="points.burned", workstation_id="1", payload={})
        assert refused["code"] == "kind"

    assert kinds(story(tmp_path, tell)) == ["visit"]


def test_cursors_parks_and_status_are_kept_and_told(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await tap.print(receipt(number=1))
        await running.ask("cursor_move", destination="hub", epoch=1, seq=1, head_hash="ab")
        await running.ask("park", destination="hub", seq=1, reason="refused", detail="why")
        assert (await running.ask("park", destination="hub", seq=1, reason="mood"))["ok"] is False
        await running.ask("unpark", destination="hub", seq=1)
        status = await running.ask("status")
        assert status["journal"]["head_seq"] == 1
        assert status["mirror"]["customers"] == 3
        assert status["taps"] == []

    story(tmp_path, tell)


def test_an_erased_person_is_gone_and_the_chain_still_verifies(tmp_path: Path):
    async def tell(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        await tap.print(receipt(number=1))
        await running.scan(BORIS)
        await tap.print(receipt(number=2))
        erasure = {"erasure_no": 1, "customer_id": "c-1", "locators": []}
        assert (await running.ask("erase", erasures=[erasure]))["records"] == 3
        assert (await running.ask("erase", erasures=[erasure]))["records"] == 0

    core = story(tmp_path, tell)
    said = b"".join(record.payload or b"" for record in journal(core))
    assert b'"c-1"' not in said
    assert b'"c-2"' in said
    assert kinds(core).count("erasure.applied") == 1
    assert kinds(core).count("transaction.completed") == 2
    assert all(record.payload for record in journal(core) if record.kind == "transaction.completed")


def test_a_core_that_starts_again_remembers_caps_and_settles_what_was_left(tmp_path: Path):
    async def first(running: Running, tap: Tap) -> None:
        await running.scan(ANNA)
        data = receipt(number=1, cut=False)
        await tap.cut(tap.begin(data), data)

    story(tmp_path, first)

    async def second(running: Running, tap: Tap) -> None:
        ledger = running.core.memory.ledger(None, running.core.offers.today(running.core.clock.now()))
        assert ledger.store["coffee-back"] == 1
        await tap.print(receipt(number=1))

    core = story(tmp_path, second)
    assert kinds(core).count("transaction.completed") == 1, "the same number and total is a copy after a restart too"
