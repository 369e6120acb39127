"""Both Windows installers under wine, with a stub for the program: what they leave on a disk that Windows would read.

Advisory: wine is no Windows. Firewall and folder rights it only pretends; files, service and registry it keeps.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALLER = ROOT / "installer"
WINE = shutil.which("wine64") or shutil.which("wine") or "/usr/lib/wine/wine64"
STUB = Path("/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/hostname.exe")  # any program of wine's own
PATIENCE_S = 300
pytestmark = [
    pytest.mark.slow,
    pytest.mark.real,
    pytest.mark.skipif(
        not (Path(WINE).exists() and STUB.exists()),
        reason="no wine; fix: sudo apt-get install --no-install-recommends wine64",
    ),
]


class Windows:
    """A fresh Windows of wine's making."""

    def __init__(self, folder: Path) -> None:
        self.disk = folder / "prefix" / "drive_c"
        self.environment = os.environ | {"WINEPREFIX": str(folder / "prefix"), "WINEDEBUG": "-all", "DISPLAY": ""}
        self.run("wineboot", "-i")

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [WINE, *words], env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        return done.stdout

    @property
    def program(self) -> Path:
        return self.disk / "Program Files" / "Tillstream"

    @property
    def state(self) -> Path:
        return self.disk / "ProgramData" / "Tillstream"

    def service(self) -> str:
        return self.run("reg.exe", "query", r"HKLM\System\CurrentControlSet\Services\Tillstream")

    def uninstall(self, *words: str) -> None:
        """Run the uninstaller, which goes on from a copy of itself after its process has ended."""
        self.run(str(self.program / "uninstall.exe"), "/S", *words)
        for _ in range(10 * PATIENCE_S):
            if not self.program.exists():
                return
            threading.Event().wait(0.1)
        raise AssertionError("the program stays")


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    made = Windows(tmp_path_factory.mktemp("windows"))
    yield made
    made.run("wineboot", "-k")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "program/_internal").mkdir(parents=True)
    shutil.copy(STUB, tmp_path / "program/tillstream.exe")
    (tmp_path / "program/_internal/base.txt").write_text("data")
    return tmp_path / "program"


@pytest.mark.skipif(shutil.which("makensis") is None, reason="no makensis; fix: sudo apt-get install nsis")
def test_the_silent_installer_installs_keeps_the_state_and_wipes_it_when_told(
    windows: Windows, program: Path, tmp_path: Path
) -> None:
    setup = tmp_path / "tillstream-setup.exe"
    defines = ["-DVERSION=1.0", f"-DPROGRAM={program}", f"-DTARGET={setup}"]
    subprocess.run(["makensis", "-V1", *defines, str(INSTALLER / "windows/setup.nsi")], check=True)
    windows.run(str(setup), "/S")
    assert (windows.program / "tillstream.exe").read_bytes() == STUB.read_bytes()
    assert (windows.program / "_internal/base.txt").exists()
    assert r"agent run --config \"C:\ProgramData\Tillstream\agent.toml\"".replace('\\"', '"') in windows.service()
    told = windows.run("reg.exe", "query", r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall\Tillstream")
    assert "Tillstream store agent" in told
    (windows.state / "journal.db").write_bytes(b"sales")
    windows.uninstall()
    assert "ImagePath" not in windows.service()
    assert (windows.state / "journal.db").read_bytes() == b"sales"
    windows.run(str(setup), "/S")
    assert (windows.state / "journal.db").exists()
    windows.uninstall("/WIPE")
    assert not windows.state.exists()


@pytest.mark.skipif(shutil.which("wixl") is None, reason="no wixl; fix: sudo apt-get install wixl msitools")
def test_the_package_for_group_policy_installs_its_service_and_goes(
    windows: Windows, program: Path, tmp_path: Path
) -> None:
    code = "import sys, pathlib, build; build.pack_msi(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), '1.0.0')"
    target = tmp_path / "tillstream.msi"
    subprocess.run([sys.executable, "-c", code, str(program), str(target)], check=True, cwd=INSTALLER)
    windows.run("msiexec", "/i", f"Z:{target}", "/qn")
    assert (windows.program / "tillstream.exe").exists()
    assert "ImagePath" in windows.service()
    windows.run("msiexec", "/x", f"Z:{target}", "/qn")
    assert not windows.program.exists()
    assert "ImagePath" not in windows.service()
