"""Large captures as sealed files named by the content they hold, synced off the print path.

A file is AES-256-GCM under a key derived from the journal's key and the file's name; the name is SHA-256 of key and
content, so that nobody can ask a stolen folder whether it holds a known receipt. Writing the same content again
changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
from collections.abc import Awaitable
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from agent.journal.database import disk_errors
from agent.state_dir import sync_folder
from retail.errors import RefusedError

INLINE_BYTES_MAX = 16 * 1024
"""Captures up to here stand in the journal: a text receipt is 2 KB; a page-long write would hold other lanes' syncs."""

_NONCE = bytes(12)  # a key seals one content only: it is derived from the content's name


class CaptureFiles:
    """The folder of sealed captures."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def place(self, body: bytes) -> tuple[str, Awaitable[None]]:
        """Return the file's name and what to await until it is durable (JournalFullError, JournalDiskError)."""
        name = hmac.new(self._key, body, hashlib.sha256).hexdigest()
        return name, asyncio.get_running_loop().run_in_executor(None, self._write, name, body)

    def read(self, name: str) -> bytes:
        """Return the content. Raises RefusedError when the file is not there or was changed."""
        try:
            sealed = (self._folder / name).read_bytes()
            return AESGCM(self._sealing_key(name)).decrypt(_NONCE, sealed, name.encode())
        except (OSError, InvalidTag) as error:
            raise RefusedError(
                f"capture {name[:12]} is missing or damaged", fix="check the disk", code="capture"
            ) from error

    def names(self) -> set[str]:
        """Return the names of all files here."""
        return {path.name for path in self._folder.iterdir() if not path.name.startswith(".")}

    def age_s(self, name: str, now: datetime) -> float:
        """Return how long ago a file was written, in seconds; 0 for one that is not there."""
        try:
            return now.timestamp() - (self._folder / name).stat().st_mtime
        except OSError:
            return 0.0

    def remove(self, name: str) -> None:
        """Delete a file; one that is not there is nothing to do."""
        with disk_errors(self._folder):
            (self._folder / name).unlink(missing_ok=True)

    def _write(self, name: str, body: bytes) -> None:
        path = self._folder / name
        if path.exists():
            return
        draft = self._folder / f".{name}.{secrets.token_hex(4)}"
        with disk_errors(path):
            try:
                with draft.open("wb") as file:
                    file.write(AESGCM(self._sealing_key(name)).encrypt(_NONCE, body, name.encode()))
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
                sync_folder(self._folder)
            finally:
                draft.unlink(missing_ok=True)

    def _sealing_key(self, name: str) -> bytes:
        return HKDFExpand(SHA256(), 32, b"tillstream capture " + name.encode()).derive(self._key)
