"""Packs what support needs and nothing of a person: a .tar.gz that somebody may look through before it is sent.

In it: the checks, the status, the configuration without secrets and without anybody's comments, versions, the
journal's shape (kinds and counts, never a payload), parked documents by reason, the newest log lines with every number
that could be a card, a phone or an account taken out. The same rule takes them out of every file, whatever wrote it:
long digit runs, e-mail addresses, coupon tokens, keys.
"""

from __future__ import annotations

import io
import json
import platform
import re
import subprocess
import tarfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import tomlkit

from agent.config import read_config_text
from agent.desk.report import DESK_FILE
from agent.journal.reader import JournalReader
from agent.upkeep.health import examine
from agent.upkeep.patient import Patient, files, folders, journal_key
from pos_adapters.reading.masking import mask_text
from retail.errors import ConfigurationError, OnSiteError, TillstreamError

LOG_LINES_MAX = 2000  # the last hour of a busy store
LOG_WITHIN_S = 10.0
RECORDS_MAX = 5000
PRIVATE = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "<e-mail>"),
    (re.compile(r"tsc1:[A-Z2-7]{20,}", re.IGNORECASE), "<coupon>"),
    (re.compile(r"\b[0-9a-f]{32,}\b", re.IGNORECASE), "<key>"),
    (re.compile(r"\b[A-Z2-7]{5}(?:-[A-Z2-7]{5}){3,}\b"), "<code>"),
    (re.compile(r"(?<![\d.:T-])(?!\d{4}-\d\d-\d\d)\+?\d(?:[ -]?\d){7,}(?![\d:T])"), "<number>"),
    (re.compile(r"(://[^/\s:@]*):[^/\s@]*@"), r"\1:<password>@"),
)
SECRET_KEY = re.compile(r"secret|token|password|key", re.IGNORECASE)


def without_persons(text: str) -> str:
    """Return a text with everything taken out that could lead to a person or open a door."""
    text = mask_text(text)  # a card's number may stand there in any of its disguises
    for pattern, instead in PRIVATE:
        text = pattern.sub(instead, text)
    return text


def write_bundle(patient: Patient, target: Path) -> list[str]:
    """Write the archive and return the names in it. Raises OnSiteError when it cannot be written."""
    names = []
    try:
        with tarfile.open(target, "x:gz") as archive:
            for name, text in _contents(patient):
                data = without_persons(text).encode()
                entry = tarfile.TarInfo(f"tillstream-support/{name}")
                entry.size, entry.mode, entry.mtime = len(data), 0o600, int(patient.now.timestamp())
                archive.addfile(entry, io.BytesIO(data))
                names.append(name)
        target.chmod(0o600)
    except FileExistsError as error:
        raise OnSiteError(f"{target} is there already", fix="name another file: -o FILE", code="bundle") from error
    except OSError as error:
        raise OnSiteError(
            f"{target}: {error.strerror or error}", fix="name another place: -o FILE", code="bundle"
        ) from error
    return names


def _contents(patient: Patient) -> Iterator[tuple[str, str]]:
    yield "doctor.json", _json([check.as_json() for check in examine(patient)])
    yield "versions.json", _json(_versions())
    if patient.config_path is not None:
        yield "agent.toml", _settings(patient.config_path)
    yield "journal.json", _json(_journal(patient))
    yield "files.json", _json(_sizes(patient.state.root))
    for place in (patient.state.supervisor_state, patient.state.root / DESK_FILE):
        if place.is_file():
            yield place.name, place.read_text("utf-8", "replace")
    yield "log.txt", _log()


def _settings(path: Path) -> str:
    """Return what the configuration sets: a comment is free text, and people write passwords and names into it."""
    try:
        return tomlkit.dumps(_without_secrets(tomllib.loads(read_config_text(path))))
    except (ConfigurationError, tomllib.TOMLDecodeError) as error:
        return f"# {error}\n"


def _without_secrets(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: "<taken out>" if SECRET_KEY.search(key) else _shown(value) for key, value in table.items()}


def _shown(value: object) -> object:
    if isinstance(value, Mapping):
        return _without_secrets(value)
    return [_shown(each) for each in value] if isinstance(value, list) else value


def _versions() -> Mapping[str, Any]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": dict(sorted((each.metadata["Name"], each.version) for each in distributions())),
    }


def _journal(patient: Patient) -> Mapping[str, Any]:
    """Return the journal's shape: how many of what, and when; no payload leaves it."""
    key = journal_key(patient)
    if key is None or not patient.state.journal.exists():
        return {"there": False}
    try:
        with closing(JournalReader(patient.state.journal, key)) as reader:
            records = reader.newest(limit_rows=RECORDS_MAX)
            told = {
                "head": reader.head()[1],
                "kinds": dict(Counter(record.kind for record in records)),
                "clock_quality": dict(Counter(record.clock_quality for record in records)),
                "parked_at_hub": [[each.seq, each.reason] for each in reader.parked()],
                "parked_documents": dict(_parking_reasons(reader)),
            }
    except TillstreamError as error:
        return {"there": True, "trouble": error.message}
    return told


def _parking_reasons(reader: JournalReader) -> Counter[str]:
    newest = reader.contents_of(("document.parked",), after_seq=max(0, reader.head()[1] - RECORDS_MAX))
    return Counter(str(content.get("reason") or "?") for _, _, _, content in newest)


def _sizes(root: Path) -> Mapping[str, float]:
    """Return how many MiB each file and folder takes: in bytes a large one would look like somebody's number."""
    found = {path.name: _mib(path.stat().st_size) for path in files(root)}
    for folder in folders(root):
        inside = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        found[f"{folder.name}/ ({len(inside)} files)"] = _mib(sum(inside))
    return found


def _mib(size_bytes: int) -> float:
    return round(size_bytes / 2**20, 3)


def _log() -> str:
    """Return the newest lines of the service's log, where systemd keeps one."""
    words = ["journalctl", "-u", "tillstream", "-n", str(LOG_LINES_MAX), "--no-pager", "-o", "cat"]
    try:
        told = subprocess.run(  # noqa: S603 - constant words
            words, capture_output=True, text=True, timeout=LOG_WITHIN_S, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no log: {error}\n"
    return told.stdout or "no log\n"


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"


def default_name(now: datetime) -> str:
    """Return what a bundle is called when nobody names it."""
    return f"tillstream-support-{now:%Y%m%d-%H%M%S}.tar.gz"
