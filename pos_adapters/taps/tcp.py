"""The TCP tap: one listener, one printer, one register connection at a time.

A second register waits in the listening socket, as it would at a printer, which takes one session at a time. Every
register connection gets a printer connection of its own; a printer that refuses has the register's connection reset.

Two things could block the lane for ever, and do not, but only while somebody waits: a connection that has never said
anything (a port scan, a monitor) gives way after `MUTE_S`, and one of whose two ends has gone after `HALF_OVER_S`. A
printer that hangs holds the lane exactly as long as it would hold the register: until one of the two gives up, or the
kernel finds the other end dead.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket
from collections.abc import Callable
from functools import partial
from uuid import UUID

from pos_adapters.taps.addresses import TcpAddress
from pos_adapters.taps.book import JobBook
from pos_adapters.taps.delivery import is_whole
from pos_adapters.taps.ends import KERNEL_BUFFER_BYTES, SocketEnd, tune
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.frames import Outcome
from pos_adapters.taps.passage import Passage
from pos_adapters.taps.policy import Policy
from pos_adapters.taps.printer_health import PrinterHealth
from pos_adapters.taps.recorder import Recorder
from pos_adapters.taps.side import Side
from pos_adapters.taps.slip_errand import SlipErrand

# On a LAN a printer answers within a millisecond, one that is waking up within two seconds.
CONNECT_WITHIN_S = 5.0

MUTE_S = 10.0
HALF_OVER_S = 1.0
LOOK_EVERY_S = 1.0

# An answer to the last job may still come after the register's half-close; printers end their side in milliseconds.
LINGER_S = 60.0


class TcpLane:
    """Accepts registers one after the other and joins each to the printer."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        listener: socket.socket,
        printer: TcpAddress,
        book: JobBook,
        policy: Policy,
        health: PrinterHealth,
        log: EventLog,
        make_recorder: Callable[[], Recorder | None] = lambda: None,
    ) -> None:
        self._loop = loop
        self._listener = listener
        self._listener.settimeout(0)
        self._printer = printer
        self._resolved: tuple[socket.AddressFamily, tuple[str, int]] | None = None
        self._book = book
        self._policy = policy
        self._health = health
        self._make_recorder = make_recorder
        self._log = log
        self._passage: Passage | None = None
        self._look: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None  # kept, so that the loop does not lose it
        self._stopped = False
        self._errand: SlipErrand | None = None
        self.on_free: Callable[[], None] = _ignore

    @property
    def busy(self) -> bool:
        """Whether a register is being served."""
        return self._passage is not None

    def start(self) -> None:
        """Begin to accept."""
        self._book.on_late_slip = self.late_slip
        self._accept_next()

    def stop(self) -> None:
        """Accept no more; the register being served goes on until `abandon`."""
        self._stopped = True
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()

    def abandon(self) -> None:
        """End the connection being served."""
        if self._passage is not None:
            self._passage.abandon()

    def _accept_next(self) -> None:
        if not self._stopped:
            self._loop.add_reader(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        if self._errand is not None:
            self._errand.register_comes()
        if self._errand is not None:  # the slip is on its way: the register waits as behind another one
            self._loop.remove_reader(self._listener.fileno())
            return
        try:
            sock, _ = self._listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                self._log.event("accept_failed", cause=error.strerror or "")
                self._loop.remove_reader(self._listener.fileno())
                self._loop.call_later(LOOK_EVERY_S, self._accept_next)
            return
        self._loop.remove_reader(self._listener.fileno())
        tune(sock)
        if self._resolved is None:
            self._task = self._loop.create_task(self._resolve_then_connect(sock))
        else:
            self._connect(sock, *self._resolved)

    def late_slip(self, job_id: UUID, slip: bytes) -> bool:
        """Print a slip for the last receipt of this lane, whose connection does not wait for it any more."""
        asked = self._book.asked
        if (
            asked is None
            or asked.job_id != job_id
            or not self._policy.prints_slips
            or not is_whole(slip, self._policy.dialect, slip=True)
        ):
            return False
        if self._loop.time() - asked.asked_at_s > self._policy.slip_chance_s:
            return False
        if self._passage is not None:
            return self._passage.print_late_slip(job_id, asked.cut_no, slip)
        if self._errand is not None or self._resolved is None or self._stopped:
            return False
        self._errand = SlipErrand(
            self._loop, where=self._resolved, slip=slip, on_done=partial(self._errand_done, job_id, asked.cut_no)
        )
        return True

    def _errand_done(self, job_id: UUID, cut_no: int, handed: bool) -> None:
        self._errand = None
        self._book.settle_late(job_id, cut_no, Outcome.UNCONFIRMED if handed else Outcome.NOT_SENT)
        self._accept_next()

    async def _resolve_then_connect(self, register: socket.socket) -> None:
        """Ask the name service in a thread: at the start, and after a printer was not where it had been."""
        try:
            self._resolved = await self._loop.run_in_executor(None, self._printer.resolve)
        except OSError as error:
            self._refuse(register, None, error.strerror or str(error))
            return
        self._connect(register, *self._resolved)

    def _connect(self, register: socket.socket, family: socket.AddressFamily, where: tuple[str, int]) -> None:
        printer = socket.socket(family, socket.SOCK_STREAM)
        printer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
        tune(printer)
        problem = printer.connect_ex(where)
        if problem == 0:
            self._join(register, printer)
        elif problem in (errno.EINPROGRESS, errno.EWOULDBLOCK):
            late = self._loop.call_later(CONNECT_WITHIN_S, self._connect_late, register, printer)
            self._loop.add_writer(printer.fileno(), self._connected, register, printer, late)
        else:
            self._refuse(register, printer, os.strerror(problem))

    def _connected(self, register: socket.socket, printer: socket.socket, late: asyncio.TimerHandle) -> None:
        late.cancel()
        self._loop.remove_writer(printer.fileno())
        problem = printer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem:
            self._refuse(register, printer, os.strerror(problem))
        else:
            self._join(register, printer)

    def _connect_late(self, register: socket.socket, printer: socket.socket) -> None:
        self._loop.remove_writer(printer.fileno())
        self._refuse(register, printer, f"no answer within {CONNECT_WITHIN_S:g} s")

    def _refuse(self, register: socket.socket, printer: socket.socket | None, cause: str) -> None:
        """Reset the register's connection: as near to the printer's refusal as a proxy that has accepted can come."""
        self._resolved = None
        self._log.event("printer_refused", printer=str(self._printer), cause=cause)
        self._health.reachable(yes=False)
        SocketEnd(register).reset()
        if printer is not None:
            printer.close()
        self._accept_next()

    def _join(self, register: socket.socket, printer: socket.socket) -> None:
        self._health.reachable(yes=True)
        self._passage = Passage(
            self._loop,
            register=Side(self._loop, SocketEnd(register)),
            printer=Side(self._loop, SocketEnd(printer)),
            book=self._book,
            policy=self._policy,
            health=self._health,
            log=self._log,
            on_done=self._passage_done,
            recorder=self._make_recorder(),
        )
        self._passage.start()
        self._look = self._loop.call_later(LOOK_EVERY_S, self._look_at_queue)

    def _passage_done(self) -> None:
        self._passage = None
        if self._look is not None:
            self._look.cancel()
        self._accept_next()
        self.on_free()

    def _look_at_queue(self) -> None:
        """End a connection that nobody uses any more, so that a register that waits can print."""
        if self._passage is None:
            return
        if self._silent_too_long(self._passage):
            self._log.event("gave_way", spoken=self._passage.has_spoken, half_over=self._passage.half_over)
            self._passage.abandon()
            return
        self._look = self._loop.call_later(LOOK_EVERY_S, self._look_at_queue)

    def _silent_too_long(self, passage: Passage) -> bool:
        silent_s = self._loop.time() - passage.last_byte_at_s
        if passage.half_over:
            return silent_s >= (HALF_OVER_S if self._somebody_waits() else LINGER_S)
        return not passage.has_spoken and silent_s >= MUTE_S and self._somebody_waits()

    def _somebody_waits(self) -> bool:
        if self._stopped:
            return True
        waiting, _, _ = select.select([self._listener], [], [], 0)
        return bool(waiting)


def _ignore() -> None:
    return
