"""What the hub asks of a database: transactions with named statements. Fulfilled by SQLite and by PostgreSQL.

Everything above this port is written once. A method that cannot be carried out because the database is busy, full or
gone raises TryAgainError (code `database_away`, `database_full` or `database_busy`); what was refused because it
stands there already raises TakenAlreadyError; nothing else leaves but our own mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any, Protocol

from hub.storage.statements import Dialect
from retail.errors import RefusedError

Value = str | int | bytes | bool | None
Row = tuple[Any, ...]


class Turn(StrEnum):
    """What one process at a time does, of all that use a database."""

    UPKEEP = "upkeep"
    VALUE = "value"


class TakenAlreadyError(RefusedError):
    """A row with this key stands there already."""

    code = "taken_already"


class Session(Protocol):
    """One transaction. Used by one thread, until its context ends."""

    def run(self, statement: str, /, **values: Value) -> int:
        """Run a named statement and return how many rows it changed."""
        ...

    def row(self, statement: str, /, **values: Value) -> Row | None:
        """Return the first row of a named statement, None when there is none."""
        ...

    def rows(self, statement: str, /, **values: Value) -> list[Row]:
        """Return all rows of a named statement."""
        ...

    def each(self, statement: str, /, **values: Value) -> Iterator[Row]:
        """Yield the rows of a named statement one by one, for results that no memory should hold."""
        ...

    def many(self, statement: str, /, sets: Sequence[Mapping[str, Value]]) -> int:
        """Run a named statement once for each set of values and return how many rows it changed."""
        ...

    def bulk(self, table: str, /, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        """Append rows to a table by the fastest way this database has; a row that stands there already raises."""
        ...

    def bulk_if_new(self, table: str, /, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> bool:
        """Append rows like `bulk`; if one stands there already, append none and return False."""
        ...


class Database(Protocol):
    """A database of the hub's schema."""

    @property
    def dialect(self) -> Dialect:
        """Which database this is."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """Begin a transaction that may write; it commits durably when its context ends, or not at all."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """Begin a transaction that sees one moment of the database and never waits for writers."""
        ...

    def alone(self, turn: Turn) -> AbstractContextManager[None]:
        """Wait until no other thread or process, on whatever machine, has this turn; it ends with its context.

        The database keeps it, so it ends with whoever dies in it. Transactions may be begun inside.
        """
        ...

    def scrub(self) -> None:
        """Make what was deleted or overwritten disappear from the database's own files, as far as it can.

        SQLite zeroes what is deleted and empties its write-ahead log here. PostgreSQL vacuums; its archived log and
        its backups keep what they hold until they are gone (docs/privacy.md). A repeat changes nothing.
        """
        ...

    def close(self) -> None:
        """Release every connection. A repeat changes nothing."""
        ...
