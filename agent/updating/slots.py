"""The two slots that programs are unpacked into, and the links that say which one runs.

    slots/a, slots/b      a whole program each, its `slot.json` beside it; the spare one is where the next goes
    slots/current         link to `a` or `b`; none: the package's own program runs
    slots/trial           link to the slot that has not yet said READY
    slots/back            link to what ran before: `a`, `b` or `base`, the package's own
    slots/starts          one byte a start of a program on trial, written by the launcher
    slots/failed          the slot that the launcher gave up; its version is not tried again by itself

A link is changed by rename, so that a power cut leaves the old one or the new one, and every order of links means
something: `trial` without `current` pointing to the same slot is a switch that never happened (or was taken back), and
is forgotten; both pointing to it is a trial, which the launcher ends after STARTS_MAX starts and the supervisor by
saying READY. Everything may be done twice. `installer/debian/launcher` reads the same links.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from agent.state_dir import sync_folder
from retail.errors import OnSiteError

BASE = "base"
"""What `back` says where the package's own program ran before."""

NAMES = ("a", "b")
PROGRAM = "tillstream"
STARTS_MAX = 3  # a program that crashed twice at start may have met a power cut; three times it is broken
REFUSED_MAX = 20  # versions that failed here; a chain that releases weekly is told of five months


class Disk(Protocol):
    """Every change on disk that a switch makes, one call each: a test cuts the power between any two."""

    def link(self, path: Path, to: str) -> None:
        """Make a link point somewhere, by rename, durably."""

    def remove(self, path: Path) -> None:
        """Remove a file or link durably; none there is as good."""

    def rename(self, old: Path, new: Path) -> None:
        """Rename durably; `new` is not there."""

    def write(self, path: Path, text: str) -> None:
        """Write a small file by rename, durably."""


class RealDisk:
    """The disk itself: write, fsync, rename, fsync folder."""

    def link(self, path: Path, to: str) -> None:
        """See Disk."""
        draft = path.with_name(f".{path.name}.new")
        draft.unlink(missing_ok=True)
        draft.symlink_to(to)
        draft.replace(path)
        sync_folder(path.parent)

    def remove(self, path: Path) -> None:
        """See Disk."""
        path.unlink(missing_ok=True)
        sync_folder(path.parent)

    def rename(self, old: Path, new: Path) -> None:
        """See Disk."""
        old.rename(new)
        sync_folder(new.parent)

    def write(self, path: Path, text: str) -> None:
        """See Disk."""
        draft = path.with_name(f".{path.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFacts:
    """What lies in a slot: version, architecture, and the hash of the archive it came in."""

    version: str
    architecture: str
    sha256: str


class Slots:
    """See the module's contract; `disk` carries out every change."""

    def __init__(self, root: Path, disk: Disk | None = None) -> None:
        self.root = root
        self._disk = disk or RealDisk()

    @property
    def current(self) -> str:
        """The slot that runs at the next start: `a`, `b`, or `base`."""
        name = _target(self.root / "current")
        return name if name in NAMES and (self.root / name / PROGRAM).exists() else BASE

    @property
    def trial(self) -> str | None:
        """The slot on trial, None when none is: a link left by a switch that never happened counts for nothing."""
        name = _target(self.root / "trial")
        return name if name in NAMES and _target(self.root / "current") == name else None

    @property
    def back(self) -> str | None:
        """What ran before; None where nothing did, or it is gone."""
        name = _target(self.root / "back")
        is_there = name == BASE or (name in NAMES and (self.root / name / PROGRAM).exists())
        return name if is_there and name != self.current else None

    @property
    def spare(self) -> str:
        """The slot that the next program goes into: never the one that runs."""
        return next(name for name in NAMES if name != _target(self.root / "current"))

    @property
    def refused(self) -> list[dict[str, Any]]:
        """Versions that failed here, newest last, with the reason; one that the launcher gave up is among them."""
        try:
            told = json.loads((self.root / "refused.json").read_text("utf-8"))
        except (OSError, ValueError):
            told = []
        found = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
        given_up = self._given_up()
        why = f"it never said READY in {STARTS_MAX} starts"
        return [*found, {"version": given_up, "why": why, "at": ""}] if given_up is not None else found

    def facts(self, name: str) -> SlotFacts | None:
        """Return what lies in a slot; None for nothing whole."""
        try:
            told: Mapping[str, str] = json.loads((self.root / name / "slot.json").read_text("utf-8"))
            return SlotFacts(version=told["version"], architecture=told["architecture"], sha256=told["sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def create(self) -> None:
        """Make the folder. Raises OnSiteError."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(self.root.parent)
        except OSError as error:
            raise OnSiteError(
                f"{self.root}: {error.strerror}", fix="run it as the agent's user: sudo -u tillstream tillstream update"
            ) from error

    def take_in(self, draft: Path, facts: SlotFacts) -> str:
        """Put an unpacked program into the spare slot; return its name. What lay there before goes."""
        name = self.spare
        place = self.root / name
        self._disk.write(draft / "slot.json", json.dumps(asdict(facts)) + "\n")
        if place.exists():
            if _target(self.root / "back") == name:
                self._disk.remove(self.root / "back")
            old = self.root / f".{name}.old"
            shutil.rmtree(old, ignore_errors=True)
            self._disk.rename(place, old)
        self._disk.rename(draft, place)
        shutil.rmtree(self.root / f".{name}.old", ignore_errors=True)
        return name

    def switch(self, name: str) -> None:
        """Let a slot run from the next start on, on trial. The order is what a power cut may stop at any place."""
        self._disk.remove(self.root / "starts")
        self._disk.link(self.root / "back", self.current)
        self._disk.link(self.root / "trial", name)
        self._disk.link(self.root / "current", name)

    def confirm(self) -> str | None:
        """End a trial well; return the slot that had been on trial. What ran before stays for `--rollback`."""
        name = self.trial
        self._disk.remove(self.root / "trial")
        self._disk.remove(self.root / "starts")
        return name

    def go_back(self, *, why: str, at: str = "", refuse: bool = True) -> str | None:
        """Let run what ran before; return its name, None when there is nothing to go back to.

        `refuse` has the version that is left not tried again by itself.
        """
        back, left = self.back, self.facts(self.current)
        if back is None:
            return None
        if refuse and left is not None:
            self._refuse(left.version, why=why, at=at)
        if back == BASE:
            self._disk.remove(self.root / "current")
        else:
            self._disk.link(self.root / "current", back)
        self._disk.link(self.root / "back", BASE)  # what lay in the spare slot is the one that failed
        self._disk.remove(self.root / "trial")
        self._disk.remove(self.root / "starts")
        return back

    def tidy(self) -> None:
        """Remove what a cut left behind: half-unpacked programs, a trial that never began."""
        if not self.root.is_dir():
            return
        for path in self.root.iterdir():
            if path.name.endswith((".part", ".old")) and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
        if (self.root / "trial").is_symlink() and self.trial is None:
            self._disk.remove(self.root / "trial")
        if self._given_up() is not None:
            self._disk.write(self.root / "refused.json", json.dumps(self.refused[-REFUSED_MAX:]) + "\n")
            self._disk.remove(self.root / "failed")

    def _given_up(self) -> str | None:
        """Return the version that the launcher took back, if it did."""
        try:
            facts = self.facts((self.root / "failed").read_text("ascii").strip())
        except (OSError, ValueError):
            return None
        return facts.version if facts is not None else None

    def _refuse(self, version: str, *, why: str, at: str) -> None:
        told = [each for each in self.refused if each.get("version") != version]
        told.append({"version": version, "why": why, "at": at})
        self._disk.write(self.root / "refused.json", json.dumps(told[-REFUSED_MAX:]) + "\n")


def _target(link: Path) -> str | None:
    try:
        return str(link.readlink())
    except OSError:
        return None
