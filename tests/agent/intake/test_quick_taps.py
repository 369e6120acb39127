"""A tap that tells a paper's end in the very moment it is given the paper, before pages hear of the sale."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import pytest

from agent.intake.session import TapSession
from pos_adapters.taps.frames import CUT_BODY, HEAD, OUTCOME_BODY, Frame, FrameType, Outcome
from tests.agent.core_house import ANNA, Running, Tap, kinds, receipt, story


@pytest.mark.parametrize(("outcome", "kind"), [(Outcome.PRINTED, "offer.printed"), (Outcome.LATE, "offer.not_printed")])
def test_an_outcome_that_comes_with_the_papers_own_sending_is_kept(tmp_path: Path, outcome: Outcome, kind: str):
    async def tell(running: Running, _: Tap) -> None:
        acknowledged, job, paper = asyncio.Event(), uuid4(), receipt(number=1, cut=False)

        def hear(data: bytes) -> None:
            if data[HEAD.size - 1] == FrameType.BLOCK:
                session.take([Frame(FrameType.OUTCOME, job.bytes + OUTCOME_BODY.pack(1, outcome))])
            elif data[HEAD.size - 1] == FrameType.ACK:
                acknowledged.set()

        session = TapSession(running.core.counter, send=hear, drop=pytest.fail)
        hello = {"protocol": 1, "workstation": "2", "model": "generic-80mm", "tap": "tap-2"}
        began = {"received_at": running.core.clock.now().isoformat()}
        session.take([Frame(FrameType.HELLO, json.dumps(hello).encode())])
        await running.scan(ANNA, workstation="2")
        session.take(
            [
                Frame(FrameType.JOB, job.bytes + json.dumps(began).encode()),
                Frame(FrameType.BYTES, job.bytes + paper),
                Frame(FrameType.CUT, job.bytes + CUT_BODY.pack(1, len(paper))),
                Frame(FrameType.JOB_END, job.bytes + json.dumps({"reason": "close"}).encode()),
            ]
        )
        await asyncio.wait_for(acknowledged.wait(), 60)
        session.lost()

    core = story(tmp_path, tell)
    assert kinds(core).count(kind) == 1, core.log.events
