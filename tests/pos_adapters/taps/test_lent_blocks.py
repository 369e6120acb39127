"""A tap that has been lent a block: it prints it at that very cut or not at all, and never what core has taken back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from pos_adapters.taps.frames import LEND_BODY, Outcome
from pos_adapters.taps.job import Job
from pos_adapters.taps.lent import LENT_FOR_S, LentBlock
from pos_adapters.taps.right import FOLDER, Right
from tests.pos_adapters.taps.fake_core import FakeCore
from tests.pos_adapters.taps.rig import CUT, Printer, Register, Rig, Tap

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"
BUDGET_MS = "400"  # an answer must come in time on a machine that is busy, too
A_PAUSE_S = 0.01
TRIES = 1000  # with a pause each: whether the tap has read LEND when the cut comes, nobody can see
NEVER = threading.Event()

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="nothing is lent where there is no folder in memory")


def lending(rig: Rig) -> tuple[Printer, FakeCore, Tap]:
    """Start a tap whose core lends a block behind every piece of a job."""
    printer = rig.printer()
    core = rig.core(lambda job, cut_no, offset: None)
    core.lends = lambda job, cut_no: BLOCK
    tap = rig.tap(printer, "--budget-ms", BUDGET_MS)
    core.wait_connected()
    return printer, core, tap


def print_up_to(rig: Rig, tap: Tap, core: FakeCore, data: bytes) -> Register:
    """Print, and return when core has lent a block for a cut behind it."""
    number = len(core.order)
    register = rig.register(tap)
    register.send(data)
    core.seen.until(lambda: len(core.order) > number and core.order[-1].data == data, "the job's bytes")
    return register


@pytest.mark.real
def test_a_block_that_is_lent_is_printed_before_its_cut_without_asking(rig: Rig) -> None:
    printer, core, tap = lending(rig)
    for number in range(TRIES):
        register = print_up_to(rig, tap, core, RECEIPT)
        NEVER.wait(A_PAUSE_S)
        register.send(CUT)
        register.half_close()
        assert register.receive_all() == b""
        job = core.wait_job(number)
        if job.used:
            break
    assert printer.wait_jobs(number + 1)[number].data == RECEIPT + BLOCK + CUT
    assert (job.used, job.cuts, job.data) == ([(1, len(RECEIPT))], [], RECEIPT + CUT)
    assert job.outcomes == [(1, Outcome.UNCONFIRMED)]


@pytest.mark.real
def test_what_core_has_taken_back_is_asked_for(rig: Rig) -> None:
    printer, core, tap = lending(rig)
    register = print_up_to(rig, tap, core, RECEIPT)
    core.take_back()
    register.send(CUT)
    register.half_close()
    assert register.receive_all() == b""
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT
    assert core.wait_job(0).cuts == [(1, len(RECEIPT))]


@pytest.mark.real
@pytest.mark.parametrize("data", [RECEIPT + b"\x1bL", RECEIPT + b"\x1d:", RECEIPT + b"\x1b\x01"])
def test_where_we_are_unsure_nothing_that_is_lent_is_printed(rig: Rig, data: bytes) -> None:
    printer, core, tap = lending(rig)
    register = print_up_to(rig, tap, core, data)
    NEVER.wait(A_PAUSE_S)
    register.send(CUT)
    register.half_close()
    assert register.receive_all() == b""
    assert printer.wait_jobs(1)[0].data == data + CUT
    assert core.wait_job(0).used == []


@pytest.mark.real
def test_nothing_that_is_lent_outlives_its_core(rig: Rig) -> None:
    printer, core, tap = lending(rig)
    register = print_up_to(rig, tap, core, RECEIPT)
    NEVER.wait(A_PAUSE_S)
    core.hang_up()
    tap.wait_event("core_lost")
    register.send(CUT)
    register.half_close()
    assert register.receive_all() == b""
    assert printer.wait_jobs(1)[0].data == RECEIPT + CUT


class Clock:
    """A tap's monotonic clock."""

    def __init__(self) -> None:
        self.now_s = 0.0


@pytest.fixture
def right() -> Right:
    made = Right.made()
    assert made is not None
    return made


def a_job() -> Job:
    return Job(job_id=uuid4(), received_at=datetime(2026, 11, 22, tzinfo=UTC), session=1)


def test_it_is_good_for_one_cut_at_one_place_for_a_second(right: Right) -> None:
    clock, job, number = Clock(), a_job(), iter(range(1, 100))
    lent = LentBlock(right=lambda: right, now_s=lambda: clock.now_s)

    def use(*, cut_no: int = 1, offset: int = 7, after_s: float = 0.0, is_whole: bool = True) -> bytes | None:
        given = next(number)
        right.give(given)
        lent.told(job.job_id, BLOCK)
        lent.lend(job.job_id, LEND_BODY.pack(cut_no, offset, given))
        clock.now_s += after_s
        job.captured[:] = b"receipt."
        block = lent.use(job, 7, may_send=lambda block: is_whole)
        assert (right.take() is None) == (block is not None), "a right is taken when it is used, and else left"
        return block

    assert use() == BLOCK
    assert lent.use(job, 7, may_send=lambda block: True) is None, "twice"
    assert use(offset=8) is use(cut_no=2) is use(is_whole=False) is use(after_s=LENT_FOR_S + 0.1) is None
    assert use(after_s=LENT_FOR_S - 0.1) == BLOCK
    right.close()


@pytest.mark.parametrize(
    ("behind", "is_printed"),
    [
        (b"\n\n\n", True),
        (b"\x1bd\x06", True),
        (b"\x1bJ\x1d\r\n", True),
        (b"\n.", False),
        (b"\x1b@", False),
        (b"\x1bd", False),
    ],
)
def test_feeds_behind_the_place_it_was_lent_for_change_nothing(right: Right, behind: bytes, is_printed: bool) -> None:
    job, lent = a_job(), LentBlock(right=lambda: right, now_s=lambda: 0.0)
    right.give(1)
    lent.told(job.job_id, BLOCK)
    lent.lend(job.job_id, LEND_BODY.pack(1, len(RECEIPT), 1))
    job.take(RECEIPT + behind)
    assert (lent.use(job, len(RECEIPT + behind), may_send=lambda block: True) == BLOCK) is is_printed
    right.close()


def test_a_number_that_core_has_replaced_prints_nothing(right: Right) -> None:
    job, lent = a_job(), LentBlock(right=lambda: right, now_s=lambda: 0.0)
    right.give(2)
    lent.told(job.job_id, BLOCK)
    lent.lend(job.job_id, LEND_BODY.pack(1, 7, 1))
    assert lent.use(job, 7, may_send=lambda block: True) is None
    right.close()


def test_each_number_goes_to_one_of_two_who_reach_for_it_at_once(right: Right) -> None:
    other, last = Right.named(right.path), 200
    assert other is not None
    taken: tuple[list[int], list[int]] = ([], [])
    is_taken = threading.Semaphore(0)

    def reach(end: Right, mine: list[int]) -> None:
        while sum(map(len, taken)) < last:
            if (number := end.take()) is not None:
                mine.append(number)
                is_taken.release()

    threads = [threading.Thread(target=reach, args=pair) for pair in zip((right, other), taken, strict=True)]
    for thread in threads:
        thread.start()
    for number in range(1, last + 1):
        right.give(number)
        is_taken.acquire()  # what is given before would take the place of what nobody took
    for thread in threads:
        thread.join()
    assert sorted([*taken[0], *taken[1]]) == list(range(1, last + 1))
    other.close()
    right.close()


def test_a_pipe_that_is_none_of_ours_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert Right.named("") is Right.named(str(tmp_path / "file")) is Right.named("/dev/shm/../null") is None
