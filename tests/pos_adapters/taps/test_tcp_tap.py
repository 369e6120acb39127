"""The TCP tap between a real register connection and a real printer connection."""

from __future__ import annotations

import pytest

from pos_adapters.taps.frames import Outcome
from tests.pos_adapters.taps.rig import CUT, CUT_FEED, Rig

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nBread 3.10\nTOTAL 4.30\n\n"
BLOCK = b"\n15 % off coffee\n"

pytestmark = pytest.mark.real


def test_without_core_a_receipt_passes_unchanged_and_answers_come_back(rig: Rig) -> None:
    printer = rig.printer(answers={b"\x10\x04\x01": b"\x16"})
    tap = rig.tap(printer)
    register = rig.register(tap)
    register.send(b"\x1b@\x1b=\x01\x10\x04\x01")
    assert register.receive(1) == b"\x16"
    register.send(RECEIPT + CUT)
    register.half_close()
    assert register.receive_all() == b""
    assert printer.wait_jobs(1)[0].data == b"\x1b@\x1b=\x01\x10\x04\x01" + RECEIPT + CUT


def test_a_block_stands_immediately_before_the_cut(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    rig.print_job(tap, RECEIPT + CUT_FEED)
    assert printer.wait_jobs(1)[0].data == RECEIPT + BLOCK + CUT_FEED
    job = core.wait_job(0)
    assert job.data == RECEIPT + CUT_FEED
    assert job.cuts == [(1, len(RECEIPT))]
    assert job.bytes_before_cut == [len(RECEIPT)]
    assert job.outcomes == [(1, Outcome.UNCONFIRMED)]
    assert job.end == {"reason": "close", "truncated": False}


@pytest.mark.parametrize("cut", [b"\x1bi", b"\x1bm", CUT, CUT_FEED, b"\x1dVa\x03"])
def test_a_job_that_comes_byte_by_byte_gets_its_block_at_the_cut(rig: Rig, cut: bytes) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    register = rig.register(tap)
    for number in range(len(RECEIPT + cut)):
        register.send((RECEIPT + cut)[number : number + 1])
    register.half_close()
    register.receive_all()
    assert printer.wait_jobs(1)[0].data == RECEIPT + BLOCK + cut


def test_every_cut_of_a_job_is_asked(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: b"\nblock %d\n" % cut_no if cut_no != 2 else None)
    tap = rig.tap(printer)
    core.wait_connected()
    rig.print_job(tap, (RECEIPT + CUT) * 3)
    expected = RECEIPT + b"\nblock 1\n" + CUT + RECEIPT + CUT + RECEIPT + b"\nblock 3\n" + CUT
    assert printer.wait_jobs(1)[0].data == expected
    assert [cut_no for cut_no, _ in core.wait_job(0).cuts] == [1, 2, 3]


def test_a_late_answer_prints_nothing_and_is_told_so(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer)
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    assert printer.wait_bytes(0, len(RECEIPT + CUT)) == RECEIPT + CUT
    core.block(core.wait_job(0, ended=False), 1, BLOCK)
    core.seen.until(lambda: core.order[0].outcomes == [(1, Outcome.LATE)], "outcome late")
    register.close()
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT


def test_what_follows_the_cut_waits_behind_it_and_the_close_too(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer, "--budget-ms", "1000")
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT + b"\x1bp\x00\x19\xfa")
    job = core.wait_job(0, ended=False)
    core.seen.until(lambda: job.cuts, "cut asked")
    register.send(b"next")
    register.half_close()
    assert printer.wait_bytes(0, len(RECEIPT)) == RECEIPT
    core.block(job, 1, BLOCK)
    assert printer.wait_jobs(1)[0].data == RECEIPT + BLOCK + CUT + b"\x1bp\x00\x19\xfanext"


def test_in_profile_off_core_is_not_asked(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer, profile="off")
    core.wait_connected()
    rig.print_job(tap, RECEIPT + CUT)
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT
    assert core.wait_job(0).cuts == []


@pytest.mark.parametrize(
    "job",
    [
        b"\x1bL" + RECEIPT[2:] + CUT,
        b"\x1d:" + RECEIPT[2:] + CUT,
        b"\x1b=\x02" + RECEIPT[2:] + CUT,
        b"\x1b%-12345X@PJL\n" + RECEIPT + CUT,
        b"%!PS-Adobe\n" + RECEIPT + CUT,
        b"\x1dv0\x00\x03\x00\x01\x00" + CUT,
        b"\x1b\x01" + RECEIPT + CUT,
    ],
    ids=["page mode", "macro", "display", "PJL", "PostScript", "a cut inside an image", "unknown command"],
)
def test_where_we_are_unsure_nothing_is_inserted(rig: Rig, job: bytes) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    rig.print_job(tap, job)
    assert printer.wait_jobs(1)[0].data == job
    assert core.wait_job(0).data == job


def test_a_block_that_is_no_whole_print_data_is_refused(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: b"half a command \x1b!")
    tap = rig.tap(printer)
    core.wait_connected()
    rig.print_job(tap, RECEIPT + CUT)
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT
    assert core.wait_job(0).outcomes == [(1, Outcome.NOT_SENT)]


def test_a_kept_connection_makes_one_job_a_receipt(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    assert core.wait_job(0).end == {"reason": "silence", "truncated": False}
    register.send(RECEIPT + CUT)
    core.wait_job(1)
    register.close()
    assert printer.wait_jobs(1)[0].data == (RECEIPT + BLOCK + CUT) * 2


def test_a_cut_without_its_argument_at_the_end_of_a_job_gets_its_block(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    rig.print_job(tap, RECEIPT + b"\x1dV")
    assert printer.wait_jobs(1)[0].data == RECEIPT + BLOCK + b"\x1dV"


@pytest.mark.parametrize(
    ("request_", "answer"),
    [(b"\x1dr\x01", b"\x00"), (b"\x1d(H\x06\x0000A7z1", b"\x37\x22A7z1\x00"), (b"\x1dI\x43", b"_TM-T88V\x00")],
    ids=["GS r", "GS ( H", "GS I"],
)
def test_a_block_is_printed_when_the_printer_answers_what_the_register_asked_behind_it(
    rig: Rig, request_: bytes, answer: bytes
) -> None:
    printer = rig.printer(answers={request_: answer})
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    assert rig.print_job(tap, RECEIPT + CUT + request_) == answer
    assert core.wait_job(0).outcomes == [(1, Outcome.PRINTED)]


def test_a_request_before_the_block_proves_nothing_about_it(rig: Rig) -> None:
    printer = rig.printer(answers={b"\x1dr\x01": b"\x00"})
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    assert rig.print_job(tap, b"\x1dr\x01" + RECEIPT + CUT) == b"\x00"
    assert core.wait_job(0).outcomes == [(1, Outcome.UNCONFIRMED)]


def test_paper_out_at_the_worst_byte_is_told_to_core_and_the_receipt_waits_for_paper(rig: Rig) -> None:
    """The printer stops inside our block; the register learns it from the printer as if we were not there."""
    printer = rig.printer(stop_reading_after=len(RECEIPT) + 5, buffer_bytes=4096)
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    register = rig.register(tap)
    register.send(b"\x1da\x0f" + RECEIPT + CUT)
    printer.wait_bytes(0, len(RECEIPT))
    printer.connections[0].sendall(b"\x1c\x00\x0c\x0f")
    assert register.receive(4) == b"\x1c\x00\x0c\x0f"
    trouble = tap.wait_event("printer_trouble")
    assert trouble["cause"] == "offline,paper_end"
    assert "put in paper" in trouble["fix"]
    core.seen.until(lambda: core.troubles, "trouble at core")
    assert core.troubles[0]["trouble"] == ["offline", "paper_end"]
    printer.go_on.set()
    printer.connections[0].sendall(b"\x14\x00\x00\x0f")
    assert register.receive(4) == b"\x14\x00\x00\x0f"
    register.close()
    assert printer.wait_jobs(1)[0].data == b"\x1da\x0f" + RECEIPT + BLOCK + CUT
    core.seen.until(lambda: len(core.troubles) == 2, "end of trouble at core")
    assert core.troubles[1]["trouble"] == []


def test_a_printer_that_refuses_is_told_to_core_once(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core()
    tap = rig.tap(printer)
    core.wait_connected()
    printer.close()
    for _ in range(2):
        rig.register(tap).receive_all()
    core.seen.until(lambda: core.troubles, "trouble at core")
    assert [told["trouble"] for told in core.troubles] == [["unreachable"]]


STAR = b"\x1b@\x1b\x1da\x01Corner shop\n\x1bi\x01\x01TOTAL 4.30\n\x1bi\x00\x00\n\n"


@pytest.mark.parametrize("cut", [b"\x1bd\x02", b"\x1bd\x33"])
def test_a_star_printer_is_cut_by_its_own_command_and_sized_by_what_cuts_elsewhere(rig: Rig, cut: bytes) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer, "--language", "star")
    core.wait_connected()
    register = rig.register(tap)
    for byte in STAR + cut:
        register.send(bytes((byte,)))
    register.half_close()
    register.receive_all()
    assert printer.wait_jobs(1)[0].data == STAR + BLOCK + cut
    assert core.wait_job(0).cuts == [(1, len(STAR))]


def test_a_star_job_on_an_escpos_lane_passes_untouched(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    rig.print_job(tap, STAR + b"\x1bd\x02")
    assert printer.wait_jobs(1)[0].data == STAR + b"\x1bd\x02"


def test_rows_of_a_star_image_are_no_cuts(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer, "--language", "star")
    core.wait_connected()
    job = b"\x1b*rA" + b"b\x06\x00\x1bd\x02\x1bd\x02" * 3 + b"\x1bd\x02" + b"\x1b*rB"
    rig.print_job(tap, job + b"\x1bd\x02")
    assert printer.wait_jobs(1)[0].data == job + BLOCK + b"\x1bd\x02"


@pytest.mark.parametrize("profile", ["off", "appendix"])
def test_a_till_that_asks_for_status_all_day_makes_no_jobs_and_ends_its_receipts(rig: Rig, profile: str) -> None:
    poll, answer = b"\x10\x04\x01", b"\x16"
    printer = rig.printer(answers={poll: answer})
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer, profile=profile)
    core.wait_connected()
    register = rig.register(tap)
    register.send(poll)
    assert register.receive(1) == answer
    register.send(RECEIPT + CUT)
    expected = poll + RECEIPT + (BLOCK if profile == "appendix" else b"") + CUT
    assert printer.wait_bytes(0, len(expected)) == expected
    while core.wait_job(0, ended=False).end is None:  # the register goes on asking; the receipt is over all the same
        register.send(poll)
        assert register.receive(1) == answer
    register.send(poll)
    assert register.receive(1) == answer
    register.close()
    printer.wait_jobs(1)
    assert bytes(printer.jobs[0].data).replace(poll, b"") == expected.removeprefix(poll)
    assert len(core.order) == 1
    assert bytes(core.order[0].data).replace(poll, b"") == RECEIPT + CUT
