"""Prove a package where stores run it: a clean Debian with systemd, in a container, from unpacking to purge.

    sudo python installer/verify.py dist/tillstream_0.1.0_amd64.deb [--json] [--keep]

Installs, is set up by a technician who mistypes at a terminal, starts by systemd, sells a litre of milk through the
tap, hangs and kills core, updates itself from a signed release and goes back, upgrades while a register connects,
downgrades, removes, installs again, purges, and installs once more with dpkg killed in the middle; after each step
the sale and the journal are looked at. Needs root, debootstrap and systemd-nspawn; without one of them it says so and
exits 2. The Debian tree is made once in build/debian-tree. Exit 0: every check held; 1: one did not; 2: it could not
be tried.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from container import CannotTryError, Container, booted
from technician import CONFIG, sets_up

ROOT = Path(__file__).resolve().parents[1]
SERVE_S = 30.0
INSTALL_GOAL_S = 60.0
PACKAGE_GOAL_MB, PROGRAM_GOAL_MB = 45.0, 90.0

CONFIGURATION = """
[store]
business_unit_id = "7781"
country = "GB"
language = "en"
timezone = "Europe/London"
currency = "GBP"
print_profile = "separate_slip"
[agent]
state_dir = "/var/lib/tillstream"
[hub]
url = "http://127.0.0.1:8080"
[[workstation]]
id = "1"
[workstation.tap]
listen = "127.0.0.1:9100"
printer = "tcp://127.0.0.1:9200"
"""

UPDATE = """
[update]
url = "file:///srv/releases"
hours_from = "00:00"
hours_until = "23:59"
"""

UPDATED = b"""#!/bin/sh
[ "$1" = version ] && echo '{"tillstream": "98.0.0"}' && exit
exec /usr/lib/tillstream/base/tillstream "$@"
"""
"""What is proved is the way, not the program: it is the package's own under another number."""


@dataclass(slots=True)
class Report:
    """What was looked at, and what was measured."""

    checks: list[dict[str, object]] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def check(self, name: str, ok: object, what: str) -> None:
        """Take down one check and show it."""
        self.checks.append({"id": name, "ok": bool(ok), "what": what})
        sys.stderr.write(f"{'✓' if ok else '!'} {name}: {what}\n")


def verify(package: Path, report: Report, container: Container) -> None:
    """Take the package through its whole life."""
    _installs(package, report, container)
    _sells(report, container, "first_sale")
    _survives(report, container)
    _updates_itself(report, container)
    _upgrades(package, report, container)
    _goes(package, report, container)
    _half_installed(package, report, container)


def _installs(package: Path, report: Report, container: Container) -> None:
    inside = _carried_in(package, container)
    began_s = time.monotonic()
    container.run("dpkg", "-i", inside)
    report.figures["install_s"] = round(time.monotonic() - began_s, 1)
    report.check("install", report.figures["install_s"] <= INSTALL_GOAL_S, f"{report.figures['install_s']} s")
    _measured(package, report, container)
    timer = container.state("tillstream-update.timer")
    report.check("update_timer", timer == "active", f"tillstream-update.timer is {timer}")
    mode = container.run("stat", "-c", "%a %U", "/var/lib/tillstream").strip()
    report.check("state_private", mode == "700 tillstream", f"/var/lib/tillstream is {mode}")
    idle = container.state("tillstream") == "inactive"
    report.check("waits_for_configuration", idle, "without agent.toml nothing runs and nothing fails")
    offered = _until(lambda: "http://127.0.0.1:8764/#" in _setup_journal(container), SERVE_S)
    report.check("offers_setup", offered, "a fresh package offers setup in the PC's own browser")
    done, said = sets_up(container)
    report.check("wizard", done, f"a technician who mistypes: {said}")
    written = tomllib.loads(container.run("cat", CONFIG))
    page_gone = _until(lambda: container.state("tillstream-setup") == "inactive", SERVE_S)
    report.check("setup_page_goes", page_gone, "set up at the terminal: nobody is asked on the page any more")
    told = {name: written["store"][name] for name in ("business_unit_id", "country", "print_profile")}
    wanted = {"business_unit_id": "7781", "country": "DE", "print_profile": "separate_slip"}
    report.check("wizard_wrote", told == wanted, f"agent.toml says {told}")
    (container.tree / "etc/tillstream/agent.toml").write_text(CONFIGURATION, "utf-8")
    unit = container.run("tillstream", "agent", "sockets", "--config", "/etc/tillstream/agent.toml")
    (container.tree / "etc/systemd/system/tillstream.socket").write_text(unit, "utf-8")
    container.run("systemctl", "daemon-reload")
    container.run("systemctl", "enable", "--now", "tillstream.socket")
    began_s = time.monotonic()
    container.run("systemctl", "start", "tillstream")
    report.figures["start_s"] = round(time.monotonic() - began_s, 2)
    report.check("starts", container.state("tillstream") == "active", f"ready after {report.figures['start_s']} s")
    main_pid = container.run("systemctl", "show", "-p", "MainPID", "--value", "tillstream").strip()
    user = container.run("stat", "-c", "%U", f"/proc/{main_pid}").strip()
    report.check("own_user", user == "tillstream", f"runs as {user}")


def _setup_journal(container: Container) -> str:
    return container.run("journalctl", "-u", "tillstream-setup", "-o", "cat", check=False)


def _measured(package: Path, report: Report, container: Container) -> None:
    report.figures["package_mb"] = round(package.stat().st_size / 1e6, 1)
    told = container.run("du", "-sb", "/usr/lib/tillstream").split()[0]
    report.figures["program_mb"] = round(int(told) / 1e6, 1)
    for name, goal in (("package_mb", PACKAGE_GOAL_MB), ("program_mb", PROGRAM_GOAL_MB)):
        report.check(name, report.figures[name] <= goal, f"{report.figures[name]} MB, goal {goal:g}")


def _updates_itself(report: Report, container: Container) -> None:
    """Take a signed release by the timer's own unit, and roll it back."""
    place = container.tree / "srv/releases"
    keys, archive = container.tree.parent / "keys", container.tree.parent / "program.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        entry = tarfile.TarInfo("tillstream")
        entry.size, entry.mode = len(UPDATED), 0o755
        packed.addfile(entry, io.BytesIO(UPDATED))
    said = ["--repository", str(place), "--keys", str(keys)]
    architecture = container.run("dpkg", "--print-architecture").strip()
    for words in (
        ["init"],
        ["add", str(archive), "--version", "98.0.0", "--arch", architecture, "--channel", "stable"],
    ):
        command = [sys.executable, "-m", "hub", "release", *words, *said]
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    shutil.copyfile(place / "metadata/1.root.json", container.tree / "etc/tillstream/update-root.json")
    (container.tree / "etc/tillstream/agent.toml").write_text(CONFIGURATION + UPDATE, "utf-8")
    container.run("systemctl", "start", "tillstream-update.service")
    told = json.loads(container.run("tillstream", "update", "--check", "--json"))
    report.check("update", (told["state"], told["was"]) == ("nothing_new", "98.0.0"), f"runs {told['was']}")
    _sells(report, container, "sale_after_update")
    container.run("tillstream", "update", "--rollback")
    told = json.loads(container.run("tillstream", "update", "--check", "--json"))
    report.check("rollback", told["was"] != "98.0.0", f"runs {told['was']}")
    _until(lambda: container.state("tillstream") == "active", SERVE_S)
    _sells(report, container, "sale_after_rollback")


def _half_installed(package: Path, report: Report, container: Container) -> None:
    """Kill dpkg while it unpacks: what is there does not pretend, and installing again is the whole cure."""
    inside = _carried_in(package, container)
    words = ["nsenter", "-t", str(container.init_pid), "-m", "-u", "-i", "-n", "-p", "dpkg", "-i", inside]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as unpacking:
        _until(lambda: (container.tree / "usr/lib/tillstream/base").is_dir() or unpacking.poll() is not None, SERVE_S)
        for child in Path(f"/proc/{unpacking.pid}/task/{unpacking.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
    cut = container.run("dpkg-query", "-W", "-f", "${Status}", "tillstream", check=False)
    container.run("dpkg", "-i", inside)
    whole = container.run("dpkg-query", "-W", "-f", "${Status}", "tillstream", check=False)
    says = container.run("tillstream", "version", "--json", check=False)
    held = "ok installed" not in cut and "ok installed" in whole and says.startswith("{")
    report.check("half_installed", held, f"{cut or 'not there'} -> {whole}")


def _sells(report: Report, container: Container, name: str) -> None:
    printed = container.sell_milk()
    kept = _until(lambda: container.journalled_sales() == container.sales, SERVE_S)
    report.check(
        name, printed and kept, f"printed: {printed}; {container.journalled_sales()} of {container.sales} sales"
    )


def _survives(report: Report, container: Container) -> None:
    for name, number in (("core_killed", signal.SIGKILL), ("core_hangs", signal.SIGSTOP)):
        before = _core_pid(container)
        container.run("sh", "-c", f"kill -{int(number)} {before}")
        printed = container.sell_milk()
        back = _until(lambda pid=before: _core_pid(container) not in (0, pid), SERVE_S)
        kept = _until(lambda: container.journalled_sales() == container.sales, SERVE_S)
        report.check(name, printed and back and kept, f"printed: {printed}; core again: {back}; sale kept: {kept}")


def _core_pid(container: Container) -> int:
    told = json.loads(container.run("cat", "/var/lib/tillstream/supervisor.json", check=False) or "{}")
    return next((each["pid"] or 0 for each in told.get("children", []) if each["name"] == "core"), 0)


def _upgrades(package: Path, report: Report, container: Container) -> None:
    newer = _as_version(package, "99.0.0")
    for name, file in (("upgrade", newer), ("downgrade", package)):
        inside = _carried_in(file, container)
        words = ["nsenter", "-t", str(container.init_pid), "-m", "-u", "-i", "-n", "-p", "dpkg", "-i", inside]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as unpacking:
            printed = [container.sell_milk() for _ in _while_running(unpacking)]
        kept = _until(lambda: container.journalled_sales() == container.sales, SERVE_S)
        report.check(
            name, all(printed) and kept and not unpacking.returncode, f"{len(printed)} sales meanwhile, none lost"
        )
        _sells(report, container, f"sale_after_{name}")


def _while_running(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Yield until a process has ended, at least once."""
    yield
    while process.poll() is None:
        yield


def _goes(package: Path, report: Report, container: Container) -> None:
    container.run("dpkg", "-r", "tillstream")
    kept = [
        (container.tree / name).is_file() for name in ("var/lib/tillstream/journal.db", "etc/tillstream/agent.toml")
    ]
    report.check("remove_keeps", all(kept), "journal and configuration stay")
    report.check("remove_stops", container.state("tillstream") != "active", "the service has ended")
    container.run("dpkg", "-i", _carried_in(package, container))
    serving = _until(lambda: container.state("tillstream") == "active", SERVE_S)
    report.check("install_again", serving, "the store goes on where it was")
    _sells(report, container, "sale_after_reinstall")
    container.run("dpkg", "--purge", "tillstream")
    left = container.run(
        "sh", "-c", "ls -d /var/lib/tillstream /etc/tillstream /usr/lib/tillstream 2>/dev/null", check=False
    )
    report.check("purge_wipes", not left.strip(), f"left behind: {left.split() or 'nothing'}")


def _carried_in(package: Path, container: Container) -> str:
    shutil.copyfile(package, container.tree / "var/tmp" / package.name)
    return f"/var/tmp/{package.name}"


def _as_version(package: Path, number: str) -> Path:
    """Return the same package under another version: what is proved is the way, not the difference."""
    folder = Path(tempfile.mkdtemp(prefix="tillstream-newer-"))
    subprocess.run(["dpkg-deb", "-R", str(package), str(folder / "tree")], check=True)
    control = folder / "tree/DEBIAN/control"
    lines = [f"Version: {number}" if line.startswith("Version:") else line for line in control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    target = folder / f"tillstream_{number}.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Znone", "-b", str(folder / "tree"), str(target)],
        check=True,
        stdout=sys.stderr,
    )
    shutil.rmtree(folder / "tree")
    return target


def _until(holds: Callable[[], bool], within_s: float) -> bool:
    deadline_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.2)
    return True


def main(words: Sequence[str] | None = None) -> int:
    """Verify one package."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keep", action="store_true", help="keep the container's folder for a look")
    arguments = parser.parse_args(words)
    if not arguments.package.is_file():
        sys.stderr.write(f"{arguments.package}: no such package; python installer/build.py deb makes one\n")
        return 2
    report = Report()
    try:
        with booted(keep=arguments.keep) as container:
            verify(arguments.package, report, container)
    except CannotTryError as error:
        sys.stderr.write(f"verify: {error}\n")
        return 2
    except subprocess.CalledProcessError as error:
        report.check("command", ok=False, what=f"{' '.join(error.cmd)}: {error.stderr[-1000:]}")
    held = all(check["ok"] for check in report.checks)
    if arguments.json:
        print(json.dumps({"ok": held, "checks": report.checks, "figures": report.figures}))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
