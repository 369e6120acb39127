"""Checks of the machine itself: disk, clock, memory, user, files of the configuration, service manager."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

from agent.upkeep.patient import Check, Patient

FREE_BYTES_MIN = 500 * 1024 * 1024  # a month of journal and captures of a busy store
FREE_INODES_MIN = 1000  # spools and captures are files
YEAR_MIN = 2026  # before this program was written the clock is at its factory's setting
RSS_BYTES_MAX = 300 * 1024 * 1024  # core takes a quarter of it with ten million customers
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p"})
MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs"})
UNIT = Path("/run/systemd/system")


def disk(patient: Patient) -> Check:
    """Check that a month of sales still fits."""
    try:
        free = shutil.disk_usage(patient.state.root).free
    except OSError as error:
        return Check(id="disk", ok=False, what=f"{patient.state.root}: {error.strerror}", fix="mend the disk")
    return Check(
        id="disk",
        ok=free >= FREE_BYTES_MIN,
        what=f"{free // 2**20} MiB free at {patient.state.root}",
        fix="free at least 500 MiB",
    )


def inodes(patient: Patient) -> Check:
    """Check that files can still be made."""
    try:
        told = os.statvfs(patient.state.root)
    except OSError as error:
        return Check(id="inodes", ok=False, what=f"{patient.state.root}: {error.strerror}", fix="mend the disk")
    limited = told.f_files > 0
    return Check(
        id="inodes",
        ok=not limited or told.f_favail >= FREE_INODES_MIN,
        what=f"{told.f_favail} files can still be made" if limited else "this file system has no limit of files",
        fix="delete small files elsewhere on this disk: df -i",
    )


def file_system(patient: Patient) -> Check:
    """Check that the journal lies on a disk of this machine: others lose what they said was written."""
    kind = _file_system_of(patient.state.root)
    wrong = kind in NETWORK_FILE_SYSTEMS or kind in MEMORY_FILE_SYSTEMS
    return Check(
        id="file_system",
        ok=not wrong,
        what=f"{patient.state.root} lies on {kind or 'a file system nobody names'}",
        fix="move [agent] state_dir to a disk of this machine: a power cut must not take sales with it",
    )


def _file_system_of(path: Path) -> str:
    best, kind = "", ""
    try:
        lines = Path("/proc/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    place = f"{path.resolve()}/"
    for line in lines:
        fields = line.split(" ")
        where = fields[1].rstrip("/") + "/"
        if place.startswith(where) and len(where) >= len(best):
            best, kind = where, fields[2]
    return kind


def clock(patient: Patient) -> Check:
    """Check that the clock has a time of this life, and whether something sets it."""
    if patient.now.year < YEAR_MIN:
        return Check(
            id="clock",
            ok=False,
            what=f"this PC believes it is {patient.now:%Y-%m-%d}",
            fix="sudo timedatectl set-ntp true; a clock that forgets at every switch-off needs a new battery",
        )
    synchronised = _is_synchronised()
    return Check(
        id="clock",
        ok=synchronised is not False,
        what=f"{patient.now:%Y-%m-%d %H:%M} UTC"
        + {True: ", set by the network", False: ", set by nobody", None: ""}[synchronised],
        fix="sudo timedatectl set-ntp true",
    )


def _is_synchronised() -> bool | None:
    """Return what systemd says; None where nobody can say."""
    try:
        told = subprocess.run(
            ["timedatectl", "show", "-p", "NTPSynchronized", "--value"],  # noqa: S607 - a system's own
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(told.stdout.strip()) if told.returncode == 0 else None


def configuration_file(patient: Patient) -> Check | None:
    """Check that nobody else can change what this agent is told to do."""
    path = patient.config_path
    if path is None:
        return None
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Check(id="configuration", ok=False, what=f"{path}: {error.strerror}", fix="name a readable agent.toml")
    return Check(
        id="configuration",
        ok=not mode & stat.S_IWOTH,
        what=f"{path}, mode {mode:o}",
        fix=f"{patient.as_root}chmod o-w {path}",
    )


def user(patient: Patient) -> Check:
    """Check whose the state is: an agent that once ran as root leaves files that its own user cannot write."""
    try:
        owner = patient.state.root.stat().st_uid
        foreign = [path.name for path in patient.state.root.iterdir() if path.lstat().st_uid != owner]
    except OSError as error:
        return Check(id="owner", ok=False, what=f"{patient.state.root}: {error.strerror}", fix="run doctor with sudo")
    return Check(
        id="owner",
        ok=not foreign,
        what=f"not the agent's own: {', '.join(sorted(foreign)[:3])}" if foreign else "every file is the agent's own",
        fix=f"sudo chown -R --reference={patient.state.root} {patient.state.root}",
    )


def memory(patient: Patient) -> Check:
    """Check that core has not grown."""
    rss = int(patient.core.get("rss_bytes") or 0)
    return Check(
        id="core_memory",
        ok=rss <= RSS_BYTES_MAX,
        what=f"core takes {rss // 2**20} MiB",
        fix="sudo systemctl restart tillstream; then tillstream support-bundle",
    )


def watchdog(patient: Patient) -> Check:
    """Check that something starts the agent when the machine starts, and when it dies."""
    del patient
    if not UNIT.is_dir():
        return Check(id="service", ok=True, what="no systemd here: something else must start the agent")
    try:
        told = subprocess.run(
            ["systemctl", "is-enabled", "tillstream.service"],  # noqa: S607 - a system's own
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        told = ""
    return Check(
        id="service",
        ok=told == "enabled",
        what=f"tillstream.service is {told or 'not installed'}",
        fix="sudo systemctl enable --now tillstream",
    )
