"""Loads the named statements and the scripts beside them; a name nobody wrote is our own mistake."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

QUERY_FILES = ("queries.sql", "queries_days.sql")  # what a receipt needs, and what looks at whole days

_FOLDER = Path(__file__).parent
_MARK = "-- name: "


@cache
def load_queries() -> Mapping[str, str]:
    """Return name -> statement of every statement in the files of `QUERY_FILES`."""
    queries: dict[str, str] = {}
    for file in QUERY_FILES:
        found = parse_queries(read_script(file))
        assert not queries.keys() & found.keys(), f"two statements of {file} have a name twice"
        queries |= found
    return MappingProxyType(queries)


def parse_queries(script: str) -> dict[str, str]:
    """Split a script at its `-- name:` lines; comments are left out, so that equal statements are equal texts."""
    queries: dict[str, str] = {}
    for block in script.split(f"\n{_MARK}")[1:]:
        name, _, body = block.partition("\n")
        assert name not in queries, f"two statements are named {name}"
        queries[name.strip()] = "\n".join(line for line in body.splitlines() if not line.startswith("--")).strip()
    return queries


def read_script(name: str) -> str:
    """Return the text of a script of this package, e.g. `schema.sql`."""
    return (_FOLDER / name).read_text("utf-8")


def migration_scripts() -> list[tuple[int, str]]:
    """Return (version, script) of all migrations, oldest first; versions are 1, 2, 3 without a gap."""
    folder = _FOLDER / "migrations"
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".sql"))
    versions = [int(name.split("_", 1)[0]) for name in names]
    assert versions == list(range(1, len(names) + 1)), names
    return [(version, (folder / name).read_text("utf-8")) for version, name in zip(versions, names, strict=True)]
