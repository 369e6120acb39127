"""`tillstream print-test` against a printer on loopback and through a real tap."""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agent.commands.print_test import ASK, ASK_PAPER, ASKED_TIMES, SERVICE_ASKED_TIMES, app, fix_of
from pos_adapters.taps.addresses import printer_address
from retail.errors import ConfigurationError, OnSiteError
from tests.pos_adapters.taps.certificates import certificate
from tests.pos_adapters.taps.rig import Printer, Tap, rigged
from tests.pos_adapters.taps.service_devices import (
    EPOS_ANSWER,
    EposEdge,
    EposPrinter,
    LpdEdge,
    Received,
    serving,
    stopped,
)

RUN = CliRunner()


def test_a_dry_run_makes_the_bytes_and_connects_to_nothing(tmp_path: Path) -> None:
    file = tmp_path / "slip.bin"
    done = RUN.invoke(app, ["--dry-run", "--out", str(file), "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["sent"], told["printer"], told["printed"]) == (False, None, None)
    assert told["bytes"] == len(file.read_bytes())
    assert b"PROOF SLIP" in file.read_bytes()


@pytest.mark.real
def test_through_a_tap_the_delay_of_both_ways_stands_on_the_slip_and_the_printer_says_it_printed(
    tmp_path: Path,
) -> None:
    with rigged(tmp_path) as rig:
        printer = rig.printer(answers={ASK: b"\x16", ASK_PAPER: b"\x00"})
        tap = rig.tap(printer, profile="off")
        arguments = [f"127.0.0.1:{tap.port}", "--direct", printer.address, "--json"]
        told = json.loads(RUN.invoke(app, arguments).stdout)
        assert told["printed"] is True
        slip = bytes(printer.wait_jobs(3)[2].data)
        assert printer.jobs[0].data == ASK * ASKED_TIMES
        for way in ("printer", "direct"):
            assert f"{way}: connected in {told[way]['connect_ms']:.2f} ms".encode() in slip.replace(b"\n", b"")
        assert told["tap_adds_ms"] == pytest.approx(
            told["printer"]["answer_p50_ms"] - told["direct"]["answer_p50_ms"], abs=0.002
        )


@pytest.mark.real
@pytest.mark.parametrize("kind", [LpdEdge, EposEdge])
def test_on_a_printer_that_takes_jobs_whole_it_prints_straight_and_through_a_tap(tmp_path: Path, kind: Any) -> None:
    with rigged(tmp_path) as rig:
        edge = kind(rig)
        arguments = ("--listen", edge.listen, "--printer", edge.printer_address, "--workstation", "1")
        tap = rig.keep(Tap(*arguments))
        through = f"{edge.name}://127.0.0.1:{tap.port}"
        told = json.loads(RUN.invoke(app, [through, "--direct", edge.printer_address, "--json"]).stdout)
        assert told["printed"] is (edge.name == "epos"), "LPD never says that it has printed"
        assert told["printer"]["answer_p50_ms"] > 0
        assert told["tap_adds_ms"] is not None
        printed = edge.printed(0 if edge.name == "lpd" else 2 * SERVICE_ASKED_TIMES)
        slip = printed if edge.name == "lpd" else bytes.fromhex(printed.decode().split("command>")[1][:-2])
        assert b"PROOF SLIP" in slip
        assert len(slip) == told["bytes"]
        edge.close()


@pytest.mark.real
def test_a_printer_that_did_not_print_is_named_with_its_cause_and_what_to_do() -> None:
    class Empty(EposPrinter):
        def do_POST(self) -> None:  # noqa: N802 - the server's name for it
            self.body()
            self.say(200, EPOS_ANSWER.replace(b'"true" code=""', b'"false" code="EPTR_REC_EMPTY"'), "text/xml")

    server = serving(Empty, Received(), 0)
    done = RUN.invoke(app, [f"epos://127.0.0.1:{server.server_address[1]}"])
    stopped(server)
    assert isinstance(done.exception, OnSiteError)
    assert "EPTR_REC_EMPTY" in done.exception.message
    assert done.exception.fix == "put in paper"


@pytest.mark.parametrize(
    ("address", "said", "todo"),
    [
        ("cloudprnt://print.example", "fetches its jobs there", "tcp://PRINTER:9100"),
        ("ipp://192.0.2.10", "tcp://, serial://, lpd://, epos://", "address"),
        ("192.0.2.10", "192.0.2.10:9100", "address"),
        ("tcp://192.0.2.10:91000", "HOST:PORT", "address"),
        ("serial:///dev/ttyS0?baud=fast", "baud", "address"),
        ("serial:///dev/ttyS0?speed=9600", "unknown setting speed", "address"),
        ("epos+tls://192.0.2.10?sha256=12", "64 hex digits", "address"),
        ("lpd+tls://192.0.2.10", "LPD knows no TLS", "address"),
    ],
)
def test_an_address_that_cannot_be_printed_on_is_named_with_what_to_do(address: str, said: str, todo: str) -> None:
    done = RUN.invoke(app, [address])
    assert isinstance(done.exception, ConfigurationError)
    assert said in done.exception.message
    assert todo in done.exception.fix


def test_a_port_that_is_not_there_is_named_with_what_to_do() -> None:
    done = RUN.invoke(app, ["serial:///dev/ttyNOTTHERE?baud=9600"])
    assert isinstance(done.exception, OnSiteError)
    assert "/dev/ttyNOTTHERE" in done.exception.message
    assert "/dev/serial/by-id" in done.exception.fix


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    done = RUN.invoke(app, ["--dry-run", "--out", str(tmp_path / "missing" / "slip.bin")])
    assert isinstance(done.exception, OnSiteError)
    assert "slip.bin" in done.exception.message


@pytest.mark.real
def test_a_certificate_that_nobody_trusts_is_told_with_how_to_name_it(tmp_path: Path) -> None:
    server = serving(EposPrinter, Received(), 0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, "printer")[0])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    done = RUN.invoke(app, [f"epos+tls://127.0.0.1:{server.server_address[1]}"])
    stopped(server)
    assert isinstance(done.exception, OnSiteError)
    assert "sha256=FINGERPRINT" in done.exception.fix


@pytest.mark.real
def test_a_printer_that_says_nothing_gets_the_slip_and_is_not_believed_to_have_printed() -> None:
    printer = Printer()
    try:
        told = json.loads(RUN.invoke(app, [printer.address, "--json"]).stdout)
        assert (told["sent"], told["printed"], told["printer"]["answer_p50_ms"]) == (True, False, None)
    finally:
        printer.close()


def test_a_printer_that_is_off_is_named_with_what_to_do() -> None:
    printer = Printer()
    printer.close()
    done = RUN.invoke(app, [printer.address])
    assert isinstance(done.exception, OnSiteError)
    assert printer.address in done.exception.message


def test_a_printer_whose_name_nobody_knows_is_told_as_that() -> None:
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    assert "mend the name" in fix_of(printer_address("tcp://pritner:9100"), unknown)


def test_without_a_printer_it_asks_for_one() -> None:
    assert isinstance(RUN.invoke(app, []).exception, ConfigurationError)
