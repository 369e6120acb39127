"""What a real process wrote and synced, and every state of the disk that a power cut could have left of it.

The log comes from `write_log.c`, preloaded. The disk that is assumed is a bad one: what no fsync covered may be there,
may not, or in part - in any order, torn at 512 bytes - and a new name is lost with the power unless its folder was
synced. Only what is promised by POSIX is believed.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("write_log.c")
HEADER = struct.Struct("<IIIIQq")
SECTOR_BYTES = 512
VOLATILE = ("-shm", ".sock")  # shared memory of WAL readers and sockets: made anew at every start


class What(IntEnum):
    """As in `write_log.c`."""

    CREATE = 1
    WRITE = 2
    TRUNCATE = 3
    SYNC = 4
    RENAME = 5
    LINK = 6
    UNLINK = 7
    MKDIR = 8
    SYNC_FOLDER = 9


class Cut(StrEnum):
    """What the disk kept of what was not synced."""

    EVERYTHING = "everything"
    NOTHING = "nothing"
    TORN = "torn"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the process did. `path` is relative to the root; `to` is the second name of RENAME and LINK."""

    what: What
    file: int
    at: int
    path: str
    data: bytes

    @property
    def to(self) -> str:
        return self.data.decode()


def build(folder: Path) -> Path:
    """Compile the shim and return the library."""
    library = folder / "write_log.so"
    command = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run(command, check=True, capture_output=True)
    return library


def environment(library: Path, *, root: Path, log: Path) -> dict[str, str]:
    """Return the environment under which a program's writes below `root` are logged."""
    return {**os.environ, "LD_PRELOAD": str(library), "WRITE_LOG_ROOT": str(root), "WRITE_LOG": str(log)}


def read(log: Path) -> list[Step]:
    """Return what was logged; a step that was half written when the process was killed is left out."""
    raw, steps, at = log.read_bytes(), [], 0
    while at + HEADER.size <= len(raw):
        what, path_bytes, data_bytes, _, file, place = HEADER.unpack_from(raw, at)
        at += HEADER.size
        if at + path_bytes + data_bytes > len(raw):
            break
        path = raw[at : at + path_bytes].decode()
        data = raw[at + path_bytes : at + path_bytes + data_bytes]
        at += path_bytes + data_bytes
        steps.append(Step(What(what), file, place, path, data))
    return steps


def steps_in(log: Path) -> int:
    """Return how many steps are logged by now."""
    return len(read(log)) if log.exists() else 0


@dataclass(slots=True)
class _Content:
    """A file's bytes: those a sync covered, and what came since, in order."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def apply(self, into: bytearray, at: int, data: bytes | None) -> None:
        """Write, or truncate where there are no bytes."""
        if data is None:
            del into[at:]
            into.extend(bytes(at - len(into)))
            return
        if len(into) < at:
            into.extend(bytes(at - len(into)))
        into[at : at + len(data)] = data

    def settle(self) -> None:
        for at, data in self.pending:
            self.apply(self.durable, at, data)
        self.pending.clear()

    def left(self, cut: Cut, chance: random.Random) -> bytes:
        found = bytearray(self.durable)
        if cut is Cut.EVERYTHING:
            for at, data in self.pending:
                self.apply(found, at, data)
        elif cut is Cut.TORN:
            for at, data in self.pending:
                for place, sector in _sectors(at, data):
                    if chance.random() < 0.5:
                        self.apply(found, place, sector)
        return bytes(found)


@dataclass(slots=True)
class Disk:
    """A disk on which steps are carried out; `image` says what is there after a power cut."""

    _content: dict[int, _Content] = field(default_factory=dict)
    _by_inode: dict[int, int] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=dict)
    _durable_names: dict[str, int] = field(default_factory=dict)
    _pending_names: list[tuple[str, int | None]] = field(default_factory=list)
    _made: int = 0

    def carry_out(self, step: Step) -> None:
        """Do one step."""
        match step.what:
            case What.CREATE:
                self._by_inode[step.file] = self._new(step.path)
            case What.MKDIR:
                self._new(step.path, is_folder=True)
            case What.WRITE:
                self._of(step).pending.append((step.at, step.data))
            case What.TRUNCATE:
                self._of(step).pending.append((step.at, None))
            case What.SYNC:
                self._of(step).settle()
            case What.SYNC_FOLDER:
                self._sync_names(step.path)
            case What.RENAME:
                thing = self._names[step.path]
                self._name(step.to, thing)
                self._name(step.path, None)
            case What.LINK:
                self._name(step.to, self._names[step.path])
            case What.UNLINK:
                self._name(step.path, None)

    def image(self, cut: Cut, chance: random.Random) -> dict[str, bytes | None]:
        """Return path -> bytes (None for a folder) of what a power cut left."""
        names = dict(self._durable_names)
        kept = {Cut.EVERYTHING: len(self._pending_names), Cut.NOTHING: 0}.get(
            cut, chance.randint(0, len(self._pending_names))
        )
        for path, thing in self._pending_names[:kept]:
            _put(names, path, thing)
        image: dict[str, bytes | None] = {}
        for path in sorted(names):
            parent = path.rpartition("/")[0]
            if parent and parent not in image:
                continue  # its folder is not there
            content = self._content[names[path]] if names[path] >= 0 else None
            image[path] = None if content is None else content.left(cut, chance)
        return image

    def _new(self, path: str, *, is_folder: bool = False) -> int:
        self._made += 1
        thing = -self._made if is_folder else self._made
        if not is_folder:
            self._content[thing] = _Content()
        self._name(path, thing)
        return thing

    def _of(self, step: Step) -> _Content:
        return self._content[self._by_inode[step.file]]

    def _name(self, path: str, thing: int | None) -> None:
        _put(self._names, path, thing)
        self._pending_names.append((path, thing))

    def _sync_names(self, folder: str) -> None:
        rest = []
        for path, thing in self._pending_names:
            if path.rpartition("/")[0] == folder:
                _put(self._durable_names, path, thing)
            else:
                rest.append((path, thing))
        self._pending_names = rest


def write_image(image: dict[str, bytes | None], folder: Path) -> None:
    """Put a state on the real disk, in place of whatever lies there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, data in image.items():
        if data is None:
            (folder / path).mkdir(mode=0o700)
        elif not path.endswith(VOLATILE):
            (folder / path).write_bytes(data)
            (folder / path).chmod(0o600)


def _put(names: dict[str, int], path: str, thing: int | None) -> None:
    if thing is None:
        names.pop(path, None)
    else:
        names[path] = thing


def _sectors(at: int, data: bytes | None) -> list[tuple[int, bytes | None]]:
    if data is None:
        return [(at, None)]
    return [(at + start, data[start : start + SECTOR_BYTES]) for start in range(0, len(data), SECTOR_BYTES)]
