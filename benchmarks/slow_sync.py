"""Compiles `slow_sync.c` and says how to run a program under it. Needs gcc (`apt-get install gcc libc6-dev`)."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

_SHARED = struct.Struct("QQ")  # how many syncs there were; microseconds added to each

SOURCE = Path(__file__).with_name("slow_sync.c")


def is_available() -> bool:
    """Return whether the shim can be compiled here."""
    return shutil.which("gcc") is not None


def build(folder: Path) -> Path:
    """Compile the shim into a folder and return the library."""
    library = folder / "slow_sync.so"
    command = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return library


def environment(library: Path, *, added_ms: float, count_file: Path) -> dict[str, str]:
    """Return the environment under which a program's syncs take longer and are counted."""
    count_file.write_bytes(_SHARED.pack(0, int(added_ms * 1000)))
    return {**os.environ, "LD_PRELOAD": str(library), "SLOW_SYNC_COUNT": str(count_file)}


def change(count_file: Path, *, added_ms: float) -> None:
    """Make the syncs of the programs that run take another time from now on; they are counted from zero."""
    with count_file.open("r+b") as file:
        file.write(_SHARED.pack(0, int(added_ms * 1000)))


def counted(count_file: Path) -> int:
    """Return how many syncs there were."""
    return int(_SHARED.unpack(count_file.read_bytes())[0])
