"""Where a scanner's bytes come from, and where the till's go: serial cables, on every system (keyboards: `keyboards`).

A `Line` is read from and written to in bytes as the device has them: text on a cable, key events on a keyboard. Losing
a device raises OSError from then on; whoever uses it opens it again. pyserial is imported when it is needed.
"""

from __future__ import annotations

from typing import Protocol

from pos_adapters.taps.addresses import FlowControl, SerialAddress

SILENCE_S = 0.05
"""What counts as silence: the till's patience (the budget), and ten times the gap between two bytes of a slow cable."""

WRITE_WITHIN_S = 0.5  # a till that takes nothing for so long has stopped
READ_BYTES_MAX = 4096


class Line(Protocol):
    """An open device."""

    def read(self) -> bytes:
        """Return what came; b"" after `SILENCE_S` of silence. Raises OSError when the device has gone."""
        ...

    def write(self, data: bytes) -> None:
        """Send. Raises OSError when the device has gone or takes nothing."""
        ...

    def close(self) -> None:
        """Let go. A repeat changes nothing."""
        ...


class SerialCable:
    """A scanner, or a till's scanner port, on a cable. Raises OSError when it cannot be opened."""

    def __init__(self, address: SerialAddress) -> None:
        from serial import Serial  # noqa: PLC0415 - a keyboard needs none

        self._port = Serial(
            port=address.port,
            baudrate=address.baud,
            bytesize=address.bits,
            parity=address.parity,
            stopbits=address.stop_bits,
            rtscts=address.flow is FlowControl.RTS_CTS,
            dsrdtr=address.flow is FlowControl.DSR_DTR,
            xonxoff=address.flow is FlowControl.XON_XOFF,
            timeout=SILENCE_S,
            write_timeout=WRITE_WITHIN_S,
        )

    def read(self) -> bytes:
        """Return what came (see `Line`)."""
        first = bytes(self._port.read(1))
        return first + bytes(self._port.read(min(self._port.in_waiting, READ_BYTES_MAX))) if first else b""

    def write(self, data: bytes) -> None:
        """Send (see `Line`)."""
        self._port.write(data)

    def close(self) -> None:
        """Let go."""
        self._port.close()
