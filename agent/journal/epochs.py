"""The highest epoch this store ever wrote, in a small file beside the database, so that losing one loses no count.

Two holders of one epoch would be a fork at the hub. A database that is lost altogether is followed by one with a higher
epoch, and this file is how the new one knows.
"""

from __future__ import annotations

import os
from pathlib import Path

from agent.state_dir import sync_folder
from retail.errors import OnSiteError


class EpochMark:
    """A file with one decimal number; a file that is gone or damaged reads as 0."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """Return the highest epoch known here."""
        try:
            return int(self._path.read_text("ascii"))
        except (OSError, ValueError):
            return 0

    def raise_to(self, epoch: int) -> None:
        """Remember an epoch durably before it is used: write, fsync, rename, fsync directory.

        A lower number than the one known changes nothing. Raises OnSiteError when the disk says no.
        """
        if epoch <= self.read():
            return
        draft = self._path.with_name(f".{self._path.name}.new")
        try:
            with draft.open("w", encoding="ascii") as file:
                file.write(f"{epoch}\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise OnSiteError(
                f"{self._path}: {error.strerror}", fix="free space on the disk, make it writable", code="disk_error"
            ) from error
