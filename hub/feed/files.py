"""Files that stores fetch, by content hash, in a folder of their tenant; rows say which belong to whom.

A file is written, synced and named by its hash before the row that mentions it is committed, so a manifest never
names a file that is not there. The one before the newest is kept, for stores that are in the middle of it. A file is
for the whole chain (scope '') or for a ring, a region or a store; the nearest to a store is the one it should have.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hub.storage.ports import Database, Row, Session
from retail.errors import RefusedError
from sync.protocol.feed_messages import FeedFile, FeedKind, MirrorPart
from sync.protocol.mirror_file import shred

READ_BYTES = 1 << 20
OLDER_KEPT = 1  # versions of a kind beside the newest

CHAIN = ""
"""The scope of what everybody should have."""

MIRROR_KINDS = frozenset({FeedKind.MIRROR, FeedKind.MIRROR_OVERLAY})
"""Files of customers: of exactly one scope each, the chain's or a store's slice, and never of the nearest."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedFile:
    """A file of the caller's own chain."""

    path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file with whom it is for. `entries` counts the customers of a mirror file."""

    file: FeedFile
    scope: str
    entries: int = 0


def scopes_of(store_id: str, *, region: str, ring: str) -> tuple[str, ...]:
    """Return whose files a store should have, the nearest first."""
    near = [f"store:{store_id}", f"ring:{ring}" if ring else "", f"region:{region}" if region else ""]
    return (*filter(None, near), CHAIN)


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

    def publish_bytes(
        self,
        tenant_id: str,
        kind: FeedKind,
        content: bytes,
        *,
        now: datetime,
        scope: str = CHAIN,
        version: int | None = None,
    ) -> FeedFile:
        """Publish small content as the newest of its kind and scope; the same content again changes nothing.

        The version grows by one unless the content has its own.
        """
        draft = self.folder(tenant_id) / f".{kind}.{secrets.token_hex(4)}"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        newest = self.newest(tenant_id, scope=scope).get(kind)
        entry = FeedFile(
            kind=kind,
            sha256=ZERO_HASH,
            size_bytes=0,
            version=version if version is not None else (newest.version + 1 if newest else 1),
            as_of=now.isoformat(),
        )
        return self.publish_file(tenant_id, draft, KeptFile(file=entry, scope=scope))

    def publish_file(self, tenant_id: str, draft: Path, kept: KeptFile) -> FeedFile:
        """Take a whole, synced file of the tenant's folder, name it by its hash and say whom it is for.

        Hash and size of `kept.file` are filled in. The same content again changes nothing.
        """
        sha256, size_bytes = _hash_of(draft)
        kind, scope = kept.file.kind, kept.scope
        newest = self.newest(tenant_id, scope=scope).get(kind)
        if newest is not None and newest.sha256 == sha256:
            draft.unlink()
            return newest
        draft.replace(self.folder(tenant_id) / sha256)
        _sync_directory(self.folder(tenant_id))
        entry = kept.file.model_copy(update={"sha256": sha256, "size_bytes": size_bytes})
        with self._database.writing() as session:
            _put(session, tenant_id, replace(kept, file=entry))
        if kind is not FeedKind.MIRROR_OVERLAY:
            self.forget_old(tenant_id, entry, scope=scope)
        return entry

    def put_in_place_of(self, tenant_id: str, old: KeptFile, *, draft: Path, file: FeedFile) -> FeedFile:
        """Take a file as the same version with people erased: stores that have the old one keep it.

        The old one is overwritten where that makes its records unreadable, and removed.
        """
        _sync_file(draft)
        sha256, size_bytes = _hash_of(draft)
        draft.replace(self.folder(tenant_id) / sha256)
        _sync_directory(self.folder(tenant_id))
        entry = file.model_copy(update={"sha256": sha256, "size_bytes": size_bytes})
        with self._database.writing() as session:
            session.run(
                "drop_feed_file", tenant_id=tenant_id, kind=entry.kind.value, scope=old.scope, version=entry.version
            )
            _put(session, tenant_id, replace(old, file=entry))
            gone = _without_row(session, tenant_id, [old.file.sha256])
        for each in gone:
            shred(self._folder / tenant_id / each, pages=True)
        _unlink(self._folder / tenant_id / each for each in gone)
        return entry

    def all(self, tenant_id: str) -> list[KeptFile]:
        """Return every file that is kept; of one kind and scope the newest first."""
        with self._database.reading() as session:
            return [_kept(row) for row in session.rows("feed_files", tenant_id=tenant_id)]

    def newest(self, tenant_id: str, *, scope: str = CHAIN) -> dict[FeedKind, FeedFile]:
        """Return the newest file of each kind that is for exactly this scope."""
        found: dict[FeedKind, FeedFile] = {}
        for kept in self.all(tenant_id):
            if kept.scope == scope:
                found.setdefault(kept.file.kind, kept.file)
        return found

    def wanted(self, tenant_id: str, scopes: Sequence[str], *, mirror_scope: str = CHAIN) -> list[FeedFile]:
        """Return what a store of these scopes should have, in the order of duty; overlays after their snapshot.

        Customers are those of `mirror_scope` alone: a store that gets a slice has nobody while there is none.
        """
        kept = self.all(tenant_id)
        found: list[FeedFile] = []
        for kind in FeedKind:
            if kind is FeedKind.MIRROR_OVERLAY:
                continue
            asked = (mirror_scope,) if kind is FeedKind.MIRROR else scopes
            nearest = next((each for scope in asked for each in kept if _is(each, kind, scope)), None)
            if nearest is None:
                continue
            found.append(nearest.file)
            if kind is FeedKind.MIRROR:
                found += [each.file for each in overlays_of(kept, nearest)]
        return found

    def open(
        self, tenant_id: str, sha256: str, scopes: Sequence[str] | None = None, *, mirror_scope: str = CHAIN
    ) -> ServedFile:
        """Return a file by its hash.

        Raises RefusedError (not_found) for another chain's, another store's, an old or an unknown one.
        """
        if _SHA256.fullmatch(sha256):
            with self._database.reading() as session:
                rows = session.rows("feed_file", tenant_id=tenant_id, sha256=sha256)
            path = self._folder / tenant_id / sha256
            mine = [
                row
                for row in rows
                if scopes is None or row[1] in ((mirror_scope,) if row[2] in MIRROR_KINDS else scopes)
            ]
            if mine and path.is_file():
                return ServedFile(path=path, size_bytes=int(mine[0][0]))
        raise RefusedError("no such file", fix="ask for the manifest again", code="not_found")

    def forget_lost(self, tenant_id: str) -> int:
        """Forget files that are not on the disk, and return how many: a database put back from a copy names such.

        Stores keep what they have until the next of its kind is published; the same content again is published.
        """
        folder = self.folder(tenant_id)
        lost = [kept for kept in self.all(tenant_id) if not (folder / kept.file.sha256).is_file()]
        for kept in lost:
            self.drop(tenant_id, kept)
        return len(lost)

    def drop(self, tenant_id: str, kept: KeptFile) -> None:
        """Remove one file for good; it is overwritten before, because nobody has it in use any more."""
        with self._database.writing() as session:
            session.run(
                "drop_feed_file",
                tenant_id=tenant_id,
                kind=kept.file.kind.value,
                scope=kept.scope,
                version=kept.file.version,
            )
            gone = _without_row(session, tenant_id, [kept.file.sha256])
        for each in gone:
            shred(self._folder / tenant_id / each, pages=True)
        _unlink(self._folder / tenant_id / each for each in gone)

    def forget_old(self, tenant_id: str, newest: FeedFile, *, scope: str = CHAIN, kept: int = OLDER_KEPT) -> None:
        """Drop what newer versions of a kind have replaced, but for `kept` of them; overlays go with their snapshot."""
        mine = [each.file for each in self.all(tenant_id) if _is(each, newest.kind, scope)]
        oldest = min((file.version for file in mine[: 1 + kept]), default=newest.version)
        which = [(newest.kind, oldest)]
        if newest.kind is FeedKind.MIRROR:
            which.append((FeedKind.MIRROR_OVERLAY, oldest))
        with self._database.writing() as session:
            gone: list[str] = []
            for kind, version in which:
                values: dict[str, str | int] = {
                    "tenant_id": tenant_id, "kind": kind.value, "scope": scope, "version": version,
                }  # fmt: skip
                gone += [row[0] for row in session.rows("old_feed_files", **values)]
                session.run("drop_old_feed_files", **values)
            gone = _without_row(session, tenant_id, gone)
        _unlink(self._folder / tenant_id / sha256 for sha256 in gone)


ZERO_HASH = "0" * 64
"""Stands in an entry until its file is named."""


def overlays_of(kept: Sequence[KeptFile], snapshot: KeptFile) -> list[KeptFile]:
    """Return the overlays that belong on a snapshot, oldest first."""
    found = [
        each
        for each in kept
        if _is(each, FeedKind.MIRROR_OVERLAY, snapshot.scope) and each.file.base == snapshot.file.version
    ]
    return sorted(found, key=lambda each: each.file.version)


def _is(kept: KeptFile, kind: FeedKind, scope: str) -> bool:
    return kept.file.kind is kind and kept.scope == scope


def _kept(row: Row) -> KeptFile:
    kind, scope, version, sha256, size_bytes, as_of, base, entries, erased_through = row
    file = FeedFile(
        kind=FeedKind(kind),
        version=version,
        sha256=sha256,
        size_bytes=size_bytes,
        as_of=as_of,
        base=base,
        erased_through=erased_through,
        part=MirrorPart.NEARBY if scope != CHAIN and kind in MIRROR_KINDS else MirrorPart.ALL,
    )
    return KeptFile(file=file, scope=scope, entries=entries)


def _put(session: Session, tenant_id: str, kept: KeptFile) -> None:
    file = kept.file
    session.run(
        "put_feed_file",
        tenant_id=tenant_id,
        kind=file.kind.value,
        scope=kept.scope,
        version=file.version,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        as_of=file.as_of,
        base=file.base,
        entries=kept.entries,
        erased_through=file.erased_through,
    )


def _without_row(session: Session, tenant_id: str, hashes: Iterable[str]) -> list[str]:
    return [sha256 for sha256 in hashes if session.row("feed_file", tenant_id=tenant_id, sha256=sha256) is None]


def _hash_of(path: Path) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
    return digest.hexdigest(), size_bytes


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
