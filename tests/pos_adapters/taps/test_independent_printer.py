"""An independent printer (emupos, in an environment of its own) prints what comes through a tap: text, picture, status."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pos_adapters.taps.frames import Outcome
from receipt.printers import printer_model
from receipt.slip import encode_slip
from receipt.slip_blocks import Qr, Slip, Text
from tests.pos_adapters.taps.fake_core import PATIENCE_S
from tests.pos_adapters.taps.rig import CUT, ROOT, Rig, Tap

EMUPOS = ROOT / ".venv" / "emupos" / "bin" / "emupos"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not EMUPOS.exists(), reason="no emupos, which needs Python 3.13: run .ci/emupos"),
]

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
ASK_PAPER, ASK_NOW = b"\x1dr\x01", b"\x10\x04\x04"
SLIP = Slip(blocks=(Text(text="15 % off coffee"), Qr(data="tsc1:abcdef")))


class Emupos:
    """A running emupos with one printer."""

    def __init__(self, folder: Path) -> None:
        self.port, api = _free_port(), _free_port()
        self._api = f"http://127.0.0.1:{api}"
        config = folder / "emupos.yaml"
        config.write_text(
            f"schema: 1\napi: {{ host: 127.0.0.1, port: {api} }}\ndevices:\n  - id: front\n    type: printer\n"
            f"    profile: epson-tm-t20iii\n    connections:\n      - tcp: {{ port: {self.port} }}\n"
            f"    receipts_dir: {folder / 'receipts'}\n"
        )
        self._process = subprocess.Popen(
            [EMUPOS, "run", "--config", str(config)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b"Showing events" in line:
                return
        raise AssertionError("emupos has ended")

    def _ask(self, method: str, target: str) -> bytes:
        request = urllib.request.Request(f"{self._api}/api/v1/devices/front/{target}", method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.read()

    def fault(self, name: str) -> None:
        self._ask("PUT", f"faults/{name}")

    def receipt(self) -> str:
        (receipt,) = json.loads(self._ask("GET", "receipts"))
        return self._ask("GET", f"receipts/{receipt['id']}/text").decode()

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=PATIENCE_S)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def emupos(tmp_path: Path) -> Iterator[Emupos]:
    printer = Emupos(tmp_path)
    try:
        yield printer
    finally:
        printer.stop()


def test_it_prints_the_receipt_with_our_block_and_answers_the_register_through_the_tap(
    rig: Rig, emupos: Emupos
) -> None:
    block = encode_slip(SLIP, printer_model("TM-T20II"))
    core = rig.core(lambda job, cut_no, offset: block)
    tap = rig.keep(
        Tap(
            *("--listen", "127.0.0.1:0", "--printer", f"tcp://127.0.0.1:{emupos.port}", "--workstation", "1"),
            *("--agent", f"unix://{rig.core_path}", "--profile", "appendix", "--budget-ms", "1000"),
        )
    )
    core.wait_connected()
    register = rig.register(tap)
    register.send(RECEIPT + CUT + ASK_PAPER)
    assert register.receive(1) == b"\x00", "paper is there, and everything before the question has been printed"
    register.close()
    assert core.wait_job(0).outcomes == [(1, Outcome.PRINTED)]
    lines = [line.strip() for line in emupos.receipt().splitlines()]
    assert [line for line in lines if line][:4] == ["Corner shop", "Milk  1.20", "TOTAL 1.20", "15 % off coffee"]
    emupos.fault("paper-out")
    register = rig.register(tap)
    register.send(ASK_NOW)
    assert register.receive(1) == b"\x7e"
    assert "paper_end" in tap.wait_event("printer_trouble")["cause"]
    register.close()
    core.seen.until(lambda: core.troubles, "trouble at core")
    assert json.dumps(core.troubles[-1]).count("paper_end") == 1
