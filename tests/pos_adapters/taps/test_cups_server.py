"""A real CUPS server prints through the backend, and a filter of its gets the printer's answer while the job pauses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pos_adapters.taps.fake_core import PATIENCE_S
from tests.pos_adapters.taps.rig import CUT, ROOT, Rig

RECEIPT = b"\x1b@Corner shop\nMilk  1.20\nTOTAL 1.20\n\n"
BLOCK = b"\n15 % off coffee\n"
ASK, ANSWER = b"\x1dr\x01", b"\x4f"
CUPSD = shutil.which("cupsd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        CUPSD is None or shutil.which("lpadmin") is None,
        reason="no CUPS server: apt-get install cups",
    ),
    pytest.mark.skipif(os.geteuid() != 0, reason="cupsd starts backends and filters only as root"),
]

SERVER_BIN = Path("/usr/lib/cups")

PPD = """*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "RECEIPT.PPD"
*Product: "(Receipt)"
*Manufacturer: "Test"
*ModelName: "Receipt"
*NickName: "Receipt"
*PSVersion: "(3010.000) 0"
*LanguageLevel: "3"
*cupsFilter: "text/plain 0 asking"
*DefaultPageSize: Roll
*PageSize Roll/Roll: "<</PageSize[216 600]>>setpagedevice"
*DefaultImageableArea: Roll
*ImageableArea Roll/Roll: "0 0 216 600"
*DefaultPaperDimension: Roll
*PaperDimension Roll/Roll: "216 600"
"""

# A filter that prints, waits on the back channel (descriptor 3) for the printer's answer, and prints what it was.
FILTER = r"""#!/bin/sh
cat "$6"
for attempt in $(seq 200); do
    answer=$(head -c 1 <&3 2>/dev/null | od -An -tx1)
    [ -n "$answer" ] && break
    sleep 0.05
done
printf 'answered%s\n' "$answer"
"""


class Cups:
    """A CUPS server of our own: its folders, its socket, its backend."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._socket = root / "state" / "cups.sock"
        (root / "bin").mkdir()
        (root / "bin/daemon").symlink_to(SERVER_BIN / "daemon")
        for folder in ("etc", "spool", "cache", "state", "log", "bin/backend", "bin/filter"):
            (root / folder).mkdir(parents=True)
        # Not executable for others: CUPS then starts it as root, who can read this checkout.
        self._script(
            "bin/backend/tillstream",
            f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m pos_adapters.taps.cups "$@"\n',
            0o700,
        )
        self._script("bin/filter/asking", FILTER, 0o755)
        files = {
            "ServerRoot": "etc",
            "ServerBin": "bin",
            "RequestRoot": "spool",
            "CacheDir": "cache",
            "StateDir": "state",
        }
        logs = {"AccessLog": "log/access", "ErrorLog": "log/error", "PageLog": "log/page"}
        lines = [f"{name} {root / where}" for name, where in (files | logs).items()]
        (root / "etc/cups-files.conf").write_text("\n".join((*lines, "SystemGroup root", "")))
        (root / "etc/cupsd.conf").write_text(
            f"Listen {self._socket}\nLogLevel warn\nBrowsing Off\nDefaultAuthType None\n"
            "<Location />\nAllow all\n</Location>\n<Location /admin>\nAllow all\n</Location>\n"
            "<Policy default>\n<Limit All>\nOrder deny,allow\n</Limit>\n</Policy>\n"
        )
        assert CUPSD is not None
        self._process = subprocess.Popen(
            [CUPSD, "-f", "-c", str(root / "etc/cupsd.conf"), "-s", str(root / "etc/cups-files.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            env={**os.environ, "CUPS_SERVER": str(self._socket)},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr} {self.errors()}"
        return done.stdout

    def errors(self) -> str:
        log = self.root / "log/error"
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""

    def wait(self) -> None:
        """Wait until it answers; `lpstat -r` says so, whatever it says."""
        for _ in range(200):
            if (
                "is running"
                in subprocess.run(
                    ["lpstat", "-r"],
                    env={**os.environ, "CUPS_SERVER": str(self._socket)},
                    capture_output=True,
                    text=True,
                    check=False,
                ).stdout
            ):
                return
        raise AssertionError(f"cupsd does not answer: {self.errors()}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)

    def _script(self, name: str, text: str, mode: int) -> None:
        path = self.root / name
        path.write_text(text)
        path.chmod(mode)


@pytest.fixture
def cups() -> Iterator[Cups]:
    with tempfile.TemporaryDirectory() as folder:  # CUPS's filters are no root: they could not enter pytest's folders
        Path(folder).chmod(0o755)
        server = Cups(Path(folder))
        try:
            server.wait()
            yield server
        finally:
            server.stop()


def test_a_real_cups_server_prints_through_the_tap_and_hears_the_printer(rig: Rig, cups: Cups) -> None:
    printer = rig.printer(answers={ASK: ANSWER})
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = rig.tap(printer, "--budget-ms", "1000")
    core.wait_connected()
    assert cups.run("lpinfo", "--include-schemes", "tillstream", "-v") == "network tillstream\n"
    job, model = rig.folder / "job", rig.folder / "receipt.ppd"
    job.write_bytes(RECEIPT + CUT + ASK)
    model.write_text(PPD)
    where = f"tillstream://127.0.0.1:{tap.port}"
    cups.run("lpadmin", "-p", "raw", "-v", where, "-E")
    cups.run("lp", "-d", "raw", "-o", "raw", str(job))
    assert printer.wait_jobs(1)[0].data == RECEIPT + BLOCK + CUT + ASK
    cups.run("lpadmin", "-p", "asking", "-v", where, "-E", "-P", str(model))
    cups.run("lp", "-d", "asking", "-o", "document-format=text/plain", str(job))
    assert printer.wait_jobs(2)[1].data == RECEIPT + BLOCK + CUT + ASK + b"answered 4f\n"
    assert core.wait_job(0).data == RECEIPT + CUT + ASK
