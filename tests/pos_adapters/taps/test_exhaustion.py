"""A machine that has run out of something refuses one receipt at most: the lane is there for the next."""

from __future__ import annotations

import resource
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.pos_adapters.taps.fake_core import PATIENCE_S
from tests.pos_adapters.taps.rig import CUT, Printer, Rig, Tap

RECEIPT = b"\x1b@Corner shop\nTOTAL 1.20\n"
DESCRIPTORS = 256
LOOK_EVERY_S = 0.01
NEVER = threading.Event()

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform != "linux", reason="another's limits are set by Linux alone"),
]


def tap_for_printing_only(rig: Rig, printer_address: str) -> Tap:
    lane = ("--listen", "127.0.0.1:0", "--printer", printer_address, "--workstation", "1")
    return rig.keep(Tap(*lane))  # no core: nothing but the lane opens and closes descriptors


def tap_that_has_printed(rig: Rig, printer: Printer) -> Tap:
    """Return a tap that knows its printer's address, and has closed both connections of its first receipt."""
    tap = tap_for_printing_only(rig, printer.address)
    tap.wait_event("listening")
    at_rest = descriptors(tap)
    rig.print_job(tap, RECEIPT + CUT)
    printer.wait_jobs(1)
    patience_s = time.monotonic() + PATIENCE_S
    while descriptors(tap) != at_rest:
        assert time.monotonic() < patience_s, "the tap kept a connection open"
        NEVER.wait(LOOK_EVERY_S)
    return tap


def descriptors(tap: Tap) -> set[int]:
    return {int(each.name) for each in Path(f"/proc/{tap.process.pid}/fd").iterdir()}


def leave_descriptors(tap: Tap, spare: int) -> tuple[int, int]:
    """Let a tap open `spare` more descriptors; return its limits as they were."""
    own = descriptors(tap)
    free = [number for number in range(DESCRIPTORS) if number not in own]
    before = resource.prlimit(tap.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(tap.process.pid, resource.RLIMIT_NOFILE, (free[spare], before[1]))
    return before


def test_a_tap_that_cannot_open_the_printers_connection_resets_the_register_and_serves_the_next(rig: Rig) -> None:
    printer = rig.printer()
    tap = tap_that_has_printed(rig, printer)
    limits = leave_descriptors(tap, 1)  # enough for the register, none for the printer
    register = rig.register(tap)
    with pytest.raises(ConnectionResetError):
        register.socket.recv(1)
    assert "open files" in tap.wait_event("printer_refused")["cause"]
    resource.prlimit(tap.process.pid, resource.RLIMIT_NOFILE, limits)
    rig.print_job(tap, b"the next" + CUT)
    assert printer.wait_jobs(2)[1].data == b"the next" + CUT
    assert tap.count("not_json") == 0, "a defect was printed"


def test_a_tap_that_cannot_accept_prints_the_register_that_waited_once_it_can(rig: Rig) -> None:
    printer = rig.printer()
    tap = tap_that_has_printed(rig, printer)
    limits = leave_descriptors(tap, 0)
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    register.half_close()
    tap.wait_event("accept_failed")
    resource.prlimit(tap.process.pid, resource.RLIMIT_NOFILE, limits)
    assert register.receive_all() == b""
    assert printer.wait_jobs(2)[1].data == RECEIPT + CUT
