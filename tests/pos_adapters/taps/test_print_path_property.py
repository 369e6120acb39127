"""The invariant of the print path, looked for a lie in random jobs, splits, timings and faults.

The till's bytes at the printer are exactly the till's bytes, in order, with at most one block of ours at each cut, at a
command boundary; the printer's bytes at the till are exactly the printer's.

Jobs are built from commands whose boundaries the test knows, so the tap's own reading is not its judge.
"""

from __future__ import annotations

import contextlib
import re
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from tests.pos_adapters.taps.core_process import CoreProcess
from tests.pos_adapters.taps.rig import Printer, Register, Rig, Tap, rigged

pytestmark = pytest.mark.real

FIVE_THOUSAND_WITHIN_S = 3600  # seven minutes on an idle machine; what hangs is found by the tests' own patience
NEVER = threading.Event()
BLOCK = re.compile(rb"\n<<block [0-9a-f]{32} [0-9]+>>\n")

CUTS = [b"\x1bi", b"\x1bm", b"\x1dV\x00", b"\x1dV1", b"\x1dVA\x05", b"\x1dVB\x00"]
PAGE_MODE, STANDARD_MODE, MACRO, RESET, UNKNOWN = b"\x1bL", b"\x1bS", b"\x1d:", b"\x1b@", b"\x1b\x01"
RASTER = struct.Struct("<4sHH")

text = st.text("abcXYZ 0123456789.,:-\xe4\u0416\n", min_size=1, max_size=60).map(
    lambda t: t.encode("cp1251", "replace")
)
settings_commands = st.sampled_from(
    [
        b"\x1b@",
        b"\x1b!\x38",
        b"\x1ba\x01",
        b"\x1bt\x11",
        b"\x1d!\x11",
        b"\x1bE\x01",
        b"\x1b3\x20",
        b"\x1bp\x00\x19\xfa",
        b"\n",
    ]
)
# Payloads full of what would be cuts elsewhere.
payload = st.lists(st.sampled_from([b"\x1dV\x00", b"\x1bi", b"\x1bm", b"\x00\xff", b"\x1b"]), min_size=1, max_size=20)
raster = payload.map(b"".join).map(lambda rows: RASTER.pack(b"\x1dv0\x00", 1, len(rows)) + rows)
large = st.integers(10_000, 65_535).map(lambda n: RASTER.pack(b"\x1dv0\x00", 1, n) + (bytes(range(256)) * 256)[:n])
code = payload.map(b"".join).map(lambda data: b"\x1d(k" + struct.pack("<H", len(data) + 3) + b"1P0" + data)
modes = st.sampled_from([PAGE_MODE, STANDARD_MODE, STANDARD_MODE, MACRO, UNKNOWN, RESET, RESET])
status = st.sampled_from([b"\x1dr\x01", b"\x10\x04\x01", b"\x1dI\x01"])


@dataclass(frozen=True)
class Job:
    """A print job whose command boundaries are known."""

    commands: tuple[bytes, ...]

    @property
    def data(self) -> bytes:
        return b"".join(self.commands)

    def in_pieces(self, splits: list[tuple[int, int, float]]) -> Iterator[tuple[bytes, float]]:
        begins = [0]
        for command in self.commands:
            begins.append(begins[-1] + len(command))
        ends = {max(0, begins[number % len(begins)] + delta): pause_s for number, delta, pause_s in splits}
        at = 0
        for end, pause_s in sorted({**ends, len(self.data): 0.0}.items()):
            yield self.data[at:end], pause_s
            at = max(at, end)

    def where_a_block_may_stand(self) -> set[int]:
        offsets, at, page_mode, macro = set(), 0, False, False
        for command in self.commands:
            if command in CUTS and not page_mode and not macro:
                offsets.add(at)
            page_mode = (page_mode or command == PAGE_MODE) and command not in (STANDARD_MODE, RESET)
            macro = (macro != (command == MACRO)) and command != RESET
            if command == UNKNOWN:
                break
            at += len(command)
        return offsets

    def where_a_slip_may_stand(self) -> set[int]:
        """Behind a cut at which a block might stand, before anything is printed again; the end of any command."""
        cuts, offsets, at, behind_cut = self.where_a_block_may_stand(), set(), 0, False
        for command in self.commands:
            begins, at = at, at + len(command)
            if command in CUTS:
                behind_cut = behind_cut or begins in cuts  # a cut of nothing leaves the slip behind its receipt
            elif prints(command):
                behind_cut = False
            if behind_cut:
                offsets.add(at)
        return offsets


def prints(command: bytes) -> bool:
    """Text, images and codes print; settings, status requests and line feeds do not."""
    if command.startswith((b"\x1dv0", b"\x1d(k")):
        return True
    return command[:1] not in (b"\x1b", b"\x1d", b"\x10") and any(byte >= 0x20 for byte in command)


cut = st.sampled_from(CUTS)
body = st.one_of(text, text, settings_commands, settings_commands, raster, code, status, large)
receipt = st.tuples(st.lists(body, min_size=1, max_size=8), cut).map(lambda parts: [*parts[0], parts[1]])
strange = st.lists(st.one_of(body, cut, modes), min_size=1, max_size=10)
jobs = st.lists(st.one_of(receipt, receipt, receipt, strange), min_size=1, max_size=5).map(
    lambda parts: Job(tuple(command for part in parts for command in part))
)
# Where the register's writes end (so many bytes from the beginning of some command), and how long it waits then: the
# register's timing is part of the input.
splits = st.lists(
    st.tuples(st.integers(0, 40), st.integers(-2, 4), st.sampled_from([0, 0, 0, 0, 0.001, 0.01, 0.03])), max_size=12
)
behaviour = st.sampled_from(
    [
        *("block", "none", "late", "silent", "garbage", "hang up", "stop", "kill"),
        *("lend", "lend", "lend and take back"),
    ]
)
slip_behaviour = st.sampled_from(["slip", "slip", "slip", "late slip", "none", "silent", "garbage", "hang up", "kill"])
ending = st.sampled_from(["half close", "close", "reset"])


@dataclass
class Stand:
    """What one run of the property uses again and again."""

    rig: Rig
    printer: Printer
    core: CoreProcess
    tap: Tap


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with standing(tmp_path_factory.mktemp("property"), "appendix") as stand:
        yield stand


@pytest.fixture(scope="module")
def slip_stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with standing(tmp_path_factory.mktemp("slips"), "separate_slip") as stand:
        yield stand


@contextlib.contextmanager
def standing(folder: Path, profile: str) -> Iterator[Stand]:
    with rigged(folder) as rig:
        printer = rig.printer(
            answers={b"\x1dr\x01": b"\x00", b"\x10\x04\x01": b"\x16", b"\x1dI\x01": b"\x02"}, buffer_bytes=8192
        )
        core = CoreProcess(rig.core_path)
        _, options = rig.spooling()
        tap = rig.tap(printer, *options, "--budget-ms", "20", profile=profile)
        try:
            yield Stand(rig, printer, core, tap)
        finally:
            core.stop()


def runs(count: int) -> settings:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=count, deadline=None, suppress_health_check=checks)


@runs(200)
@given(job=jobs, splits=splits, behaviours=st.lists(behaviour, min_size=1, max_size=4), ending=ending)
def test_the_tills_bytes_are_the_tills_and_the_printers_the_printers(
    stand: Stand, job: Job, splits: list[tuple[int, int, float]], behaviours: list[str], ending: str
) -> None:
    holds_for(stand, job, splits, behaviours, ending)


@pytest.mark.slow
@pytest.mark.timeout(FIVE_THOUSAND_WITHIN_S)
@runs(5000)
@given(job=jobs, splits=splits, behaviours=st.lists(behaviour, min_size=1, max_size=4), ending=ending)
def test_they_still_are_after_five_thousand_jobs(
    stand: Stand, job: Job, splits: list[tuple[int, int, float]], behaviours: list[str], ending: str
) -> None:
    holds_for(stand, job, splits, behaviours, ending)


@runs(100)
@example(job=Job((b"0", b"\x1bi", b"\x1bL", b"\x1bi", b"\x1b@")), splits=[], behaviours=["slip"], half_close=True)
@given(job=jobs, splits=splits, behaviours=st.lists(slip_behaviour, min_size=1, max_size=4), half_close=st.booleans())
def test_a_slip_follows_its_receipt_or_does_not_come_at_all(
    slip_stand: Stand, job: Job, splits: list[tuple[int, int, float]], behaviours: list[str], half_close: bool
) -> None:
    stand = slip_stand
    stand.core.behave(behaviours)
    before = len(stand.printer.jobs)
    register = Register(stand.tap.port)
    back = print_in_pieces(register, job.in_pieces(splits), "half close" if half_close else "close")
    printed = stand.printer.wait_job_where(
        before, lambda each: each.ended and without_blocks(bytes(each.data))[0] != b""
    )
    at_printer, slips = without_blocks(bytes(printed.data))
    if half_close or not printed.sent:
        assert at_printer == job.data
    else:
        assert job.data.startswith(at_printer)
    assert set(slips) <= job.where_a_slip_may_stand(), "a slip where none may be"
    if half_close:
        assert back == printed.sent
    event(f"{min(len(slips), 3)} slips")


def holds_for(stand: Stand, job: Job, splits: list[tuple[int, int, float]], behaviours: list[str], ending: str) -> None:
    stand.core.behave(behaviours)
    number = len(stand.printer.jobs)
    register = Register(stand.tap.port)
    back = print_in_pieces(register, job.in_pieces(splits), ending)
    printed = stand.printer.wait_jobs(number + 1)[number]
    at_printer, blocks = without_blocks(bytes(printed.data))
    if ending == "half close" or (ending == "close" and not printed.sent):
        assert at_printer == job.data
    else:  # a register that resets takes back what its own kernel had not sent
        assert job.data.startswith(at_printer)
    assert len(blocks) == len(set(blocks)), "two blocks at one cut"
    assert set(blocks) <= job.where_a_block_may_stand(), "a block where none may be"
    assert not stand.core.has_broken_its_word, "a block was printed that core had taken back"
    if ending == "half close":
        assert back == printed.sent
    event(f"{min(len(blocks), 3)} blocks")
    event(behaviours[0])


def print_in_pieces(register: Register, pieces: Iterator[tuple[bytes, float]], ending: str) -> bytes:
    for piece, pause_s in pieces:
        register.send(piece)
        NEVER.wait(pause_s)
    back = b""
    if ending == "half close":
        register.half_close()
        back = register.receive_all()
    if ending == "reset":
        register.reset()
    register.close()
    return back


def without_blocks(data: bytes) -> tuple[bytes, list[int]]:
    """Return the bytes without our blocks, and where in the till's bytes the blocks stood."""
    offsets, removed = [], 0
    for match in BLOCK.finditer(data):
        offsets.append(match.start() - removed)
        removed += len(match.group())
    return BLOCK.sub(b"", data), offsets
