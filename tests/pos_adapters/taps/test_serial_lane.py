"""Registers and printers on serial cables: pseudo-terminals stand in for the cables."""

from __future__ import annotations

import os
import select
import termios
import tty
from dataclasses import dataclass

import pytest

from pos_adapters.taps.addresses import FlowControl, serial_address
from pos_adapters.taps.serial_line import SerialEnd, follow_dsr
from tests.pos_adapters.taps.fake_core import PATIENCE_S
from tests.pos_adapters.taps.rig import CUT, Rig, Tap

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"


class Cable:
    """A pseudo-terminal: the tap opens `path`, the test holds the other end."""

    def __init__(self) -> None:
        self.ours, self._theirs = os.openpty()
        tty.setraw(self.ours)
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)

    def write(self, data: bytes) -> None:
        while data:
            _, ready, _ = select.select([], [self.ours], [], PATIENCE_S)
            assert ready, "the cable takes no bytes"
            data = data[os.write(self.ours, data) :]

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            ready, _, _ = select.select([self.ours], [], [], PATIENCE_S)
            assert ready, f"only {data!r} came"
            data += os.read(self.ours, count - len(data))
        return data

    def silent(self) -> bool:
        ready, _, _ = select.select([self.ours], [], [], 0)
        return not ready

    def settings(self) -> list:
        return termios.tcgetattr(self._theirs)

    def close(self) -> None:
        os.close(self.ours)
        os.close(self._theirs)


@pytest.fixture
def cable():
    cable = Cable()
    yield cable
    cable.close()


def lane(rig: Rig, listen: str, printer: str, *more: str) -> Tap:
    return rig.keep(
        Tap(
            *("--listen", listen, "--printer", printer, "--workstation", "1", "--profile", "appendix"),
            *("--agent", f"unix://{rig.core_path}", *more),
        )
    )


@pytest.mark.real
def test_a_network_register_prints_on_a_printer_at_a_cable(rig: Rig, cable: Cable) -> None:
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = lane(rig, "127.0.0.1:0", f"serial://{cable.path}?baud=115200")
    core.wait_connected()
    for number in range(2):
        register = rig.register(tap)
        register.send(RECEIPT + b"\x10\x04\x01" + CUT)
        whole = RECEIPT + b"\x10\x04\x01" + BLOCK + CUT
        assert cable.read(len(whole)) == whole
        cable.write(b"\x16")
        assert register.receive(1) == b"\x16"
        register.close()
        assert core.wait_job(number).data == RECEIPT + b"\x10\x04\x01" + CUT


@pytest.mark.real
def test_a_register_at_a_cable_prints_on_a_network_printer(rig: Rig, cable: Cable) -> None:
    printer = rig.printer(answers={b"\x10\x04\x01": b"\x16"})
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = lane(rig, f"serial://{cable.path}?baud=9600", printer.address)
    core.wait_connected()
    tap.wait_event("register_line_open")
    cable.write(b"\x10\x04\x01")
    assert cable.read(1) == b"\x16"
    cable.write(RECEIPT + CUT)
    whole = b"\x10\x04\x01" + RECEIPT + BLOCK + CUT
    assert printer.wait_bytes(0, len(whole)) == whole
    assert core.wait_job(0).end == {"reason": "silence", "truncated": False}
    assert printer.wait_jobs(1)[0].data == whole, "the printer is let go of when the receipt is over"
    cable.write(RECEIPT + CUT)
    assert printer.wait_bytes(1, len(RECEIPT + BLOCK + CUT)) == RECEIPT + BLOCK + CUT


@pytest.mark.real
def test_cable_to_cable_keeps_baud_and_parity(rig: Rig, cable: Cable) -> None:
    printer = Cable()
    try:
        core = rig.core(lambda job, cut_no, offset: BLOCK)
        options = "baud=19200&parity=E&bits=8&stop=2"
        lane(rig, f"serial://{cable.path}?{options}", f"serial://{printer.path}?{options}")
        core.wait_connected()
        for byte in RECEIPT + CUT:
            cable.write(bytes((byte,)))
        assert printer.read(len(RECEIPT + BLOCK + CUT)) == RECEIPT + BLOCK + CUT
        printer.write(b"\x14\x00\x00\x0f")
        assert cable.read(4) == b"\x14\x00\x00\x0f"
        for line in (cable, printer):
            _, _, flags, _, speed_in, speed_out, _ = line.settings()
            assert speed_in == speed_out == termios.B19200
            assert flags & termios.CSTOPB
    finally:
        printer.close()


@pytest.mark.real
def test_xoff_of_the_printer_reaches_the_register_and_holds_us_back(rig: Rig, cable: Cable) -> None:
    printer = Cable()
    try:
        core = rig.core()
        lane(rig, f"serial://{cable.path}?flow=xonxoff", f"serial://{printer.path}?flow=xonxoff")
        core.wait_connected()
        cable.write(b"first\n")
        assert printer.read(6) == b"first\n"
        printer.write(b"\x13")
        assert cable.read(1) == b"\x13"
        cable.write(b"second\n")
        core.seen.until(lambda: core.order and core.order[0].data == b"first\nsecond\n", "the tap has taken it")
        assert printer.silent()
        printer.write(b"\x11")
        assert cable.read(1) == b"\x11"
        assert printer.read(7) == b"second\n"
    finally:
        printer.close()


@pytest.mark.real
def test_a_cable_that_is_pulled_and_put_back_prints_again(rig: Rig) -> None:
    """Opening the port again is all that a person has to wait for."""
    printer = rig.printer()
    first = Cable()
    link = rig.folder / "ttyRegister"
    link.symlink_to(first.path)
    tap = lane(rig, f"serial://{link}?baud=9600", printer.address)
    tap.wait_event("register_line_open")
    first.write(RECEIPT)
    printer.wait_bytes(0, len(RECEIPT))
    link.unlink()
    first.close()
    tap.wait_event("register_line_missing")
    second = Cable()
    link.symlink_to(second.path)
    tap.wait_event("register_line_open", 1)
    second.write(RECEIPT)
    assert printer.wait_bytes(1, len(RECEIPT)) == RECEIPT
    second.close()


@dataclass
class Wires:
    """The wires that a pseudo-terminal does not have."""

    dsr: bool = True
    dtr: bool = True


def test_a_printer_that_is_not_ready_holds_us_back_and_the_register_is_shown_why(cable: Cable) -> None:
    class Line:
        def fileno(self) -> int:
            return cable.ours

    end = SerialEnd(Line(), flow=FlowControl.DSR_DTR, give_back=lambda: None)  # type: ignore[arg-type]
    shown, room = [], []
    end.on_room = lambda: room.append(True)
    wires = Wires(dsr=False)
    follow_dsr(wires, end, shown.append)
    with pytest.raises(BlockingIOError):
        end.send(b"x")
    follow_dsr(wires, end, shown.append)
    wires.dsr = True
    follow_dsr(wires, end, shown.append)
    assert end.send(b"x") == 1
    assert shown == [False, True]
    assert room == [True]


@pytest.mark.parametrize(
    "text",
    ["serial://", "serial:///dev/ttyS0?bauds=9600", "serial:///dev/ttyS0?flow=some", "serial:///dev/ttyS0?parity=X"],
)
def test_a_wrong_serial_address_is_refused_with_what_is_known(text: str) -> None:
    with pytest.raises(ValueError, match="serial://"):
        serial_address(text)
