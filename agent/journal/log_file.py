"""The write-ahead log's file, kept at its full length: a commit overwrites what stands there instead of growing it.

A sync of a file that has grown waits for the file system to write down its new length too: on ext4 it takes four to
five times as long as a sync of a file that has not. What lies behind the log's end is zeros or the frames of an earlier
round; neither bears the marks of this round, which is where whoever reads the log stops.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PIECE_BYTES = 1024 * 1024  # some 10 ms of a slow disk: written when nobody waits, but a sale may come meanwhile
ROOM_FACTOR = 3  # a log is lengthened only where three times as much is free: sales need the space more


class LogFile:
    """One log. Used by the journal's thread between two commits, like all that writes."""

    def __init__(self, path: Path, *, length_bytes: int) -> None:
        self._path = path
        self._length_bytes = length_bytes

    def lengthen(self) -> bool:
        """Append a piece of zeros and sync it; return whether another is wanted.

        Never raises: on a disk that is full or cannot be written the log grows with its commits, as it did before.
        """
        try:
            length = self._path.stat().st_size
            missing = self._length_bytes - length
            if missing <= 0 or shutil.disk_usage(self._path.parent).free < ROOM_FACTOR * missing:
                return False
            with self._path.open("r+b", buffering=0) as file:
                file.seek(length)
                file.write(bytes(min(PIECE_BYTES, missing)))
                os.fsync(file.fileno())
        except OSError:
            return False
        return missing > PIECE_BYTES
