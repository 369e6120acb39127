"""A hub's database that an earlier hub made: migrated whole or not at all; what is another build's is refused by name."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlite

from hub.storage.migrations import migration_scripts
from hub.storage.statements import Dialect
from hub.storage.structure import expected_columns
from retail.errors import ConfigurationError
from tests.hub import old_schema

NEWEST = len(migration_scripts(Dialect.SQLITE))
KILL_POINTS = {"sqlite": (1, 4, 9, 16), "postgresql": (3, 6, 8)}
"""Quick tier; the long tier takes each, until a run is not killed any more."""

OPENS = "import sys; from pathlib import Path; from tests.hub import old_schema; "
STORAGE = {"sqlite": "pwrite64,fdatasync,fsync,ftruncate", "postgresql": "sendto"}


@dataclass(frozen=True)
class Old:
    """A database of one kind, as it can be made, opened and looked at."""

    kind: str
    where: str
    make: Callable[[int], None]
    structure: Callable[[], tuple[int, list[tuple]]]
    open: Callable[[], None]
    rows: Callable[[str], list[tuple]]
    run: Callable[[str], None]

    def killed_at(self, call: int) -> bool:
        """Open it in a process that is killed at one of its calls to the disk or the server; return whether it was."""
        argument = "Path(sys.argv[1])" if self.kind == "sqlite" else "sys.argv[1]"
        command = [sys.executable, "-c", f"{OPENS}old_schema.open_{self.kind}({argument})", self.where]
        inject = f"inject={STORAGE[self.kind]}:signal=KILL:when={call}"
        return (
            subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, *command], check=False).returncode
            != 0
        )


def of_sqlite(path: Path) -> Old:
    def rows(text: str) -> list[tuple]:
        with closing(sqlite.connect(str(path))) as connection:
            found = connection.execute(text).fetchall()
            connection.commit()
            return found

    return Old(
        kind="sqlite", where=str(path), make=lambda version: old_schema.make_sqlite(path, version),
        structure=lambda: old_schema.sqlite_structure(path), open=lambda: old_schema.open_sqlite(path), rows=rows,
        run=lambda text: rows(text) and None,
    )  # fmt: skip


@contextmanager
def of_postgresql(server_url: str) -> Iterator[Old]:
    import psycopg

    name = f"t_{uuid.uuid4().hex}"
    url = server_url.replace("/postgres?", f"/{name}?")

    def rows(text: str) -> list[tuple]:
        with psycopg.connect(url) as connection:
            return connection.execute(text).fetchall()

    def run(text: str, to: str = url) -> None:
        with psycopg.connect(to, autocommit=True) as connection:
            connection.execute(text)

    run(f'CREATE DATABASE "{name}"', server_url)
    try:
        yield Old(
            kind="postgresql", where=url, make=lambda version: old_schema.make_postgresql(url, version),
            structure=lambda: old_schema.postgresql_structure(url), open=lambda: old_schema.open_postgresql(url),
            rows=rows, run=run,
        )  # fmt: skip
    finally:
        run(f'DROP DATABASE "{name}" WITH (FORCE)', server_url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def old(request, tmp_path) -> Iterator[Old]:
    """An empty place for a database of each kind."""
    if request.param == "sqlite":
        yield of_sqlite(tmp_path / "hub.db")
    else:
        with of_postgresql(request.getfixturevalue("postgresql_url")) as place:
            yield place


@pytest.fixture
def newest(request, old, tmp_path) -> list[tuple]:
    """What the schema's own script makes."""
    if old.kind == "sqlite":
        fresh = of_sqlite(tmp_path / "fresh.db")
        fresh.open()
        return fresh.structure()[1]
    with of_postgresql(request.getfixturevalue("postgresql_url")) as fresh:
        fresh.open()
        return fresh.structure()[1]


def test_both_databases_have_the_same_steps():
    for one, other in zip(migration_scripts(Dialect.SQLITE), migration_scripts(Dialect.POSTGRESQL), strict=True):
        assert one[0] == other[0]


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
def test_the_schema_is_the_sum_of_its_steps_and_what_was_there_stays(old, newest, version):
    """When this fails: whoever changes the schema of a hub adds the step that makes an older one so."""
    old.make(version)
    old.open()
    assert old.structure() == (NEWEST, newest)
    assert old.rows("SELECT tenant_id, store_id, name FROM store") == [("main", "7781", "Corner shop")]
    old.open()
    assert old.structure() == (NEWEST, newest)


def migrates_whole_or_not_at_all(old: Old, before: tuple, newest: list[tuple], call: int) -> bool:
    killed = old.killed_at(call)
    assert old.structure() in (before, (NEWEST, newest))
    old.open()
    assert old.structure() == (NEWEST, newest)
    assert old.rows("SELECT store_id FROM store") == [("7781",)]
    return killed


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here: apt-get install strace")


@needs_strace
@pytest.mark.real
@pytest.mark.parametrize("at", range(2))
def test_a_migration_that_is_killed_was_done_whole_or_not_at_all(old, newest, at):
    old.make(1)
    assert migrates_whole_or_not_at_all(old, old.structure(), newest, KILL_POINTS[old.kind][at])


@needs_strace
@pytest.mark.real
@pytest.mark.slow
def test_a_migration_killed_at_every_call_was_done_whole_or_not_at_all(request, tmp_path):
    for call in range(1, 1000):
        place = of_sqlite(tmp_path / f"{call}.db")
        place.make(1)
        fresh = of_sqlite(tmp_path / f"fresh-{call}.db")
        fresh.open()
        if not migrates_whole_or_not_at_all(place, place.structure(), fresh.structure()[1], call):
            break
    else:
        raise AssertionError("it was killed for ever")
    for call in range(1, 1000):
        with of_postgresql(request.getfixturevalue("postgresql_url")) as place:
            place.make(1)
            with of_postgresql(request.getfixturevalue("postgresql_url")) as other:
                other.open()
                whole = other.structure()[1]
            if not migrates_whole_or_not_at_all(place, place.structure(), whole, call):
                break


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("ALTER TABLE store ADD COLUMN colour TEXT", "store.colour is not known here"),
        ("ALTER TABLE store DROP COLUMN ring", "store.ring is not there"),
        ("DROP TABLE audit_entry", "audit_entry is not there"),
    ],
)
def test_a_database_of_another_build_is_refused_and_what_differs_is_named(old, statement, named):
    old.open()
    old.run(statement)
    before = old.structure()
    with pytest.raises(ConfigurationError) as refused:
        old.open()
    assert refused.value.code == "schema_differs"
    assert named in refused.value.message
    assert old.structure() == before


def test_a_database_of_a_newer_hub_is_refused(old):
    old.open()
    old.run("UPDATE hub_schema SET version = 99" if old.kind == "postgresql" else "PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError) as refused:
        old.open()
    assert refused.value.code == "schema_newer"


def test_a_table_that_nobody_knows_is_refused_in_our_own_file_and_left_alone_on_a_server(old):
    old.open()
    old.run("CREATE TABLE stranger (one TEXT)")
    if old.kind == "postgresql":
        old.open()
        return
    with pytest.raises(ConfigurationError, match="stranger is not known here"):
        old.open()


def test_the_columns_that_are_compared_are_those_of_the_schema(tmp_path):
    place = of_sqlite(tmp_path / "hub.db")
    place.open()
    for table, columns in expected_columns().items():
        assert {row[0] for row in place.rows(f"SELECT name FROM pragma_table_info('{table}')")} == columns
