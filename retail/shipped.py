"""Reads tables that are shipped with the program: TOML for people, and beside it JSON where the program was frozen.

TOML is read by Python code and JSON is not: 440 KB of words take 57 ms or 4, before a store's core can serve. Only
`installer/tillstream.spec` makes the JSON, from the TOML of the same freeze, so neither can be older than the other.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_shipped(file: Path) -> dict[str, Any]:
    """Return what a TOML file of ours holds: tables, lists, texts, numbers (no dates, which JSON has not)."""
    try:
        table: dict[str, Any] = json.loads(packed_beside(file).read_bytes())
    except FileNotFoundError:
        import tomllib  # noqa: PLC0415 - a frozen tap never needs it

        return tomllib.loads(file.read_text("utf-8"))
    return table


def packed_beside(file: Path) -> Path:
    """Return where the JSON of a TOML file lies."""
    return file.with_suffix(".toml.json")
