"""The files that the feed brought, on this store's disk, and which of them are in use.

A folder (the agent's `mirror/`) holds `feed.json`, verified files as `KIND-HASH`, and `incoming/` with what is being
fetched. `feed.json` names only files that are whole, synced and verified; it is replaced after the file is in its
place, so that a power cut at any instruction leaves the last good version in use.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retail.errors import OnSiteError, RefusedError
from sync.mirror import read_current
from sync.protocol.feed_messages import FeedFile, FeedKind
from sync.protocol.mirror_file import is_whole, shred

STATE = "feed.json"
INCOMING = "incoming"
READ_BYTES = 1 << 20
NAME_HASH_CHARS = 16
HEARD = "heard"
"""An empty file whose time says when the hub was last heard."""

MERGED = "merged"
"""Stands in the name of a mirror file that this store merged itself, in place of the hash."""

MIRROR_KINDS = ("mirror-", "mirror_overlay-")

_NAME = re.compile(rf"[a-z_]+-([0-9a-f]{{{NAME_HASH_CHARS}}}|{MERGED}-[0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What is in use. `cursor` and `issued_at` are those of the newest manifest that was worked through.

    `ring` is what that manifest calls this store's: the channel of its updates, empty where it has none.

    `files` holds the newest of each kind; `overlays` those on top of the mirror file, oldest first. A store may have
    merged them into one file: what is in use is what customers they speak of, not which file on its disk.
    """

    cursor: str = ""
    issued_at: str = ""
    ring: str = ""
    erased_through: int = 0
    files: Mapping[FeedKind, FeedFile] = field(default_factory=dict)
    overlays: tuple[FeedFile, ...] = ()

    def with_file(self, file: FeedFile) -> FeedState:
        """Return the state with a newer file in use; an erasures file also moves the mark."""
        if file.kind is FeedKind.MIRROR_OVERLAY:
            below = tuple(each for each in self.overlays if each.version < file.version)
            return replace(self, overlays=(*below, file))
        erased = max(self.erased_through, file.version) if file.kind is FeedKind.ERASURES else self.erased_through
        overlays = () if file.kind is FeedKind.MIRROR else self.overlays
        return replace(self, files={**self.files, file.kind: file}, erased_through=erased, overlays=overlays)

    def uses(self, file: FeedFile) -> bool:
        """Return whether this content is in use. A mirror file of the same version differs by people erased only."""
        if file.kind is FeedKind.MIRROR_OVERLAY:
            return any(each.version == file.version and each.base == file.base for each in self.overlays)
        known = self.files.get(file.kind)
        if known is None:
            return False
        return known.sha256 == file.sha256 or (file.kind is FeedKind.MIRROR and known.version == file.version)

    def without_mirror(self) -> FeedState:
        """Return the state of a store whose mirror files are gone or damaged: the next look fetches them again."""
        files: dict[FeedKind, FeedFile] = dict(self.files)
        files.pop(FeedKind.MIRROR, None)
        return replace(self, files=files, overlays=(), cursor="")


def load_state(folder: Path) -> FeedState:
    """Return what is in use; nothing before the first feed or when `feed.json` is damaged, so that all is fetched."""
    try:
        told: dict[str, Any] = json.loads((folder / STATE).read_text("utf-8"))
        files = [FeedFile.model_validate_json(json.dumps(each)) for each in told["files"]]
        return FeedState(
            cursor=str(told["cursor"]),
            issued_at=str(told["issued_at"]),
            ring=str(told.get("ring", "")),
            erased_through=int(told["erased_through"]),
            files={file.kind: file for file in files if file.kind is not FeedKind.MIRROR_OVERLAY},
            overlays=tuple(file for file in files if file.kind is FeedKind.MIRROR_OVERLAY),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return FeedState()


def has_mirror(folder: Path) -> bool:
    """Return whether the mirror in use is there: files that are gone, cut or not ours are to be fetched anew."""
    try:
        current = read_current(folder)
    except RefusedError:
        return False
    return current is not None and all(is_whole(folder / name) for name in (current.snapshot, *current.overlays))


def note_heard(folder: Path, now: datetime) -> None:
    """Note that the hub was heard. Not synced: after a power cut an older time is the safer one."""
    try:
        path = folder / HEARD
        path.touch()
        os.utime(path, (now.timestamp(), now.timestamp()))
    except OSError as error:
        raise disk_error(folder, error) from error


def heard_at(folder: Path) -> datetime | None:
    """Return when the hub was last heard, None when it never was."""
    try:
        return datetime.fromtimestamp((folder / HEARD).stat().st_mtime, UTC)
    except OSError:
        return None


def save_state(folder: Path, state: FeedState) -> None:
    """Name what is in use, durably. A repeat changes nothing. Raises OnSiteError when the disk says no."""
    told = {
        "cursor": state.cursor,
        "issued_at": state.issued_at,
        "ring": state.ring,
        "erased_through": state.erased_through,
        "files": [file.model_dump(mode="json") for file in (*state.files.values(), *state.overlays)],
    }
    draft = folder / f"{STATE}.part"
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump(told, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / STATE)
        sync_directory(folder)
    except OSError as error:
        raise disk_error(folder, error) from error


def path_of(folder: Path, file: FeedFile) -> Path:
    """Return where a verified file lies."""
    return folder / f"{file.kind}-{file.sha256[:NAME_HASH_CHARS]}"


def file_in_use(folder: Path, kind: FeedKind) -> Path | None:
    """Return the file of a kind that is in use, None before the first feed. For whoever starts and reads it."""
    file = load_state(folder).files.get(kind)
    path = path_of(folder, file) if file else None
    return path if path and path.exists() else None


class Incoming:
    """One file on its way in: appended, resumable, put in its place only when its hash is right."""

    def __init__(self, folder: Path, file: FeedFile) -> None:
        """Look at what an earlier attempt left. Raises OnSiteError when the disk says no."""
        self._folder = folder
        self._file = file
        self._part = folder / INCOMING / f"{file.sha256}.part"
        try:
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._forget_others()
            self.size_bytes = self._part.stat().st_size if self._part.exists() else 0
        except OSError as error:
            raise disk_error(folder, error) from error
        if self.size_bytes > file.size_bytes:
            self.restart()

    @property
    def is_whole(self) -> bool:
        """Whether as many bytes are here as were promised."""
        return self.size_bytes == self._file.size_bytes

    def restart(self) -> None:
        """Forget what is here."""
        self._part.unlink(missing_ok=True)
        self.size_bytes = 0

    def append(self, chunk: bytes) -> bool:
        """Add bytes; return False, adding nothing, when that would be more than was promised."""
        if self.size_bytes + len(chunk) > self._file.size_bytes:
            return False
        try:
            with self._part.open("ab") as part:
                part.write(chunk)
        except OSError as error:
            raise disk_error(self._folder, error) from error
        self.size_bytes += len(chunk)
        return True

    def finish(self) -> Path | None:
        """Put a whole file in its place, durably, and return it; None, forgetting it, when its hash is wrong."""
        try:
            if not self._part.exists():
                self._part.touch()  # a file of no bytes
            if _hash_of(self._part) != self._file.sha256:
                self.restart()
                return None
            descriptor = os.open(self._part, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            path = path_of(self._folder, self._file)
            self._part.replace(path)
            sync_directory(self._folder)
        except OSError as error:
            raise disk_error(self._folder, error) from error
        return path

    def _forget_others(self) -> None:
        """Only one file comes in at a time; what else lies there is of an older manifest."""
        for other in self._part.parent.iterdir():
            if other != self._part:
                other.unlink(missing_ok=True)


def forget_unused(folder: Path, state: FeedState) -> None:
    """Remove files of ours that nothing names any more; what mirror files sealed can be opened by nobody after it."""
    kept = {path_of(folder, file).name for file in (*state.files.values(), *state.overlays)}
    current = read_current(folder)
    if current is not None:
        merged = MERGED in current.snapshot
        kept = {name for name in kept if not merged or not name.startswith(MIRROR_KINDS)}
        kept |= {current.snapshot, *current.overlays}
    for kind in FeedKind:
        for path in folder.glob(f"{kind}-*"):
            if path.name not in kept and _NAME.fullmatch(path.name):
                if path.name.startswith(MIRROR_KINDS):
                    shred(path)
                path.unlink(missing_ok=True)


def sync_directory(folder: Path) -> None:
    """Make names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_error(folder: Path, error: OSError) -> OnSiteError:
    """Return what a person in the store must hear of a disk that says no."""
    return OnSiteError(
        f"{folder}: central data cannot be written: {error.strerror or error}",
        fix="free disk space or mend its rights; the last good version stays in use",
        code="disk",
    )


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
