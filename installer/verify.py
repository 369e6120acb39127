"""Prove a package where stores run it: a clean Debian with systemd, in a container, from unpacking to purge.

    sudo python installer/verify.py dist/tillstream_0.1.0_amd64.deb [--json] [--keep]

Installs, starts by systemd, sells a litre of milk through the tap, hangs and kills core, upgrades while a register
connects, downgrades, removes, installs again and purges; after each step the sale and the journal are looked at. Needs
root, debootstrap and systemd-nspawn; without one of them it says so and exits 2. The Debian tree is made once in
build/debian-tree. Exit 0: every check held; 1: one did not; 2: it could not be tried.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TREE = ROOT / "build" / "debian-tree"
TREE_PACKAGES = "systemd,systemd-sysv,dbus,adduser"
PROPAGATION = Path("/run/systemd/nspawn")  # nspawn refuses to tidy up there unless it is a file system of its own
BOOT_S = 60.0
SERVE_S = 30.0
INSTALL_GOAL_S = 60.0

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

MILK = (
    b"\x1b@CORNER SHOP\nReceipt 000%d   21.11.2026 14:03\n\nMilk 1 l                   1.20\n\n"
    b"TOTAL                GBP 1.20\nCash                       2.00\nChange                     0.80\nThank you\n\n\n"
    b"\x1dV\x42\x00"
)

SALE = """
import socket, sys, threading
printer = socket.create_server(("127.0.0.1", 9200), reuse_port=True)
received = bytearray()
def take():
    link, _ = printer.accept()
    while data := link.recv(65536):
        received.extend(data)
threading.Thread(target=take, daemon=True).start()
job = sys.stdin.buffer.read()
with socket.create_connection(("127.0.0.1", 9100), timeout=30) as register:
    register.settimeout(30)
    register.sendall(job)
    register.shutdown(socket.SHUT_WR)
    while register.recv(4096):
        pass
sys.stdout.buffer.write(received)
"""


class CannotTryError(Exception):
    """This machine cannot run the proof; the message says what is missing."""


@dataclass(slots=True)
class Report:
    """What was looked at, and what was measured."""

    checks: list[dict[str, object]] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def check(self, name: str, ok: object, what: str) -> None:
        """Take down one check and show it."""
        self.checks.append({"id": name, "ok": bool(ok), "what": what})
        sys.stderr.write(f"{'✓' if ok else '!'} {name}: {what}\n")


@dataclass(slots=True)
class Container:
    """A booted Debian; commands run in all of its namespaces, sales only in its network."""

    tree: Path
    init_pid: int
    sales: int = 0

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command inside; return what it printed. Raises CalledProcessError."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/var/tmp", "DEBIAN_FRONTEND": "noninteractive"}
        words = ["nsenter", "-t", str(self.init_pid), "-m", "-u", "-i", "-n", "-p", *command]
        done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=300, check=False)
        if check and done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        return done.stdout

    def sell_milk(self) -> bool:
        """Print one receipt as a register does; return whether the printer got it, byte for byte, first."""
        self.sales += 1
        job = MILK % self.sales
        words = ["nsenter", "-t", str(self.init_pid), "-n", sys.executable, "-c", SALE]
        done = subprocess.run(words, input=job, capture_output=True, timeout=120, check=False)
        return done.returncode == 0 and done.stdout.startswith(job)

    def journalled_sales(self) -> int:
        """Return how many sales of milk the journal holds."""
        told = json.loads(self.run("tillstream", "journal", "tail", "--count", "10000", "--json", check=False) or "[]")
        return sum(record["kind"] == "transaction.completed" for record in told)

    def state(self, unit: str) -> str:
        """Return `active`, `inactive`, `failed`."""
        return self.run("systemctl", "is-active", unit, check=False).strip()


def verify(package: Path, report: Report, container: Container) -> None:
    """Take the package through its whole life."""
    _installs(package, report, container)
    _sells(report, container, "first_sale")
    _survives(report, container)
    _upgrades(package, report, container)
    _goes(package, report, container)


def _installs(package: Path, report: Report, container: Container) -> None:
    inside = _carried_in(package, container)
    began_s = time.monotonic()
    container.run("dpkg", "-i", inside)
    report.figures["install_s"] = round(time.monotonic() - began_s, 1)
    report.check("install", report.figures["install_s"] <= INSTALL_GOAL_S, f"{report.figures['install_s']} s")
    mode = container.run("stat", "-c", "%a %U", "/var/lib/tillstream").strip()
    report.check("state_private", mode == "700 tillstream", f"/var/lib/tillstream is {mode}")
    idle = container.state("tillstream") == "inactive"
    report.check("waits_for_configuration", idle, "without agent.toml nothing runs and nothing fails")
    (container.tree / "etc/tillstream/agent.toml").write_text(CONFIGURATION, "utf-8")
    unit = container.run("tillstream", "agent", "sockets", "--config", "/etc/tillstream/agent.toml")
    (container.tree / "etc/systemd/system/tillstream.socket").write_text(unit, "utf-8")
    container.run("systemctl", "daemon-reload")
    container.run("systemctl", "enable", "--now", "tillstream.socket")
    began_s = time.monotonic()
    container.run("systemctl", "start", "tillstream")
    report.figures["start_s"] = round(time.monotonic() - began_s, 2)
    report.check("starts", container.state("tillstream") == "active", f"ready after {report.figures['start_s']} s")
    user = container.run("ps", "-o", "user=", "-C", "tillstream", check=False).split()
    if user:
        report.check("own_user", set(user) == {"tillstr+"} or set(user) == {"tillstream"}, f"runs as {set(user)}")


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
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", str(folder / "tree"), str(target)], check=True)
    shutil.rmtree(folder / "tree")
    return target


def _until(holds: Callable[[], bool], within_s: float) -> bool:
    deadline_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.2)
    return True


@contextmanager
def booted(*, keep: bool) -> Iterator[Container]:
    """Boot a clean Debian and end it. Raises CannotTryError."""
    _can_try()
    folder = Path(tempfile.mkdtemp(prefix="tillstream-verify-"))
    tree = folder / "debian"
    subprocess.run(["cp", "-a", "--reflink=auto", str(TREE.resolve()), str(tree)], check=True)
    words = ["systemd-nspawn", "-q", "-b", "-D", str(tree), "-M", "till", "--register=no", "--keep-unit"]
    with (folder / "console.log").open("wb") as log:
        machine = subprocess.Popen([*words, "--private-network"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        container = Container(tree=tree, init_pid=_init_of(machine, folder / "console.log"))
        container.run("ip", "link", "set", "lo", "up", check=False)
        yield container
    finally:
        machine.terminate()
        try:
            machine.wait(BOOT_S)
        except subprocess.TimeoutExpired:
            machine.kill()
            machine.wait()
        if keep:
            sys.stderr.write(f"kept: {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _can_try() -> None:
    """Make the Debian tree once. Raises CannotTryError with what is missing."""
    if os.geteuid():
        raise CannotTryError("a container is made by root only: sudo python installer/verify.py PACKAGE")
    for tool in ("debootstrap", "systemd-nspawn", "nsenter", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise CannotTryError(f"{tool} is missing: apt-get install debootstrap systemd-container")
    PROPAGATION.mkdir(parents=True, exist_ok=True)
    if not PROPAGATION.is_mount():
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(PROPAGATION)], check=True)
    if not TREE.is_dir():
        sys.stderr.write("making a clean Debian (once)\n")
        draft = TREE.with_name("debian-tree.part")
        shutil.rmtree(draft, ignore_errors=True)
        words = ["debootstrap", "--variant=minbase", f"--include={TREE_PACKAGES}", "bookworm", str(draft)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotTryError(f"debootstrap failed: {done.stdout[-500:]}")
        draft.rename(TREE)


def _init_of(machine: subprocess.Popen[bytes], console: Path) -> int:
    """Return the process that is the container's systemd, once it has booted."""
    children = Path(f"/proc/{machine.pid}/task/{machine.pid}/children")
    deadline_s = time.monotonic() + BOOT_S
    while time.monotonic() < deadline_s and machine.poll() is None:
        if b"login:" in console.read_bytes():
            return int(children.read_text().split()[0])
        time.sleep(0.1)
    raise CannotTryError(f"the container did not boot: {console.read_text(errors='replace')[-500:]}")


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
