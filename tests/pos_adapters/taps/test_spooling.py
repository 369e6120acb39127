"""A job that core did not acknowledge is on disk, sealed, and reaches core later exactly once."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from pos_adapters.taps.frames import FrameType, Outcome, encode
from pos_adapters.taps.report_only import is_report_only
from pos_adapters.taps.sealed_job import open_sealed
from pos_adapters.taps.spool_files import make_room, mark_report_only, spooled_files, write_sealed
from tests.pos_adapters.taps.rig import CUT, Rig

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"

pytestmark = pytest.mark.real


def test_a_job_printed_without_core_is_sealed_and_handed_over_when_core_comes(rig: Rig) -> None:
    private, options = rig.spooling()
    printer = rig.printer()
    tap = rig.tap(printer, *options)
    rig.print_job(tap, RECEIPT + CUT)
    spooled = tap.wait_event("job_spooled")
    (file,) = spooled_files(rig.spool_folder())
    content = file.path.read_bytes()
    assert b"Milk" not in content
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    job = open_sealed(private, content)
    assert (job.data, str(job.job_id), job.workstation_id) == (RECEIPT + CUT, spooled["job"], "1")
    core = rig.core()
    core.seen.until(lambda: core.sealed, "a sealed job at core")
    assert core.sealed == {job.job_id: content}
    tap.wait_event("job_handed_over", job=spooled["job"])
    assert tap.stop() == 0
    assert spooled_files(rig.spool_folder()) == []


def test_core_killed_while_the_cut_is_held_lets_the_cut_go_at_once_and_the_job_is_spooled(rig: Rig) -> None:
    private, options = rig.spooling()
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer, *options, "--budget-ms", "1000")
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    core.seen.until(lambda: core.order and core.order[0].cuts, "cut asked")
    core.close()
    assert printer.wait_bytes(0, len(RECEIPT + CUT)) == RECEIPT + CUT
    assert tap.count("budget_over") == 0
    register.close()
    tap.wait_event("job_spooled")
    (file,) = spooled_files(rig.spool_folder())
    assert open_sealed(private, file.path.read_bytes()).data == RECEIPT + CUT
    assert open_sealed(private, file.path.read_bytes()).job_id == core.order[0].job_id


def test_a_job_that_core_does_not_acknowledge_is_sealed_and_a_late_ack_deletes_it(rig: Rig) -> None:
    _, options = rig.spooling()
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    core.acks = False
    tap = rig.tap(printer, *options)
    core.wait_connected()
    rig.print_job(tap, RECEIPT + CUT)
    job = core.wait_job(0)
    tap.wait_event("job_spooled", job=str(job.job_id))
    core.seen.until(lambda: job.job_id in core.sealed, "the same job, sealed")
    core.send(encode(FrameType.ACK, job.job_id.bytes))
    tap.wait_event("job_handed_over", job=str(job.job_id))
    assert tap.stop() == 0
    assert spooled_files(rig.spool_folder()) == []


def test_jobs_left_by_an_earlier_run_are_handed_over_oldest_first(rig: Rig) -> None:
    _, options = rig.spooling()
    printer = rig.printer()
    tap = rig.tap(printer, *options)
    for number in range(3):
        rig.print_job(tap, RECEIPT + b"%d" % number + CUT)
        tap.wait_event("job_spooled", number)
    assert tap.stop() == 0
    expected = [file.job_id for file in spooled_files(rig.spool_folder())]
    assert len(expected) == 3
    core = rig.core()
    rig.tap(printer, *options)
    core.seen.until(lambda: len(core.sealed) == 3, "three sealed jobs")
    assert list(core.sealed) == expected


def test_a_stopping_tap_seals_what_core_has_not_acknowledged(rig: Rig) -> None:
    private, options = rig.spooling()
    printer = rig.printer()
    core = rig.core()
    core.acks = False
    tap = rig.tap(printer, *options)
    core.wait_connected()
    rig.print_job(tap, RECEIPT + CUT)
    core.wait_job(0)
    assert tap.stop() == 0
    (file,) = spooled_files(rig.spool_folder())
    assert open_sealed(private, file.path.read_bytes()).data == RECEIPT + CUT
    assert tap.count("defect") == 0


def test_outcomes_known_to_the_tap_travel_with_the_sealed_job(rig: Rig) -> None:
    private, options = rig.spooling()
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer, *options)
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    printer.wait_bytes(0, len(RECEIPT + BLOCK + CUT))
    core.close()
    tap.wait_event("core_lost")
    register.close()
    tap.wait_event("job_spooled")
    (file,) = spooled_files(rig.spool_folder())
    assert open_sealed(private, file.path.read_bytes()).outcomes == {1: Outcome.UNCONFIRMED}


def test_a_spool_that_cannot_be_written_is_said_and_the_receipt_prints(rig: Rig) -> None:
    _, options = rig.spooling()
    rig.spool_folder().parent.parent.mkdir()
    rig.spool_folder().parent.write_text("a file where the folder should be")
    printer = rig.printer()
    tap = rig.tap(printer, *options)
    rig.print_job(tap, RECEIPT + CUT)
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT
    tap.wait_event("spool_failed")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a read-only disk takes root")
def test_a_read_only_disk_is_said_at_the_start_and_costs_no_receipt(rig: Rig) -> None:
    _, options = rig.spooling()
    folder = rig.spool_folder().parent.parent
    folder.mkdir(parents=True)
    assert os.system(f"mount -t tmpfs -o ro,size=16k tmpfs {folder}") == 0
    try:
        printer = rig.printer()
        tap = rig.tap(printer, *options)
        assert tap.wait_event("spool_impossible")["fix"]
        rig.print_job(tap, RECEIPT + CUT)
        assert printer.wait_jobs(1)[0].data == RECEIPT + CUT
        tap.wait_event("spool_failed")
        tap.stop()
        assert tap.count("job_given_up") == 1
    finally:
        os.system(f"umount {folder}")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a full disk takes root")
def test_a_full_disk_is_said_and_what_was_lost_is_named(rig: Rig) -> None:
    _, options = rig.spooling()
    folder = rig.spool_folder()
    folder.mkdir(parents=True)
    assert os.system(f"mount -t tmpfs -o size=16k tmpfs {folder}") == 0
    try:
        printer = rig.printer()
        tap = rig.tap(printer, *options)
        rig.print_job(tap, b"x" * 20_000 + CUT)
        assert printer.wait_jobs(1)[0].data == b"x" * 20_000 + CUT
        tap.wait_event("spool_failed")
        rig.print_job(tap, RECEIPT + CUT)
        assert printer.wait_jobs(2)[1].data == RECEIPT + CUT
        tap.stop()
        assert tap.count("job_given_up") == 2 - len(spooled_files(folder))
    finally:
        os.system(f"umount {folder}")


def test_jobs_that_serve_reports_alone_are_given_up_first_and_then_the_oldest(tmp_path: Path) -> None:
    written = []
    for number in range(4):
        at = datetime(2026, 11, 22, 9, number, tzinfo=UTC)
        path = write_sealed(tmp_path, job_id=uuid4(), received_at=at, blob=b"x" * 100)
        written.append(mark_report_only(path) if number in {1, 3} else path)
    reports, receipts = [written[1], written[3]], [written[0], written[2]]
    assert [each.path for each in spooled_files(tmp_path)] == written, "handed over by age, all of them"
    gone = make_room(tmp_path, quota_bytes=450, needed_bytes=100)
    assert [(each.path, each.report_only) for each in gone] == [(reports[0], True)]
    gone = make_room(tmp_path, quota_bytes=250, needed_bytes=150)
    assert [each.path for each in gone] == [reports[1], receipts[0]]
    assert [each.path for each in spooled_files(tmp_path)] == [receipts[1]]


@pytest.mark.parametrize(
    ("job", "report_only"),
    [
        (b"\x1b@Z REPORT\nSales 12  120.00\nTOTAL 120.00\n\n" + CUT, True),
        (b"\x1bp\x00\x19\xfa", True),
        (b"\x1b@KITCHEN\n2 x Soup\n1 x Tea\n" + CUT, True),
        (b"\x1b@Corner shop\nMilk 1.20\nTOTAL 1.20\nCASH 2.00\nCHANGE 0.80\n\n" + CUT, False),
        (
            b"\x1b@KITCHEN\n2 x Soup\n" + CUT + b"Corner shop\nMilk 1.20\nTOTAL 1.20\nCASH 2.00\nCHANGE 0.80\n" + CUT,
            False,
        ),
        (b"", False),
        (bytes(range(256)) * 20, False),
    ],
)
def test_a_job_with_anything_for_a_customer_serves_not_reports_alone(job: bytes, *, report_only: bool) -> None:
    assert is_report_only(job) is report_only
