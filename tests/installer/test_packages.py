"""What a store installs: its scripts parse, its bill of materials is whole, and the package lives in a clean Debian."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALLER = ROOT / "installer"
SHELL_SCRIPTS = sorted(
    [*INSTALLER.glob("debian/p*"), *INSTALLER.glob("debian/launcher"), INSTALLER / "debian/cups-backend"]
)


def build(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(INSTALLER / "build.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_a_script_that_runs_as_root_parses_and_stops_at_its_first_error(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)
    if script.name in {"postinst", "prerm", "postrm"}:
        assert "\nset -e\n" in script.read_text("utf-8")


def test_the_launcher_takes_the_slot_of_an_update_and_else_the_packages_own(tmp_path: Path) -> None:
    text = (INSTALLER / "debian/launcher").read_text("utf-8")
    base, slot = tmp_path / "base", tmp_path / "current"
    for folder, word in ((base, "base"), (slot, "slot")):
        folder.mkdir()
        (folder / "tillstream").write_text(f'#!/bin/sh\necho {word} "$@"\n')
        (folder / "tillstream").chmod(0o755)
    text = text.replace("/usr/lib/tillstream/base", str(base)).replace("/var/lib/tillstream/slots", str(tmp_path))
    (launcher := tmp_path / "tillstream").write_text(text)
    (tap := tmp_path / "tillstream-tap").write_text(text)
    assert subprocess.check_output(["sh", str(launcher), "status"], text=True) == "slot status\n"
    shutil.rmtree(slot)
    assert subprocess.check_output(["sh", str(launcher), "status"], text=True) == "base status\n"
    assert subprocess.check_output(["sh", str(tap), "--help"], text=True) == "base tap --help\n"


def test_the_bill_of_materials_lists_every_pin_of_the_lock() -> None:
    done = build("sbom", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    content = json.loads((ROOT / made["path"]).read_text("utf-8"))
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    assert [(each["name"], each["version"]) for each in content["components"]] == pins
    assert content["specVersion"] == "1.5"


def test_a_step_nobody_knows_and_a_windows_build_without_its_program_are_refused() -> None:
    assert build("rpm").returncode == 2
    if (ROOT / "build/frozen/tillstream/tillstream.exe").is_file():
        pytest.skip("a Windows program lies in build/frozen")
    for step in ("windows", "msi"):
        refused = build(step)
        assert refused.returncode == 1
        assert "freeze on Windows" in refused.stderr


@pytest.mark.skipif(shutil.which("makensis") is None, reason="no makensis; fix: sudo apt-get install nsis")
def test_the_windows_installer_compiles(tmp_path: Path) -> None:
    (tmp_path / "program").mkdir()
    (tmp_path / "program/tillstream.exe").write_bytes(b"MZ")
    target = tmp_path / "tillstream-setup.exe"
    defines = ["-DVERSION=1.0", f"-DPROGRAM={tmp_path / 'program'}", f"-DTARGET={target}"]
    subprocess.run(["makensis", "-V1", *defines, str(INSTALLER / "windows/setup.nsi")], check=True)
    assert target.read_bytes()[:2] == b"MZ"


@pytest.mark.skipif(shutil.which("wixl") is None, reason="no wixl; fix: sudo apt-get install wixl msitools")
def test_the_package_for_group_policy_holds_every_file_and_the_service(tmp_path: Path) -> None:
    program = tmp_path / "program"
    for name in ("tillstream.exe", "_internal/python311.dll", "_internal/agent/texts/en.toml"):
        (program / name).parent.mkdir(parents=True, exist_ok=True)
        (program / name).write_bytes(b"MZ")
    code = "import sys, pathlib, build; build.pack_msi(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), '1.0.0')"
    target = tmp_path / "tillstream.msi"
    subprocess.run([sys.executable, "-c", code, str(program), str(target)], check=True, cwd=INSTALLER)
    assert target.read_bytes()[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    if shutil.which("msiinfo") is None:
        pytest.skip("no msiinfo; fix: sudo apt-get install msitools")
    service = subprocess.check_output(["msiinfo", "export", str(target), "ServiceInstall"], text=True)
    assert 'agent run --config "[CommonAppDataFolder]Tillstream\\agent.toml"' in service
    listed = subprocess.check_output(["msiextract", "-l", str(target)], text=True).split()
    assert sorted(listed) == [
        f"Tillstream/{name}" for name in ("_internal/agent/texts/en.toml", "_internal/python311.dll", "tillstream.exe")
    ]


def test_what_was_made_is_signed_and_checked_as_the_readme_says(tmp_path: Path) -> None:
    """Every line of the README's recipe, on a copy of what would be in dist/."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/tillstream_1.deb").write_bytes(b"package")
    code = "import sys, pathlib, build; build.ROOT = pathlib.Path(sys.argv[1]); build.DIST = build.ROOT / 'dist'; build.sums()"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=INSTALLER)
    readme = (INSTALLER / "README.md").read_text("utf-8")
    recipe = readme.partition("<!-- signing -->\n```\n")[2].partition("```")[0].replace('-N "a passphrase"', '-N ""')
    assert recipe.count("ssh-keygen") == 3
    lines = "\n".join(line for line in recipe.splitlines() if not line.startswith("python installer/build.py sums"))
    done = subprocess.run(["sh", "-ec", lines], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "dist/tillstream_1.deb").write_bytes(b"another")
    check = lines.splitlines()[-1]
    assert subprocess.run(["sh", "-ec", check], capture_output=True, check=False, cwd=tmp_path).returncode == 1


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="a container is made by root only")
def test_the_package_lives_its_whole_life_in_a_clean_debian() -> None:
    if not Path(sys.executable).with_name("pyinstaller").exists():
        pytest.skip("no pyinstaller; fix: make package")
    built = build("deb", "--json")
    assert built.returncode == 0, built.stderr
    package = ROOT / json.loads(built.stdout)["path"]
    done = subprocess.run(
        [sys.executable, str(INSTALLER / "verify.py"), str(package), "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode == 2:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    told = json.loads(done.stdout)
    assert [check for check in told["checks"] if not check["ok"]] == []
    assert len(told["checks"]) >= 27
