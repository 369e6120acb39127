"""A scanner's lane on real pseudo-terminals, with a core that answers, hangs, dies or talks nonsense."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import socket
import sys
import threading
import tty
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pos_adapters.scanners.core_scans import CoreScans
from pos_adapters.scanners.gate import CodeGate
from pos_adapters.scanners.keys import KeyReader, key_events, typing
from pos_adapters.scanners.lane import Scanner
from pos_adapters.scanners.lines import SerialCable
from pos_adapters.taps.addresses import serial_address
from pos_adapters.taps.clock import utc_now
from pos_adapters.taps.events import EventLog

PATIENCE_S = 20.0
pytestmark = pytest.mark.real


class FakeCore:
    """Core's control socket: notes scans; `verdict(code)` answers `judge`, None says nothing."""

    def __init__(self, path: Path, verdict: Callable[[str], dict[str, Any] | None] = lambda code: {"action": "pass"}):
        self.scans: list[tuple[str, str]] = []
        self.judged: list[str] = []
        self._verdict = verdict
        self._changed = threading.Condition()
        self._lines: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def wait(self, holds: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, PATIENCE_S)

    def close(self) -> None:
        for each in (self._listener, *self._lines):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self._lines.append(line)
                threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), line.makefile("rb") as requests:
            for text in requests:
                request = json.loads(text)
                with self._changed:
                    told = self._take(request)
                    self._changed.notify_all()
                if told is not None:
                    line.sendall(json.dumps({"id": request["id"], "ok": True, **told}).encode() + b"\n")

    def _take(self, request: dict[str, Any]) -> dict[str, Any] | None:
        if request["op"] == "scan":
            self.scans.append((request["code"], request["symbology"]))
            return {"scan_id": "s"}
        self.judged.append(request["code"])
        return self._verdict(request["code"])


class Cable:
    """A pseudo-terminal: `far` is the device's end, `path` what a program opens."""

    def __init__(self) -> None:
        self.far, self._near = pty.openpty()
        tty.setraw(self._near)
        self.path = os.ttyname(self._near)

    def send(self, data: bytes) -> None:
        os.write(self.far, data)

    def read(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            ready, _, _ = select.select([self.far], [], [], PATIENCE_S)
            assert ready, taken
            taken += os.read(self.far, 4096)
        return taken

    def is_quiet(self) -> bool:
        return not select.select([self.far], [], [], 0)[0]

    def pull(self) -> None:
        for each in (self._near, self.far):
            with contextlib.suppress(OSError):
                os.close(each)


class Lane:
    """A lane that runs, and everything around it."""

    def __init__(self, folder: Path, *, has_till: bool = True, ask: tuple[bytes, ...] = (b"tsc1",)) -> None:
        self.folder = folder
        self.scanner_path = folder / "scanner"
        self.scanner, self.till = Cable(), Cable()
        self.plug(self.scanner)
        log = EventLog(2, now=utc_now, as_json=True)
        self.core_path = folder / "control.sock"
        self.core = CoreScans(self.core_path, workstation_id="1", log=log)
        address = serial_address(f"serial://{self.scanner_path}")
        self.lane = Scanner(
            partial(SerialCable, address),
            open_till=partial(SerialCable, serial_address(f"serial://{self.till.path}")) if has_till else None,
            core=self.core,
            gate=CodeGate(ask if has_till else ()),
            log=log,
        )
        self._thread = threading.Thread(target=self.lane.run, daemon=True)

    def plug(self, cable: Cable) -> None:
        self.scanner_path.unlink(missing_ok=True)
        self.scanner_path.symlink_to(cable.path)

    def start(self) -> None:
        self.core.start()
        self._thread.start()

    def stop(self) -> None:
        self.lane.stop()
        self.core.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        self.scanner.pull()
        self.till.pull()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., tuple[Lane, FakeCore]]]:
    """Start a lane beside a core that has seen one scan, so that both are known to be there."""
    started: list[Any] = []

    def start(verdict: Callable[[str], dict[str, Any] | None] = lambda code: {"action": "pass"}, **options: Any):
        lane = Lane(tmp_path, **options)
        core = FakeCore(lane.core_path, verdict)
        lane.start()
        started.extend((lane, core))
        number = 0
        while not core.scans:  # what was sent before the lane had opened the cable, or core, is gone
            number += 1
            lane.scanner.send(b"%d\r" % number)
            with core._changed:
                core._changed.wait_for(lambda: bool(core.scans), 0.3)
        while not lane.till.is_quiet():
            os.read(lane.till.far, 4096)
        core.scans.clear()
        return lane, core

    yield start
    for each in started:
        if isinstance(each, FakeCore):
            each.close()
        else:
            each.stop()


def test_codes_pass_unchanged_and_core_sees_them(running):
    lane, core = running()
    sent = b"]E02900000000017\r\n\x02raw \xff\x03"
    lane.scanner.send(sent)
    assert lane.till.read(len(sent)) == sent
    core.wait(lambda: len(core.scans) >= 2)
    assert core.scans[0] == ("2900000000017", "ean13")


def test_what_the_till_says_reaches_the_scanner(running):
    lane, _ = running()
    lane.till.send(b"\x07beep")
    assert lane.scanner.read(5) == b"\x07beep"


def test_a_spent_coupon_is_withheld_and_the_next_code_passes(running):
    lane, core = running(lambda code: {"action": "withhold"})
    lane.scanner.send(b"]Q3tsc1.spent\r4006381333931\r")
    assert lane.till.read(14) == b"4006381333931\r"
    assert core.judged == ["tsc1.spent"]
    core.wait(lambda: len(core.scans) == 2)


def test_our_code_becomes_the_tills_own(running):
    lane, _ = running(lambda code: {"action": "replace", "code": "9800000000012"})
    lane.scanner.send(b"tsc1.good\r")
    assert lane.till.read(14) == b"9800000000012\r"


@pytest.mark.parametrize(
    "verdict",
    [
        lambda code: None,
        lambda code: {"action": "burn"},
        lambda code: {"ok": False},
        lambda code: {"action": "replace", "code": "\x1b@"},
    ],
    ids=["hangs", "nonsense", "refuses", "control bytes"],
)
def test_whatever_core_does_the_code_passes_as_it_is(running, verdict):
    lane, _ = running(verdict)
    lane.scanner.send(b"]Q3tsc1.any\r")
    assert lane.till.read(12) == b"]Q3tsc1.any\r"


def test_core_that_dies_costs_the_till_nothing(running):
    lane, core = running()
    core.close()
    lane.scanner.send(b"tsc1.any\r")
    assert lane.till.read(9) == b"tsc1.any\r"


def test_a_scanner_of_our_own_is_unplugged_in_mid_code_and_comes_back(running):
    lane, core = running(has_till=False)
    lane.scanner.send(b"29000000")
    lane.scanner.pull()
    lane.scanner = Cable()
    lane.plug(lane.scanner)
    whole = ("2900000000024", "")
    while whole not in core.scans:
        lane.scanner.send(b"2900000000024\r")
        with core._changed:
            core._changed.wait_for(lambda: whole in core.scans, 0.3)
    assert set(core.scans) <= {whole, ("29000000", "")}, "half a code joined another one"


def test_a_code_without_an_end_is_known_by_the_silence_behind_it(running):
    _, core = (pair := running(has_till=False))
    pair[0].scanner.send(b"2900000000017")
    core.wait(lambda: core.scans == [("2900000000017", "")])


class HearingTill:
    """What the till hears of keys; it says nothing itself."""

    def __init__(self) -> None:
        self.heard = b""

    def read(self) -> bytes:
        threading.Event().wait(0.05)
        return b""

    def write(self, data: bytes) -> None:
        self.heard += data

    def close(self) -> None:
        """Stay."""


class Keys:
    """A keyboard that a test types on."""

    def __init__(self) -> None:
        self.out, self.into = os.pipe()

    def read(self) -> bytes:
        ready, _, _ = select.select([self.out], [], [], 0.05)
        return os.read(self.out, 4096) if ready else b""

    def write(self, data: bytes) -> None:
        os.write(self.into, data)

    def close(self) -> None:
        """Stay: the test closes it."""


def test_keys_of_a_wedge_scanner_pass_as_they_are_and_core_hears_the_code(tmp_path: Path):
    core = FakeCore(tmp_path / "control.sock", lambda code: {"action": "replace", "code": "98"})
    scanner, till, log = Keys(), HearingTill(), EventLog(2, now=utc_now, as_json=True)
    line = CoreScans(tmp_path / "control.sock", workstation_id="1", log=log)
    lane = Scanner(
        lambda: scanner, open_till=lambda: till, core=line, gate=CodeGate([b"tsc1"]), log=log, is_keyboard=True
    )
    line.start()
    thread = threading.Thread(target=lane.run, daemon=True)
    thread.start()
    while not core.scans:
        scanner.write(b"".join(each.encode() for each in typing("1\r")))
        with core._changed:
            core._changed.wait_for(lambda: bool(core.scans), 0.3)
    scanner.write(b"".join(each.encode() for each in typing("Ab-7\rtsc1x\r9\r")))
    core.wait(lambda: core.scans[-3:] == [("Ab-7", ""), ("tsc1x", ""), ("9", "")])
    lane.stop()
    thread.join(PATIENCE_S)
    line.stop()
    core.close()
    typed = KeyReader().feed(key_events(till.heard))
    assert typed.endswith(b"Ab-7\r98\r9\r")
    assert set(typed.removesuffix(b"Ab-7\r98\r9\r")) <= set(b"1\r")


@pytest.mark.skipif(
    not os.access("/dev/uinput", os.W_OK), reason="this machine has no /dev/uinput to make a keyboard by"
)
def test_a_keyboard_of_ours_is_heard_by_the_system():
    from pos_adapters.scanners.keyboards import VirtualKeyboard

    keyboard = VirtualKeyboard()
    keyboard.write(b"".join(each.encode() for each in typing("1")))
    keyboard.close()


def test_the_program_says_what_is_wrong_with_its_ports(capfd: pytest.CaptureFixture[str]):
    from pos_adapters.scanners.command_line import run

    common = ["--agent", "unix:///tmp/none", "--workstation", "1"]
    assert run(["--port", "serial:///dev/x?speed=1", *common]) == 2
    assert run(["--port", "serial:///dev/x", "--till", "uinput:", *common]) == 2
    assert "speed" in capfd.readouterr().err
    assert sys.platform != "linux" or run(["--port", "evdev:///dev/x", "--till", "serial:///dev/y", *common]) == 2


def test_a_lane_that_was_stopped_opens_no_line_again(running):
    """A thread that stayed behind once set the speed of the next device that got the till's name."""
    lane, _ = running()
    lane.stop()
    waiting = [thread for thread in threading.enumerate() if thread.name == "till"]
    for thread in waiting:
        thread.join(PATIENCE_S)
    assert not [thread for thread in waiting if thread.is_alive()]
    lane.scanner, lane.till = Cable(), Cable()  # what the fixture pulls
