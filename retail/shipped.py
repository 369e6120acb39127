"""Reads tables that are shipped with the program: TOML for people, and beside it JSON where the program was frozen.

TOML is read by Python code and JSON is not: 440 KB of words take 57 ms or 4, before a store's core can serve. Only
`installer/tillstream.spec` makes the JSON. It names the very TOML that it was made of (`stamp_of`), so that a table
which somebody has corrected is read as it stands.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def read_shipped(file: Path) -> dict[str, Any]:
    """Return what a TOML file of ours holds: tables, lists, texts, numbers (no dates, which JSON has not)."""
    source = file.read_bytes()
    try:
        packed = json.loads(packed_beside(file).read_bytes())
    except FileNotFoundError:
        packed = {}
    table: dict[str, Any] = packed["table"] if packed.get("of") == _stamp(source) else _parsed(source)
    return table


def pack(file: Path, target: Path) -> None:
    """Write a TOML file of ours as the JSON that may lie beside it."""
    source = file.read_bytes()
    target.write_text(json.dumps({"of": _stamp(source), "table": _parsed(source)}, ensure_ascii=False), "utf-8")


def _parsed(source: bytes) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - a frozen tap never needs it

    return tomllib.loads(source.decode("utf-8"))


def packed_beside(file: Path) -> Path:
    """Return where the JSON of a TOML file lies."""
    return file.with_suffix(".toml.json")


def stamp_of(files: Iterable[Path]) -> str:
    """Return a text that is another one when any of these files is: their lengths and checksums."""
    return " ".join([f"{file.name}:{_stamp(file.read_bytes())}" for file in files])


def _stamp(source: bytes) -> str:
    return f"{len(source)}-{zlib.crc32(source):08x}"
