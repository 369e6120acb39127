"""A clean Debian with systemd in a container, and a register and a printer in its network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TREE = ROOT / "build" / "debian-tree"
TREE_PACKAGES = "systemd,systemd-sysv,dbus,adduser"
PROPAGATION = Path("/run/systemd/nspawn")  # nspawn refuses to tidy up there unless it is a file system of its own
BOOT_S = 60.0

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
