"""A lane whose receipt stands before its cut, with the block lent: for tests of what may come then."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from uuid import UUID

from agent.bootstrap import Core
from pos_adapters.taps.frames import ANSWER_BODY, CUT_BODY, LEND_BODY, FrameType
from pos_adapters.taps.right import Right
from tests.agent.core_house import CUT, Answer, Running, Tap, receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A receipt that stands before its cut, with the block that its tap may print."""

    tap: Tap
    right: Right
    job: UUID
    paper: bytes
    block: bytes
    number: int
    running: Running | None = None

    @property
    def core(self) -> Core:
        """The store's core."""
        assert self.running is not None
        return self.running.core

    async def tells(self, op: str, **values: object) -> None:
        """Ask core as a page does."""
        assert self.running is not None
        await self.running.ask(op, **values)

    def take(self) -> bool:
        """Take the right, as a tap does at its cut."""
        return self.right.take() == self.number

    def tell_used(self) -> None:
        """Say what has been printed."""
        self.tap.send(FrameType.USED, self.job.bytes + CUT_BODY.pack(1, len(self.paper)))

    async def ask(self) -> Answer:
        """Ask about the cut."""
        self.tap.send(FrameType.CUT, self.job.bytes + CUT_BODY.pack(1, len(self.paper)))
        while (answer := await self.tap.hear(self.job)).type in (FrameType.AHEAD, FrameType.LEND):
            pass
        return Answer(answer.type, answer.body[ANSWER_BODY.size :])

    async def end(self) -> None:
        """Print the cut and end the job."""
        self.tap.send(FrameType.BYTES, self.job.bytes + CUT)
        assert (await self.tap.end(self.job)).type is FrameType.ACK


def lending_hello(tap: Tap, right: Right, *, older: bool = False) -> None:
    """Let a tap say that it prints what is lent."""
    hello = {"workstation": tap.workstation, "model": "generic-80mm", "tap": tap.tap, "older": older, "ahead": True}
    tap.send(FrameType.HELLO, json.dumps({"protocol": 1, **hello, "right": right.path}).encode())


async def printed_as_lent(tap: Tap, right: Right, job: UUID, paper: bytes) -> Answer | None:
    """Print what is lent for a cut behind all of a job, and say so; None where nothing is."""
    number, told, block = right.take(), 0, b""
    if number is None:
        return None
    while told != number:
        frame = await tap.hear(job)
        if frame.type is FrameType.AHEAD:
            block = frame.body
        else:
            told = LEND_BODY.unpack(frame.body)[2]
    tap.send(FrameType.USED, job.bytes + CUT_BODY.pack(1, len(paper)))
    return Answer(FrameType.BLOCK, block)


def made() -> Right:
    """Return a pipe."""
    right = Right.made()
    assert right is not None
    return right


async def lent(running: Running, tap: Tap, number: int) -> Lane:
    """Print a receipt up to its cut; return when its block is lent."""
    right, paper = made(), receipt(number=number, cut=False)
    lending_hello(tap, right)
    lane = await lent_for(tap, right, tap.begin(paper), paper)
    return replace(lane, running=running)


async def lent_for(tap: Tap, right: Right, job: UUID, paper: bytes) -> Lane:
    """Return when a block is lent for a cut behind all of this."""
    block, told = b"", (0, 0, 0)
    while told[1] != len(paper):
        frame = await tap.hear(job)
        if frame.type is FrameType.AHEAD:
            block = frame.body
        else:
            assert frame.type is FrameType.LEND
            told = LEND_BODY.unpack(frame.body)
    return Lane(tap=tap, right=right, job=job, paper=paper, block=block, number=told[2])


async def foreseen(core: Core, job_bytes: int) -> None:
    """Return when core has read so much of the open jobs and has put by on disk what it can."""
    async with asyncio.timeout(60):
        while True:
            jobs = [job for session in core.counter.sessions for job in session._jobs.values()]
            kept = [job.foreseen.kept for job in jobs if job.foreseen is not None]
            if sum(job.fed_bytes for job in jobs) >= job_bytes and all(each and each.done() for each in kept) and kept:
                break
            await asyncio.sleep(0)
    await asyncio.sleep(0)  # what follows from it
