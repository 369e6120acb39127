"""The hub's database on PostgreSQL through psycopg 3: many workers, COPY for what is appended.

The isolation is READ COMMITTED: whoever writes for an agent locks the agent's row first, so its batches take turns, and
nothing else is written by two. `synchronous_commit` stays on: what was answered is on disk.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import LiteralString, cast

import psycopg
from psycopg import sql
from psycopg.types.string import BytesBinaryDumper

from hub.storage.migrations import migration_scripts
from hub.storage.ports import Row, Session, TakenAlreadyError, Turn, Value
from hub.storage.statements import Dialect, load_schema, load_statements
from hub.storage.structure import check_tables, check_version, expected_columns
from retail.errors import TillstreamError, TryAgainError

CONNECTIONS_MAX = 16
"""Idle connections that are kept; PostgreSQL serves two or three per core, the rest would wait for one another."""

CONNECT_TIMEOUT_S = 10

MONTHS_BACK = 13
MONTHS_AHEAD = 3
"""Sales of other months - a clock in 1970, a backlog of years - land in the default partition and are as safe there."""

SCHEMA_LOCK = 7_315_884_601  # any number, the same in every hub: who makes the schema takes turns


class PostgresqlDatabase:
    """A database by its URL. Open it once a process; every method may be called from any thread."""

    def __init__(self, url: str, *, today: date) -> None:
        """Connect, and make the schema in an empty database, with partitions for the months around `today`.

        Raises TryAgainError when nobody answers, ConfigurationError for a schema of a newer hub.
        """
        self._url = url
        self.dialect = Dialect.POSTGRESQL
        self._statements = load_statements(Dialect.POSTGRESQL)
        self._idle: queue.LifoQueue[psycopg.Connection[Row]] = queue.LifoQueue(CONNECTIONS_MAX)
        with _translated(), self._connect() as connection, connection.transaction():
            session = _PostgresqlSession(connection, self._statements, {})
            _prepare(session, connection, today)
            self._types = _column_types(session)
            _check(self._types)

    def __repr__(self) -> str:
        return "<PostgresqlDatabase>"  # a URL may hold a password

    def _connect(self) -> psycopg.Connection[Row]:
        connection = psycopg.connect(self._url, connect_timeout=CONNECT_TIMEOUT_S, application_name="tillstream-hub")
        # Binary COPY asks for a dumper by type: without this it finds DB-API's wrapper, which is plain Python.
        connection.adapters.register_dumper(bytes, BytesBinaryDumper)
        return connection

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Begin a transaction that may write."""
        with self._transaction("") as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Begin a transaction that sees one moment of the database."""
        with self._transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY") as session:
            yield session

    @contextmanager
    def _transaction(self, setting: LiteralString) -> Iterator[Session]:
        with _translated():
            connection = self._borrow()
            try:
                with connection.transaction():
                    if setting:
                        connection.execute(setting)
                    yield _PostgresqlSession(connection, self._statements, self._types)
            finally:
                self._give_back(connection)

    def _borrow(self) -> psycopg.Connection[Row]:
        while True:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                return self._connect()
            if not connection.broken:
                return connection

    def _give_back(self, connection: psycopg.Connection[Row]) -> None:
        if connection.broken:
            self._forget_idle()  # the server was restarted: the others are as dead
            return
        try:
            self._idle.put_nowait(connection)
        except queue.Full:
            connection.close()

    def _forget_idle(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()

    @contextmanager
    def alone(self, turn: Turn) -> Iterator[None]:
        """Have a turn among all hubs of this database: a lock of a session's, so it ends with its connection."""
        with _translated():
            connection = self._connect()
        try:
            with _translated():
                connection.autocommit = True
                connection.execute(_text(self._statements, "take_turn"), {"turn": turn.value})
            yield
        finally:
            connection.close()

    def scrub(self) -> None:
        """Vacuum the tables that speak of people: dead rows give way. Raises TryAgainError as all do."""
        with _translated():
            connection = self._borrow()
            try:
                connection.autocommit = True
                for table in ("customer", "customer_code", "customer_segment", "customer_bought", "journal_record"):
                    connection.execute(sql.SQL("VACUUM {}").format(sql.Identifier(table)))
            finally:
                connection.close()

    def close(self) -> None:
        """Close every connection."""
        self._forget_idle()


class _PostgresqlSession:
    """One transaction on one connection."""

    def __init__(
        self, connection: psycopg.Connection[Row], statements: Mapping[str, str], types: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._types = types

    def _text(self, statement: str) -> LiteralString:
        return _text(self._statements, statement)

    def run(self, statement: str, /, **values: Value) -> int:
        return self._connection.execute(self._text(statement), values).rowcount

    def row(self, statement: str, /, **values: Value) -> Row | None:
        return self._connection.execute(self._text(statement), values).fetchone()

    def rows(self, statement: str, /, **values: Value) -> list[Row]:
        return self._connection.execute(self._text(statement), values).fetchall()

    def each(self, statement: str, /, **values: Value) -> Iterator[Row]:
        with self._connection.cursor(name="each") as cursor:
            cursor.execute(self._text(statement), values)
            yield from cursor

    def many(self, statement: str, /, sets: Sequence[Mapping[str, Value]]) -> int:
        if not sets:
            return 0
        with self._connection.cursor() as cursor:
            cursor.executemany(self._text(statement), sets)
            return cursor.rowcount

    def bulk(self, table: str, /, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        names = sql.SQL(",").join(map(sql.Identifier, columns))
        copy_in = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table), names)
        types = self._types[table]
        with self._connection.cursor() as cursor, cursor.copy(copy_in) as copy:
            copy.set_types([types[column] for column in columns])
            for row in rows:
                copy.write_row(row)

    def bulk_if_new(self, table: str, /, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> bool:
        try:
            with self._connection.transaction():  # inside another: a savepoint
                self.bulk(table, columns, rows)
        except psycopg.errors.UniqueViolation:
            return False
        return True


def _prepare(session: _PostgresqlSession, connection: psycopg.Connection[Row], today: date) -> None:
    """Make the schema in an empty database, or migrate an older one, inside the caller's transaction.

    PostgreSQL's DDL is part of it: a kill leaves the version that was found or the newest. Hubs take turns.
    """
    session.row("lock_schema", number=SCHEMA_LOCK)
    steps = migration_scripts(Dialect.POSTGRESQL)
    row = session.row("has_schema")
    if row is None or not row[0]:
        _run_script(connection, load_schema(Dialect.POSTGRESQL))
        session.run("put_schema_version", version=len(steps))
    else:
        version = session.row("schema_version")
        found = int(version[0]) if version else 0
        check_version(found, len(steps), "the database")
        for number, script in steps[found:]:
            _run_script(connection, script)
            session.run("raise_schema_version", version=number)
    for month in _months_around(today):
        high = _next_month(month).isoformat()
        session.row("make_sale_month", name=f"sale_{month:%Y_%m}", low=month.isoformat(), high=high)


def _text(statements: Mapping[str, str], name: str) -> LiteralString:
    return cast("LiteralString", statements[name])  # type: ignore[redundant-cast] # mypy takes it for str


def _run_script(connection: psycopg.Connection[Row], script: str) -> None:
    connection.execute(cast("LiteralString", script))  # type: ignore[redundant-cast]


def _column_types(session: _PostgresqlSession) -> dict[str, dict[str, str]]:
    types: dict[str, dict[str, str]] = {}
    for table, column, kind in session.rows("column_types"):
        types.setdefault(table, {})[column] = kind
    return types


def _check(types: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse a database of another build. Its owner's tables may stand beside ours: only ours are looked at."""
    check_tables({table: types[table].keys() for table in expected_columns() if table in types}, "the database")


def _months_around(today: date) -> list[date]:
    first = today.year * 12 + today.month - 1
    numbers = range(first - MONTHS_BACK, first + MONTHS_AHEAD + 1)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn psycopg's errors into ours, by class."""
    try:
        yield
    except TillstreamError:
        raise
    except psycopg.errors.UniqueViolation as error:
        raise TakenAlreadyError("this stands in the database already", fix="ask for what stands there") from error
    except (psycopg.errors.DiskFull, psycopg.errors.InsufficientResources) as error:
        raise TryAgainError(
            "the hub's database has no room", fix="free disk space of PostgreSQL", code="database_full"
        ) from error
    except (psycopg.OperationalError, psycopg.errors.DeadlockDetected, psycopg.InterfaceError) as error:
        raise TryAgainError(
            "the hub's database cannot be reached now", fix="look whether PostgreSQL runs", code="database_away"
        ) from error
