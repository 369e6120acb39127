"""A job that core did not acknowledge is on disk, sealed, and reaches core later exactly once."""

from __future__ import annotations

import os
import stat

import pytest

from pos_adapters.taps.frames import FrameType, Outcome, encode
from pos_adapters.taps.sealed_job import open_sealed
from pos_adapters.taps.spool_files import spooled_files
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
