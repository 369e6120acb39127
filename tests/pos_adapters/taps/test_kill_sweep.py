"""A tap killed at any system call has printed a beginning of the till's bytes, and left nothing half-written behind."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import pytest

from pos_adapters.taps.sealed_job import open_sealed
from pos_adapters.taps.spool_files import spooled_files
from tests.pos_adapters.taps.edge_devices import EDGES, EdgeKind
from tests.pos_adapters.taps.fake_core import PATIENCE_S, FakeCore
from tests.pos_adapters.taps.rig import CUT, ROOT, Printer, Register, Rig
from tests.pos_adapters.taps.service_devices import BLOCK as EDGE_BLOCK

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"
CALLS_MAX = 500
SURVIVED = {False: 1, True: 3}  # so many calls in a row that no receipt takes are the end of a sweep
PAUSE_S, LOOKS = 0.01, 100
NEVER = threading.Event()

# strace counts each kind of call for itself. Those that a program begins with are left out: 200 files are opened, read
# and closed before a tap listens. The sealing child is killed as well.
CALLS = {
    False: ("sendto",),
    True: (
        *("sendto", "recvfrom", "accept4", "connect", "shutdown", "write", "epoll_ctl", "epoll_wait"),
        *("setsockopt", "getsockopt", "ioctl", "mknodat", "unlink", "fsync", "rename", "vfork"),
    ),
}

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("strace") is None, reason="killing at a system call takes strace"),
]


def killed_tap(
    rig: Rig, printer_address: str, at: tuple[str, int], options: tuple[str, ...]
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a tap that is killed at its n-th system call of a kind; return it and its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = int(listener.getsockname()[1])
    hand_over = 'exec 3<&"$1"; shift; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
    call, number = at
    strace = ["strace", "-D", "-f", "-o", "/dev/null", "-e", f"trace={call}"]
    lane = ["--listen", "127.0.0.1:1", "--printer", printer_address, "--workstation", "1", "--profile", "appendix"]
    tap = subprocess.Popen(
        [
            *(*strace, "-e", f"inject={call}:signal=KILL:when={number}"),
            *("bash", "-c", hand_over, "bash", str(listener.fileno()), sys.executable, "-m", "pos_adapters.taps"),
            *(*lane, "--agent", f"unix://{rig.core_path}", *options),
        ],
        cwd=ROOT,
        pass_fds=[listener.fileno()],
        stderr=subprocess.DEVNULL,
    )
    listener.close()
    return tap, port


def sweep(calls: Iterable[str], kill_at: Callable[[tuple[str, int]], bool], *, survived: int) -> None:
    """Kill at each call of each kind, until so many in a row were beyond what the receipt takes."""
    for call in calls:
        beyond = 0
        for number in range(1, CALLS_MAX):
            beyond = beyond + 1 if kill_at((call, number)) else 0
            if beyond == survived:
                break
        else:
            pytest.fail(f"the sweep never came to an end of the tap's {call}")


@pytest.mark.parametrize("thorough", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["quick", "every call"])
@pytest.mark.parametrize("does", ["answers", "lends", "nothing"])
def test_a_tap_killed_at_any_system_call_harms_nothing(rig: Rig, thorough: bool, does: str) -> None:
    private, options = rig.spooling()
    core = rig.core(lambda job, cut_no, offset: BLOCK) if does != "nothing" else None
    if core is not None and does == "lends":
        core.lends = lambda job, cut_no: BLOCK
    cut_off = 0

    def kill_at(at: tuple[str, int]) -> bool:
        nonlocal cut_off
        printer = rig.printer()
        tap, port = killed_tap(rig, printer.address, at, options)
        lends = core if does == "lends" else None
        print_one(port, before_cut=partial(receipt_stands, printer, tap, lends))
        tap.terminate()
        tap.wait(PATIENCE_S)
        printed = bytes(printer.jobs[0].data) if printer.jobs else b""
        whole, with_block = RECEIPT + CUT, RECEIPT + BLOCK + CUT
        assert whole.startswith(printed) or with_block.startswith(printed), (at, printed)
        for file in spooled_files(rig.spool_folder()):
            assert whole.startswith(open_sealed(private, file.path.read_bytes()).data), at
        cut_off += b"" != printed != whole and printed != with_block
        return tap.returncode == 0 and printed in (whole, with_block)

    sweep(CALLS[thorough], kill_at, survived=SURVIVED[thorough])
    assert cut_off, "none was killed in the middle of its receipt"


def receipt_stands(printer: Printer, tap: subprocess.Popen[bytes], lends: FakeCore | None) -> None:
    """Return when the printer has the receipt, or the tap is dead: sent together, receipt and cut are printed by one
    call, and none is killed in between. Of a core that lends, return when its block has probably been lent as well;
    where it has not, the tap asks."""
    deadline = time.monotonic() + PATIENCE_S
    while tap.poll() is None and not (printer.jobs and printer.jobs[0].data.startswith(RECEIPT)):
        assert time.monotonic() < deadline, "the tap lives and has not printed the receipt"
        NEVER.wait(PAUSE_S)
    if lends is None:
        return
    for _ in range(LOOKS):
        NEVER.wait(PAUSE_S)
        if tap.poll() is not None or (lends.order and lends.order[-1].data == RECEIPT):
            break
    NEVER.wait(PAUSE_S)


def print_one(port: int, *, before_cut: Callable[[], None]) -> None:
    with contextlib.suppress(OSError):
        register = Register(port)
        register.socket.settimeout(2.0)
        try:
            register.send(RECEIPT)
            before_cut()
            register.send(CUT)
            register.half_close()
            register.receive_all()
        finally:
            register.close()


@dataclass(frozen=True)
class Port:
    """What a till needs to know of a tap."""

    port: int


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [each for each in EDGES if each.name in ("lpd", "epos", "cloudprnt")], ids=lambda each: each.name
)
def test_a_tap_of_another_edge_killed_at_any_system_call_prints_whole_jobs_or_none(rig: Rig, kind: EdgeKind) -> None:
    private, options = rig.spooling()
    rig.core(lambda job, cut_no, offset: EDGE_BLOCK)

    def kill_at(at: tuple[str, int]) -> bool:
        edge = kind.make(rig)
        tap, port = killed_tap(rig, edge.printer_address, at, (*options, *edge.options))
        printed = edge.print(Port(port), edge.job())
        tap.terminate()
        tap.wait(PATIENCE_S)
        edge.close()
        for file in spooled_files(rig.spool_folder()):
            assert edge.captured().startswith(open_sealed(private, file.path.read_bytes()).data), at
        if printed:
            assert edge.printed(0) in (edge.job(), edge.with_blocks()), at
        return tap.returncode == 0 and printed

    sweep(CALLS[True], kill_at, survived=SURVIVED[True])
