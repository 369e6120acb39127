"""Serial cables: a register's, a printer's, or both. pyserial is imported here and nowhere else.

Bytes pass raw. Flow control, as `flow=` in the address says, and what becomes of it:

    none      nothing holds anything back
    rtscts    the kernel does it on each cable; a printer that holds us back fills our buffer, and the register is held
    xonxoff   the printer's XOFF and XON reach the register as they come, and hold our own output back at once
    dsrdtr    the printer's DSR is looked at every few milliseconds: it holds our output, and is shown to the register
              as our DTR, so that it waits for the same reason and as long

A serial line has no close: a job ends by silence, a passage when a cable is pulled. The line is then opened again and
again until it is back.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pos_adapters.taps.addresses import FlowControl, SerialAddress
from pos_adapters.taps.ends import End
from pos_adapters.taps.printer_line import GiveUp

if TYPE_CHECKING:
    from serial import Serial

XON, XOFF = 0x11, 0x13

# A printer drops DSR with 256 bytes or more to spare, which at 115,200 baud come in 22 ms.
LINES_LOOK_EVERY_S = 0.005


class ModemLines(Protocol):
    """The wires beside the data, as pyserial has them."""

    dtr: bool

    @property
    def dsr(self) -> bool:
        """Whether the device at the other end is ready."""


class SerialEnd:
    """An open serial line. Closing gives it back: the port stays open for the next passage."""

    can_end = False

    def __init__(self, line: Serial, *, flow: FlowControl, give_back: Callable[[], None]) -> None:
        self._line = line
        self._flow = flow
        self._give_back = give_back
        self._given_back = False
        self.held_back = False
        self.on_room: Callable[[], None] = _ignore

    def fileno(self) -> int:
        """Return the line's descriptor."""
        return int(self._line.fileno())

    def receive(self, size_max: int) -> bytes:
        """Return what came; b"" when the cable has been pulled (see `ends.End`)."""
        data = os.read(self.fileno(), size_max)
        if self._flow is FlowControl.XON_XOFF:
            last = max(data.rfind(XOFF), data.rfind(XON))
            if last >= 0:
                self.hold_back(on=data[last] == XOFF)
        return data

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Hand bytes to the kernel (see `ends.End`); none while the device at the other end holds us back."""
        if self.held_back:
            raise BlockingIOError
        return os.write(self.fileno(), data)

    def undelivered_bytes(self) -> int:
        """Return what has not gone over the wire yet."""
        try:
            return int(self._line.out_waiting)
        except OSError:
            return 0

    def hold_back(self, *, on: bool) -> None:
        """Stop sending, or go on."""
        if on == self.held_back:
            return
        self.held_back = on
        if not on:
            self.on_room()

    def stays(self) -> None:
        """Do nothing: a cable does not tell that its other end is dead."""

    def half_close(self) -> None:
        """Do nothing: a cable cannot say that no more will come."""

    def close(self) -> None:
        """Give the line back."""
        if not self._given_back:
            self._given_back = True
            self._give_back()

    def reset(self) -> None:
        """Give the line back: there is nothing to reset."""
        self.close()


class SerialLine:
    """A port that is opened when it is first needed and again after its cable has been pulled."""

    def __init__(self, loop: asyncio.AbstractEventLoop, address: SerialAddress) -> None:
        self._loop = loop
        self._address = address
        self._line: Serial | None = None
        self._lent: SerialEnd | None = None
        self._look: asyncio.TimerHandle | None = None
        self.on_ready_changed: Callable[[bool], None] = _ignore_ready

    def connect(self, on_open: Callable[[End], None], on_refused: Callable[[str], None]) -> GiveUp:
        """Lend the line, opening it if it is not (see `printer_line.PrinterLine`)."""
        handle = self._loop.call_soon(self._lend, on_open, on_refused)
        return handle.cancel

    def lend(self) -> SerialEnd:
        """Return the open line. Raises OSError: no such port, or somebody else has it."""
        if self._lent is not None:
            raise BlockingIOError(0, "in use")
        if self._line is None:
            self._line = open_port(self._address)
        end = SerialEnd(self._line, flow=self._address.flow, give_back=self._take_back)
        self._lent = end
        if self._address.flow is FlowControl.DSR_DTR:
            self._look_at_lines()
        return end

    def show_ready(self, ready: bool) -> None:
        """Show the device at this line whether the one behind us is ready (DTR)."""
        if self._line is not None and self._address.flow is FlowControl.DSR_DTR:
            self._line.dtr = ready

    def close(self) -> None:
        """Close the port."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _lend(self, on_open: Callable[[End], None], on_refused: Callable[[str], None]) -> None:
        try:
            end = self.lend()
        except OSError as error:
            on_refused(error.strerror or str(error))
        else:
            on_open(end)

    def _take_back(self) -> None:
        self._lent = None
        if self._look is not None:
            self._look.cancel()
        if not self._is_alive():
            self.close()

    def _is_alive(self) -> bool:
        """Return whether the cable is still there: asking a port whose device has gone raises."""
        try:
            return self._line is not None and self._line.in_waiting >= 0
        except OSError:
            return False

    def _look_at_lines(self) -> None:
        if self._lent is None or self._line is None:
            return
        try:
            follow_dsr(self._line, self._lent, self.on_ready_changed)
        except OSError:
            return  # the cable has been pulled, or has no such wires; reading finds out which
        self._look = self._loop.call_later(LINES_LOOK_EVERY_S, self._look_at_lines)


def follow_dsr(lines: ModemLines, end: SerialEnd, on_changed: Callable[[bool], None]) -> None:
    """Hold our output as long as the device is not ready, and tell whoever shows that to the register."""
    ready = lines.dsr
    if ready == end.held_back:
        end.hold_back(on=not ready)
        on_changed(ready)


def open_port(address: SerialAddress) -> Serial:
    """Open a port for us alone, raw. Raises OSError (pyserial's errors are OSErrors, but for speeds it cannot set)."""
    from serial import Serial  # noqa: PLC0415 - only a lane with a cable needs it

    try:
        line = Serial(
            port=address.port,
            baudrate=address.baud,
            bytesize=address.bits,
            parity=address.parity,
            stopbits=address.stop_bits,
            timeout=0,
            write_timeout=0,
            rtscts=address.flow is FlowControl.RTS_CTS,
            exclusive=True,
        )
    except ValueError as error:
        raise OSError(errno.EINVAL, f"the port cannot be set so: {error}", address.port) from error
    os.set_blocking(line.fileno(), False)
    return line


def _ignore() -> None:
    return


def _ignore_ready(ready: bool) -> None:
    del ready
