"""Disk space kept back for the journal: given up when the disk is full, taken again when there is room.

A full disk must not stop what core acknowledges while somebody makes room. The file is really written, because a
sparse one reserves nothing.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from agent.journal.database import disk_errors

RESERVE_BYTES = 16 * 1024 * 1024  # some 1,500 receipts with their captures: most of a busy store's day
ROOM_FACTOR = 3  # taken again only when three times as much is free: not to and fro at the edge
PIECE_BYTES = 1024 * 1024


class Reserve:
    """One file. `release` is called by the journal's thread, `refill` by housekeeping's."""

    def __init__(self, path: Path, *, size_bytes: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size_bytes = size_bytes

    @property
    def is_held(self) -> bool:
        """Whether there is something to give up."""
        try:
            return self._path.stat().st_size >= self._size_bytes
        except OSError:
            return False

    def release(self) -> bool:
        """Give the space up; return whether there was any. Never raises: the disk is in trouble already."""
        try:
            held = self._path.stat().st_size > 0
            os.truncate(self._path, 0)
        except OSError:
            return False
        return held

    def refill(self) -> bool:
        """Take the space again where plenty is free; return whether it is held now. Raises as `disk_errors`."""
        if self.is_held:
            return True
        with disk_errors(self._path):
            if shutil.disk_usage(self._path.parent).free < ROOM_FACTOR * self._size_bytes:
                return False
            with self._path.open("wb") as file:
                for _ in range(0, self._size_bytes, PIECE_BYTES):
                    file.write(bytes(min(PIECE_BYTES, self._size_bytes)))
                file.flush()
                os.fsync(file.fileno())
        return True
