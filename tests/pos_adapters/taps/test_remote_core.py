"""A tap on another machine than its agent: core's socket through a TLS tunnel, certificates pinned both ways.

The tunnel is the one that `docs/print-path.md` tells a technician to set up (socat); the test makes it on one machine.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess

import pytest

from tests.pos_adapters.taps.certificates import certificate
from tests.pos_adapters.taps.fake_core import PATIENCE_S, FakeCore
from tests.pos_adapters.taps.rig import CUT, Rig, Tap

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("socat") is None, reason="no socat: apt-get install socat"),
]

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"


class Tunnel:
    """Both ends of the tunnel. `lane` is the certificate that the lane's end shows, `trusted` the one that is pinned."""

    def __init__(self, rig: Rig, *, lane: str, trusted: str) -> None:
        self.folder = rig.folder / "lane"
        self.folder.mkdir()
        self.socket = self.folder / "core.sock"
        names = {each: certificate(rig.folder, each) for each in {"agent", lane, trusted}}
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        server = f"OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,cert={names['agent'][0]},cafile={names[trusted][1]},verify=1"
        client = f"OPENSSL:127.0.0.1:{port},cert={names[lane][0]},cafile={names['agent'][1]},verify=1"
        self._ends = [
            self._start(server, f"UNIX-CONNECT:{rig.core_path}"),
            self._start(f"UNIX-LISTEN:{self.socket},fork,mode=600,unlink-early", client),
        ]

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["socat", *words], stderr=subprocess.DEVNULL, start_new_session=True)

    def break_off(self) -> None:
        for end in self._ends:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(end.pid, signal.SIGKILL)  # socat has a process for every connection
            end.wait(PATIENCE_S)


def tap_behind(rig: Rig, tunnel: Tunnel, printer: str) -> Tap:
    return rig.keep(
        Tap(
            *("--listen", "127.0.0.1:0", "--printer", printer, "--workstation", "1", "--profile", "appendix"),
            *("--agent", f"unix://{tunnel.socket}", "--budget-ms", "1000"),
        )
    )


@pytest.fixture
def answering(rig: Rig) -> FakeCore:
    return rig.core(lambda job, cut_no, offset: BLOCK)


def test_core_on_another_machine_is_asked_and_a_tunnel_that_breaks_costs_the_block_only(
    rig: Rig, answering: FakeCore
) -> None:
    tunnel = Tunnel(rig, lane="lane1", trusted="lane1")
    try:
        printer = rig.printer()
        tap = tap_behind(rig, tunnel, printer.address)
        answering.wait_connected()
        rig.print_job(tap, RECEIPT + CUT)
        assert printer.wait_jobs(1)[0].data == RECEIPT + BLOCK + CUT
        tunnel.break_off()
        tap.wait_event("core_lost")
        rig.print_job(tap, RECEIPT + CUT)
        assert printer.wait_jobs(2)[1].data == RECEIPT + CUT
    finally:
        tunnel.break_off()


def test_a_lane_whose_certificate_is_not_pinned_never_reaches_core_and_still_prints(
    rig: Rig, answering: FakeCore
) -> None:
    tunnel = Tunnel(rig, lane="stranger", trusted="lane1")
    try:
        printer = rig.printer()
        tap = tap_behind(rig, tunnel, printer.address)
        tap.wait_event("core_lost")
        rig.print_job(tap, RECEIPT + CUT)
        assert printer.wait_jobs(1)[0].data == RECEIPT + CUT
        assert answering.hellos == []
    finally:
        tunnel.break_off()
