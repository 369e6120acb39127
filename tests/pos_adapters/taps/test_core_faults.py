"""Whatever becomes of core - dead, stopped, late, talking nonsense - the receipt prints, and core is asked again."""

from __future__ import annotations

import socket
import threading

import pytest

from pos_adapters.taps.frames import FrameType, Outcome, encode
from pos_adapters.taps.sealed_job import open_sealed
from pos_adapters.taps.spool_files import spooled_files
from tests.pos_adapters.taps.core_process import CoreProcess
from tests.pos_adapters.taps.fake_core import CoreJob
from tests.pos_adapters.taps.rig import CUT, Rig

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"
BUDGET_MS = "400"  # an answer must come in time on a machine that is busy, too

NEVER = threading.Event()

pytestmark = pytest.mark.real


@pytest.mark.parametrize("nonsense", [b"HTTP/1.1 200 OK\r\n\r\n", b"\xff" * 100, b"\x00\x00\x00\x01\x63x"])
def test_a_core_that_speaks_nonsense_is_dropped_and_the_receipt_prints(rig: Rig, nonsense: bytes) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer)
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    core.wait_job(0, ended=False)
    core.send(nonsense)
    register.close()
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT
    tap.wait_event("core_speaks_nonsense")
    core.wait_connected(2)


def test_a_core_that_comes_back_makes_no_new_job_of_what_follows_an_unknown_command(rig: Rig) -> None:
    """Right behind a cut the rest of a job that core has lost is a job of its own, unless nobody knows what it is."""
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK if job is not core.order[0] else None)
    tap = rig.tap(printer)
    core.wait_connected()
    register = rig.register(tap)
    begun = RECEIPT + b"\x1bm" + b"\x1b\x01"
    register.send(begun)
    printer.wait_bytes(0, len(begun))
    core.hang_up()
    core.wait_connected(2)
    tap.wait_event("core_connected", 1)
    register.send(RECEIPT)
    printer.wait_bytes(0, len(begun + RECEIPT))
    register.send(CUT)
    register.half_close()
    assert register.receive_all() == b""
    assert printer.wait_jobs(1)[0].data == begun + RECEIPT + CUT


@pytest.mark.parametrize("stage", ["before", "inside", "asked", "block", "end"])
def test_core_killed_at_any_stage_of_a_job_costs_no_receipt_and_the_job_is_kept(rig: Rig, stage: str) -> None:
    private, options = rig.spooling()
    printer = rig.printer()
    answers = {"asked": ..., "block": BLOCK}
    core = rig.core(lambda job, cut_no, offset: answers.get(stage))
    core.acks = False
    tap = rig.tap(printer, *options, "--budget-ms", "1000")
    core.wait_connected()
    register = rig.register(tap)
    printed = RECEIPT + (BLOCK if stage == "block" else b"") + CUT

    def killed_at(now: str) -> None:
        if now == stage:
            core.close()
            tap.wait_event("core_lost")

    killed_at("before")
    register.send(RECEIPT[:10])
    printer.wait_bytes(0, 10)
    killed_at("inside")
    register.send(RECEIPT[10:] + CUT)
    if stage == "asked":
        core.seen.until(lambda: core.order and core.order[0].cuts, "the cut asked about")
    killed_at("asked")
    printer.wait_bytes(0, len(printed))
    killed_at("block")
    register.half_close()
    assert register.receive_all() == b""
    if stage == "end":
        core.wait_job(0)
    killed_at("end")
    assert printer.wait_jobs(1)[0].data == printed
    tap.wait_event("job_spooled")
    (file,) = spooled_files(rig.spool_folder())
    assert open_sealed(private, file.path.read_bytes()).data == RECEIPT + CUT


def test_a_core_that_answers_nothing_three_times_is_not_waited_for_until_it_answers(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    core.acks = False
    tap = rig.tap(printer, "--budget-ms", BUDGET_MS)
    core.wait_connected()
    for number in range(5):
        rig.print_job(tap, RECEIPT + CUT)
        assert printer.wait_jobs(number + 1)[number].data == RECEIPT + CUT
    tap.wait_event("core_silent")
    assert tap.count("budget_over") == 3
    assert core.wait_job(4).cuts == [(1, len(RECEIPT))], "core is asked all the same, so that it can come back"
    core.answer = lambda job, cut_no, offset: None
    rig.print_job(tap, RECEIPT + CUT)
    tap.wait_event("core_answers_again")
    core.answer = lambda job, cut_no, offset: BLOCK
    rig.print_job(tap, RECEIPT + CUT)
    assert printer.wait_jobs(7)[6].data == RECEIPT + BLOCK + CUT


def test_a_core_late_by_a_millisecond_is_late(rig: Rig) -> None:
    """The cut waits for the budget and no longer; the answer that comes behind it is told to be late, and not printed."""
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer, "--budget-ms", "50")
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    job = core.wait_job(0, ended=False)
    tap.wait_event("budget_over")
    core.block(job, 1, BLOCK)
    core.seen.until(lambda: job.outcomes, "an outcome")
    assert job.outcomes == [(1, Outcome.LATE)]
    register.half_close()
    assert register.receive_all() == b""
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT


def test_a_core_that_is_stopped_costs_three_blocks_and_is_asked_again_when_it_goes_on(rig: Rig) -> None:
    """SIGSTOP: its socket is open and takes bytes, and nothing comes back."""
    printer = rig.printer()
    core = CoreProcess(rig.core_path)
    try:
        tap = rig.tap(printer, "--budget-ms", BUDGET_MS)
        core.behave(["stop"])
        for number in range(5):
            rig.print_job(tap, RECEIPT + CUT)
            assert printer.wait_jobs(number + 1)[number].data == RECEIPT + CUT
        assert tap.count("budget_over") == 3
        core.behave(["block"])
        rig.print_job(tap, RECEIPT + CUT)
        printer.wait_jobs(6)  # asked; core may answer before its cut comes, or behind it
        tap.wait_event("core_answers_again")
        rig.print_job(tap, RECEIPT + CUT)
        assert b"<<block" in printer.wait_jobs(7)[6].data
    finally:
        core.stop()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_core_that_is_stopped_for_a_minute_costs_no_receipt(rig: Rig) -> None:
    printer = rig.printer()
    core = CoreProcess(rig.core_path)
    try:
        tap = rig.tap(printer, "--budget-ms", BUDGET_MS)
        core.behave(["stop"])
        for number in range(60):
            rig.print_job(tap, RECEIPT + CUT)
            assert printer.wait_jobs(number + 1)[number].data == RECEIPT + CUT
            NEVER.wait(1)
        assert tap.count("budget_over") == 3
        core.behave(["block"])
        rig.print_job(tap, RECEIPT + CUT)
        printer.wait_jobs(61)
        tap.wait_event("core_answers_again")
        rig.print_job(tap, RECEIPT + CUT)
        assert b"<<block" in printer.wait_jobs(62)[61].data
    finally:
        core.stop()


def test_a_core_that_reads_nothing_costs_no_memory_and_no_receipt(rig: Rig) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(rig.core_path))
    listener.listen(1)
    printer = rig.printer()
    tap = rig.tap(printer)
    tap.wait_event("core_connected")
    for number in range(6):
        rig.print_job(tap, b"x" * 1_500_000)
        assert len(printer.wait_jobs(number + 1)[number].data) == 1_500_000
    tap.wait_event("core_hangs")
    listener.close()


def test_what_is_looked_through_before_its_cut_prints_only_as_the_answer_to_it(rig: Rig) -> None:
    printer, unknown = rig.printer(), b"\x1b\x01"
    told = [(BLOCK, BLOCK), (BLOCK, None), (BLOCK, BLOCK + unknown), (unknown, unknown), (BLOCK, BLOCK)]

    def answer(job: CoreJob, cut_no: int, offset: int) -> bytes | None:
        del cut_no, offset
        ahead, block = told[core.order.index(job)]
        core.send(encode(FrameType.AHEAD, job.job_id.bytes + ahead))
        return block

    core = rig.core(answer)
    tap = rig.tap(printer, "--budget-ms", "1000")
    core.wait_connected()
    for _ in told:
        rig.print_job(tap, RECEIPT + CUT)
    printed = [job.data for job in printer.wait_jobs(len(told))]
    with_block, without = RECEIPT + BLOCK + CUT, RECEIPT + CUT
    assert printed == [with_block, without, without, without, with_block]


def test_an_answer_for_another_job_prints_nothing(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer, "--budget-ms", "500")
    core.wait_connected()
    rig.print_job(tap, RECEIPT + CUT)
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    core.seen.until(lambda: len(core.order) == 2 and core.order[1].cuts, "second cut asked")
    core.block(core.order[0], 1, BLOCK)
    core.seen.until(lambda: core.order[0].outcomes == [(1, Outcome.LATE)], "late")
    register.close()
    assert printer.wait_jobs(2)[1].data == RECEIPT + CUT


def test_two_answers_to_one_cut_print_one_block(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer, "--budget-ms", "1000")
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    job = core.wait_job(0, ended=False)
    core.seen.until(lambda: job.cuts, "cut asked")
    core.block(job, 1, BLOCK)
    core.block(job, 1, BLOCK)
    register.close()
    assert printer.wait_jobs(1)[0].data == RECEIPT + BLOCK + CUT
    assert core.wait_job(0).outcomes == [(1, Outcome.UNCONFIRMED)]
