"""The hub's schema, step by step: `NNNN_what.DIALECT.sql`, numbered from 1 without a gap, the same steps for both.

`schema.DIALECT.sql` is their sum, and a test holds the two together. A step that was released is never changed.
"""

from __future__ import annotations

from importlib import resources

from hub.storage.statements import Dialect


def migration_scripts(dialect: Dialect) -> list[tuple[int, str]]:
    """Return (version, script) of every step, oldest first."""
    ending = f".{dialect}.sql"
    folder = resources.files("hub.storage.migrations")
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(ending))
    versions = [int(name.partition("_")[0]) for name in names]
    assert versions == list(range(1, len(names) + 1)), names
    return [(version, folder.joinpath(name).read_text("utf-8")) for version, name in zip(versions, names, strict=True)]
