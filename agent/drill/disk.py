"""A store's disk when the power goes: what SQLite really wrote, less what a real disk may not have kept.

Between two commits everything is synced, so a power cut keeps the files as they are. In the middle of a commit the log
(`-wal`) has grown by pages of which any sectors may have been kept. A disk that lies about its cache (`lies`) forgets
whole commits that it had confirmed; the journal's promise cannot hold on it, and the drill must find that out.
"""

from __future__ import annotations

import shutil
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

SECTOR_BYTES = 512
FORGOTTEN_COMMITS = 5  # what a lying disk keeps in its cache only: a receipt is three, and a coupon goes before it
SIDE_FILES = ("-wal", "-shm")


@dataclass(slots=True, kw_only=True)
class DatabaseDisk:
    """The files of one database. Call `committed` after every sync; hold no connection open during `cut`."""

    path: Path
    lies: bool = False
    _lengths: deque[int] = field(default_factory=lambda: deque(maxlen=FORGOTTEN_COMMITS + 1))

    @property
    def log(self) -> Path:
        """The write-ahead log."""
        return self.path.with_name(self.path.name + "-wal")

    def committed(self) -> None:
        """Note that everything written so far was reported as synced."""
        length = _length(self.log)
        if self._lengths and length < self._lengths[-1]:
            self._lengths.clear()  # a checkpoint: what was in the log is in the database
        self._lengths.append(length)

    def copy(self) -> dict[str, bytes]:
        """Return the files as a process that dies now leaves them with the kernel."""
        return {
            suffix: part.read_bytes()
            for suffix in ("", "-wal")
            if (part := self.path.with_name(self.path.name + suffix)).exists()
        }

    def put_back(self, files: dict[str, bytes]) -> None:
        """Put copied files in the place of what a tidy close made of them."""
        for suffix in ("", *SIDE_FILES):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        for suffix, data in files.items():
            self.path.with_name(self.path.name + suffix).write_bytes(data)

    def after_power_cut(self, files: dict[str, bytes], random: Random, *, torn_from: int | None) -> dict[str, bytes]:
        """Return what is left of copied files. `torn_from`: the log's length before the commit that was cut."""
        log = files.get("-wal", b"")
        if self.lies and self._lengths and self._lengths[0] <= len(log):
            log = log[: self._lengths[0]]
        elif torn_from is not None and torn_from < len(log):
            log = log[:torn_from] + _torn(log[torn_from:], random)
        return {**files, "-wal": log} if "-wal" in files else files


def copy_folder(source: Path, target: Path) -> None:
    """Copy a whole disk; whatever stood at the target is gone. No connection to a database in it may be writing."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("*-shm", "*.sock"))


def log_length(disk: DatabaseDisk) -> int:
    """Return the length of a database's log in bytes; 0 where there is none."""
    return _length(disk.log)


def _torn(piece: bytes, random: Random) -> bytes:
    """Return a piece of which each sector was written or not, cut anywhere."""
    sectors = [piece[at : at + SECTOR_BYTES] for at in range(0, len(piece), SECTOR_BYTES)]
    kept = [sector if random.random() < 0.5 else bytes(len(sector)) for sector in sectors]  # noqa: PLR2004 - a coin
    return b"".join(kept)[: random.randrange(len(piece) + 1)]


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
