"""From a verified archive to a program in the spare slot: unpacked aside, proved by running it, durable, then named.

Half an unpacking is a folder whose name ends in `.part`; nothing ever starts from there and `Slots.tidy` removes it.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from agent.state_dir import sync_folder
from agent.updating.slots import PROGRAM, SlotFacts, Slots
from agent.updating.trust import Released
from retail.errors import OnSiteError, RefusedError

ARCHITECTURES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
PROVE_WITHIN_S = 60.0  # `version` takes 0.2 s; a till PC of 2012 on a worn disk takes ten
SPARE_BYTES = 50_000_000  # what the journal of a day may take meanwhile
UNPACKED_BYTES_MAX = 1_000_000_000  # ten times today's program


def architecture() -> str:
    """Return what this machine is, in Debian's words; its own word where we have none."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def room_for(slots: Slots, released: Released) -> None:
    """Say no before anything is fetched. Raises OnSiteError when the disk is too full, RefusedError for nonsense."""
    if not 0 < released.unpacked_bytes <= UNPACKED_BYTES_MAX:
        raise RefusedError(
            f"the update unpacks to {released.unpacked_bytes} bytes",
            fix="make the release again",
            code="update_endless",
        )
    needed = released.packed_bytes + released.unpacked_bytes + SPARE_BYTES
    free = shutil.disk_usage(slots.root).free
    if free < needed:
        raise OnSiteError(
            f"the update needs {needed // 10**6} MB, {free // 10**6} MB are free at {slots.root}",
            fix=f"free {(needed - free) // 10**6 + 1} MB: journalctl --vacuum-size=100M, apt-get clean; then try again",
            code="update_disk",
        )


def unpack(archive: Path, released: Released, slots: Slots) -> str:
    """Unpack, prove and take a program into the spare slot; return the slot's name. Raises TillstreamError."""
    draft = slots.root / f"{slots.spare}.part"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir(mode=0o700)
        with tarfile.open(archive, "r:gz") as packed:
            packed.extractall(draft, members=_bounded(packed, released.unpacked_bytes), filter="data")
        _sync(draft)
        _prove(draft / PROGRAM, released)
        facts = SlotFacts(version=released.version, architecture=released.architecture, sha256=released.sha256)
        return slots.take_in(draft, facts)
    except OSError as error:
        raise OnSiteError(
            f"{slots.root}: {error.strerror or error}; the update was not unpacked, nothing was changed",
            fix="free 300 MB on this disk, then: tillstream update --apply",
            code="update_disk",
        ) from error
    except (tarfile.TarError, EOFError) as error:
        raise RefusedError(f"the update is no archive: {error}", fix="make the release again", code="bad") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _bounded(packed: tarfile.TarFile, bytes_max: int) -> Iterator[tarfile.TarInfo]:
    """Yield members as long as they stay within what was signed for; links out of the slot the filter refuses."""
    left = bytes_max
    for member in packed:
        left -= member.size
        if left < 0:
            raise tarfile.TarError(f"it unpacks to more than the {bytes_max} bytes that were signed for")
        yield member


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        elif path.is_dir() and not path.is_symlink():
            sync_folder(path)
    sync_folder(folder)


def _prove(program: Path, released: Released) -> None:
    """Have the new program say its version. Raises RefusedError when it cannot, or says another."""
    if released.architecture != architecture():
        raise RefusedError(
            f"the update is for {released.architecture}, this PC is {architecture()}",
            fix="release one for this architecture: tillstream hub release add --arch",
            code="update_architecture",
        )
    try:
        told = subprocess.run(  # noqa: S603 - a program whose signature was verified
            [str(program), "version", "--json"], capture_output=True, timeout=PROVE_WITHIN_S, check=False
        )
        version = json.loads(told.stdout)["tillstream"] if not told.returncode else None
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        raise RefusedError(
            f"the new program does not run on this PC: {error}",
            fix="release one for this system: tillstream hub release add --arch",
            code="update_does_not_run",
        ) from error
    if version != released.version:
        raise RefusedError(
            f"the new program says it is {version}, the release says {released.version}",
            fix="make the release again",
            code="update_does_not_run",
        )
