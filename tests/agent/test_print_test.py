"""`tillstream print-test` against a printer on loopback and through a real tap."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.commands.print_test import ASK, ASK_PAPER, ASKED_TIMES, app
from retail.errors import ConfigurationError, OnSiteError
from tests.pos_adapters.taps.rig import Printer, rigged

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


def test_without_a_printer_it_asks_for_one() -> None:
    assert isinstance(RUN.invoke(app, []).exception, ConfigurationError)
