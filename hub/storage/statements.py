"""Named SQL from `.sql` files: `-- name: word`, a description in comments, one statement.

Placeholders are written `:name`, as SQLite has them; for PostgreSQL they become `%(name)s`. A statement that must
differ stands again in `queries.postgresql.sql` under the same name and wins there; what only one database needs
stands in its own file alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from importlib import resources
from types import MappingProxyType

SHARED_FILES = (
    "queries.sql",
    "queries.people.sql",
    "queries.feed.sql",
    "queries.claims.sql",
    "queries.value.sql",
    "queries.users.sql",
)
"""What both databases understand, by subject; no name stands in two of them."""

_NAME = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")


class Dialect(StrEnum):
    """Which database the statements are for."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def parse_statements(text: str) -> dict[str, str]:
    """Return the statements of one file by name; a name that stands twice is our mistake and asserts."""
    parts = _NAME.split(text)
    found: dict[str, str] = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        assert name not in found, name
        lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("--")]
        found[name] = "\n".join(lines).rstrip().rstrip(";")
    return found


def load_statements(dialect: Dialect) -> Mapping[str, str]:
    """Return all statements of the hub for one database."""
    found: dict[str, str] = {}
    for name in SHARED_FILES:
        more = parse_statements(_text(name))
        assert not found.keys() & more.keys(), found.keys() & more.keys()
        found |= more
    found |= parse_statements(_text(f"queries.{dialect}.sql"))
    if dialect is Dialect.POSTGRESQL:
        found = {name: _PLACEHOLDER.sub(r"%(\1)s", text) for name, text in found.items()}
    return MappingProxyType(found)


def load_schema(dialect: Dialect) -> str:
    """Return the script that makes an empty database of this version."""
    return _text(f"schema.{dialect}.sql")


def _text(name: str) -> str:
    return resources.files("hub.storage").joinpath(name).read_text("utf-8")
