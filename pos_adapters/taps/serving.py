"""Builds the lanes of a tap and runs them until SIGTERM: the only place where parts of a tap meet."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from pos_adapters.taps.addresses import SerialAddress, ServiceAddress, TcpAddress, UnixAddress
from pos_adapters.taps.admission import Admission
from pos_adapters.taps.book import JobBook
from pos_adapters.taps.clock import utc_now
from pos_adapters.taps.command_line import LaneSettings, TapSettings
from pos_adapters.taps.core_link import CoreLink
from pos_adapters.taps.cut_watch import CutWatch
from pos_adapters.taps.defects import teller
from pos_adapters.taps.delivery import is_whole
from pos_adapters.taps.dialects import Dialect, dialect_named
from pos_adapters.taps.edges import lane_edge, printer_line
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.frames import PROTOCOL_VERSION
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.policy import Profile
from pos_adapters.taps.printer_health import PrinterHealth
from pos_adapters.taps.prompt_loop import new_loop
from pos_adapters.taps.right import Right, forget_left_behind
from pos_adapters.taps.sealer import Sealer
from pos_adapters.taps.spool import Spool, sealing_command

if TYPE_CHECKING:
    from pos_adapters.taps.recorder import Recorder

STDERR = 2

# A receipt takes two seconds to print; systemd waits 90 s by default before it kills.
STOP_WITHIN_S = 5.0
LOOK_EVERY_S = 0.05


class Lane:
    """One workstation's tap: connection to core, book of jobs, spool, listener."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, settings: TapSettings, lane: LaneSettings, listener: socket.socket | None
    ) -> None:
        policy = replace(settings.policy, dialect=dialect_named(lane.language))
        log = EventLog(STDERR, now=utc_now, as_json=settings.as_json).bind(workstation=lane.workstation_id)
        hello = {
            "protocol": PROTOCOL_VERSION,
            "workstation": lane.workstation_id,
            "printer": str(lane.printer),
            "tap": str(uuid4()),
            "model": lane.model,
            "profile": settings.policy.profile.value,
        }
        self.link = CoreLink(
            loop,
            settings.agent,
            hello=hello,
            budget_s=settings.policy.budget_s,
            log=log,
            makes_right=_right_of(settings, lane),
        )
        folder = (settings.state_dir or Path()) / "spool" / lane.workstation_id
        self.spool = Spool(
            loop, folder=folder, sealer=_sealer(loop, settings, lane, folder, log), link=self.link, log=log
        )
        self.book = JobBook(loop, link=self.link, spool=self.spool, now=utc_now, log=log)
        health = PrinterHealth(str(lane.printer), link=self.link, now=utc_now, log=log)
        self.link.on_ready.append(health.core_is_ready)
        parts = LaneParts(
            loop=loop,
            printer=printer_line(loop, lane.printer),
            book=self.book,
            policy=policy,
            health=health,
            log=log,
            make_recorder=_make_recorder(loop, settings, lane, log),
            admits=Admission(settings.allowed, log).admits,
        )
        self.health = health
        self.log = log
        self.edge = lane_edge(
            parts,
            listen=lane.listen,
            printer=lane.printer,
            listener=listener,
            model=lane.model,
            certificate=settings.certificate,
        )
        self.link.on_frame = self.book.on_frame
        self.spool.follow(self.book)
        where = _where(lane.listen, listener)
        log.event("listening", **where, printer=str(lane.printer), profile=settings.policy.profile.value)

        self._look_at_settings(settings, lane)

    def _look_at_settings(self, settings: TapSettings, lane: LaneSettings) -> None:
        """Say at once what would be found out at the first receipt, or days later; the tap prints all the same."""
        if isinstance(lane.printer, SerialAddress) and not Path(lane.printer.port).exists():
            fix = "plug it in, or name the port it has (Linux: ls /dev/serial/by-id)"
            self.log.event("printer_line_missing", printer=str(lane.printer), fix=fix)
        if settings.agent is None and settings.policy.profile is not Profile.OFF:
            profile = settings.policy.profile.value
            self.log.event("only_passes", profile=profile, cause="no --agent", fix="name core's socket: unix:///PATH")
        if settings.agent_key is not None:
            _look_at_folder("spool_impossible", settings.state_dir or Path(), self.log)

    def start(self) -> None:
        """Begin to accept and to connect."""
        self.edge.start()
        self.link.start()


def _right_of(settings: TapSettings, lane: LaneSettings) -> Callable[[], Right | None]:
    """Return what makes a pipe that core can open, too: on this machine, for a lane that holds single cuts."""
    is_here = isinstance(settings.agent, UnixAddress) and settings.policy.holds
    return Right.made if is_here and not isinstance(lane.printer, ServiceAddress) else lambda: None


def serve(settings: TapSettings, listeners: Sequence[socket.socket]) -> int:
    """Run until SIGTERM or SIGINT, one lane a listening socket; returns the exit code."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(_serve(settings, listeners))


async def _serve(settings: TapSettings, listeners: Sequence[socket.socket]) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sockets = iter(listeners)
    lanes = [
        Lane(loop, settings, each, next(sockets) if isinstance(each.listen, TcpAddress) else None)
        for each in settings.lanes
    ]
    loop.set_exception_handler(teller(lanes[0].log))
    forget_left_behind(utc_now())
    for lane in lanes:
        lane.start()
    if settings.record is not None:
        _look_at_folder("recording_impossible", settings.record, lanes[0].log)
    if settings.snmp is not None:
        await _answer_snmp(loop, settings, settings.snmp, lanes)
    if settings.policy.profile is not Profile.OFF:
        for language in sorted({each.language for each in settings.lanes}):
            _read_a_cut(dialect_named(language))
    gc.collect()
    gc.freeze()  # what has been imported stays: a collection while a cut is held need not look at it
    await stop.wait()
    await _leave(loop, lanes)
    return 0


def _read_a_cut(dialect: Dialect) -> None:
    """Read a receipt's end and look through a block, which are thrown away: the first takes 5 ms, the second 0.1."""
    CutWatch(dialect).feed(b" \n" + dialect.bare_cut + b"\0")
    is_whole(b" \n", dialect)


def _look_at_folder(event: str, folder: Path, log: EventLog) -> None:
    """Say that nothing can be written to a folder."""
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
        cause = "" if writable else "not writable"
    except OSError as error:
        cause = str(error)
    if cause:
        log.event(event, folder=str(folder), cause=cause, fix="name a folder the tap may write to")


async def _answer_snmp(
    loop: asyncio.AbstractEventLoop, settings: TapSettings, where: TcpAddress, lanes: list[Lane]
) -> None:
    """Answer a Windows printer port; a tap that cannot still prints."""
    from pos_adapters.taps.snmp import answer_snmp  # noqa: PLC0415 - only a tap that Windows prints to needs it

    log = lanes[0].log
    try:
        port = await answer_snmp(
            loop, where, [lane.health for lane in lanes], admission=Admission(settings.allowed, log)
        )
    except OSError as error:
        log.event("snmp_refused", address=str(where), cause=error.strerror or str(error))
    else:
        log.event("snmp", host=where.host, port=port)


async def _leave(loop: asyncio.AbstractEventLoop, lanes: list[Lane]) -> None:
    """Let receipts in flight finish, seal what core has not acknowledged, then go."""
    deadline_s = loop.time() + STOP_WITHIN_S
    for lane in lanes:
        lane.edge.stop()
    await _until(lambda: not any(lane.edge.busy for lane in lanes), loop, deadline_s)
    for lane in lanes:
        lane.edge.abandon()
        lane.book.spool_open_jobs()
    await _until(lambda: all(lane.spool.idle for lane in lanes), loop, deadline_s + STOP_WITHIN_S)
    for lane in lanes:
        lane.link.stop()
        lane.spool.stop()


async def _until(done: Callable[[], bool], loop: asyncio.AbstractEventLoop, deadline_s: float) -> None:
    """Wait for something that happens once in the life of a process: looking is simpler than being told."""
    while not done() and loop.time() < deadline_s:  # noqa: ASYNC110 - see above
        await asyncio.sleep(LOOK_EVERY_S)


def _where(address: TcpAddress | SerialAddress, listener: socket.socket | None) -> dict[str, str | int]:
    """Return where a lane listens, the port as the kernel gave it."""
    if listener is None:
        return {"line": str(address)}
    host, port = listener.getsockname()[:2]
    return {"host": host, "port": port}


def _make_recorder(
    loop: asyncio.AbstractEventLoop, settings: TapSettings, lane: LaneSettings, log: EventLog
) -> Callable[[], Recorder | None]:
    """Return what makes the recorder of each passage of a lane."""
    if settings.record is None:
        return lambda: None
    from pos_adapters.taps.recorder import Recorder, RecordWriter  # noqa: PLC0415 - only where it is asked for

    writer = RecordWriter(settings.record, log=log)
    return lambda: Recorder(
        writer, workstation_id=lane.workstation_id, profile=settings.policy.profile.value, clock_s=loop.time
    )


def _sealer(
    loop: asyncio.AbstractEventLoop, settings: TapSettings, lane: LaneSettings, folder: Path, log: EventLog
) -> Sealer | None:
    if settings.agent_key is None:
        return None
    return Sealer(
        loop,
        command=sealing_command(folder, settings.agent_key),
        workstation_id=lane.workstation_id,
        printer=str(lane.printer),
        log=log,
    )
