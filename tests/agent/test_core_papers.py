"""Core as a tap sees it, paper by paper: jobs, copies, the spool, what is masked, what is kept as a file."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from agent.journal.database import open_reading
from pos_adapters.taps.frames import FrameType
from tests.agent.core_house import (
    ANNA,
    CUT,
    Running,
    Tap,
    identified,
    journal,
    kinds,
    make_store,
    receipt,
    story,
)


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
        assert await asyncio.wait_for(reader.read(), 60) == b""
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
