"""What a technician types: printers by every protocol, and what is wrong said with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pos_adapters.taps.addresses import Edge, ServiceAddress, TcpAddress, printer_address, service_address
from pos_adapters.taps.command_line import EXIT_USAGE, parse
from receipt.printers import printer_models
from tests.pos_adapters.taps.certificates import certificate
from tests.pos_adapters.taps.rig import Rig, Tap

NEEDED = ("--workstation", "1", "--listen", "0.0.0.0:9100")


@pytest.mark.parametrize(
    ("text", "address", "netloc"),
    [
        ("lpd://192.0.2.10", ServiceAddress(edge=Edge.LPD, host="192.0.2.10", port=515), "192.0.2.10"),
        ("epos://192.0.2.10:8008", ServiceAddress(edge=Edge.EPOS, host="192.0.2.10", port=8008), "192.0.2.10:8008"),
        ("cloudprnt://h/", ServiceAddress(edge=Edge.CLOUDPRNT, host="h", port=80), "h"),
        ("cloudprnt+tls://h", ServiceAddress(edge=Edge.CLOUDPRNT, host="h", port=443, tls=True), "h"),
        ("epos://[2001:db8::1]", ServiceAddress(edge=Edge.EPOS, host="2001:db8::1", port=80), "[2001:db8::1]"),
    ],
)
def test_a_printer_is_named_by_what_it_speaks(text: str, address: ServiceAddress, netloc: str) -> None:
    assert printer_address(text) == address
    assert address.netloc == netloc
    assert service_address(str(address)) == address


def test_everything_else_is_a_network_printer_or_a_cable() -> None:
    assert printer_address("tcp://192.0.2.10:9100") == TcpAddress("192.0.2.10", 9100)
    assert printer_address("касса.example.:9100") == TcpAddress("касса.example.", 9100)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--printer", "lpd://"), "not lpd://HOST"),
        (("--printer", "epos://h/cgi-bin"), "the path comes from till or printer"),
        (("--printer", "lpd+tls://h"), "LPD knows no TLS"),
        (("--printer", "epos+tls://h?sha256=12"), "64 hex digits"),
        (("--printer", f"epos+tls://h?sha1={'ab' * 32}"), "behind the ? stands sha256="),
        (("--printer", "epos://h?sha256=12"), "not epos://HOST"),
        (("--printer", "tcp://localhost:9100"), "where this tap itself listens"),
        (("--printer", "tcp://0.0.0.0:9100"), "where this tap itself listens"),
        (("--printer", "tcp://user@h:9100"), "is not HOST:PORT"),
        (("--printer", "tcp://h:9100?baud=9600"), "is not HOST:PORT"),
        (("--printer", "tcp://пример..рф:9100"), "is no name of a machine"),
        (("--printer", "tcp://192.0.2.1..:9100"), "is no name of a machine"),
        (("--printer", f"lpd://{'h' * 64}"), "is no name of a machine"),
        (("--printer", "tcp://[2001:db8::1:9100"), "an IPv6 host stands in brackets"),
        (("--printer", "epos://h", "--certificate", "/nowhere"), "no PEM file of a key and its certificate"),
        (("--printer", "lpd://h:99999"), "is no printer"),
        (("--printer", "cloudprnt://h"), "language is star: give --language star"),
        (("--printer", "epos://h", "--language", "star"), "language is escpos"),
        (("--printer", "epos://h", "--model", "TM-T88"), "--model: no printer model is called 'TM-T88'"),
        (("--printer", "tcp://h:1", "--model", "TM-T88"), "use one of: TM-T88V, "),
        (("--printer", "tcp://h:1", "--model", "nope"), "use one of: CT-S651, "),
        (("--printer", "tcp://h:1", "--allow", "192.0.2.300"), "192.0.2.300"),
        (("--printer", "tcp://h:1", "--allow", "192.0.2"), "give 192.0.2.7 or 192.0.2.0/24"),
        (("--printer", "tcp://h:1", "--snmp", "161"), "is not HOST:PORT"),
        (("--printer", "tcp://h:0"), "nothing listens on port 0"),
        (("--printer", "serial:///dev/ttyS0?baud=11520"), "is 115200 meant?"),
        (("--printer", "serial:///dev/ttyS0?baud=960"), "is 9600 meant?"),
        (("--printer", "tcp://h:1", "--listen", "127.0.0.1:9100", "--printer", "tcp://h:2"), "is named twice"),
        (
            (*("--printer", "serial:///dev/ttyS0", "--listen", "0.0.0.0:9101"), "--printer", "serial:///dev/ttyS0"),
            "/dev/ttyS0 is named twice",
        ),
        (("--printer", "serial:///dev/ttyS0", "--listen", "serial:///dev/ttyS0", "--printer", "tcp://h:1"), "twice"),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_do(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([*NEEDED, *words])
    assert ended.value.code == EXIT_USAGE
    assert said in capsys.readouterr().err


def test_two_registers_may_print_to_one_printer_of_the_network() -> None:
    line = ("--printer", "tcp://h:1")
    assert len(parse([*NEEDED, *line, "--listen", "0.0.0.0:9101", *line]).lanes) == 2


@pytest.mark.real
def test_what_shows_only_at_the_first_receipt_is_said_when_the_tap_starts(rig: Rig) -> None:
    _, options = rig.spooling()
    rig.folder.joinpath("state").write_text("a file where the folder should be")
    line = ("--listen", "127.0.0.1:0", "--printer", "serial:///dev/ttyNOTTHERE", "--workstation", "1")
    tap = rig.keep(Tap(*line, "--profile", "appendix", *options))
    for event in ("printer_line_missing", "only_passes", "spool_impossible"):
        assert tap.wait_event(event)["fix"]


def test_https_is_for_registers_that_speak_http(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both, _ = certificate(tmp_path, "tap")
    with pytest.raises(SystemExit):
        parse([*NEEDED, "--printer", "tcp://h:1", "--certificate", str(both)])
    assert "for registers that speak https" in capsys.readouterr().err


def test_a_certificate_is_named_as_openssl_writes_it() -> None:
    pin = bytes(range(32))
    for text in (pin.hex(), pin.hex(":").upper()):
        assert service_address(f"epos+tls://h?sha256={text}").pin == pin


def test_a_cable_brings_no_jobs_of_a_protocol(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--workstation", "1", "--listen", "serial:///dev/ttyS0", "--printer", "lpd://h"])
    assert "a cable brings no lpd jobs" in capsys.readouterr().err


def test_who_may_print_and_where_snmp_is_answered() -> None:
    settings = parse(
        [*NEEDED, "--printer", "lpd://h", "--allow", "192.0.2.7", "--allow", "2001:db8::/64", "--snmp", "0.0.0.0:161"]
    )
    assert settings.allowed == ("192.0.2.7", "2001:db8::/64")
    assert settings.snmp == TcpAddress("0.0.0.0", 161)


def test_every_model_may_be_named_in_any_case() -> None:
    for name in printer_models():
        parse([*NEEDED, "--printer", "tcp://h:1", "--model", name])
