"""Wedge scanners on Linux: evdev to read one, uinput to be one for the till. Imported on Linux only.

A scanner's device is grabbed: nobody else hears it, so a code of ours cannot reach the till twice. When this process
ends, however it ends, the kernel gives the device back and the till hears its scanner again.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import threading

from pos_adapters.scanners.keys import EV_KEY, EVENT, LEFT_SHIFT, LETTERS, RIGHT_SHIFT
from pos_adapters.scanners.lines import SILENCE_S

EVENTS_MAX = 64  # read at once: two letters with Shift make eight
_EVIOCGRAB = 0x40044590
_UI_SET_EVBIT, _UI_SET_KEYBIT, _UI_DEV_SETUP, _UI_DEV_CREATE = 0x40045564, 0x40045565, 0x405C5503, 0x5501
_SETUP = struct.Struct("@HHHH80sI")  # linux/uinput.h: struct uinput_setup
_BUS_VIRTUAL = 6
UINPUT = "/dev/uinput"
_KEYS_MAX = 128  # of a keyboard with letters; what a scanner has none of is never pressed


class Keyboard:
    """A wedge scanner's own event device, taken from everybody else; the kernel gives it back when we end."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            fcntl.ioctl(self._descriptor, _EVIOCGRAB, 1)
        except OSError:
            self.close()
            raise

    def read(self) -> bytes:
        """Return whole events (see `Line`)."""
        ready, _, _ = select.select([self._descriptor], [], [], SILENCE_S)
        return os.read(self._descriptor, EVENT.size * EVENTS_MAX) if ready else b""

    def write(self, data: bytes) -> None:
        """Take nothing: a scanner's lamps are its own."""

    def close(self) -> None:
        """Let go."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class VirtualKeyboard:
    """What the till sees instead of its scanner (uinput). Raises OSError where the kernel has none for us."""

    def __init__(self) -> None:
        self._descriptor = os.open(UINPUT, os.O_WRONLY | os.O_NONBLOCK)
        try:
            fcntl.ioctl(self._descriptor, _UI_SET_EVBIT, EV_KEY)
            for key in (*range(1, _KEYS_MAX), *LETTERS, LEFT_SHIFT, RIGHT_SHIFT):
                fcntl.ioctl(self._descriptor, _UI_SET_KEYBIT, key)
            setup = _SETUP.pack(_BUS_VIRTUAL, 0, 0, 1, b"Tillstream scanner", 0)
            fcntl.ioctl(self._descriptor, _UI_DEV_SETUP, setup)
            fcntl.ioctl(self._descriptor, _UI_DEV_CREATE)
        except OSError:
            self.close()
            raise

    def read(self) -> bytes:
        """Return nothing: what a system tells a keyboard is not a scanner's."""
        threading.Event().wait(SILENCE_S)
        return b""

    def write(self, data: bytes) -> None:
        """Send events (see `Line`)."""
        os.write(self._descriptor, data)

    def close(self) -> None:
        """Let go."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
