"""`agent.toml` changed where an answer differs, and nowhere else: comments, order and foreign settings stay.

A workstation is found by its id; one that is not there is added at the end. Written by rename after it was checked
whole: a wrong result is refused and the file stays as it was.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from agent.config import parse_config
from agent.state_dir import sync_folder
from retail.errors import ConfigurationError, OnSiteError

Section = Mapping[str, object]
FILE_MODE = 0o644  # secrets stand in keys/, never here; the folder of the package is 0750


def changed(
    text: str, *, sections: Mapping[str, Section], workstation: Section, tap: Section, scanners: Sequence[Section]
) -> str:
    """Return the file's text with these settings. `sections` maps `store`, `hub`, ... to their settings.

    A value of None takes a setting away; a repeat changes nothing. Raises ConfigurationError for what is no TOML.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigurationError(f"agent.toml is no TOML: {error}", fix="mend the line named above") from error
    for name, section in sections.items():
        if any(value is not None for value in section.values()):
            if name not in document:
                document.add(name, tomlkit.table())
            _set(document[name], section)
    if workstation:
        lane = _workstation(document, str(workstation["id"]))
        _set(lane, workstation)
        if tap:
            if "tap" not in lane:
                lane.add("tap", tomlkit.table())
            _set(lane["tap"], tap)
        for scanner in scanners:
            _add_scanner(lane, scanner)
    return tomlkit.dumps(document)


def difference(before: str, after: str, name: str) -> str:
    """Return what changes, line by line; empty when nothing does."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name} (now)", f"{name} (then)", "", "", 1, ""
    )
    return "\n".join(lines)


def write_config(path: Path, text: str) -> None:
    """Write a checked text: write, fsync, rename, fsync folder; mode and owner of a file that was there stay.

    Raises ConfigurationError for a text that would be refused, OnSiteError when it cannot be written.
    """
    parse_config(text, source=str(path))
    draft = path.with_name(f".{path.name}.part")
    try:
        before = path.stat() if path.exists() else None
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(before.st_mode & 0o777 if before else FILE_MODE)
        if before and os.geteuid() == 0:
            os.chown(draft, before.st_uid, before.st_gid)
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise OnSiteError(
            f"{path}: {error.strerror or error}",
            fix="run it with sudo, or name another place: --config FILE",
            code="cannot_write",
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def _set(table: Any, values: Section) -> None:
    for key, value in values.items():
        if value is None:
            if key in table:
                table.remove(key)
        elif key not in table or table[key] != value:
            table[key] = value


def _workstation(document: tomlkit.TOMLDocument, wanted: str) -> Table:
    lanes = document.get("workstation")
    if lanes is None:
        lanes = tomlkit.aot()
        document.add("workstation", lanes)
    if not isinstance(lanes, AoT):
        raise ConfigurationError("workstation stands in one line", fix="write it as [[workstation]]")
    for lane in lanes:
        if str(lane.get("id", wanted)) == wanted:
            assert isinstance(lane, Table)
            return lane
    lane = tomlkit.table()
    lane["id"] = wanted
    lanes.append(lane)
    return lanes[-1]


def _add_scanner(lane: Table, scanner: Section) -> None:
    known = lane.get("scanner")
    if known is None:
        known = tomlkit.aot()
        lane.add("scanner", known)
    for each in known:
        if each.get("port") == scanner["port"]:
            _set(each, scanner)
            return
    entry = tomlkit.table()
    _set(entry, scanner)
    known.append(entry)
