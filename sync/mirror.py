"""The store's copy of central data about customers: one snapshot, small overlays above it, swapped whole.

A folder holds mirror files and `current.json`, which names those in use:
`{"version", "as_of", "snapshot", "base", "overlays": [newest first], "is_slice"}`. Whoever brings new files (the feed)
puts them in place, then replaces `current.json`; whoever looks up (core) calls `swap` and goes on with the old ones
until the new ones are open. A file that does not open never replaces a good one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from retail.errors import RefusedError
from sync.protocol.mirror_file import MirrorFile, Tombstone, erase
from sync.protocol.mirror_record import MirrorRecord

CURRENT = "current.json"
OVERLAYS_MAX = 30  # a month of nights without compaction; each adds one page read to an unknown card's look-up


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorVersion:
    """Which files are in use. `as_of`: when the hub made the newest of them (aware, UTC).

    `base` is the version of the snapshot below all overlays, those merged into it included: an overlay belongs on it.
    `is_slice`: only those who shop here or near are in it; whoever is not may be a customer all the same.
    """

    version: int
    as_of: datetime
    snapshot: str
    overlays: tuple[str, ...] = ()
    base: int = 0
    is_slice: bool = False

    def __post_init__(self) -> None:
        if not self.base:
            object.__setattr__(self, "base", self.version)

    def to_json(self) -> str:
        """Return the text of `current.json`."""
        return json.dumps(
            {
                "version": self.version,
                "as_of": self.as_of.isoformat(),
                "snapshot": self.snapshot,
                "base": self.base,
                "overlays": list(self.overlays),
                "is_slice": self.is_slice,
            },
            indent=1,
        )


def read_current(folder: Path) -> MirrorVersion | None:
    """Return what `current.json` names, None before the first feed. Raises RefusedError when it cannot be read."""
    try:
        found = json.loads((folder / CURRENT).read_bytes())
        return MirrorVersion(
            version=int(found["version"]),
            as_of=datetime.fromisoformat(found["as_of"]).astimezone(UTC),
            snapshot=str(found["snapshot"]),
            overlays=tuple(str(name) for name in found["overlays"]),
            base=int(found.get("base", found["version"])),
            is_slice=bool(found.get("is_slice")),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise RefusedError(
            f"{folder / CURRENT} is damaged", fix="remove it; the next feed writes it anew", code="mirror_damaged"
        ) from error


def write_current(folder: Path, current: MirrorVersion) -> None:
    """Name the files in use, durably: write, fsync, rename, fsync directory. Doing it twice changes nothing."""
    temporary = folder / f"{CURRENT}.part"
    with temporary.open("w") as file:
        file.write(current.to_json())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / CURRENT)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class Mirror:
    """Look-ups in the files in use. Not shared between threads."""

    def __init__(self, folder: Path) -> None:
        """Open what `current.json` names in `folder`; an empty folder knows nobody."""
        self.folder = folder
        self.current: MirrorVersion | None = None
        self._files: list[MirrorFile] = []
        self.swap()

    def __repr__(self) -> str:
        return f"<Mirror version={self.current.version if self.current else None} files={len(self._files)}>"

    @property
    def customers(self) -> int:
        """How many codes the snapshot holds; overlays change them and add few."""
        return len(self._files[-1]) if self._files else 0

    def age_s(self, now: datetime) -> float | None:
        """Return how old the newest file in use is, in seconds; None when there is none."""
        return (now - self.current.as_of).total_seconds() if self.current else None

    def swap(self) -> bool:
        """Open what `current.json` names now; return whether that changed anything.

        Raises RefusedError when a file is missing or damaged: the old ones stay in use.
        """
        wanted = read_current(self.folder)
        if wanted is None or wanted == self.current:
            return False
        opened: list[MirrorFile] = []
        try:
            for name in (*wanted.overlays[:OVERLAYS_MAX], wanted.snapshot):
                opened.append(MirrorFile(self.folder / Path(name).name))  # noqa: PERF401 - closed one by one on error
        except OSError as error:
            _close(opened)
            raise RefusedError(
                f"mirror file {error.filename} cannot be opened: {error.strerror}",
                fix="the next feed fetches it again; the last good version stays in use",
                code="mirror_damaged",
            ) from error
        except RefusedError:
            _close(opened)
            raise
        before, self._files, self.current = self._files, opened, wanted
        _close(before)
        return True

    def look_up(self, token: bytes) -> MirrorRecord | None:
        """Return the holder of a token, None when nobody is known by it or they were erased."""
        for file in self._files:
            found = file.get(token)
            if found is not None:
                return None if isinstance(found, Tombstone) else found
        return None

    def erase(self, locators: Iterable[bytes]) -> int:
        """Overwrite these customers in every file in use, durably; return how many records there were."""
        wanted = list(locators)
        return sum(erase(file.path, wanted) for file in self._files)

    def close(self) -> None:
        """Release all files."""
        _close(self._files)
        self._files = []


def _close(files: list[MirrorFile]) -> None:
    for file in files:
        file.close()
