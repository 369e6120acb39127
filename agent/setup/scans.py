"""Finds the scanner by asking for a scan: every device that may be one is watched, the one that speaks is it.

Serial ports are opened at 9600 baud (any speed shows that somebody speaks; a wrong one is told by its noise); keyboards
are read through evdev without being taken away, so that a scan also arrives as keys at this terminal.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from agent.upkeep.devices import Device
from pos_adapters.scanners.keys import EVENT

SCAN_WITHIN_S = 30.0
READ_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What happened: the address of the device that spoke; empty for Enter, or for nothing at all."""

    address: str = ""
    skipped: bool = False
    unreadable: tuple[str, ...] = ()


def hear_scan(devices: Sequence[Device], keyboard: int | None, *, within_s: float = SCAN_WITHIN_S) -> Heard:
    """Wait until a device speaks, or something comes on `keyboard` (a person's Enter). Never raises for a device."""
    unreadable: list[str] = []
    with ExitStack() as stack:
        watched: dict[int, str] = {}
        for device in devices:
            try:
                watched[_open(device, stack)] = device.address
            except (OSError, ValueError):
                unreadable.append(device.address)
        places = [*watched, *([keyboard] if keyboard is not None else [])]
        until_s = time.monotonic() + within_s
        while places and (left_s := until_s - time.monotonic()) > 0:
            ready, _, _ = select.select(places, [], [], left_s)
            spoke = [watched[place] for place in ready if place in watched and os.read(place, READ_BYTES)]
            if spoke:
                return Heard(address=spoke[0], unreadable=tuple(unreadable))
            if keyboard in ready:
                return Heard(skipped=True, unreadable=tuple(unreadable))
            places = [place for place in places if place not in ready]  # closed: it has gone
    return Heard(unreadable=tuple(unreadable))


def _open(device: Device, stack: ExitStack) -> int:
    scheme, _, path = device.address.partition("://")
    if scheme == "serial":
        import serial  # noqa: PLC0415 - only where there is a cable

        port = stack.enter_context(serial.Serial(port=path, baudrate=9600, timeout=0))
        return int(port.fileno())
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    stack.callback(os.close, descriptor)
    with suppress(OSError):
        os.read(descriptor, EVENT.size)  # what was typed before
    return descriptor
