"""Core, a process of its own, killed with SIGKILL at every stage of a receipt; then its tap hands over what it kept.

Whatever the stage: one sale in the journal, its customer once, and one end for every offer that was decided.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest

from agent.bootstrap import Core
from agent.journal.chain import ChainVerifier
from pos_adapters.taps.frames import FrameType, Outcome
from tests.agent.core_house import ANNA, CONFIG, CUT, Tap, journal, make_store, receipt
from tests.agent.core_process import ask_when_there, start_core

PAPER = receipt(number=7).removesuffix(CUT)
Stage = Callable[[Tap, UUID], Awaitable[None]]


async def nothing(tap: Tap, job: UUID) -> None:
    """Die after the job has begun."""


async def half(tap: Tap, job: UUID) -> None:
    """Die in the middle of the receipt."""
    tap.send(FrameType.BYTES, job.bytes + PAPER[: len(PAPER) // 2])
    await tap.writer.drain()


async def whole(tap: Tap, job: UUID) -> None:
    """Die behind the last line, before the cut."""
    tap.send(FrameType.BYTES, job.bytes + PAPER)
    await tap.writer.drain()


async def asked(tap: Tap, job: UUID) -> None:
    """Die while the cut is held, some time before or after the commit: nobody waits for the answer."""
    await whole(tap, job)
    tap.send(FrameType.CUT, job.bytes + b"\x00\x01" + len(PAPER).to_bytes(4, "big"))
    await tap.writer.drain()


async def answered(tap: Tap, job: UUID) -> None:
    """Die when the block has been given."""
    await whole(tap, job)
    await tap.cut(job, PAPER)


async def settled(tap: Tap, job: UUID) -> None:
    """Die when the outcome has been told."""
    await answered(tap, job)
    tap.outcome(job, Outcome.PRINTED)
    await tap.writer.drain()


async def ended(tap: Tap, job: UUID) -> None:
    """Die before the end is acknowledged."""
    await settled(tap, job)
    tap.send(FrameType.BYTES, job.bytes + CUT)
    tap.send(FrameType.JOB_END, job.bytes + json.dumps({"reason": "close", "truncated": False}).encode())
    await tap.writer.drain()


async def acknowledged(tap: Tap, job: UUID) -> None:
    """Die when the tap has been told to forget it; it hands it over all the same."""
    await settled(tap, job)
    tap.send(FrameType.BYTES, job.bytes + CUT)
    assert (await tap.end(job)).type is FrameType.ACK


SAMPLE = (half, asked, settled)
EVERY = (nothing, half, whole, asked, answered, settled, ended, acknowledged)


@pytest.mark.real
@pytest.mark.parametrize(
    "stages",
    [SAMPLE, pytest.param(EVERY * 5, marks=pytest.mark.slow)],
    ids=["a sample", "every stage, five times"],
)
def test_core_killed_at_any_stage_costs_no_sale_no_customer_and_no_end(tmp_path: Path, stages: tuple[Stage, ...]):
    for number, stage in enumerate(stages):
        folder = tmp_path / f"{number}-{stage.__name__}"
        folder.mkdir()
        core = make_store(folder / "state")
        asyncio.run(kill_at(core, folder, stage))
        what = f"{stage.__name__}: {kinds_of(core)}"
        assert list(ChainVerifier().feed(journal(core))) == [], what
        kinds = kinds_of(core)
        assert kinds.count("transaction.completed") == 1, what
        assert [each["customer_id"] for each in contents(core, "customer.identified")] == ["c-1"], what
        ends = contents(core, "offer.printed") + contents(core, "offer.not_printed")
        assert len(ends) == kinds.count("offer.decided") <= 1, what


def contents(core: Core, kind: str) -> list[dict[str, object]]:
    return [record.content() for record in journal(core) if record.kind == kind]


def kinds_of(core: Core) -> list[str]:
    return [record.kind for record in journal(core)]


async def kill_at(core: Core, folder: Path, stage: Stage) -> None:
    """Play one life of core to a stage and kill it; hand the job over in the next."""
    config = folder / "agent.toml"
    config.write_text(CONFIG.format(state_dir=folder / "state", profile="appendix"), "utf-8")
    process = await start_core(config)
    assert (await ask_when_there(core.state.control_socket, ANNA))["ok"]
    tap = await connected(core, older=False)
    job = tap.begin(b"")
    await tap.writer.drain()
    await stage(tap, job)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    tap.close()
    process = await start_core(config)
    again = await connected(core, older=True)
    again.spool(core, PAPER + CUT, job=job, outcomes={1: Outcome.PRINTED} if stage is not asked else {})
    assert (await again.hear(job)).type is FrameType.ACK
    again.hello(older=False)
    again.close()
    process.terminate()
    await process.wait()


async def connected(core: Core, *, older: bool) -> Tap:
    """Connect as a tap does, as soon as core listens."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError):
                tap = Tap(*await asyncio.open_unix_connection(str(core.state.core_socket)))
                tap.hello(older=older)
                return tap
            await asyncio.sleep(0.02)
