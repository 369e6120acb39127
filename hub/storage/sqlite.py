"""The hub's database on SQLite: one writing connection, WAL, every commit on disk before it is answered.

SQLite comes from the `sqlcipher3` package without a key: the interpreter's own may be inside the range of the
WAL-reset corruption (3.7.0 to 3.51.2). Several processes may write - `tillstream hub import` beside `hub run` - in
short transactions; a writer waits for the other for `BUSY_WAIT_S`.
"""

from __future__ import annotations

import fcntl
import os
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from hub.storage.migrations import migration_scripts
from hub.storage.ports import Row, Session, TakenAlreadyError, Turn, Value
from hub.storage.statements import Dialect, load_schema, load_statements
from hub.storage.structure import check_tables, check_version
from retail.errors import ConfigurationError, TillstreamError, TryAgainError

SQLITE_OLDEST = (3, 51, 3)
"""The first release without the WAL-reset corruption."""

BUSY_WAIT_S = 10
"""How long a writer waits for another process; an import commits every quarter of a second."""

READERS_MAX = 8  # idle reading connections that are kept; more are opened and closed as they are needed

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA secure_delete = ON",  # a person who was erased is gone from free pages too
    f"PRAGMA busy_timeout = {BUSY_WAIT_S * 1000}",
)


class SqliteDatabase:
    """A database file. Open it once a process; every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open or make the database at `path`. Raises ConfigurationError: SQLite too old, schema of a newer hub."""
        if sqlite.sqlite_version_info < SQLITE_OLDEST:
            raise ConfigurationError(
                f"SQLite {sqlite.sqlite_version} may corrupt a database in WAL mode",
                fix="install sqlcipher3 0.6 or newer",
                code="sqlite_too_old",
            )
        self.path = path
        self.dialect = Dialect.SQLITE
        self._statements = load_statements(Dialect.SQLITE)
        self._lock = threading.Lock()
        self._readers: queue.LifoQueue[Any] = queue.LifoQueue(READERS_MAX)
        self._writer = self._connect()
        self._writer.execute("PRAGMA synchronous = FULL")
        with self._lock:
            _prepare(self._writer, self._statements, path)

    def __repr__(self) -> str:
        return f"<SqliteDatabase {self.path}>"

    def _connect(self) -> Any:
        connection = sqlite.connect(
            str(self.path), isolation_level=None, check_same_thread=False, cached_statements=256
        )
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        return connection

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Begin a transaction that may write; threads take turns."""
        with self._lock, _translated():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield _SqliteSession(self._writer, self._statements)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Begin a transaction that sees one moment of the database."""
        with _translated():
            try:
                connection = self._readers.get_nowait()
            except queue.Empty:
                connection = self._connect()
                connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            try:
                yield _SqliteSession(connection, self._statements)
            finally:
                connection.execute("ROLLBACK")
                try:
                    self._readers.put_nowait(connection)
                except queue.Full:
                    connection.close()

    @contextmanager
    def alone(self, turn: Turn) -> Iterator[None]:
        """Have a turn of this machine's: a lock beside the database, which no other machine can open either."""
        with self.path.with_name(f".{turn}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def scrub(self) -> None:
        """Move the write-ahead log into the database and empty it: what was deleted stands in neither any more."""
        with self._lock, _translated():
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection."""
        while not self._readers.empty():
            self._readers.get_nowait().close()
        self._writer.close()


class _SqliteSession:
    """One transaction on one connection."""

    def __init__(self, connection: Any, statements: Mapping[str, str]) -> None:
        self._connection = connection
        self._statements = statements

    def run(self, statement: str, /, **values: Value) -> int:
        return int(self._connection.execute(self._statements[statement], values).rowcount)

    def row(self, statement: str, /, **values: Value) -> Row | None:
        found: Row | None = self._connection.execute(self._statements[statement], values).fetchone()
        return found

    def rows(self, statement: str, /, **values: Value) -> list[Row]:
        return list(self._connection.execute(self._statements[statement], values).fetchall())

    def each(self, statement: str, /, **values: Value) -> Iterator[Row]:
        yield from self._connection.execute(self._statements[statement], values)

    def many(self, statement: str, /, sets: Sequence[Mapping[str, Value]]) -> int:
        changed = self._connection.executemany(self._statements[statement], sets).rowcount
        return max(0, int(changed))

    def bulk(self, table: str, /, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        insert = self._statements["bulk"].format(
            table=table, columns=",".join(columns), marks=",".join("?" * len(columns))
        )
        self._connection.executemany(insert, rows)

    def bulk_if_new(self, table: str, /, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> bool:
        self._connection.execute("SAVEPOINT bulk")
        try:
            self.bulk(table, columns, rows)
        except sqlite.IntegrityError:
            self._connection.execute("ROLLBACK TO bulk")
            return False
        finally:
            self._connection.execute("RELEASE bulk")
        return True


def _prepare(connection: Any, statements: Mapping[str, str], path: Path) -> None:
    """Make the schema in an empty file, or migrate an older one; then WAL, durably, before anything is accepted.

    One transaction: a kill leaves the version that was found or the newest, never something between.
    """
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        _bring_up_to_date(connection, found, path)
        columns: dict[str, set[str]] = {}
        for table, column in connection.execute(statements["columns"]):
            columns.setdefault(table, set()).add(column)
        check_tables(columns, path)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    if found == 0:
        _sync_directory(path.parent)


def _bring_up_to_date(connection: Any, found: int, path: Path) -> None:
    steps = migration_scripts(Dialect.SQLITE)
    check_version(found, len(steps), path)
    scripts = [script for _, script in steps[found:]] if found else [load_schema(Dialect.SQLITE)]
    for script in scripts:
        for statement in _script(script):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(steps)}")


def _script(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [statement for statement in "\n".join(lines).split(";") if statement.strip()]


def _sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn SQLite's errors into ours, by class and code."""
    try:
        yield
    except TillstreamError:
        raise
    except sqlite.IntegrityError as error:
        raise TakenAlreadyError("this stands in the database already", fix="ask for what stands there") from error
    except sqlite.OperationalError as error:
        raise TryAgainError(
            f"the hub's database cannot be used now: {error}",
            fix="free disk space, or wait until the other writer has finished",
            code="database_away",
        ) from error
