"""`tillstream setup` in a real terminal: a technician mistypes, leaves, comes back, and a shop is set up."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.config import load_config
from sync.protocol.invitation import Invitation, invitation_text
from tests.agent.setup.technician import RECEIPTS, ROOT, Printer, Technician, free_port, printing

pytestmark = pytest.mark.real


@pytest.fixture
def printer() -> Iterator[Printer]:
    with printing(Printer()) as made:
        yield made


def prints(port: int, job: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as register:
        register.settimeout(60)
        register.sendall(job)
        register.shutdown(socket.SHUT_WR)
        while register.recv(4096):
            pass


def test_a_technician_who_mistypes_ends_with_a_shop_that_is_set_up(tmp_path: Path, printer: Printer) -> None:
    listen = free_port()
    person = Technician("--config", "agent.toml", "--no-find", folder=tmp_path)
    try:
        tells_who_and_where(person)
        tells_of_the_lane(person, listen, printer)
        looks_at_paper(person, listen)
        person.sees("The sheet is printed")
        assert person.ends() == 0, person.screen
    finally:
        person.goes()
    config = load_config(tmp_path / "agent.toml")
    assert (config.store.business_unit_id, config.store.country, config.store.currency) == ("7781", "DE", "GBP")
    tap = config.workstation[0].tap
    assert tap is not None
    assert (tap.printer, tap.model) == (printer.address, "generic-80mm-42")
    paper = b"".join(printer.printed)
    assert paper.count(b"PROOF SLIP") == 2
    assert all(receipt in paper for receipt in RECEIPTS)
    assert b"SETUP SHEET" in paper


def tells_who_and_where(person: Technician) -> None:
    person.answers("Store number", "")
    person.sees("needed")
    person.types("shop 7781!")
    person.sees("does not fit: letters, digits")
    person.types("7781")
    person.answers("call the store", "Corner shop")
    person.answers("Country", "Grmany")
    person.sees(r"DE \(Germany\)\?")
    person.answers("Country", "?")
    person.sees("two letters")
    person.types("de")
    person.answers(r"Language .*\[de\]", "")
    person.answers(r"Time zone \[Europe/Berlin\]", "Europe/Brelin")
    person.sees(r"Europe/Berlin\?")
    person.types("")
    person.answers(r"Currency .*\[EUR\]", "GBP")
    person.sees("KassenSichV")
    person.answers(r"What may be printed.*\[separate_slip\]", "seperate slip")
    person.sees(r"separate_slip\?")
    person.types("")
    person.answers("hub's address", "hub.example")
    person.sees(r"https://hub.example\?")
    person.types("-")


def tells_of_the_lane(person: Technician, listen: int, printer: Printer) -> None:
    person.answers(r"member codes look.*\[qr:tillstream\]", "ean99:29")
    person.sees("does not fit")
    person.types("ean13:29, qr:tillstream")
    person.answers(r"Number of this checkout.*\[1\]", "")
    person.answers("Where the till will print", f"127.0.0.1:{listen}")
    person.answers("printer's address", "127.0.0.1:banana")
    person.sees("does not fit")
    person.types(f"127.0.0.1:{printer.port}")
    person.sees("EPSON TM-T20III. That is TM-T20III, 48 columns")
    person.answers(r"Printer model \[TM-T20III\]", "TM-T20")
    person.sees("does not fit: use one of: TM-T20II")
    person.types("")
    person.answers("Scan any card", "")
    person.sees(r'\+business_unit_id = "7781"')
    person.answers(r"Write it\?", "perhaps")
    person.sees("yes or no")
    person.types("y")


def looks_at_paper(person: Technician, listen: int) -> None:
    person.answers("Print the proof slip", "y")
    person.answers("Which line of the ruler", "47")
    person.sees("does not fit: 32, 42, 48")
    person.types("42")
    person.sees("generic-80mm-42 now")
    person.answers("Which line of the ruler", "")
    person.answers("Can you read", "y")
    person.answers("phone read", "y")
    person.answers("three real receipts", "y")
    person.sees("print three receipts")
    for number, receipt in enumerate(RECEIPTS, start=1):
        prints_when_it_listens(listen, receipt)
        person.sees(f"receipt {number} has come")
    person.sees(r"sale 4\.30")
    person.sees("3 of 3 were understood")


def prints_when_it_listens(port: int, job: bytes) -> None:
    """Print as a till does that tries again while nobody listens yet."""
    for _ in range(600):
        try:
            return prints(port, job)
        except ConnectionRefusedError:
            subprocess.run([sys.executable, "-c", "pass"], check=True)  # the time a process takes
    raise AssertionError("nobody ever listened")


def test_ctrl_c_at_any_question_leaves_nothing_behind(tmp_path: Path, printer: Printer) -> None:
    given = ["--store", "1", "--name", "x", "--country", "DE", "--language", "de", "--timezone", "Europe/Berlin"]
    given += [
        "--currency",
        "EUR",
        "--print-profile",
        "off",
        "--hub",
        "-",
        "--member",
        "qr:tillstream",
        "--workstation",
        "1",
        "--no-scan",
    ]
    for question, more in (
        ("Store number", []),
        ("Where the till will print", given),
        (r"Write it\?", [*given, "--listen", "9109", "--printer", printer.address, "--model", "TM-T20III"]),
    ):
        person = Technician("--config", "agent.toml", "--no-find", *more, folder=tmp_path)
        try:
            person.sees(question)
            person.presses_ctrl_c()
            person.sees("Nothing was written")
            assert person.ends() == 130
        finally:
            person.goes()
        assert [path.name for path in tmp_path.iterdir()] == []


def test_the_questions_are_asked_in_russian(tmp_path: Path) -> None:
    person = Technician("--config", "agent.toml", "--no-find", folder=tmp_path, language="ru")
    try:
        person.answers("Номер магазина", "77 81")
        person.sees("не подходит")
        person.types("7781")
        person.answers("Как называют", "Лавка")
        person.answers("Страна", "Россия")
        person.answers(r"Язык .*\[ru\]", "")
        person.answers(r"Часовой пояс \[Europe/Moscow\]", "")
        person.answers(r"Валюта .*\[RUB\]", "")
        person.sees("фискальный регистратор")
        person.presses_ctrl_c()
        assert person.ends() == 130
    finally:
        person.goes()


def unattended(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", "setup", "--yes", "--config", "agent.toml", "--json", *words]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        env={"PYTHONPATH": str(ROOT), "HOME": str(folder)},
    )


def test_unattended_setup_takes_flags_and_the_second_run_changes_nothing(tmp_path: Path, printer: Printer) -> None:
    receipts = []
    for number, receipt in enumerate(RECEIPTS):
        (tmp_path / f"{number}.bin").write_bytes(receipt)
        receipts += ["--receipt", f"{number}.bin"]
    flags = ["--store", "7781", "--country", "Great Britain", "--print-profile", "separate_slip"]
    flags += ["--printer", printer.address, "--listen", "127.0.0.1:9109", "--proof", *receipts]
    done = unattended(tmp_path, *flags)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["written"]
    assert told["proof_printed"]
    assert told["sheet_printed"]
    assert told["printer"]["model"] == "TM-T20III"
    assert told["learnt"]["read_before"] == 3
    assert len(told["checks"]) >= 30
    before = (tmp_path / "agent.toml").read_text("utf-8")
    (tmp_path / "agent.toml").write_text(f"# by hand\n{before}\n[desk]\nkiosks = ['door']  # ours\n", "utf-8")
    stat = (tmp_path / "agent.toml").stat()
    again = unattended(tmp_path, "--no-sheet")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["changed"] is False
    assert (tmp_path / "agent.toml").stat().st_mtime_ns == stat.st_mtime_ns
    dry = unattended(tmp_path, "--name", "Corner shop", "--dry-run")
    assert '+name = "Corner shop"' in dry.stderr
    third = unattended(tmp_path, "--name", "Corner shop", "--no-sheet")
    assert json.loads(third.stdout)["changed"] is True
    text = (tmp_path / "agent.toml").read_text("utf-8")
    assert "# by hand" in text
    assert "# ours" in text
    assert 'name = "Corner shop"' in text


def test_unattended_setup_says_all_at_once_what_it_was_not_told(tmp_path: Path) -> None:
    done = unattended(tmp_path)
    assert done.returncode == 2
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["code"] == "missing_answers"
    assert all(flag in told["fix"] for flag in ("--store", "--country", "--printer"))
    assert list(tmp_path.iterdir()) == []
    wrong = unattended(tmp_path, "--store", "1", "--country", "DE", "--printer", "nonsense")
    assert wrong.returncode == 2
    assert "--printer" in wrong.stderr
    assert list(tmp_path.iterdir()) == []


@contextmanager
def hub(folder: Path) -> Iterator[tuple[str, str]]:
    """Run a hub and make a code for store 7781; yields (address, code)."""
    words = ["--state-dir", str(folder)]
    made = subprocess.check_output(
        [sys.executable, "-m", "hub", "enrol-code", "--store", "7781", "--json", *words], cwd=ROOT
    )
    command = [sys.executable, "-m", "hub", "run", "--listen", "127.0.0.1:0", "--json", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            port = json.loads(process.stdout.readline())["listening"].rpartition(":")[2]
            yield f"http://127.0.0.1:{port}", json.loads(made)["code"]
        finally:
            process.terminate()


def test_setup_enrols_with_what_the_qr_code_holds_and_a_code_of_another_store_is_told(
    tmp_path: Path, printer: Printer
) -> None:
    with hub(tmp_path / "hub") as (address, code):
        scanned = invitation_text(Invitation(code=code, store="7781", hub=address))
        flags = [
            "--country",
            "GB",
            "--print-profile",
            "off",
            "--printer",
            printer.address,
            "--listen",
            "127.0.0.1:9109",
        ]
        (tmp_path / "other").mkdir()
        refused = unattended(tmp_path / "other", *flags, "--no-sheet", "--store", "4711", "--code", scanned)
        assert refused.returncode == 1, refused.stderr
        assert [each["code"] for each in json.loads(refused.stdout)["trouble"]] == ["code_other_store"]
        done = unattended(tmp_path, *flags, "--no-sheet", "--code", scanned)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["enrolled"] == "7781"
        assert {check["id"]: check["ok"] for check in told["checks"]}["enrolled"]
        config = load_config(tmp_path / "agent.toml")
        assert config.hub is not None
        assert (config.store.business_unit_id, config.hub.url) == ("7781", address)
