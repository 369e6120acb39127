"""What comes together is read together: the same papers and records, whatever comes with what."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from agent.intake.bursts import together
from agent.intake.session import TapSession
from agent.journal.records import JournalKind
from pos_adapters.taps.frames import CUT_BODY, HEAD, Frame, FrameType
from tests.agent.core_house import Running, Tap, journal, receipt, story

JOB, OTHER = UUID(int=1).bytes, UUID(int=2).bytes
DIFFERENT_EACH_TIME = ("transaction_id", "job_id", "sequence_number", "occurred_at")


def test_bytes_of_one_job_that_follow_each_other_are_one_frame():
    end = Frame(FrameType.JOB_END, JOB)
    pieces = [Frame(FrameType.BYTES, JOB + piece) for piece in (b"a", b"b")]
    assert list(together([*pieces, end])) == [(Frame(FrameType.BYTES, JOB + b"ab"), False), (end, False)]


def test_bytes_of_two_jobs_stay_two():
    frames = [Frame(FrameType.BYTES, JOB + b"a"), Frame(FrameType.BYTES, OTHER + b"b")]
    assert [frame for frame, _ in together(frames)] == frames


@pytest.mark.parametrize(("job", "has_come"), [(JOB, True), (OTHER, False)])
def test_a_cut_is_foretold_to_its_own_job(job: bytes, has_come: bool):
    frames = [Frame(FrameType.BYTES, JOB + b"a"), Frame(FrameType.CUT, job + CUT_BODY.pack(1, 1))]
    assert list(together(frames)) == [(frames[0], has_come), (frames[1], False)]


def test_nothing_is_nothing():
    assert list(together([])) == []


def test_whatever_comes_with_what_two_receipts_of_one_job_are_the_same_sales(tmp_path: Path):
    ways = random.Random(20261122)

    async def tell(running: Running, _: Tap) -> None:
        acked: set[bytes] = set()
        all_done = asyncio.Event()

        def hear(data: bytes) -> None:
            if data[HEAD.size - 1] == FrameType.ACK:
                acked.add(data[HEAD.size : HEAD.size + 16])
                all_done.set()

        session = TapSession(running.core.counter, send=hear, drop=pytest.fail)
        hello = {"protocol": 1, "workstation": "2", "model": "generic-80mm", "tap": "tap-2"}
        session.take([Frame(FrameType.HELLO, json.dumps(hello).encode())])
        for way in range(8):
            frames = two_receipts(100 + 2 * way, began=running.core.clock.now().isoformat())
            while frames:
                count = {0: 1, 1: len(frames)}.get(way, ways.randrange(1, 9))
                session.take(frames[:count])
                del frames[:count]
                await asyncio.sleep(0)
            await asyncio.wait_for(all_done.wait(), 60)
            all_done.clear()
        session.lost()

    core = story(tmp_path, tell)
    sales = [record.content() for record in journal(core) if record.kind == JournalKind.TRANSACTION_COMPLETED]
    assert len(sales) == 16, core.log.events
    assert all(_bare(each) == _bare(sales[at % 2]) for at, each in enumerate(sales))


def two_receipts(number: int, *, began: str) -> list[Frame]:
    """Return the frames of a job of two receipts, in pieces of 100 bytes."""
    job = uuid4().bytes
    frames, sent = [Frame(FrameType.JOB, job + json.dumps({"received_at": began}).encode())], 0
    for cut_no in (1, 2):
        paper = receipt(number=number + cut_no, items=[("Milk", "1.19"), ("Apples", "3.05")][:cut_no], cut=False)
        frames += [Frame(FrameType.BYTES, job + paper[at : at + 100]) for at in range(0, len(paper), 100)]
        sent += len(paper)
        frames.append(Frame(FrameType.CUT, job + CUT_BODY.pack(cut_no, sent)))
    return [*frames, Frame(FrameType.JOB_END, job + json.dumps({"reason": "close"}).encode())]


def _bare(sale: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in sale["transaction"].items() if name not in DIFFERENT_EACH_TIME}
