"""A hub's database as an earlier hub left it, and what any of them is made of, for comparing."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlite

from hub.storage.migrations import migration_scripts
from hub.storage.statements import Dialect

STORE_ROWS = (
    "INSERT INTO tenant (tenant_id, country, created_at) VALUES ('main', 'DE', '2026-11-01')",
    "INSERT INTO store (tenant_id, store_id, name, created_at) VALUES ('main', '7781', 'Corner shop', '2026-11-01')",
)
POSTGRESQL_STRUCTURE = (
    (
        "SELECT c.table_name, c.column_name, c.udt_name, c.is_nullable, c.column_default, c.collation_name"
        " FROM information_schema.columns c JOIN pg_class p ON p.relname = c.table_name AND NOT p.relispartition"
        " WHERE c.table_schema = 'public'"
    ),
    (
        "SELECT indexdef FROM pg_indexes JOIN pg_class p ON p.relname = tablename AND NOT p.relispartition"
        " WHERE schemaname = 'public'"
    ),
    (
        "SELECT conrelid::regclass::text, pg_get_constraintdef(c.oid) FROM pg_constraint c"
        " JOIN pg_class p ON p.oid = conrelid AND NOT p.relispartition WHERE connamespace = 'public'::regnamespace"
    ),
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "SELECT partrelid::regclass::text, partstrat::text, partattrs::text FROM pg_partitioned_table",
)


def make_sqlite(path: Path, version: int) -> None:
    """Make a database as the hub of that version did, with a store in it."""
    with closing(sqlite.connect(str(path))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for _, script in migration_scripts(Dialect.SQLITE)[:version]:
            connection.executescript(script)
        for statement in STORE_ROWS:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()


def make_postgresql(url: str, version: int) -> None:
    """Make the tables in an empty database as the hub of that version did, with a store in them."""
    import psycopg

    with psycopg.connect(url) as connection:
        for _, script in migration_scripts(Dialect.POSTGRESQL)[:version]:
            connection.execute(script)
        for statement in STORE_ROWS:
            connection.execute(statement)
        connection.execute("INSERT INTO hub_schema (version) VALUES (%s)", (version,))


def sqlite_structure(path: Path) -> tuple[int, list[tuple]]:
    """Return the version and everything that a file's tables and indexes are made of, in an order that says nothing."""
    with closing(sqlite.connect(str(path))) as connection:

        def rows(text: str) -> list[tuple]:
            return connection.execute(text).fetchall()

        tables = [row for row in rows("PRAGMA table_list") if row[0] == "main" and not row[1].startswith("sqlite_")]
        found: list[tuple] = [("table", *row[1:3], *row[4:]) for row in tables]
        for _, name, *_ in tables:
            found += [("column", name, *row[1:]) for row in rows(f"PRAGMA table_xinfo({name})")]
            found += [("reference", name, *row[2:]) for row in rows(f"PRAGMA foreign_key_list({name})")]
        found += [("index", *row) for row in rows("SELECT name, sql FROM sqlite_schema WHERE type = 'index'")]
        return rows("PRAGMA user_version")[0][0], sorted(found, key=repr)


def postgresql_structure(url: str) -> tuple[int, list[tuple]]:
    """Return the version and everything that a database's tables are made of, its partitions left out."""
    import psycopg

    with psycopg.connect(url) as connection:
        found = [row for text in POSTGRESQL_STRUCTURE for row in connection.execute(text).fetchall()]
        version = connection.execute("SELECT version FROM hub_schema").fetchall()
    ((number,),) = version
    return int(number), sorted(found, key=repr)


def open_sqlite(path: Path) -> None:
    """Open and close as the hub does."""
    from hub.storage.sqlite import SqliteDatabase

    SqliteDatabase(path).close()


def open_postgresql(url: str) -> None:
    """Open and close as the hub does."""
    from hub.storage.postgresql import PostgresqlDatabase

    PostgresqlDatabase(url, today=date(2026, 11, 21)).close()
