"""A hub's database that an earlier day's build made: what it lacks is added, what cannot be is refused and named."""

from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlite

from hub.storage.sqlite import SqliteDatabase
from hub.storage.statements import Dialect, load_schema
from hub.storage.structure import check_tables, expected_structure, structure_of
from retail.errors import ConfigurationError


def changed(path: Path, *statements: str) -> Path:
    """Make a database of today, then take from it what another build would not have made."""
    SqliteDatabase(path).close()
    connection = sqlite.connect(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


def names(path: Path) -> dict[str, set[str]]:
    connection = sqlite.connect(str(path))
    try:
        found = structure_of(connection)
        return {table: set(columns) for table, columns in found.tables.items()} | {"": set(found.statements)}
    finally:
        connection.close()


def test_every_table_index_and_column_that_may_be_added_is_added_and_the_rows_stay(tmp_path: Path):
    whole = names(changed(tmp_path / "whole.db"))
    expected = expected_structure()
    indexes = sorted(expected.statements.keys() - expected.tables.keys())
    late = [
        (table, column.name)
        for table, columns in expected.tables.items()
        for column in columns.values()
        if column.may_be_added
    ]
    assert indexes
    assert late
    path = changed(
        tmp_path / "old.db",
        "INSERT INTO tenant (tenant_id, country, created_at) VALUES ('main', 'DE', '2026-11-01')",
        *(f"DROP INDEX {index}" for index in indexes),
        "ALTER TABLE store DROP COLUMN ring",
        "ALTER TABLE store DROP COLUMN region",
        "DROP TABLE nonce" if "nonce" in expected.tables else "SELECT 1",
    )
    assert names(path) != whole
    database = SqliteDatabase(path)
    with database.reading() as session:
        assert [row[0] for row in session.rows("tenants")] == ["main"]
    database.close()
    assert names(path) == whole
    SqliteDatabase(path).close()
    assert names(path) == whole


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("ALTER TABLE store ADD COLUMN colour TEXT", "store.colour is not known here"),
        ("CREATE TABLE stranger (one TEXT)", "stranger is not known here"),
        ("ALTER TABLE store DROP COLUMN created_at", "store.created_at is not there"),
    ],
)
def test_what_cannot_be_added_is_refused_and_named_and_nothing_is_written(tmp_path: Path, statement: str, named: str):
    path = changed(tmp_path / "other.db", "ALTER TABLE store DROP COLUMN ring", statement)
    before = names(path)
    with pytest.raises(ConfigurationError) as refused:
        SqliteDatabase(path)
    assert refused.value.code == "schema_differs"
    assert named in refused.value.message
    assert names(path) == before


def test_a_database_that_may_not_be_changed_is_refused_for_a_column_that_it_lacks():
    expected = expected_structure()
    found = {table: set(columns) for table, columns in expected.tables.items()}
    check_tables(found, expected, "the database")
    found["store"].remove("ring")
    with pytest.raises(ConfigurationError, match=r"store\.ring is not there"):
        check_tables(found, expected, "the database")


def test_every_column_stands_on_a_line_of_its_own_so_that_it_can_be_added_as_it_is_written():
    script = load_schema(Dialect.SQLITE)
    for table, columns in expected_structure().tables.items():
        for column in columns.values():
            assert f"    {column.definition}" in script, (table, column)
