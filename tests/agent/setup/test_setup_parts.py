"""What setup finds, and what it makes of answers."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.commands.setup import app as setup_app
from agent.setup import answers, finding
from agent.setup.answers import Given
from agent.setup.countries import countries, country_code
from agent.setup.interview import Around
from agent.setup.lessons import learn
from agent.setup.printer_facts import PrinterFacts, ask_printer, model_named
from agent.setup.scans import Heard, hear_scan
from agent.setup.sheet import Words, sheet_of
from agent.setup.talk import LeftError, Prompt, PromptKind, Question, Talk, words_of
from agent.setup.terminal import Terminal
from agent.setup.wizard import Outside, Wizard
from agent.upkeep.devices import Device
from agent.upkeep.patient import Check
from receipt.printers import printer_model
from receipt.slip import encode_slip
from retail.errors import ConfigurationError
from tests.agent.setup.technician import RECEIPTS, Printer, free_port, printing


@pytest.fixture
def printer() -> Iterator[Printer]:
    with printing(Printer()) as made:
        yield made


# Finding


def test_a_knock_at_every_address_of_a_network_finds_the_one_that_answers(printer: Printer) -> None:
    found = finding.subnet("127.0.0.0/30", port=printer.port)
    assert [each.address for each in found] == [printer.address]
    with pytest.raises(ValueError, match="more than"):
        finding.subnet("10.0.0.0/8")


def test_a_printer_that_announces_itself_is_found_by_name_and_port() -> None:
    zeroconf = pytest.importorskip("zeroconf")
    kind = finding.SERVICES[0]
    own = zeroconf.ServiceInfo(
        kind,
        f"Counter {free_port()}.{kind}",
        port=9100,
        addresses=[socket.inet_aton("192.0.2.77")],
        properties={"ty": "TM-m30III"},
    )
    try:
        announcer = zeroconf.Zeroconf()
    except OSError as error:
        pytest.skip(f"no multicast here: {error}")
    try:
        announcer.register_service(own)
        found = finding.announced()
    except zeroconf.Error as error:
        pytest.skip(f"no multicast here: {error!r}")
    finally:
        announcer.close()
    if not found:
        pytest.skip("multicast goes nowhere here")
    assert ("tcp://192.0.2.77:9100", "TM-m30III") in [(each.address, each.name) for each in found]


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("socket://192.0.2.10:9101", "tcp://192.0.2.10:9101"),
        ("socket://192.0.2.10", "tcp://192.0.2.10:9100"),
        ("lpd://192.0.2.10/queue", "lpd://192.0.2.10"),
        ("serial:/dev/ttyS0?baud=9600", "serial:///dev/ttyS0?baud=9600"),
        ("usb://EPSON/TM-T20", ""),
    ],
)
def test_a_queue_is_taken_by_the_printer_behind_it(uri: str, address: str) -> None:
    assert finding.printer_of_queue(uri) == address


def test_the_windows_spooler_is_read_by_its_ports() -> None:
    rows = [
        {"Name": "Receipt", "DriverName": "EPSON TM-T20 Receipt", "PortName": "IP_192.0.2.10"},
        {"Name": "Old", "DriverName": "Generic", "PortName": "COM3:"},
        {"Name": "PDF", "DriverName": "Microsoft Print To PDF", "PortName": "PORTPROMPT:"},
    ]
    found = finding.spooler(lambda words: json.dumps(rows))
    assert [each.address for each in found] == ["tcp://192.0.2.10:9100", "serial://COM3", ""]
    assert [each.address for each in finding.spooler(lambda words: json.dumps(rows[0]))] == ["tcp://192.0.2.10:9100"]
    assert finding.spooler(lambda words: "Get-Printer : Access denied") == []


def test_a_printer_says_what_it_is_and_a_silent_one_is_left_to_the_proof_slip(printer: Printer) -> None:
    told = ask_printer(printer.address)
    assert (told.reached, told.maker, told.model) == (True, "EPSON", "TM-T20III")
    assert not ask_printer(f"tcp://127.0.0.1:{free_port()}").reached
    assert model_named("EPSON TM-T88VI") == printer_model("TM-T88V")
    assert model_named("POS-80C") is None
    assert model_named("") is None


def test_the_scanner_is_the_device_that_speaks() -> None:
    import os
    import pty

    master, slave = pty.openpty()
    other, silent = pty.openpty()
    try:
        devices = [Device(kind="serial", address=f"serial://{os.ttyname(each)}", name="") for each in (slave, silent)]
        devices.append(Device(kind="serial", address="serial:///dev/no-such-port", name=""))
        timer = threading.Timer(0.3, lambda: os.write(master, b"2912345678906\r\n"))
        timer.start()
        heard = hear_scan(devices, None, within_s=60)
        timer.join()
        assert heard.address == f"serial://{os.ttyname(slave)}"
        assert heard.unreadable == ("serial:///dev/no-such-port",)
        assert hear_scan(devices[:1], None, within_s=0.01).address == ""
    finally:
        for descriptor in (master, slave, other, silent):
            os.close(descriptor)


# Answers


@pytest.mark.parametrize(
    ("parse", "typed", "meant"),
    [
        (country_code, "germany", "DE"),
        (country_code, "Россия", "RU"),
        (country_code, "se", "SE"),
        (answers.zone, "europe/london", "Europe/London"),
        (answers.currency, "eur", "EUR"),
        (answers.profile, "3", "separate_slip"),
        (answers.listen, "9100", "0.0.0.0:9100"),
        (answers.printer, "192.0.2.10", "tcp://192.0.2.10:9100"),
        (answers.printer, "printer.local:9101", "tcp://printer.local:9101"),
        (answers.printer, "/dev/ttyUSB0", "serial:///dev/ttyUSB0"),
        (answers.model, "tm-t20iii", "TM-T20III"),
        (answers.hub, "-", ""),
    ],
)
def test_an_answer_is_taken_as_it_is_meant(parse: answers.Parser, typed: str, meant: str) -> None:
    assert parse(typed) == meant


@pytest.mark.parametrize(
    ("parse", "typed", "hint"),
    [
        (country_code, "Grmany", "DE"),
        (answers.zone, "Berlin", "Europe/Berlin"),
        (answers.zone, "Europe/Moskow", "Europe/Moscow"),
        (answers.profile, "apendix", "appendix"),
        (answers.printer, "the big one", "HOST:PORT|no printer"),
        (answers.listen, "0.0.0.0:99999", "no address"),
        (answers.model, "TM-T88VX", "TM-T88V"),
        (answers.hub, "hub.example", "https://hub.example"),
        (answers.scanner, "foo", "foo"),
        (finding.small_network, "banana", "banana"),
        (finding.small_network, "10.0.0.0/8", "name a smaller one"),
        (answers.word, "my shop", "no blanks"),
    ],
)
def test_an_answer_that_does_not_fit_is_told_what_would(parse: answers.Parser, typed: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        parse(typed)


@pytest.mark.parametrize(
    ("file", "words", "said"),
    [
        ("agent.toml", "--subnet banana", "--subnet 'banana' does not fit"),
        ("agent.toml", "--store 1 --country DE --printer lpd://127.0.0.1:9 --scanner foo", "--scanner 'foo' does not"),
        ("folder", "", "cannot be read"),
        ("binary.toml", "", "cannot be read"),
    ],
)
def test_what_makes_no_sense_is_named_before_anything_is_written(
    file: str, words: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe[store]")
    told = CliRunner().invoke(setup_app, ["--yes", "--config", str(tmp_path / file), *words.split()])
    assert isinstance(told.exception, ConfigurationError), told.output
    assert said in str(told.exception)
    assert not (tmp_path / "agent.toml").exists()


def sheet_after_start(tmp_path: Path, comes: Sequence[set[str]]) -> tuple[list[str], float]:
    """Set a store up that serves bit by bit; return what fails on its sheet and how long it was waited for."""
    looks, clock = iter(comes), [datetime(2026, 11, 22, 12, tzinfo=UTC)]

    def examine(_: Path) -> list[Check]:
        fails = next(looks)
        every = ("core", "desk", "tap_1", "enrolled", "hub", "mirror")
        return [Check(id=name, ok=name not in fails, what=name) for name in every]

    outside = Outside(
        print_bytes=lambda data, address: None,
        enrol=lambda config, code: ("7781", "main"),
        start=lambda: None,
        examine=examine,
        now=lambda: clock[0],
        pause=lambda for_s: clock.__setitem__(0, clock[0] + timedelta(seconds=for_s)),
    )
    given = Given(
        store="1",
        country="DE",
        printer="lpd://192.0.2.10",
        hub="https://hub.example",
        code="x",
        start=True,
        sheet=False,
    )
    around = Around(find=list, ask_printer=lambda _: PrinterFacts(reached=False), hear_scan=lambda: Heard(address=""))
    talk = Talk(Terminal(read=lambda: "", out=io.StringIO()), words=words_of("en"))
    wizard = Wizard(
        given, path=tmp_path / "agent.toml", outside=outside, around=around, talk=talk, attended=False, dry_run=False,
        speak="en",
    )  # fmt: skip
    began = clock[0]
    failed = [check.id for check in wizard.run().checks if not check.ok]
    return failed, (clock[0] - began).total_seconds()


@pytest.mark.parametrize(
    ("comes", "fails", "waited_s"),
    [
        ([{"desk", "hub", "mirror"}, {"mirror"}, set()], [], 2),
        ([{"mirror"}] * 50, ["mirror"], 20),
        ([{"enrolled", "hub", "mirror"}, set()], ["enrolled", "hub", "mirror"], 0),
    ],
    ids=["comes up", "stays away", "has no way"],
)
def test_the_sheet_waits_for_what_a_service_that_has_just_started_brings_along(
    tmp_path: Path, comes: list[set[str]], fails: list[str], waited_s: float
) -> None:
    assert sheet_after_start(tmp_path, comes) == (fails, waited_s)


def test_whoever_answers_nonsense_for_ever_is_told_the_flag() -> None:
    out = io.StringIO()
    talk = Talk(Terminal(read=lambda: "nonsense\n", out=out), words=words_of("en"))
    with pytest.raises(ConfigurationError) as refused:
        talk.ask(Question(flag="--country", key="country", parse=country_code))
    assert "--country" in refused.value.fix


def test_the_end_of_the_input_is_somebody_who_has_left() -> None:
    def ended() -> str:
        raise EOFError

    with pytest.raises(LeftError):
        Terminal(read=ended, out=io.StringIO()).line(Prompt(kind=PromptKind.TEXT, key="store", text="?"))


def test_both_languages_say_the_same_things_with_the_same_words_filled_in() -> None:
    import re

    english, russian = words_of("en"), words_of("ru")
    assert english.keys() == russian.keys()
    for key, text in english.items():
        if key.startswith("hint_") and text == "{said}":
            continue  # the parser's own words, which are English; another language has words of its own
        assert sorted(re.findall(r"{\w+", text)) == sorted(re.findall(r"{\w+", russian[key])), key


def test_what_is_wrong_with_an_answer_is_said_in_the_language_of_the_question() -> None:
    out = io.StringIO()
    wrong = iter(["77 81\n", "7781\n"])
    talk = Talk(Terminal(read=lambda: next(wrong), out=out), words=words_of("ru"))
    assert talk.ask(Question(flag="--store", key="store", parse=answers.word)) == "7781"
    assert "без пробелов" in out.getvalue()
    assert "blanks" not in out.getvalue()
    with pytest.raises(ValueError, match="letters, digits"):
        answers.word("77 81")


def test_a_country_that_somebody_looked_at_has_its_reason_in_both_languages() -> None:
    for each in countries().values():
        assert (each.print_profile is None) == (not each.reason)
        assert each.print_profile is None or set(each.reason) == {"en", "ru"}
        assert answers.zone(each.timezone) == each.timezone


# The till's receipts, the sheet


def test_receipts_that_are_understood_need_no_profile() -> None:
    learnt = learn([(f"{at}", job) for at, job in enumerate(RECEIPTS)], printer_model("TM-T20III"), name="till")
    assert (learnt.read_before, learnt.read_after, learnt.profile) == (3, 3, None)
    assert "sale 4.30" in learnt.lines[0]
    assert "=" in learnt.lines[0]


def test_the_sheet_names_what_failed_with_its_fix_and_counts_what_holds() -> None:
    checks = [Check(id=f"c{at}", ok=at % 3 > 0, what=f"thing {at}", fix=f"mend {at}") for at in range(40)]
    slip = sheet_of(checks, words=spoken("en"), language="en", store="7781", at="2026-11-22 09:00")
    paper = encode_slip(slip, printer_model("generic-58mm"), cut=True)
    assert b"26 OK" in paper
    assert b"14 FAIL" in paper
    assert b"mend 0" in paper
    said = " ".join(
        getattr(block, "text", "")
        for block in sheet_of(checks, words=spoken("ru"), language="ru", store="1", at="").blocks
    )
    assert "НЕТ c0: thing 0" in said
    assert "что делать: mend 0" in said


def spoken(language: str) -> Words:
    words = words_of(language)
    return lambda key, **filled: words[key].format(**filled)
