"""Slips of their own: nothing of the register's waits, the slip follows unless a new receipt comes first."""

from __future__ import annotations

import pytest

from pos_adapters.taps.frames import Outcome
from tests.pos_adapters.taps.rig import CUT, Rig

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
SLIP = b"\x1b@15 % off coffee\n\n\n\x1dV\x00"
DRAWER = b"\x1bp\x00\x19\xfa"

pytestmark = pytest.mark.real


def asked(core, number: int = 0):
    job = core.wait_job(number, ended=False)
    core.seen.until(lambda: job.cuts, "cut asked")
    return job


def settled(core, job, outcome: Outcome) -> None:
    core.seen.until(lambda: job.outcomes == [(1, outcome)], f"{outcome} (have {job.outcomes})")


def test_the_cut_does_not_wait_and_the_slip_follows_on_the_same_connection(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer, profile="separate_slip")
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    assert printer.wait_bytes(0, len(RECEIPT + CUT)) == RECEIPT + CUT
    job = asked(core)
    assert job.bytes_before_cut == [len(RECEIPT)]
    core.slip(job, SLIP)
    assert printer.wait_bytes(0, len(RECEIPT + CUT + SLIP)) == RECEIPT + CUT + SLIP
    settled(core, job, Outcome.UNCONFIRMED)
    register.send(RECEIPT + CUT)
    register.close()
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT + SLIP + RECEIPT + CUT


def test_a_drawer_pulse_behind_the_cut_does_not_cost_the_slip(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer, profile="separate_slip")
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    job = asked(core)
    core.slip(job, SLIP)
    register.send(DRAWER)
    expected = RECEIPT + CUT + DRAWER + SLIP
    assert printer.wait_bytes(0, len(expected)) == expected
    settled(core, job, Outcome.UNCONFIRMED)


def test_a_new_receipt_comes_first(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer, profile="separate_slip")
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT + RECEIPT)
    job = asked(core)
    core.slip(job, SLIP)
    settled(core, job, Outcome.NOT_SENT)
    register.close()
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT + RECEIPT


def test_the_close_waits_for_an_answer_within_the_budget(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = rig.tap(printer, "--budget-ms", "1000", profile="separate_slip")
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    register.half_close()
    job = asked(core)
    assert printer.wait_bytes(0, len(RECEIPT + CUT)) == RECEIPT + CUT
    core.slip(job, SLIP)
    assert register.receive_all() == b""
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT + SLIP
    settled(core, job, Outcome.UNCONFIRMED)


@pytest.mark.parametrize("profile", ["separate_slip", "on_request"])
def test_a_slip_that_comes_after_the_close_has_a_connection_of_its_own(rig: Rig, profile: str) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: None)
    tap = rig.tap(printer, profile=profile)
    core.wait_connected()
    rig.print_job(tap, RECEIPT + CUT)
    job = core.wait_job(0)
    core.slip(job, SLIP)
    assert [bytes(printed.data) for printed in printer.wait_jobs(2)] == [RECEIPT + CUT, SLIP]
    settled(core, job, Outcome.UNCONFIRMED)
    rig.print_job(tap, RECEIPT + CUT)
    assert printer.wait_jobs(3)[2].data == RECEIPT + CUT


def test_a_slip_asked_for_later_follows_on_a_kept_connection(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: None)
    tap = rig.tap(printer, profile="on_request")
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT)
    job = core.wait_job(0)
    core.slip(job, SLIP)
    assert printer.wait_bytes(0, len(RECEIPT + CUT + SLIP)) == RECEIPT + CUT + SLIP
    settled(core, job, Outcome.UNCONFIRMED)


def test_a_slip_for_an_earlier_receipt_is_not_printed(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: None)
    tap = rig.tap(printer, profile="on_request")
    core.wait_connected()
    rig.print_job(tap, RECEIPT + CUT)
    rig.print_job(tap, RECEIPT + CUT)
    core.wait_job(1)
    core.slip(core.order[0], SLIP)
    core.seen.until(lambda: core.order[0].outcomes, "outcome of the slip")
    assert core.order[0].outcomes == [(0, Outcome.NOT_SENT)]
    assert len(printer.jobs) == 2


@pytest.mark.parametrize("profile", ["off", "appendix"])
def test_other_profiles_print_no_slip(rig: Rig, profile: str) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: None)
    tap = rig.tap(printer, profile=profile)
    core.wait_connected()
    rig.print_job(tap, RECEIPT + CUT)
    job = core.wait_job(0)
    core.slip(job, SLIP)
    core.seen.until(lambda: job.outcomes, "outcome of the slip")
    assert job.outcomes[0][1] is Outcome.NOT_SENT
    assert [bytes(printed.data) for printed in printer.wait_jobs(1)] == [RECEIPT + CUT]


def test_a_slip_for_a_printer_that_is_off_is_not_sent(rig: Rig) -> None:
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: None)
    tap = rig.tap(printer, profile="separate_slip")
    core.wait_connected()
    rig.print_job(tap, RECEIPT + CUT)
    job = core.wait_job(0)
    printer.wait_jobs(1)
    printer.close()
    core.slip(job, SLIP)
    settled(core, job, Outcome.NOT_SENT)
