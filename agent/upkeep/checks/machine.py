"""Checks of the machine itself: disk, clock, memory, user, files of the configuration, service manager."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from agent.upkeep.patient import Check, Patient
from agent.upkeep.sentences import Sentence, say

FREE_BYTES_MIN = 500 * 1024 * 1024  # a month of journal and captures of a busy store
FREE_INODES_MIN = 1000  # spools and captures are files
YEAR_MIN = 2026  # before this program was written the clock is at its factory's setting
RSS_BYTES_MAX = 300 * 1024 * 1024  # core takes a quarter of it with ten million customers
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p"})
MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs"})
UNIT = Path("/run/systemd/system")
SERVICE_USER = "tillstream"
CLOCK_SET_BY = {True: "clock_set", False: "clock_unset", None: "clock"}


def _says(place: Path, error: OSError) -> Sentence:
    return say("says", place=place, cause=error.strerror or error)


def _nearest(place: Path) -> Path:
    """Return a folder, or the nearest above it that is there: a folder that is missing is no fault of the disk."""
    return next((each for each in (place, *place.parents) if each.exists()), place)


def disk(patient: Patient) -> Check:
    """Check that a month of sales still fits."""
    try:
        free = shutil.disk_usage(_nearest(patient.state.root)).free
    except OSError as error:
        return Check(id="disk", ok=False, what=_says(patient.state.root, error), fix=say("mend_disk"))
    return Check(
        id="disk",
        ok=free >= FREE_BYTES_MIN,
        what=say("disk", free=free // 2**20, place=patient.state.root),
        fix=say("disk_fix", at_least=FREE_BYTES_MIN // 2**20),
    )


def inodes(patient: Patient) -> Check:
    """Check that files can still be made."""
    try:
        told = os.statvfs(_nearest(patient.state.root))
    except OSError as error:
        return Check(id="inodes", ok=False, what=_says(patient.state.root, error), fix=say("mend_disk"))
    limited = told.f_files > 0
    return Check(
        id="inodes",
        ok=not limited or told.f_favail >= FREE_INODES_MIN,
        what=say("inodes", free=told.f_favail) if limited else say("inodes_unlimited"),
        fix=say("inodes_fix"),
    )


def file_system(patient: Patient) -> Check:
    """Check that the journal lies on a disk of this machine: others lose what they said was written."""
    kind = _mount_of(patient.state.root)[1]
    wrong = kind in NETWORK_FILE_SYSTEMS or kind in MEMORY_FILE_SYSTEMS
    return Check(
        id="file_system",
        ok=not wrong,
        what=say("file_system", place=patient.state.root, kind=kind or "?"),
        fix=say("file_system_fix"),
    )


def mount_point(path: Path) -> str:
    """Return where the file system is mounted that holds a path."""
    return _mount_of(path)[0]


def _mount_of(path: Path) -> tuple[str, str]:
    best, kind = "", ""
    try:
        lines = Path("/proc/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return "/", ""
    place = f"{path.resolve()}/"
    for line in lines:
        fields = line.split(" ")
        where = fields[1].rstrip("/") + "/"
        if place.startswith(where) and len(where) >= len(best):
            best, kind = where, fields[2]
    return best.rstrip("/") or "/", kind


def clock(patient: Patient) -> Check:
    """Check that the clock has a time of this life, and whether something sets it."""
    if patient.now.year < YEAR_MIN:
        return Check(
            id="clock",
            ok=False,
            what=say("clock_wrong", day=f"{patient.now:%Y-%m-%d}"),
            fix=say("clock_wrong_fix"),
        )
    synchronised = _is_synchronised()
    return Check(
        id="clock",
        ok=synchronised is not False,
        what=say(CLOCK_SET_BY[synchronised], at=f"{patient.now:%Y-%m-%d %H:%M}"),
        fix=say("clock_fix"),
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
        return Check(id="configuration", ok=False, what=_says(path, error), fix=say("configuration_unread"))
    return Check(
        id="configuration",
        ok=not mode & stat.S_IWOTH,
        what=say("mode", place=path, mode=f"{mode:o}"),
        fix=f"{patient.as_root}chmod o-w {path}",
    )


def user(patient: Patient) -> Check | None:
    """Check whose the state is: an agent that once ran as root leaves files that its own user cannot write."""
    if not patient.state.root.exists():
        return None  # `state_dir` says so
    try:
        owner = patient.state.root.stat().st_uid
        foreign = [path.name for path in patient.state.root.iterdir() if path.lstat().st_uid != owner]
    except OSError as error:
        return Check(id="owner", ok=False, what=_says(patient.state.root, error), fix=say("owner_unread"))
    service = _service_user() if patient.as_root else None
    if service is not None and service != owner:
        what = say("owner_foreign", names=patient.state.root)
        return Check(id="owner", ok=False, what=what, fix=f"sudo chown -R {SERVICE_USER}: {patient.state.root}")
    return Check(
        id="owner",
        ok=not foreign,
        what=say("owner_foreign", names=", ".join(sorted(foreign)[:3])) if foreign else say("owner"),
        fix=f"sudo chown -R --reference={patient.state.root} {patient.state.root}",
    )


def _service_user() -> int | None:
    """Return who the package's service runs as; None where no package made that user."""
    try:
        return pwd.getpwnam(SERVICE_USER).pw_uid
    except KeyError:
        return None


def memory(patient: Patient) -> Check:
    """Check that core has not grown."""
    rss = int(patient.core.get("rss_bytes") or 0)
    return Check(
        id="core_memory",
        ok=rss <= RSS_BYTES_MAX,
        what=say("core_memory", taken=rss // 2**20),
        fix=say("core_memory_fix"),
    )


def watchdog(state: str | None) -> Check:
    """Check that something starts the agent when the machine starts, and when it dies.

    `state` is systemd's word for the unit (`systemctl is-enabled`): empty where it has none, None without systemd.
    """
    if state is None:
        return Check(id="service", ok=True, what=say("no_systemd"))
    return Check(
        id="service",
        ok=state == "enabled",
        what=say("service", state=state or say("not_installed")),
        fix=say("service_fix") if state in {"", "not-found"} else "sudo systemctl enable --now tillstream",
    )


def unit_state() -> str | None:
    """Return what systemd says of the package's unit; None on a machine without systemd."""
    if not UNIT.is_dir():
        return None
    try:
        told = subprocess.run(
            ["systemctl", "is-enabled", "tillstream.service"],  # noqa: S607 - a system's own
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip()
