"""The CUPS backend, run as CUPS runs it: arguments, environment, standard input, the back channel on descriptor 3."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from tests.pos_adapters.taps.rig import CUT, ROOT, Rig

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"
JOB = ("17", "cashier", "receipt")

pytestmark = pytest.mark.real


def backend(port: int, *words: str, given: bytes = b"") -> tuple[subprocess.CompletedProcess[bytes], bytes]:
    """Run the backend; return what came of it, and what it wrote to the back channel."""
    reading, writing = os.pipe()
    command = f'exec 3>&{writing}; exec "$0" "$@"'
    run = subprocess.run(
        ["bash", "-c", command, sys.executable, "-m", "pos_adapters.taps.cups", *words],
        cwd=ROOT,
        input=given,
        capture_output=True,
        pass_fds=[writing],
        env={**os.environ, "DEVICE_URI": f"tillstream://127.0.0.1:{port}"},
        check=False,
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as back_channel:
        return run, back_channel.read()


def test_a_job_from_cups_gets_its_block_and_the_printers_answer_reaches_cups(rig: Rig) -> None:
    printer = rig.printer(answers={b"\x1dr\x01": b"\x00"})
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer)
    core.wait_connected()
    run, back_channel = backend(tap.port, *JOB, "1", "", given=RECEIPT + CUT + b"\x1dr\x01")
    assert (run.returncode, run.stderr) == (0, b"")
    assert printer.wait_jobs(1)[0].data == RECEIPT + BLOCK + CUT + b"\x1dr\x01"
    assert back_channel == b"\x00"


def test_copies_of_a_file_are_printed_by_the_backend(rig: Rig) -> None:
    printer = rig.printer()
    tap = rig.tap(printer)
    file = rig.folder / "job"
    file.write_bytes(RECEIPT + CUT)
    run, _ = backend(tap.port, *JOB, "3", "", str(file))
    assert run.returncode == 0
    assert [bytes(job.data) for job in printer.wait_jobs(3)] == [RECEIPT + CUT] * 3


def test_without_arguments_it_announces_itself() -> None:
    run, _ = backend(1)
    assert run.returncode == 0
    assert run.stdout.startswith(b'network tillstream "')


def test_a_tap_that_is_not_there_is_tried_again_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    run, _ = backend(port, *JOB, "1", "", given=RECEIPT)
    assert run.returncode == 6
    assert b"does not answer" in run.stderr


def test_a_printer_that_is_off_has_the_job_tried_again_not_cancelled(rig: Rig) -> None:
    printer = rig.printer()
    tap = rig.tap(printer)
    port = tap.port
    printer.close()
    run, _ = backend(port, *JOB, "1", "", given=RECEIPT + CUT)
    assert run.returncode == 6
    assert run.stderr.startswith(b"ERROR: ")


def test_a_job_that_broke_off_is_never_printed_twice(rig: Rig) -> None:
    printer = rig.printer(reset_after=1000)
    tap = rig.tap(printer)
    run, _ = backend(tap.port, *JOB, "1", "", given=RECEIPT * 100_000)
    assert run.returncode == 5
    assert b"broke off" in run.stderr
    assert len(printer.jobs) == 1


@pytest.mark.parametrize("words", [("17",), (*JOB, "x", "", "/nonexistent")])
def test_a_wrong_call_stops_the_queue_and_says_why(words: tuple[str, ...]) -> None:
    run, _ = backend(1, *words)
    assert run.returncode == 4
    assert run.stderr.startswith(b"ERROR: ")
