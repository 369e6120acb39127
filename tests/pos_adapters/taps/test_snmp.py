"""Windows asks on UDP 161 whether a printer is there; net-snmp asks the same, and bytes of any kind ask nothing."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_adapters.taps import ber
from pos_adapters.taps.printer_answers import Trouble
from pos_adapters.taps.snmp import answer, tree
from tests.pos_adapters.taps.fake_core import PATIENCE_S
from tests.pos_adapters.taps.rig import Rig

DEVICE_STATUS = "1.3.6.1.2.1.25.3.2.1.5.1"
PRINTER_STATUS = "1.3.6.1.2.1.25.3.5.1.1.1"
ERROR_STATE = "1.3.6.1.2.1.25.3.5.1.2.1"
WELL = tree([("tcp://192.0.2.10:9100", Trouble(0))], up_s=12.0)


def asked(*names: tuple[int, ...], version: int = 1, pdu: int = 0xA0, community: bytes = b"public") -> bytes:
    """Return a question, encoded by hand: lengths below 128 only."""
    bindings = b"".join(ber.encoded(0x30, ber.oid(name) + b"\x05\x00") for name in names)
    content = b"\x02\x01\x07\x02\x01\x00\x02\x01\x00" + ber.encoded(0x30, bindings)
    return ber.encoded(0x30, bytes((2, 1, version)) + ber.encoded(4, community) + ber.encoded(pdu, content))


def name(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def test_a_printer_that_is_well_is_running_and_idle() -> None:
    said = answer(asked(name(DEVICE_STATUS), name(PRINTER_STATUS), name(ERROR_STATE)), WELL)
    assert said is not None
    assert said.endswith(b"\x02\x01\x03" + ber.encoded(0x30, ber.oid(name(ERROR_STATE)) + b"\x04\x01\x00"))
    assert ber.oid(name(DEVICE_STATUS)) + b"\x02\x01\x02" in said


@pytest.mark.parametrize(
    ("trouble", "status", "bits"),
    [
        (Trouble.PAPER_END, 5, 0x40),
        (Trouble.COVER_OPEN, 5, 0x08),
        (Trouble.UNREACHABLE, 5, 0x02),
        (Trouble.ERROR, 3, 0x01),
        (Trouble.PAPER_END | Trouble.OFFLINE, 5, 0x42),
    ],
)
def test_what_is_wrong_with_the_printer_is_said_as_it_is(trouble: Trouble, status: int, bits: int) -> None:
    said = answer(asked(name(DEVICE_STATUS), name(ERROR_STATE)), tree([("p", trouble)], up_s=0))
    assert said is not None
    assert ber.oid(name(DEVICE_STATUS)) + bytes((2, 1, status)) in said
    assert said.endswith(bytes((4, 1, bits)))


def test_version_1_has_no_such_name_and_version_2_no_such_object() -> None:
    unknown = name("1.3.6.1.2.1.1.99.0")
    first, second = answer(asked(unknown, version=0), WELL), answer(asked(unknown), WELL)
    assert first is not None
    assert b"\x02\x01\x07\x02\x01\x02\x02\x01\x01" in first
    assert second is not None
    assert second.endswith(b"\x80\x00")


def test_a_walk_meets_every_name_once_in_order_and_ends() -> None:
    at, met = name("1.3"), []
    for _ in range(len(WELL) + 1):
        said = answer(asked(at, pdu=0xA1), WELL)
        assert said is not None
        (binding,) = _bindings(said)
        at = ber.read_oid(binding[0])
        met.append((at, binding[1].tag))
    assert [each for each, _ in met[:-1]] == [each.name for each in WELL]
    assert met[-1][1] == 0x82


def _bindings(said: bytes) -> list[list[ber.Element]]:
    (message,) = ber.elements(said)
    *_, pdu = ber.elements(message.content)
    *_, bindings = ber.elements(pdu.content)
    return [list(ber.elements(each.content)) for each in ber.elements(bindings.content)]


@pytest.mark.parametrize(
    "question", [asked(name(DEVICE_STATUS), community=b"private"), asked(pdu=0xA3), b"", b"\x30\x80"]
)
def test_what_is_not_ours_to_answer_gets_no_answer(question: bytes) -> None:
    assert answer(question, WELL) is None


@given(st.binary(max_size=200))
def test_no_datagram_makes_it_stumble(datagram: bytes) -> None:
    answer(datagram, WELL)


@given(st.integers(0, 94), st.integers(0, 255))
def test_no_broken_question_makes_it_stumble(at: int, byte: int) -> None:
    question = asked(name(DEVICE_STATUS), name(PRINTER_STATUS), name(ERROR_STATE))
    answer(question[: at % len(question)] + bytes((byte,)) + question[at % len(question) + 1 :], WELL)


@given(st.lists(st.integers(0, 0xFFFFFFFF), max_size=20), st.integers(-(2**40), 2**40))
def test_what_is_encoded_is_read_back(parts: list[int], value: int) -> None:
    (element,) = ber.elements(ber.oid((1, 3, *parts)))
    assert ber.read_oid(element) == (1, 3, *parts)
    (element,) = ber.elements(ber.integer(value))
    assert ber.read_integer(element) == value


@pytest.mark.real
def test_net_snmp_understands_the_answers_of_a_real_tap(rig: Rig) -> None:
    if shutil.which("snmpget") is None:
        pytest.skip("no net-snmp: apt-get install snmp")
    printer = rig.printer()
    tap = rig.tap(printer, "--snmp", "127.0.0.1:0", profile="off")
    where = f"127.0.0.1:{tap.wait_event('snmp')['port']}"
    names = (DEVICE_STATUS, PRINTER_STATUS)
    for version in ("1", "2c"):
        ask = ["snmpget", f"-v{version}", "-c", "public", "-On", "-Oe", "-t", "5", where]
        done = subprocess.run([*ask, *names], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
        assert [line.rsplit(" ", 1)[1] for line in done.stdout.splitlines()] == ["2", "3"]
    walk = ["snmpbulkwalk", "-v2c", "-c", "public", "-On", where, "1.3.6.1.2.1"]
    done = subprocess.run(walk, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert len(done.stdout.splitlines()) >= len(WELL)
    printer.close()
    rig.print_job(tap, b"x")
    tap.wait_event("printer_refused")
    ask = ["snmpget", "-v1", "-c", "public", "-On", "-Oe", where, DEVICE_STATUS]
    done = subprocess.run(ask, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert done.stdout.split()[-1] == "5", "a printer that is off is said to be down"


@pytest.mark.real
def test_a_port_that_cannot_be_had_costs_the_answers_and_not_the_receipts(rig: Rig) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        printer = rig.printer()
        tap = rig.tap(printer, "--snmp", f"127.0.0.1:{taken.getsockname()[1]}", profile="off")
        assert tap.wait_event("snmp_refused")["cause"]
        rig.print_job(tap, b"receipt\n")
        assert printer.wait_jobs(1)[0].data == b"receipt\n"
