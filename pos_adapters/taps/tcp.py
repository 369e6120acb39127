"""The TCP tap: one listener, one printer, one register connection at a time.

A second register waits in the listening socket, as it would at a printer, which takes one session at a time. Every
register connection gets a printer connection of its own; a printer that refuses has the register's connection reset.

Two things could block the lane for ever, and do not, but only while somebody waits: a connection that has never said
anything (a port scan, a monitor) gives way after `MUTE_S`, and one of whose two ends has gone after `HALF_OVER_S`. A
printer that hangs holds the lane exactly as long as it would hold the register: until one of the two gives up, or the
kernel finds the other end dead.
"""

from __future__ import annotations

import errno
import select
import socket
from functools import partial
from uuid import UUID

from pos_adapters.taps.alarm import Alarm
from pos_adapters.taps.ends import End, SocketEnd, accepted
from pos_adapters.taps.frames import Outcome
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.passage import Passage
from pos_adapters.taps.side import Side
from pos_adapters.taps.slip_errand import SlipErrand
from pos_adapters.taps.slips import wanted_cut

MUTE_S = 10.0
HALF_OVER_S = 1.0
LOOK_EVERY_S = 1.0

# A near printer refuses within 50 us; reset so soon, a register on this machine would see its connect() fail by a
# reset, which many have no words for, instead of a connection that breaks. The promise is 100 ms.
REFUSE_AFTER_S = 0.005

# An answer to the last job may still come after the register's half-close; printers end their side in milliseconds.
LINGER_S = 60.0
QUIET_LINGER_S = (
    5.0  # nobody asked for an answer, and the printer has never said a word: it does not end its side at all
)


class TcpLane:
    """Accepts registers one after the other and joins each to the printer."""

    def __init__(self, parts: LaneParts, listener: socket.socket) -> None:
        self._parts = parts
        self._loop = parts.loop
        self._listener = listener
        self._listener.settimeout(0)
        self._family = listener.family
        self._watched = False
        self._passage: Passage | None = None
        self._next = self._prepared()
        self._connecting = False
        self._look = Alarm(parts.loop)
        self._joined: tuple[End, End] | None = None
        self._stopped = False
        self._errand: SlipErrand | None = None

    @property
    def busy(self) -> bool:
        """Whether a register is being served."""
        return self._connecting or self._passage is not None

    def start(self) -> None:
        """Begin to accept."""
        self._parts.book.on_late_slip = self.late_slip
        self._accept_next()

    def stop(self) -> None:
        """Accept no more; the register being served goes on until `abandon`."""
        self._stopped = True
        self._leave_waiting()
        self._listener.close()

    def abandon(self) -> None:
        """End the connection being served."""
        if self._passage is not None:
            self._passage.abandon()

    def _accept_next(self) -> None:
        if not self._stopped and not self._watched:
            self._watched = True
            self._loop.add_reader(self._listener.fileno(), self._accept)

    def _leave_waiting(self) -> None:
        """Leave registers in the listening socket: only once one has come while another is served, which is rare."""
        if self._watched:
            self._watched = False
            self._loop.remove_reader(self._listener.fileno())

    def _accept(self) -> None:
        if self._errand is not None:
            self._errand.register_comes()
        if (
            self._passage is not None or self._connecting or self._errand is not None
        ):  # the slip is on its way: the register waits as behind another one
            self._leave_waiting()
            return
        try:
            sock, peer = accepted(self._listener, self._family)
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                self._parts.log.event("accept_failed", cause=error.strerror or "")
                self._leave_waiting()
                self._loop.call_later(LOOK_EVERY_S, self._accept_next)
            return
        if not self._parts.admits(peer):
            SocketEnd(sock).reset()
            return
        self._connecting = True
        register = SocketEnd(sock)
        self._parts.printer.connect(partial(self._join, register), partial(self._refuse, register))

    def late_slip(self, job_id: UUID, slip: bytes) -> bool:
        """Print a slip for the last receipt of this lane, whose connection does not wait for it any more."""
        parts = self._parts
        asked = wanted_cut(parts.book, parts.policy, job_id=job_id, slip=slip, now_s=self._loop.time())
        if asked is None:
            return False
        if self._passage is not None:
            return self._passage.print_late_slip(job_id, asked.cut_no, slip)
        if self._errand is not None or self.busy or self._stopped:
            return False
        done = partial(self._errand_done, job_id, asked.cut_no)
        self._errand = SlipErrand(self._loop, self._parts.printer, slip=slip, on_done=done)
        return True

    def _errand_done(self, job_id: UUID, cut_no: int, handed: bool) -> None:
        self._errand = None
        self._parts.book.settle_late(job_id, cut_no, Outcome.UNCONFIRMED if handed else Outcome.NOT_SENT)
        self._accept_next()

    def _refuse(self, register: End, cause: str) -> None:
        """Reset the register's connection: as near to the printer's refusal as a proxy that has accepted can come."""
        self._parts.log.event("printer_refused", cause=cause)
        self._parts.health.reachable(yes=False)
        self._loop.call_later(REFUSE_AFTER_S, self._reset, register)

    def _reset(self, register: End) -> None:
        register.reset()
        self._connecting = False
        if not self._stopped:
            self._accept_next()

    def _join(self, register: End, printer: End) -> None:
        self._connecting = False
        self._parts.health.reachable(yes=True)
        from_register, to_printer, passage = self._next
        from_register.open(register)
        to_printer.open(printer)
        self._passage = passage
        self._joined = (register, printer)
        passage.start()
        from_register.receive_now()  # tills write as soon as they have connected
        self._look.set(self._loop.time() + LOOK_EVERY_S, self._stays)

    def _prepared(self) -> tuple[Side, Side, Passage]:
        """Return the next register's passage, built while nobody waits for it, and its two sides."""
        register, printer = Side(self._loop), Side(self._loop)
        return register, printer, self._parts.passage(register, printer, self._passage_done)

    def _stays(self) -> None:
        for end in self._joined or ():
            end.stays()
        self._look_at_queue()

    def _passage_done(self) -> None:
        self._passage = self._joined = None
        self._look.clear()
        self._accept_next()
        self._next = self._prepared()

    def _look_at_queue(self) -> None:
        """End a connection that nobody uses any more, so that a register that waits can print."""
        if self._passage is None:
            return
        if self._silent_too_long(self._passage):
            self._parts.log.event("gave_way", spoken=self._passage.has_spoken, half_over=self._passage.half_over)
            self._passage.abandon()
            return
        self._look.set(self._loop.time() + LOOK_EVERY_S, self._look_at_queue)

    def _silent_too_long(self, passage: Passage) -> bool:
        silent_s = self._loop.time() - passage.last_byte_at_s
        if passage.half_over:
            linger_s = LINGER_S if passage.may_be_answered() else QUIET_LINGER_S
            return silent_s >= (HALF_OVER_S if self._somebody_waits() else linger_s)
        return not passage.has_spoken and silent_s >= MUTE_S and self._somebody_waits()

    def _somebody_waits(self) -> bool:
        if self._stopped:
            return True
        waiting, _, _ = select.select([self._listener], [], [], 0)
        return bool(waiting)
