"""The agent that is looked at, and what one look gives."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.config import AgentConfig
from agent.keys import JOURNAL_KEY, FileSecrets
from agent.state_dir import StateDir
from agent.upkeep.sentences import Sentence, spoken
from retail.errors import TillstreamError

PACKAGE_CONFIG = Path("/etc/tillstream/agent.toml")
SYSTEMD = Path("/run/systemd/system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check's result in the contracts' shape; plain strings are commands, and what others told."""

    id: str
    ok: bool
    what: Sentence | str
    fix: Sentence | str = ""

    def in_language(self, language: str) -> tuple[str, str]:
        """Return (what, fix) for a reader."""
        return str(spoken(self.what, language)), str(spoken(self.fix, language))

    def as_json(self, language: str = "en") -> dict[str, object]:
        """Return `{"id","ok","what","fix"}`."""
        what, fix = self.in_language(language)
        return {"id": self.id, "ok": self.ok, "what": what, "fix": "" if self.ok else fix}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The agent that is looked at."""

    config: AgentConfig
    state: StateDir
    environment: Mapping[str, str]
    now: datetime
    config_path: Path | None = None
    status: Mapping[str, Any] = field(default_factory=dict)

    @property
    def start_it(self) -> str:
        """The command that starts this agent, to be typed as it stands."""
        if self.config_path is None:
            return "sudo systemctl start tillstream"
        if self.config_path == PACKAGE_CONFIG and SYSTEMD.is_dir():
            return "sudo systemctl start tillstream"
        return f"tillstream agent run --config {self.config_path}"

    @property
    def as_root(self) -> str:
        """What stands before a command that changes a package's files: they are root's and the service's."""
        return "sudo " if self.config_path in {None, PACKAGE_CONFIG} else ""

    def command(self, words: str) -> str:
        """Return `tillstream WORDS` for this installation, to be typed as it stands."""
        if self.as_root:
            return f"sudo tillstream {words}"
        return f"tillstream {words} --config {self.config_path}"

    @property
    def core(self) -> Mapping[str, Any]:
        """What core and supervisor told of core."""
        told: Mapping[str, Any] = self.status.get("core", {})
        return told

    @property
    def hub(self) -> Mapping[str, Any]:
        """What the desk told of its link."""
        told: Mapping[str, Any] = self.status.get("hub", {})
        return told

    @property
    def taps(self) -> list[Mapping[str, Any]]:
        """What core told of its taps."""
        told: list[Mapping[str, Any]] = self.status.get("taps", [])
        return told

    @property
    def is_running(self) -> bool:
        """Whether core answers."""
        return bool(self.core.get("state") == "running")


def service_environment() -> dict[str, str]:
    """Return what systemd sets for the package's service - a proxy, for one; nothing where nobody can say."""
    try:
        told = subprocess.run(
            ["systemctl", "show", "tillstream.service", "--property=Environment", "--value"],  # noqa: S607 - a system's own
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return environment_of(told)


def environment_of(told: str) -> dict[str, str]:
    """Return the variables of a unit as `systemctl show` prints them: quoted as a shell would."""
    try:
        words = shlex.split(told)
    except ValueError:
        return {}
    return dict(word.split("=", 1) for word in words if "=" in word)


def journal_key(patient: Patient) -> bytes | None:
    """Return the journal's key, None where there is none yet."""
    try:
        return FileSecrets.of(patient.state.keys, patient.environment).read(JOURNAL_KEY)
    except TillstreamError:
        return None


def files(folder: Path) -> list[Path]:
    """Return a folder's files that are not hidden; none where it cannot be read."""
    return _listed(folder, Path.is_file)


def folders(folder: Path) -> list[Path]:
    """Return a folder's folders; none where it cannot be read."""
    return _listed(folder, Path.is_dir)


def _listed(folder: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if wanted(path) and not path.name.startswith(".")]
    except OSError:
        return []
