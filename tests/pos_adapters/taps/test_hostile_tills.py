"""Registers that behave as no register should: none of them costs the next one its receipt."""

from __future__ import annotations

import random
import socket
import struct
import threading

import pytest

from tests.pos_adapters.taps.fake_core import PATIENCE_S, CoreJob
from tests.pos_adapters.taps.rig import CUT, Printer, Register, Rig

pytestmark = pytest.mark.real

NEVER = threading.Event()
RECEIPT = b"\x1b@Corner shop\nMilk 1.20\nTOTAL 1.20\n"
BLOCK = b"\nours\n"
PAUSES_S = (0, 0, 0, 0.001, 0.01, 0.06)  # the last is longer than the budget
PIECES = (
    RECEIPT,
    CUT,
    RECEIPT + CUT,
    b"\x1d",
    b"\x1dV",
    b"\x10\x04\x01",
    b"\x1dv0\x00\xff\xff\xff\xff",
    b"\x00" * 5_000,
)
ENDINGS = ("half close", "close", "reset", "say nothing")


def misbehave(port: int, seed: int) -> None:
    """Connect and do something random, quickly."""
    choose = random.Random(seed)
    register = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    try:
        for _ in range(choose.randrange(5)):
            register.sendall(choose.choice(PIECES))
            NEVER.wait(choose.choice(PAUSES_S))
        ending = choose.choice(ENDINGS)
        if ending == "half close":
            register.shutdown(socket.SHUT_WR)
            NEVER.wait(choose.choice(PAUSES_S))
        elif ending == "reset":
            register.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif ending == "say nothing":
            NEVER.wait(choose.choice(PAUSES_S))
    except OSError:
        return  # the tap or the printer had enough of it
    finally:
        register.close()


def answers_some(job: CoreJob, cut_no: int, offset: int) -> object:
    """Answer as a busy core does: a block, nothing to print, no answer."""
    del job
    return (BLOCK, None, ...)[(cut_no + offset) % 3]


def prints_a_receipt(port: int, printer: Printer, number: int) -> None:
    """Print as a register does, behind whatever came before; its receipt is at the printer, with or without a block."""
    receipt = RECEIPT + b"No. %d\n" % number
    wanted = {receipt + CUT, receipt + BLOCK + CUT}
    before = len(printer.jobs)
    register = Register(port)
    register.send(receipt + CUT)
    register.half_close()
    register.receive_all()
    register.close()
    printer.wait_job_where(before, lambda each: each.ended and bytes(each.data) in wanted)


@pytest.mark.parametrize(
    ("rounds", "at_once"),
    [(8, 3), pytest.param(200, 6, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])],
    ids=["a few", "many"],
)
def test_many_that_misbehave_at_once_leave_the_lane_to_the_next(rig: Rig, rounds: int, at_once: int) -> None:
    printer = rig.printer(answers={b"\x10\x04\x01": b"\x12"})
    core = rig.core(answers_some)
    tap = rig.tap(printer)
    core.wait_connected()
    for number in range(rounds):
        bad = [
            threading.Thread(target=misbehave, args=(tap.port, number * at_once + each), daemon=True)
            for each in range(at_once)
        ]
        for each in bad:
            each.start()
        prints_a_receipt(tap.port, printer, number)
        for each in bad:
            each.join(PATIENCE_S)
    assert tap.count("defect") == 0
    assert tap.stop() == 0


def test_a_register_that_drips_slower_than_the_budget_gets_every_byte_through(rig: Rig) -> None:
    """A byte, silence for longer than the budget, the next byte: nothing that may begin a cut waits for good."""
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer, "--budget-ms", "20")
    core.wait_connected()
    register = Register(tap.port)
    job = b"Milk\n" + CUT
    for sent in range(1, len(job) + 1):
        register.send(job[sent - 1 : sent])
        if sent < len(job) - len(CUT) + 3:  # the third byte makes it a cut, which waits for core
            assert printer.wait_bytes(0, sent) == job[:sent]
    register.half_close()
    register.receive_all()
    register.close()
    assert printer.wait_jobs(1)[0].data in (job, b"Milk\n" + BLOCK + CUT)
