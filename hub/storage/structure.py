"""Is this database the schema's, and how a database of an earlier day becomes so.

Inside one version the schema only grows: new tables, new indexes, new columns that may be empty or have a default. On
SQLite those are added when the database is opened, in one transaction: it is done whole or not at all. What differs
otherwise - a column that nobody here knows, another key - is refused with what differs, before anything is written.
PostgreSQL is compared and never changed: whoever owns it changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from hub.storage.statements import Dialect, load_schema, load_statements
from retail.errors import ConfigurationError

NAMED_MAX = 5  # differences that one message names


@dataclass(frozen=True, slots=True)
class Column:
    """A column as SQLite tells it; `definition` is the line of the schema that makes it."""

    name: str
    definition: str
    key_place: int
    may_be_added: bool


@dataclass(frozen=True, slots=True)
class Structure:
    """The tables of a schema with their columns, and the statement that makes each table and index."""

    tables: Mapping[str, Mapping[str, Column]]
    statements: Mapping[str, str]


def expected_structure() -> Structure:
    """Return the structure of an empty database of this version."""
    connection = sqlite.connect(":memory:")
    try:
        connection.executescript(load_schema(Dialect.SQLITE))
        return structure_of(connection)
    finally:
        connection.close()


def structure_of(connection: Any) -> Structure:
    """Return the structure of an open SQLite database."""
    made = connection.execute(load_statements(Dialect.SQLITE)["structure"]).fetchall()
    tables = {name: _columns(connection, name, text) for kind, name, text in made if kind == "table"}
    return Structure(tables, {name: text for _, name, text in made})


def bring_up_to_date(connection: Any, where: object) -> None:
    """Add what an earlier day's database lacks, inside the caller's transaction.

    A repeat changes nothing. Raises ConfigurationError (`schema_differs`) for what cannot be added.
    """
    expected, found = expected_structure(), structure_of(connection)
    check_tables({name: set(columns) for name, columns in found.tables.items()}, expected, where, may_lack=True)
    for name, columns in found.tables.items():
        for column in expected.tables[name].values():
            if column.name not in columns:
                connection.execute(f"ALTER TABLE {name} ADD COLUMN {column.definition}")
            elif columns[column.name].key_place != column.key_place:
                raise _differs(where, [f"{name} has another key"])
    for name, statement in expected.statements.items():
        if name not in found.statements:
            connection.execute(statement)


def check_tables(found: Mapping[str, set[str]], expected: Structure, where: object, *, may_lack: bool = False) -> None:
    """Compare tables and their columns' names. Raises ConfigurationError (`schema_differs`) with what differs.

    `may_lack`: what can be added later is no difference.
    """
    strange = [f"{table} is not known here" for table in found if table not in expected.tables]
    for table, columns in expected.tables.items():
        if table not in found:
            strange += [] if may_lack else [f"{table} is not there"]
            continue
        strange += [f"{table}.{name} is not known here" for name in sorted(found[table] - columns.keys())]
        strange += [
            f"{table}.{column.name} is not there"
            for column in columns.values()
            if column.name not in found[table] and not (may_lack and column.may_be_added)
        ]
    if strange:
        raise _differs(where, strange)


def _columns(connection: Any, table: str, statement: str) -> dict[str, Column]:
    lines = [line.strip().rstrip(",") for line in statement.splitlines()]
    found = {}
    for _, name, _, not_null, default, key_place in connection.execute(f"PRAGMA table_info({table})"):
        definition = next((line for line in lines if line.split(" ")[0] == name), name).partition(" --")[0].rstrip(", ")
        may_be_added = not key_place and (not not_null or default is not None)
        found[name] = Column(name, definition, key_place, may_be_added)
    return found


def _differs(where: object, strange: list[str]) -> ConfigurationError:
    more = f" and {len(strange) - NAMED_MAX} more" if len(strange) > NAMED_MAX else ""
    return ConfigurationError(
        f"{where} was made by another build of the hub: {', '.join(strange[:NAMED_MAX])}{more}",
        fix="run the build that made it, or give this one an empty database and enrol the stores again: each sends "
        "what its journal holds",
        code="schema_differs",
    )
