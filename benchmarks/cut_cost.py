"""What a cut costs core: processor time from the CUT frame to its answer, and from there to the end of the job.

Core runs in this process with its real journal, mirror and a thousand campaigns; a tap's session is fed as its socket
would feed it, one member's receipt of 2 KB after the other, nothing else running in the process. Processor time (all
threads) lies less than the clock on a machine that others use. The times are medians, the smallest ones beside them.
Twice: with the cut some milliseconds behind the last line, as on a cable, where core has worked everything out before;
and in one burst with the receipt, where all of it comes with the CUT.
`--profile` runs the same under cProfile and tells which functions of the loop take longest.
"""

from __future__ import annotations

import asyncio
import contextlib
import cProfile
import json
import os
import pstats
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import bench_store
import harness
from hold_at_cut import PRODUCT, receipt

from agent.bootstrap import Core, build
from agent.config import load_config
from agent.core import run_core
from agent.identity.scanning import Presented
from agent.intake.session import TapSession
from pos_adapters.taps.frames import CUT_BODY, OUTCOME_BODY, Frame, FrameReader, FrameType, Outcome

CUT = b"\x1dV\x00"
PIECE_BYTES = 512  # as registers hand a receipt to their network
LANES = 4
WARM_UP = 8  # receipts that fill caches; a store's first ones of a day
ANSWER_WITHIN_S = 60.0
PAUSE_S = 0.02  # between the last line and the cut on a cable: feeds of 200 bytes
PROFILED = 25  # functions to name


@dataclass(slots=True)
class Lane:
    """One tap's session, fed from here."""

    session: TapSession
    answered: asyncio.Future[tuple[bytes, float, float]]
    acked: asyncio.Future[None]
    frames: FrameReader = field(default_factory=FrameReader)


@dataclass(slots=True)
class Seen:
    """What one cut cost, in ms of processor time; `wall_ms` by the clock."""

    streaming_ms: float
    loop_ms: float
    answer_ms: float
    whole_ms: float
    wall_ms: float
    printed: bool


def open_lane(core: Core, number: int, loop: asyncio.AbstractEventLoop) -> Lane:
    """Return a session that has said hello."""

    def send(data: bytes) -> None:
        at = time.process_time(), time.perf_counter()
        for frame in lane.frames.feed(data):
            if frame.type in (FrameType.BLOCK, FrameType.NONE, FrameType.SLIP) and not lane.answered.done():
                printed = frame.payload if frame.type is FrameType.BLOCK else b""
                lane.answered.set_result((printed, *at))
            if frame.type is FrameType.ACK and not lane.acked.done():
                lane.acked.set_result(None)

    def drop(why: str) -> None:
        lane.answered.set_exception(RuntimeError(why))

    session = TapSession(core.counter, send=send, drop=drop)
    lane = Lane(session, loop.create_future(), loop.create_future())
    hello = {"protocol": 1, "workstation": str(number + 1), "printer": "", "tap": str(uuid.uuid4()), "model": ""}
    session.take([Frame(FrameType.HELLO, json.dumps(hello).encode())])
    return lane


async def one_receipt(
    core: Core, lane: Lane, card: str, body: bytes, *, pause_s: float, profile: cProfile.Profile | None
) -> Seen:
    """Scan, print and cut; return what it cost."""
    loop = asyncio.get_running_loop()
    lane.answered, lane.acked = loop.create_future(), loop.create_future()
    place = lane.session.workstation_id
    for code in (PRODUCT, card):
        await core.scanning.scan(Presented(workstation_id=place, code=code, symbology="ean13", source="scanner"))
    await core.scanning.settle()
    job = uuid.uuid4().bytes
    pieces = [body[at : at + PIECE_BYTES] for at in range(0, len(body), PIECE_BYTES)]
    told = json.dumps({"received_at": datetime.now(UTC).isoformat()}).encode()
    printed = [Frame(FrameType.JOB, job + told), *(Frame(FrameType.BYTES, job + piece) for piece in pieces)]
    cut = Frame(FrameType.CUT, job + CUT_BODY.pack(1, len(body)))
    began = time.process_time()
    if pause_s:
        for frame in printed:
            lane.session.take([frame])
        printed.clear()
        await asyncio.sleep(pause_s)
    if profile:
        profile.enable()
    cut_at, wall = time.process_time(), time.perf_counter()
    lane.session.take([*printed, cut])
    loop_ms = (time.process_time() - cut_at) * 1e3
    block, answered_at, answered = await asyncio.wait_for(lane.answered, ANSWER_WITHIN_S)
    if profile:
        profile.disable()
    lane.session.take(
        [
            Frame(FrameType.BYTES, job + CUT),
            Frame(FrameType.OUTCOME, job + OUTCOME_BODY.pack(1, Outcome.UNCONFIRMED)),
            Frame(FrameType.JOB_END, job + json.dumps({"reason": "close", "truncated": False}).encode()),
        ]
    )
    await asyncio.wait_for(lane.acked, ANSWER_WITHIN_S)
    await core.writer.run(lambda store: store.is_open)
    return Seen(
        streaming_ms=(cut_at - began) * 1e3,
        loop_ms=loop_ms,
        answer_ms=(answered_at - cut_at) * 1e3,
        whole_ms=(time.process_time() - began) * 1e3,
        wall_ms=(answered - wall) * 1e3,
        printed=b"Katharina" in block,
    )


async def sell(
    core: Core, cards: Sequence[str], count: int, *, pause_s: float, profile: cProfile.Profile | None
) -> list[Seen]:
    """Sell one receipt after the other at all lanes in turn."""
    ready = asyncio.Event()
    running = asyncio.ensure_future(run_core(core, ready=ready.set))
    await ready.wait()
    while not core.memory.complete:  # noqa: ASYNC110 - core tells nobody that it remembers
        await asyncio.sleep(0.01)
    lanes = [open_lane(core, number, asyncio.get_running_loop()) for number in range(LANES)]
    seen = []
    for number in range(count + WARM_UP):
        place = number % LANES
        body = receipt((place + 1) * 100_000 + number)
        measured = profile if number >= WARM_UP else None
        card = cards[number % len(cards)]
        seen.append(await one_receipt(core, lanes[place], card, body, pause_s=pause_s, profile=measured))
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    core.people.close()
    await asyncio.to_thread(core.writer.close)
    return seen[WARM_UP:]


def run(*, count: int, customers: int, pause_s: float = PAUSE_S, profile: cProfile.Profile | None = None) -> list[Seen]:
    """Make a store and sell in it."""
    with tempfile.TemporaryDirectory() as name:
        store = bench_store.make_store(Path(name), workstations=LANES, customers=customers, campaigns=1000)
        core = build(load_config(store.config), log=lambda *_told, **_fields: None)
        return asyncio.run(sell(core, store.cards, count, pause_s=pause_s, profile=profile))


def measure(*, quick: bool) -> list[harness.Figure]:
    """Return the figures of one run."""
    found: list[harness.Figure] = []
    for how, pause_s in (("at a cable", PAUSE_S), ("in a burst", 0.0)):
        found += figures(run(count=100 if quick else 600, customers=20_000, pause_s=pause_s), how)
    return found


def figures(seen: Sequence[Seen], how: str) -> Iterator[harness.Figure]:
    """Yield medians, and the smallest of each."""
    for what, name in (
        ("CUT to answer, all threads", "answer_ms"),
        ("CUT to answer, the loop until the commit is handed over", "loop_ms"),
        ("reading while it streams in", "streaming_ms"),
        ("the whole job", "whole_ms"),
    ):
        values = [getattr(each, name) for each in seen]
        goal = name == "answer_ms"
        median = harness.quantile(values, 0.5)
        yield harness.figure(
            f"processor time, ms a receipt, {how}: {what}",
            median,
            goal="<= 1.5" if goal else "reported only",
            holds=median <= 1.5 if goal else None,
        )
        yield harness.figure(f"the smallest, {how}: {what}", min(values))
    by_clock = [each.wall_ms for each in seen]
    yield harness.figure(f"CUT to answer by the clock, ms, {how}", harness.quantile(by_clock, 0.5))
    yield harness.figure(f"the smallest, {how}: CUT to answer by the clock", min(by_clock))
    yield harness.figure(f"receipts with their offer, share, {how}", sum(each.printed for each in seen) / len(seen))


def tell_profile() -> None:
    """Print which functions of the loop take longest between CUT and answer."""
    profile = cProfile.Profile()
    seen = run(count=200, customers=2_000, profile=profile)
    sys.stdout.write(f"{len(seen)} receipts\n")
    pstats.Stats(profile, stream=sys.stdout).sort_stats("cumulative").print_stats(4 * PROFILED)
    pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(PROFILED)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    if "--profile" in sys.argv:
        tell_profile()
    else:
        harness.main("cut_cost", measure)
