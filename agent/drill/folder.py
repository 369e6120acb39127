"""Where a story is told: a folder in memory that is gone afterwards, also when the drill was killed meanwhile.

A drill holds a lock in its folder. Whoever starts next removes the folders that nobody holds.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has neither these locks nor a disk in memory; its folders are the system's to clear
    fcntl = None  # type: ignore[assignment]

PREFIX = "tillstream-drill-"
HELD = "held"
MEMORY_DISK = Path("/dev/shm")  # noqa: S108 - a folder in memory, where there is one: syncs cost nothing there


@contextmanager
def story_folder(parent: Path | None = None) -> Iterator[Path]:
    """Yield a new folder in `parent` (in memory when not given), and remove what killed drills left there."""
    if parent is None and MEMORY_DISK.is_dir():
        parent = MEMORY_DISK
    if parent is not None:
        remove_forsaken(parent)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / HELD).open("wb") as held:
            if fcntl is not None:
                fcntl.flock(held, fcntl.LOCK_EX)
            yield folder


def remove_forsaken(parent: Path) -> int:
    """Remove the folders of drills that run no more; return how many."""
    forsaken = [each for each in parent.glob(f"{PREFIX}*") if each.is_dir() and _is_forsaken(each)]
    for folder in forsaken:
        shutil.rmtree(folder, ignore_errors=True)
    return len(forsaken)


def _is_forsaken(folder: Path) -> bool:
    if fcntl is None:
        return False
    try:
        with (folder / HELD).open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except OSError:  # somebody holds it, or has just made the folder, or it is another user's
        return False
