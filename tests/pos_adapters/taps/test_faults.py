"""Whatever goes wrong on either side, the register sees what the printer would have shown it."""

from __future__ import annotations

import random
import re
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from pos_adapters.taps.frames import Outcome
from tests.pos_adapters.taps.rig import CUT, Register, Rig, Tap

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"

NEVER = threading.Event()

pytestmark = pytest.mark.real


# The printer


def test_a_printer_that_refuses_has_the_registers_connection_reset(rig: Rig) -> None:
    printer = rig.printer()
    tap = rig.tap(printer)
    tap.wait_event("listening")
    printer.close()
    register = rig.register(tap)
    with pytest.raises(ConnectionResetError):
        register.socket.recv(1)
    tap.wait_event("printer_refused")
    assert tap.process.poll() is None


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="another kernel refuses where Linux drops")
def test_a_printer_that_never_answers_the_connection_is_a_reset(rig: Rig) -> None:
    """A full backlog: the kernel drops what asks for more, as a printer does whose network has gone."""
    with socket.socket() as mute, socket.socket() as filler:
        mute.bind(("127.0.0.1", 0))
        mute.listen(0)
        filler.connect(mute.getsockname())
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        tap = rig.keep(Tap("--listen", "127.0.0.1:0", "--printer", address, "--workstation", "1"))
        register = rig.register(tap)
        register.send(RECEIPT + CUT)
        with pytest.raises(ConnectionResetError):
            register.socket.recv(1)
        assert "no answer" in tap.wait_event("printer_refused")["cause"]


def test_a_printer_that_resets_in_mid_job_resets_the_register(rig: Rig) -> None:
    printer = rig.printer(reset_after=10)
    tap = rig.tap(printer)
    register = rig.register(tap)
    with pytest.raises(ConnectionError):
        register.send_for_ever(RECEIPT)
    tap.wait_event("printer_broke")


def test_a_printer_that_closes_in_mid_job_is_seen_closing_and_then_as_reset(rig: Rig) -> None:
    printer = rig.printer(close_after=10)
    tap = rig.tap(printer)
    register = rig.register(tap)
    register.send(RECEIPT)
    assert register.receive_all() == b""
    with pytest.raises(ConnectionError):
        register.send_for_ever(RECEIPT)


def test_a_printer_that_hangs_slows_the_register_and_loses_nothing(rig: Rig) -> None:
    job = random.Random(1).randbytes(3_000_000).replace(b"\x1b", b"x").replace(b"\x1d", b"x")
    printer = rig.printer(stop_reading_after=1000, buffer_bytes=16384)
    tap = rig.tap(printer)
    register = rig.register(tap)
    register.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
    register.socket.settimeout(0.5)
    sent = register.send_until_it_blocks(job)
    assert sent < 600_000, "the register is slowed down as it would be by the printer"
    register.socket.settimeout(None)
    printer.go_on.set()
    register.send(job[sent:])
    register.half_close()
    assert printer.wait_jobs(1)[0].data == job


def test_a_slow_printer_gets_everything_and_the_register_may_have_gone(rig: Rig) -> None:
    printer = rig.printer(bytes_per_s=3000, buffer_bytes=4096)
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    job = RECEIPT * 200 + CUT
    register = rig.register(tap)
    register.send(job)
    register.close()
    assert printer.wait_jobs(1)[0].data == job.removesuffix(CUT) + BLOCK + CUT
    assert core.wait_job(0).outcomes == [(1, Outcome.UNCONFIRMED)]


def test_a_printer_that_keeps_its_side_open_does_not_keep_the_next_register_waiting(rig: Rig) -> None:
    printer = rig.printer(keeps_open=True)
    tap = rig.tap(printer)
    for number in range(2):
        register = rig.register(tap)
        register.send(b"receipt %d" % number)
        register.close()
    printer.wait_jobs(2)
    assert [job.data for job in printer.jobs] == [b"receipt 0", b"receipt 1"]


@pytest.mark.slow
def test_a_printer_that_never_closes_its_side_does_not_keep_a_register_that_waits_for_it(rig: Rig) -> None:
    """Nobody asked it anything and it has never said a word: five seconds, with nobody else waiting."""
    printer = rig.printer(keeps_open=True)
    tap = rig.tap(printer, profile="off")
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    register.half_close()
    assert register.receive_all() == b""
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT
    tap.wait_event("gave_way")


@pytest.mark.parametrize("profile", ["off", "appendix"])
def test_an_answer_that_takes_its_time_is_waited_for_though_the_register_has_finished(rig: Rig, profile: str) -> None:
    printer = rig.printer(keeps_open=True)
    tap = rig.tap(printer, profile=profile)
    register = rig.register(tap)
    register.send(RECEIPT + CUT + b"\x1dr\x01")
    register.half_close()
    printer.wait_jobs(1)
    threading.Timer(1.5, lambda: printer.connections[0].sendall(b"\x00")).start()
    assert register.receive(1) == b"\x00"


# The register


def test_a_register_that_closes_in_a_hurry_has_still_printed(rig: Rig) -> None:
    """It resets the connection because it never read the printer's answers."""
    printer = rig.printer(answers={b"\x1dr\x01": b"\x00" * 50})
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    for number in range(20):
        register = rig.register(tap)
        register.send(b"\x1dr\x01" * 50 + RECEIPT * 40 + CUT)
        register.close()
        printer.wait_jobs(number + 1)
        printed = bytes(printer.jobs[number].data).replace(BLOCK, b"")  # which the core may give too late for its hold
        assert printed == b"\x1dr\x01" * 50 + RECEIPT * 40 + CUT


def test_five_hundred_reconnects_print_five_hundred_receipts(rig: Rig) -> None:
    printer = rig.printer()
    tap = rig.tap(printer)
    rig.print_job(tap, b"first")
    before = tap.rss_kb()
    for number in range(500):
        register = rig.register(tap)
        register.send(b"receipt %d" % number)
        register.close()
    printer.wait_jobs(501)
    assert sorted(bytes(job.data) for job in printer.jobs[1:]) == sorted(b"receipt %d" % n for n in range(500))
    assert tap.rss_kb() - before < 2_000


@pytest.mark.slow  # ten seconds
def test_a_register_that_connects_and_says_nothing_gives_way_to_one_that_prints(rig: Rig) -> None:
    printer = rig.printer()
    tap = rig.tap(printer)
    silent = rig.register(tap)
    printer.wait_jobs(1, ended=False)
    assert rig.print_job(tap, RECEIPT) == b""
    assert printer.wait_jobs(2)[1].data == RECEIPT
    assert silent.receive_all() == b""
    tap.wait_event("gave_way")


def test_a_hundred_megabytes_pass_and_memory_stays_flat(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core()
    tap = rig.tap(printer)
    core.wait_connected()
    piece = b"\x1dv0\x00\x48\x00\xe8\x03" + bytes(72 * 1000)
    count = 100_000_000 // len(piece)
    register = rig.register(tap)
    register.send(piece * 50)
    before = tap.rss_kb()
    for _ in range(count // 50):
        register.send(piece * 50)
    register.half_close()
    register.receive_all()
    assert bytes(printer.wait_jobs(1)[0].data) == piece * (50 + count // 50 * 50)
    assert core.wait_job(0).end == {"reason": "close", "truncated": True}
    assert tap.rss_kb() - before < 6_000


def test_ten_megabytes_of_noise_pass_unchanged_but_for_blocks_at_what_reads_as_cuts(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: b"<<block>>")
    tap = rig.tap(printer)
    core.wait_connected()
    noise = random.Random(7).randbytes(10_000_000)
    rig.print_job(tap, noise)
    assert bytes(printer.wait_jobs(1)[0].data).replace(b"<<block>>", b"") == noise


def test_the_next_register_waits_until_the_first_has_printed(rig: Rig) -> None:
    printer = rig.printer()
    tap = rig.tap(printer)
    first = rig.register(tap)
    first.send(b"first ")
    printer.wait_bytes(0, 6)
    second = rig.register(tap)
    second.send(b"second")
    first.send(b"still first")
    assert printer.wait_bytes(0, 17) == b"first still first"
    assert len(printer.jobs) == 1
    first.close()
    second.close()
    assert [bytes(job.data) for job in printer.wait_jobs(2)] == [b"first still first", b"second"]


def test_answers_come_back_while_a_cut_is_held(rig: Rig) -> None:
    printer = rig.printer(answers={b"\x10\x04\x01": b"\x16"})
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer, "--budget-ms", "1000")
    core.wait_connected()
    register = rig.register(tap)
    register.send(b"\x1dr\x01" + RECEIPT + CUT)
    job = core.wait_job(0, ended=False)
    core.seen.until(lambda: job.cuts, "cut asked")
    printer.wait_bytes(0, len(RECEIPT))
    printer.connections[0].sendall(b"\x14\x00\x00\x0f")
    assert register.receive(4) == b"\x14\x00\x00\x0f"
    core.block(job, 1, BLOCK)
    register.close()
    assert printer.wait_jobs(1)[0].data == b"\x1dr\x01" + RECEIPT + BLOCK + CUT


# The tap itself


def test_nobody_reading_the_log_stops_nothing(rig: Rig) -> None:
    """The pipe of standard error is full: lines are dropped, receipts are not."""
    printer = rig.printer()
    tap = rig.tap(printer)
    port = tap.port
    tap.seen.change().acquire()  # the reading thread now waits for us
    try:
        for _ in range(1200):
            register = Register(port)
            register.send(RECEIPT + CUT)
            register.half_close()
            register.receive_all()
            register.close()
        assert len(printer.wait_jobs(1200)) == 1200
    finally:
        tap.seen.change().release()


def test_sigterm_lets_the_receipt_in_flight_finish(rig: Rig) -> None:
    printer = rig.printer()
    tap = rig.tap(printer)
    register = rig.register(tap)
    register.send(RECEIPT)
    printer.wait_bytes(0, len(RECEIPT))
    tap.signal(signal.SIGTERM)
    register.send(CUT)
    register.half_close()
    assert register.receive_all() == b""
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT
    assert tap.stop() == 0


# What the page promises


def test_every_fault_of_the_page_names_tests_that_exist() -> None:
    root = Path(__file__).resolve().parents[3]
    page = (root / "docs" / "print-path.md").read_text(encoding="utf-8")
    table = page.partition("| fault | test |")[2].partition("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines()[2:]]
    here = "".join(file.read_text(encoding="utf-8") for file in (root / "tests").rglob("test_*.py"))
    for fault, tests, *_ in rows:
        names = re.findall(r"`(\w+)`", tests)
        assert names, fault
        assert [name for name in names if f"def test_{name}(" not in here] == [], fault
