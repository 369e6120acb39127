"""The core process: intake, scans, decision, the journal's only writer. It imports no web stack.

Started in this order, so that a tap that finds the socket finds everything behind it: keys, journal (made or
recovered), what the last core left, sockets; then the store's memory fills from the journal while receipts already
print, without offers until it is complete. A journal that cannot be opened stops nothing: taps are answered, nothing
is acknowledged, and every commit tries again.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from agent.bootstrap import Core, build, use_enrolment
from agent.collecting import keep_collecting, settle_down
from agent.config import load_config
from agent.identity.floor import Push
from agent.identity.permissions import KINDS as CONSENT_KINDS
from agent.intake.tap_server import TapServer
from agent.journal.batch import KeepScan
from agent.journal.database import BrokenJournalError
from agent.journal.left_behind import commit_foreseen
from agent.journal.reader import JournalReader
from agent.logs import EventLog
from agent.notify import notify
from agent.offering.memory import KINDS
from agent.starting_line import wait_for_go
from agent.upkeep.day_counts import count_days
from agent.upkeep.warm_up import warm_up
from retail.errors import DefectError, OnSiteError, TillstreamError

T = TypeVar("T")

SWITCH_INTERVAL_S = 0.0001
"""How long one thread may keep the interpreter while another wants it. With Python's 5 ms the writing thread could
wait longer for the interpreter than for the disk; a tenth of a millisecond costs the loop nothing that can be
measured."""

TICK_S = 1.0
"""How often lanes are looked at for people who walked away, and the enrolment for a new one."""

GIVE_UP_AFTER_S = 600.0
"""A tap hands over its spool within a second of core's return; after ten minutes nobody will tell any more."""

KNOWN_DAYS = 2
"""Business days whose sales are known at start: a reprint of an older one is told by its words."""

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # malloc.h of glibc
LARGE_BLOCK_BYTES = 1 << 20
"""What is taken from the system and given back apart: nothing that core holds for long is so large."""

BACKLOG = 64  # connections that wait while core is busy: 12 taps, a desk, and a technician
STOP_WITHIN_S = 5.0


async def run_core(core: Core, *, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is called once both sockets listen."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows ends processes without a signal
            loop.add_signal_handler(number, stop.set)
    core.writer.start()
    await take_over(core)
    core.swap()
    _warm_up(core)
    taps = TapServer(core.counter, log=core.log)
    servers = [
        await _listen(core.state.core_socket, taps.connection),
        await _listen(core.state.control_socket, core.control.connection),
    ]
    background = [
        loop.create_task(fill_memory(core)),
        loop.create_task(_tick(core)),
        loop.create_task(keep_collecting(lambda: core.floor.is_waited_for or bool(core.floor.cuts_near))),
        loop.create_task(core.housekeeping.run()),
    ]
    _give_memory_back()
    settle_down()  # without a pass before: it takes 30 ms of a start to find some hundred of 100,000 objects
    core.log("core_ready", head_seq=core.writer.head_seq)
    ready()
    await stop.wait()
    await _leave(core, servers, background)
    taps.hang_up()


def serve(config_path: Path) -> None:
    """Run core for an `agent.toml` until told to stop. Raises ConfigurationError, OnSiteError."""
    _keep_memory_small()
    wait_for_go(os.environ)
    config = load_config(config_path)
    log = EventLog("core", stream=sys.stderr, now=lambda: datetime.now(UTC))
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    core = build(config, log=log)
    asyncio.run(run_core(core, ready=lambda: notify("READY=1", os.environ)))


async def take_over(core: Core) -> None:
    """Open the journal and take over what the last core left. A journal that is away is tried again by each commit."""
    try:
        await core.writer.run(lambda store: store.open())
        await _commit_foreseen(core)
        await _use_enrolment_if_whole(core)
        left = await _around_damage(core, _left_over)
        await _around_damage(core, count_days)
    except TillstreamError as error:
        core.standing.trouble(error)
        return
    for transaction_id, total in left.sales:
        core.known.add(transaction_id, total)
    _bring_back(core, left.scans)
    core.value.room.book.load(left.value, sales_since=left.sales_held_since)
    core.outcomes.expect_again({(job, cut): content for job, cut, _, content in left.awaited})
    if left.awaited:
        lanes = {(job, cut): lane for job, cut, lane, _ in left.awaited}
        asyncio.get_running_loop().call_later(GIVE_UP_AFTER_S, core.outcomes.give_up, lanes)


async def _commit_foreseen(core: Core) -> None:
    """Commit what the last core had put by. A disk that takes nothing now is no reason not to read what it holds."""
    try:
        left = await core.writer.run(commit_foreseen)
    except TillstreamError as error:
        core.standing.trouble(error)
        return
    core.counter.kept_ahead.left_over = left.committed
    if left.unread:
        jobs = ", ".join(f"job {job_id}, document {number}" for job_id, number in left.unread)
        core.standing.trouble(
            DefectError(
                f"sales that another version of the program had put by cannot be read ({jobs})",
                fix="what its tap has spooled comes again by itself; else start that version once more",
                code="defect",
            )
        )


async def _around_damage(core: Core, read: Callable[[Core], T]) -> T:
    """Read from the journal; a page that cannot be read is salvaged around, and not left to the first receipt."""
    try:
        return await asyncio.to_thread(read, core)
    except BrokenJournalError as error:
        core.standing.trouble(error)
        await core.writer.run(lambda store: store.salvage())
        return await asyncio.to_thread(read, core)


@dataclass(frozen=True, slots=True, kw_only=True)
class _LeftOver:
    """What the last core left: sales that may come again as copies, papers without an outcome, scans without a sale."""

    sales: list[tuple[str, str]]
    awaited: list[tuple[str, int, str, dict[str, object]]]
    scans: list[KeepScan]
    value: list[tuple[str, str, bytes]]
    sales_held_since: str


def _bring_back(core: Core, rows: Sequence[KeepScan]) -> None:
    """Take over acknowledged scans: those put by wait for their number, the others are in doubt (`doubts`)."""
    for row in rows:
        scan = core.keeper.restored(row)
        if row.number:
            core.floor.put_by(row.number, scan)
        else:
            core.doubts.add(row.workstation_id, (scan,))
            core.doubts.wait(row.workstation_id, waits=True)


def _left_over(core: Core) -> _LeftOver:
    reader = JournalReader(core.state.journal, core.keys.journal)
    try:
        today = core.clock.now().date()
        since = today - timedelta(days=KNOWN_DAYS)
        held_since = (today - timedelta(days=1)).isoformat()  # a business day may be yesterday's for some hours yet
        return _LeftOver(
            sales=reader.sales_since(since.isoformat()),
            awaited=reader.awaited(),
            scans=reader.open_scans(),
            value=reader.value_rows(sales_since=held_since),
            sales_held_since=held_since,
        )
    finally:
        reader.close()


async def fill_memory(core: Core) -> None:
    """Fill the store's memory from the journal, in steps, beside the receipts."""
    reader = JournalReader(core.state.journal, core.keys.journal)
    through = core.writer.head_seq
    seq = 0
    try:
        while seq < through:
            rows = await asyncio.to_thread(reader.moments_of, (*KINDS, *CONSENT_KINDS), after_seq=seq)
            if not rows:
                break
            core.memory.replay(
                ((kind, core.offers.today(at), content) for row_seq, kind, at, content in rows if row_seq <= through),
                core.offers.bundle.items,
            )
            core.people.permissions.replay((kind, content) for row_seq, kind, _, content in rows if row_seq <= through)
            seq = rows[-1][0]
            settle_down()
    except TillstreamError as error:
        core.standing.trouble(error)
    finally:
        reader.close()
        core.memory.complete = True


async def _tick(core: Core) -> None:
    """Once a second: let time pass at the lanes, look for a new enrolment, take back troubles that are over.

    Desk is told how far the journal is when it has grown, so that its courier carries on without looking for itself.
    """
    seen = _enrolled_at(core)
    told_seq = core.writer.head_seq
    while True:
        await asyncio.sleep(TICK_S)
        if core.writer.head_seq != told_seq:
            told_seq = core.writer.head_seq
            core.control.publish(Push(event="journal", data={"head_seq": told_seq}))
        core.floor.expire(core.clock.now())
        core.value.tick()
        core.counter.kept_ahead.go_on()
        core.keeper.gone(core.doubts.expire(core.clock.now()))
        if core.writer.trouble is None:
            core.standing.resolved("disk_full", "disk_error", "journal_broken")
        found = _enrolled_at(core)
        if found != seen:
            seen = found
            await _use_enrolment_if_whole(core)


async def _use_enrolment_if_whole(core: Core) -> None:
    """Take the enrolment; without it members are unknown here, but sales and the store's value stand all the same."""
    try:
        await use_enrolment(core)
        core.standing.resolved("enrolment")
    except TillstreamError as error:
        core.standing.trouble(error)


def _enrolled_at(core: Core) -> int:
    try:
        return core.state.enrolled.stat().st_mtime_ns
    except OSError:
        return 0


async def _listen(path: Path, factory: Callable[[], asyncio.Protocol]) -> asyncio.AbstractServer:
    """Listen on a Unix socket in place of whatever a killed core left there. Raises OnSiteError."""
    return await asyncio.get_running_loop().create_unix_server(factory, sock=_bound(path), backlog=BACKLOG)


def _bound(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        path.chmod(0o600)
    except OSError as error:
        listener.close()
        raise OnSiteError(
            f"{path}: cannot listen: {error.strerror or error}",
            fix="use a state folder whose path is shorter than 90 characters, on a local disk",
            code="socket",
        ) from error
    return listener


def _warm_up(core: Core) -> None:
    """Make the first receipt as fast as the second. Whatever goes wrong here stops no store from opening."""
    models = {each.tap.model for each in core.config.workstation if each.tap}
    try:
        warm_up(core.offers.model(name) for name in models)
    except Exception as error:  # noqa: BLE001 - a defect of ours shows again at the first receipt, where it costs an offer
        core.log("warm_up_failed", error=type(error).__name__)


def _keep_memory_small() -> None:
    """Let glibc give large blocks back at once and keep one heap for all threads: 8 MB less at rest.

    A token's scrypt takes 8 MB for 12 ms; left to itself, glibc learns from the first one to keep them for ever.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            libc.mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)
            libc.mallopt(M_ARENA_MAX, 1)


def _give_memory_back() -> None:
    """Return to the system what reading configuration and campaigns has left free (glibc keeps it otherwise)."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


async def _leave(core: Core, servers: list[asyncio.AbstractServer], background: list[asyncio.Task[None]]) -> None:
    """Take no more work, finish what was handed over, close the journal."""
    for server in servers:
        server.close()
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    with suppress(TimeoutError):
        await asyncio.wait_for(core.scanning.settle(), STOP_WITHIN_S)
    core.people.close()
    core.value.room.book.close()
    await asyncio.to_thread(core.writer.close)
    core.log("core_stopped", head_seq=core.writer.head_seq)
