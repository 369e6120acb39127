"""Is this database the schema's? Compared after the migrations, table by table and column by column, by name.

What differs - a column that nobody here knows, a table that is not there - is refused with what differs, before
anything is written: it was made by another build.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from types import MappingProxyType

from hub.storage.statements import Dialect, load_schema
from retail.errors import ConfigurationError

NAMED_MAX = 5  # differences that one message names

_TABLE = re.compile(r"^CREATE TABLE (\w+) \(\n(.*?)\n\)", re.MULTILINE | re.DOTALL)
_COLUMN = re.compile(r"^    ([a-z][a-z0-9_]*) ", re.MULTILINE)


@cache
def expected_columns() -> Mapping[str, AbstractSet[str]]:
    """Return the tables of the schema with the names of their columns; both databases have the same."""
    script = load_schema(Dialect.SQLITE)
    return MappingProxyType({name: frozenset(_COLUMN.findall(body)) for name, body in _TABLE.findall(script)})


def check_tables(found: Mapping[str, AbstractSet[str]], where: object) -> None:
    """Compare tables and their columns' names. Raises ConfigurationError (`schema_differs`) with what differs."""
    expected = expected_columns()
    strange = [f"{table} is not known here" for table in found if table not in expected]
    for table, columns in expected.items():
        if table not in found:
            strange.append(f"{table} is not there")
            continue
        strange += [f"{table}.{name} is not known here" for name in sorted(found[table] - columns)]
        strange += [f"{table}.{name} is not there" for name in sorted(columns - found[table])]
    if strange:
        more = f" and {len(strange) - NAMED_MAX} more" if len(strange) > NAMED_MAX else ""
        raise ConfigurationError(
            f"{where} was made by another build of the hub: {', '.join(strange[:NAMED_MAX])}{more}",
            fix="run the build that made it, or give this one an empty database and enrol the stores again: each sends "
            "what its journal holds",
            code="schema_differs",
        )


def check_version(found: int, known: int, where: object) -> None:
    """Raise ConfigurationError (`schema_newer`) for a database that a newer hub has migrated."""
    if found > known:
        raise ConfigurationError(
            f"{where} was made by a newer hub (schema {found}, this one knows {known})",
            fix="run the newer version, or restore a backup",
            code="schema_newer",
        )
