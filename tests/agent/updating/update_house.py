"""A chain's releases and a shop that may take them: real signatures, real files, a clock that a test sets."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.updating.applying import Hours, House
from agent.updating.slots import Disk, RealDisk, Slots
from agent.updating.trust import Trust
from agent.updating.unpacking import architecture
from hub.releases.repository import Repository

ROOT = Path(__file__).resolve().parents[3]
NIGHT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)  # 03:30 in Berlin


@dataclass
class StoppedClock:
    """Stands at `at`; only `pause` moves it."""

    at: datetime = NIGHT
    passed_s: float = 0.0

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.passed_s)

    def monotonic_s(self) -> float:
        return self.passed_s


def program(version: str, *, size: int = 1000, body: str = "") -> bytes:
    """Return an archive whose program says a version; `body` is more of its script."""
    script = (
        f'#!/bin/sh\n{body}\n[ "$1" = version ] && echo \'{{"tillstream": "{version}"}}\'\necho "{version} $*" >&2\n'
    )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        for name, data, mode in (("tillstream", script.encode(), 0o755), ("_internal/data", os.urandom(size), 0o644)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            packed.addfile(entry, io.BytesIO(data))
    return out.getvalue()


@dataclass
class Chain:
    """The chain's side: a repository in a folder."""

    folder: Path
    at: datetime = NIGHT

    @property
    def releases(self) -> Path:
        return self.folder / "releases"

    @property
    def repository(self) -> Repository:
        return Repository(self.releases, self.folder / "keys", now=self.at)

    def release(
        self,
        version: str,
        *,
        arch: str | None = None,
        archive: bytes | None = None,
        channel: str = "stable",
        **more: object,
    ) -> None:
        path = self.folder / f"{version}.tar.gz"
        path.write_bytes(program(version, **more) if archive is None else archive)  # type: ignore[arg-type]
        self.repository.add(path, version=version, architecture=arch or architecture(), channels=[channel])


@dataclass
class FakeAgent:
    """An agent that a service manager keeps up: `restart` starts the launcher's program, which may say READY."""

    slots: Slots
    says_ready: Callable[[str], bool] = lambda version: True
    printing_for: int = 0
    runs: bool = True
    restarts: list[str] = field(default_factory=list)

    def is_running(self) -> bool:
        return self.runs

    def is_printing(self) -> bool:
        self.printing_for = max(0, self.printing_for - 1)
        return self.printing_for > 0

    def restart(self) -> None:
        facts = self.slots.facts(self.slots.current)
        version = facts.version if facts else "base"
        self.restarts.append(version)
        if self.slots.trial is not None and self.says_ready(version):
            self.slots.confirm()


@dataclass
class Shop:
    """The store's side."""

    folder: Path
    chain: Chain
    clock: StoppedClock = field(default_factory=StoppedClock)
    disk: Disk = field(default_factory=RealDisk)
    agent: FakeAgent = field(init=False)
    url: str = ""
    channels: tuple[str, ...] = ("stable",)

    def __post_init__(self) -> None:
        self.agent = FakeAgent(Slots(self.root, self.disk))

    @property
    def root(self) -> Path:
        return self.folder / "slots"

    @property
    def slots(self) -> Slots:
        return Slots(self.root, self.disk)

    def trust(self) -> Trust:
        url = self.url or self.chain.releases.as_uri()
        root = self.chain.repository.first_root.read_bytes()
        return Trust(url=url, folder=self.folder / "updates", root=root, now=self.clock.now())

    @property
    def house(self) -> House:
        def pause(seconds: float) -> None:
            self.clock.passed_s += seconds

        hours = Hours(begin=time(2), end=time(5), zone=ZoneInfo("Europe/Berlin"))
        return House(
            slots=self.slots, running=self.agent, clock=self.clock, pause=pause, package_version="0.1.0", hours=hours,
            channels=self.channels, ready_within_s=90.0, trust=self.trust,
        )  # fmt: skip

    def later(self, **delta: float) -> None:
        self.clock = replace(self.clock, at=self.clock.at + timedelta(**delta))

    def boot(self, *words: str) -> str:
        """Start what the launcher starts, with the package's own program beside; return the version that ran."""
        base = self.folder / "base"
        base.mkdir(exist_ok=True)
        (base / "tillstream").write_text('#!/bin/sh\necho "0.1.0 $*" >&2\n')
        (base / "tillstream").chmod(0o755)
        text = (ROOT / "installer/debian/launcher").read_text("utf-8")
        text = text.replace("/usr/lib/tillstream/base", str(base)).replace("/var/lib/tillstream/slots", str(self.root))
        launcher = self.folder / "launcher"
        launcher.write_text(text)
        done = subprocess.run(
            ["sh", str(launcher), *(words or ("agent", "run"))], capture_output=True, text=True, check=False
        )
        return done.stderr.strip().splitlines()[-1].partition(" ")[0] if done.stderr.strip() else ""
