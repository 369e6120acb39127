"""Recorded jobs: with their timing, without card numbers, played again as they came."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tty

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_adapters.taps.addresses import serial_address
from pos_adapters.taps.recording import Piece, masked_cards, masked_pieces, recorded_jobs
from pos_adapters.taps.replay import replay
from tests.pos_adapters.taps.rig import CUT, ROOT, Rig

# Test numbers that card schemes publish.
CARDS = [b"4111111111111111", b"5500 0055 5555 5559", b"3782-822463-10005", b"6011000990139424"]


@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_shows_its_last_four_digits_only(card: bytes) -> None:
    masked = masked_cards(b"VISA " + card + b" EUR 4.30")
    digits = bytes(byte for byte in card if byte not in b" -")
    assert len(masked) == len(b"VISA " + card + b" EUR 4.30")
    assert masked.count(b"*") == len(digits) - 4
    assert digits[-4:] in masked.replace(b" ", b"").replace(b"-", b"")


def test_other_numbers_stay_as_they_are() -> None:
    line = b"EAN 4006381333931 No. 1234567890123 2026-11-21 22:00"
    assert masked_cards(line) == line


@given(card=st.sampled_from(CARDS), cuts=st.lists(st.integers(0, 60), max_size=6))
def test_a_number_that_is_split_over_pieces_is_masked(card: bytes, cuts: list[int]) -> None:
    data = b"Thank you " + card + b"\n"
    marks = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [Piece(0, "register", data[a:b]) for a, b in itertools.pairwise(marks)]
    assert b"".join(piece.data for piece in masked_pieces(pieces)) == masked_cards(data)
    assert card not in masked_cards(data)


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
    masked = receipt.replace(b"411111111111", b"*" * 12)
    assert printer.wait_jobs(2)[1].data == masked + b"\x10\x04\x01" + CUT
    assert json.loads(run.stdout) == [
        {"job_id": job.job_id, "sent_bytes": len(masked) + 3 + len(CUT), "answer": "16"},
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
