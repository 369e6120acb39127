"""Paired devices on disk: `devices.json` in the state folder, hashes of tokens only (`kiosk.pairing.DeviceBook`)."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from agent.keys import PRIVATE_FILE_MODE
from agent.state_dir import sync_folder
from kiosk.pairing import Device, Right
from retail.errors import OnSiteError

DEVICES_FILE = "devices.json"


class DeviceFile:
    """One file, written whole: write, fsync, rename, fsync directory."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / DEVICES_FILE

    def load(self) -> Sequence[Device]:
        """Return all devices; a file that is no such file means none, and every device pairs again."""
        try:
            found = json.loads(self._path.read_text("utf-8"))
            return [Device(**{**each, "right": Right(each["right"])}) for each in found]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError):
            return []

    def save(self, devices: Sequence[Device]) -> None:
        """Keep these devices. Raises OnSiteError when the disk says no."""
        draft = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE_MODE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump([asdict(each) for each in devices], file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise OnSiteError(
                f"{self._path}: cannot be written: {error.strerror}", fix="free or mend the disk", code="disk"
            ) from error
