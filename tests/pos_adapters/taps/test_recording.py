"""Recorded jobs: with their timing, without card numbers, played again as they came."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tty
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from agent.commands.replay import app
from pos_adapters.taps.addresses import printer_address, serial_address
from pos_adapters.taps.record import packed, unpacked
from pos_adapters.taps.recording import DiskShortError, Piece, RecordedJob, masked_pieces, recorded_jobs, write_recorded
from pos_adapters.taps.replay import replay
from retail.errors import ConfigurationError
from tests.pos_adapters.taps.rig import CUT, ROOT, Rig, Tap
from tests.pos_adapters.taps.service_devices import EposEdge, LpdEdge

# Test numbers that card schemes publish.
CARDS = [b"4111111111111111", b"5500 0055 5555 5559", b"3782-822463-10005", b"6011000990139424"]

# As card slips print them: other digits stand beside the number.
BESIDE_DIGITS = [b"1 %b", b"12 %b", b"%b 05/27", b"%b 123", b"4.30 %b 22:00", b"%b=25121011000"]


def masked(data: bytes) -> bytes:
    (piece,) = masked_pieces([Piece(0, "register", data)])
    return piece.data


@pytest.mark.parametrize("line", BESIDE_DIGITS)
@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_is_never_written_whatever_digits_stand_beside_it(card: bytes, line: bytes) -> None:
    data = b"VISA " + line % card + b" EUR"
    assert len(masked(data)) == len(data)
    assert card not in masked(data)
    assert masked(data).count(b"*") >= 5


def test_other_numbers_stay_as_they_are() -> None:
    line = b"EAN 4006381333931 No. 1234567890123 2026-11-21 22:00"
    assert masked(line) == line


@given(card=st.sampled_from(CARDS), cuts=st.lists(st.integers(0, 60), max_size=6))
def test_a_number_that_is_split_over_pieces_is_masked(card: bytes, cuts: list[int]) -> None:
    data = b"Thank you " + card + b"\n"
    marks = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [Piece(0, "register", data[a:b]) for a, b in itertools.pairwise(marks)]
    assert b"".join(piece.data for piece in masked_pieces(pieces)) == masked(data)
    assert card not in masked(data)


@pytest.mark.real
def test_a_recorded_job_is_played_again_as_it_came(rig: Rig) -> None:
    printer = rig.printer(answers={b"\x10\x04\x01": b"\x16"})
    folder = rig.folder / "recorded"
    tap = rig.tap(printer, "--record", str(folder))
    register = rig.register(tap)
    receipt = b"\x1b@Corner shop\nVISA 4111111111111111\nTOTAL 4.30\n"
    register.send(receipt)
    register.send(b"\x10\x04\x01")
    assert register.receive(1) == b"\x16"
    register.send(CUT)
    register.half_close()
    register.receive_all()
    assert tap.stop() == 0
    (job,) = recorded_jobs(folder)
    assert b"4111111111111111" not in b"".join(path.read_bytes() for path in folder.iterdir())
    assert [piece.sender for piece in job.pieces].count("printer") == 1
    run = subprocess.run(
        [sys.executable, "-m", "agent", "replay", str(folder), "--printer", printer.address, "--fast", "--json"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    shown = masked(receipt)
    assert printer.wait_jobs(2)[1].data == shown + b"\x10\x04\x01" + CUT
    assert json.loads(run.stdout) == [
        {"job_id": job.job_id, "sent_bytes": len(shown) + 3 + len(CUT), "answer": "16"},
    ]


@pytest.mark.real
def test_a_recorded_job_is_played_against_a_printer_at_a_cable(rig: Rig) -> None:
    printer = rig.printer()
    folder = rig.folder / "recorded"
    tap = rig.tap(printer, "--record", str(folder), profile="off")
    rig.print_job(tap, b"\x1b@Corner shop\nTOTAL 4.30\n" + CUT)
    assert tap.stop() == 0
    ours, theirs = os.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    try:
        os.write(ours, b"\x16")
        (job,) = recorded_jobs(folder)
        address = serial_address(f"serial://{os.ttyname(theirs)}?baud=115200")
        done = replay(job, address, wait=lambda seconds: None)
        assert os.read(ours, 4096) == b"\x1b@Corner shop\nTOTAL 4.30\n" + CUT
        assert done.sent_bytes == len(b"\x1b@Corner shop\nTOTAL 4.30\n" + CUT)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.real
@pytest.mark.parametrize("profile", ["off", "appendix"])
@pytest.mark.parametrize("kind", [LpdEdge, EposEdge])
def test_a_job_of_a_printer_that_takes_jobs_whole_is_recorded_and_played_again(
    rig: Rig, kind: Any, profile: str
) -> None:
    edge = kind(rig)
    folder = rig.folder / "recorded"
    line = ("--listen", edge.listen, "--printer", edge.printer_address, "--workstation", "1", "--profile", profile)
    tap = rig.keep(Tap(*line, "--record", str(folder)))
    assert edge.print(tap, edge.job())
    assert tap.stop() == 0
    (job,) = recorded_jobs(folder)
    done = replay(job, printer_address(edge.printer_address), wait=lambda seconds: None)
    assert done.sent_bytes == len(edge.captured())
    printed = edge.printed(1)
    assert (printed if edge.name == "lpd" else bytes.fromhex(printed.decode().split("command>")[1][:-2])) == (
        edge.captured()
    )
    edge.close()


@pytest.mark.parametrize(
    ("printer", "said"),
    [
        ("cloudprnt://print.example", "fetches its jobs there"),
        ("usb://EPSON/TM-T88V", "tcp://, serial://, lpd://, epos://"),
        ("serial:///dev/ttyS0?baud=11520", "is 115200 meant?"),
    ],
)
def test_a_printer_that_nothing_can_be_played_against_is_named(tmp_path: Path, printer: str, said: str) -> None:
    write_recorded(tmp_path, job_of(b"Total"), free_bytes_min=0)
    done = CliRunner().invoke(app, [str(tmp_path), "--printer", printer])
    assert isinstance(done.exception, ConfigurationError)
    assert said in done.exception.message


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_without_recorded_jobs_is_named_with_what_to_do(tmp_path: Path, folder: str) -> None:
    done = CliRunner().invoke(app, [str(tmp_path / folder), "--printer", "127.0.0.1:9"])
    assert isinstance(done.exception, ConfigurationError)
    assert "--record" in done.exception.fix


def job_of(data: bytes) -> RecordedJob:
    return RecordedJob(
        job_id="1",
        received_at="2026-11-22T09:00:00",
        workstation_id="1",
        profile="off",
        pieces=(Piece(0, "register", data),),
    )


def test_a_job_goes_to_the_child_and_comes_out_the_same() -> None:
    job = replace(job_of(b"\x1b@Total"), pieces=(Piece(0, "register", b"\x1b@T"), Piece(7, "printer", b"\x16")))
    assert unpacked(packed(job)) == job


@pytest.mark.parametrize("content", [b"", b'{"format": 1, "pieces": [[0, "reg', b"\xff\xfe"])
def test_half_a_recording_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "2026-1.tapjob.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"2026-1\.tapjob\.json: not a whole recorded job"):
        list(recorded_jobs(tmp_path))


def test_a_recording_leaves_spool_and_journal_their_room(tmp_path: Path) -> None:
    with pytest.raises(DiskShortError, match="are left"):
        write_recorded(tmp_path, job_of(b"Total"), free_bytes_min=2**62)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.real
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a full disk takes root")
def test_a_full_disk_costs_the_recording_and_no_receipt(rig: Rig) -> None:
    folder = rig.folder / "recorded"
    folder.mkdir()
    assert os.system(f"mount -t tmpfs -o size=16k tmpfs {folder}") == 0
    try:
        printer = rig.printer()
        tap = rig.tap(printer, "--record", str(folder), profile="off")
        rig.print_job(tap, b"x" * 40_000 + CUT)
        assert printer.wait_jobs(1)[0].data == b"x" * 40_000 + CUT
        tap.wait_event("recording_failed")
        rig.print_job(tap, b"Total" + CUT)
        assert printer.wait_jobs(2)[1].data == b"Total" + CUT
        with pytest.raises(OSError, match="No space"):
            write_recorded(folder, job_of(b"x" * 40_000), free_bytes_min=0)
        assert list(folder.iterdir()) == [], "half a recording would spoil the replay of all others"
    finally:
        os.system(f"umount {folder}")
