"""Files that stores fetch, by content hash, in a folder of their tenant; a row says which is the newest of its kind.

A file is written, synced and named by its hash before the row that mentions it is committed, so a manifest never
names a file that is not there. The one before the newest is kept, for stores that are in the middle of it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub.storage.ports import Database
from retail.errors import RefusedError
from sync.protocol.feed_messages import FeedFile, FeedKind

READ_BYTES = 1 << 20
OLDER_KEPT = 1  # versions of a kind beside the newest

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedFile:
    """A file of the caller's own chain."""

    path: Path
    size_bytes: int


class FeedFiles:
    """The folder of feed files."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def folder(self, tenant_id: str) -> Path:
        """Return where a chain's files lie, making it when it is new."""
        folder = self._folder / tenant_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def publish_bytes(self, tenant_id: str, kind: FeedKind, content: bytes, *, now: datetime) -> FeedFile:
        """Publish small content as the newest of its kind; the same content again changes nothing."""
        draft = self.folder(tenant_id) / f".{kind}.{secrets.token_hex(4)}"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return self.publish_file(tenant_id, kind, draft, as_of=now)

    def publish_file(
        self, tenant_id: str, kind: FeedKind, draft: Path, *, as_of: datetime, version: int | None = None
    ) -> FeedFile:
        """Take a whole, synced file of the tenant's folder as the newest of its kind and name it by its hash.

        The version grows by one unless the content has its own. The same content again changes nothing.
        """
        sha256, size_bytes = _hash_of(draft)
        newest = self.newest(tenant_id).get(kind)
        if newest is not None and newest.sha256 == sha256:
            draft.unlink()
            return newest
        draft.replace(self.folder(tenant_id) / sha256)
        _sync_directory(self.folder(tenant_id))
        entry = FeedFile(
            kind=kind,
            sha256=sha256,
            size_bytes=size_bytes,
            version=version if version is not None else (newest.version + 1 if newest else 1),
            as_of=as_of.isoformat(),
        )
        with self._database.writing() as session:
            session.run(
                "put_feed_file",
                tenant_id=tenant_id,
                kind=kind.value,
                version=entry.version,
                sha256=sha256,
                size_bytes=size_bytes,
                as_of=entry.as_of,
            )
        self._forget_old(tenant_id, entry)
        return entry

    def newest(self, tenant_id: str) -> dict[FeedKind, FeedFile]:
        """Return the newest file of each kind."""
        with self._database.reading() as session:
            rows = session.rows("newest_feed_files", tenant_id=tenant_id)
        files = [
            FeedFile(kind=FeedKind(kind), version=version, sha256=sha256, size_bytes=size_bytes, as_of=as_of)
            for kind, version, sha256, size_bytes, as_of in rows
        ]
        return {file.kind: file for file in files}

    def open(self, tenant_id: str, sha256: str) -> ServedFile:
        """Return a file by its hash. Raises RefusedError (not_found) for another chain's, an old or an unknown one."""
        if _SHA256.fullmatch(sha256):
            with self._database.reading() as session:
                row = session.row("feed_file", tenant_id=tenant_id, sha256=sha256)
            path = self._folder / tenant_id / sha256
            if row is not None and path.is_file():
                return ServedFile(path=path, size_bytes=int(row[0]))
        raise RefusedError("no such file", fix="ask for the manifest again", code="not_found")

    def _forget_old(self, tenant_id: str, newest: FeedFile) -> None:
        kept_from = newest.version - OLDER_KEPT
        with self._database.writing() as session:
            which: dict[str, str | int] = {"tenant_id": tenant_id, "kind": newest.kind.value, "version": kept_from}
            old = session.rows("old_feed_files", **which)
            session.run("drop_old_feed_files", **which)
            gone = [row[0] for row in old if session.row("feed_file", tenant_id=tenant_id, sha256=row[0]) is None]
        _unlink(self._folder / tenant_id / sha256 for sha256 in gone)


def _hash_of(path: Path) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return digest.hexdigest(), size_bytes


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
