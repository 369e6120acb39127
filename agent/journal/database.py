"""A connection to the journal's database, and what its errors mean.

SQLCipher with a raw 256-bit key (no password, so no key stretching), WAL, `synchronous=FULL`. The only setting that
kept every acknowledged commit through simulated power cuts is this one (docs/reliability.md). No connection but the
writer's checkpoints, because SQLite 3.7.0 - 3.51.2 could corrupt a WAL that two connections reset; older versions are
refused.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from agent.journal.queries import load_queries, migration_scripts
from agent.state_dir import sync_folder
from retail.errors import DefectError, OnSiteError, TillstreamError, TryAgainError

SQLITE_MIN = (3, 51, 3)  # the first version without the WAL-reset corruption
CACHE_KIB = 4096  # the tail of the journal and the capture index; core has 60 MB for everything
PAGE_BYTES = 2048  # a receipt's commit writes 13 KB of log instead of 24 with 4,096: half the wear, 25 us less cipher
BUSY_MS = 5000  # nobody else writes; a reader that recovers the WAL holds the lock for milliseconds

Connection = Any
"""A `sqlcipher3.dbapi2.Connection`; the package has no types."""


class BrokenJournalError(OnSiteError):
    """The database cannot be read: damaged, or sealed with another key. It is moved aside, never repaired in place."""

    code = "journal_broken"


class JournalFullError(OnSiteError):
    """There is no room for one more record. Printing goes on; nothing is acknowledged."""

    code = "disk_full"


class JournalDiskError(OnSiteError):
    """The disk refused to write or to sync. What was in flight is not acknowledged."""

    code = "disk_error"


class ResultCode(IntEnum):
    """Primary result codes of SQLite (sqlite.org/rescode.html); the interpreter's own SQLite is not imported."""

    PERM = 3
    BUSY = 5
    LOCKED = 6
    READONLY = 8
    IOERR = 10
    CORRUPT = 11
    FULL = 13
    CANTOPEN = 14
    PROTOCOL = 15
    NOTADB = 26


# Sorted by who must act.
_ERRORS: dict[int, tuple[type[TillstreamError], str]] = {
    ResultCode.FULL: (JournalFullError, "free space on the disk of the state folder"),
    ResultCode.READONLY: (JournalDiskError, "make the state folder writable for the agent's user"),
    ResultCode.CANTOPEN: (JournalDiskError, "make the state folder readable for the agent's user"),
    ResultCode.PERM: (JournalDiskError, "make the state folder writable for the agent's user"),
    ResultCode.IOERR: (JournalDiskError, "check the disk (dmesg, SMART) and replace it"),
    ResultCode.CORRUPT: (BrokenJournalError, "restart the agent: it salvages what verifies"),
    ResultCode.NOTADB: (BrokenJournalError, "restart the agent; check that keys/journal.key is the right one"),
    ResultCode.BUSY: (TryAgainError, "end the program that holds the journal"),
    ResultCode.LOCKED: (TryAgainError, "end the program that holds the journal"),
    ResultCode.PROTOCOL: (TryAgainError, "end the program that holds the journal"),
}
_PRIMARY_CODE = 0xFF  # extended codes keep the primary one in the low byte


@contextlib.contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn the database's exceptions into ours, by their code; `what` names the thing that failed."""
    try:
        yield
    except sqlcipher.Error as error:
        raise translate(error, what) from error


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into ours; `path` names the file that is concerned."""
    try:
        yield
    except OSError as error:
        kind = JournalFullError if error.errno in {errno.ENOSPC, errno.EDQUOT} else JournalDiskError
        raise kind(f"{path}: {error.strerror}", fix="free space on the disk, make it writable") from error


def translate(error: Exception, what: str) -> TillstreamError:
    """Return our error for one of the database's; its text decides nothing."""
    code = getattr(error, "sqlite_errorcode", None)
    kind, fix = _ERRORS.get((code or 0) & _PRIMARY_CODE, (DefectError, "send the log to support"))
    return kind(f"{what}: {error}", fix=fix)


def open_writing(path: Path, key: bytes) -> Connection:
    """Open the one writing connection of an existing database and migrate it.

    Raises BrokenJournalError, JournalFullError, JournalDiskError, TryAgainError, DefectError.
    """
    with translated(str(path)):
        connection = _connect(f"file:{_quoted(path)}?mode=rw", key)
        try:
            for pragma in (
                "journal_mode = WAL",
                "synchronous = FULL",
                "wal_autocheckpoint = 0",
                "trusted_schema = OFF",
                "cell_size_check = ON",
                "secure_delete = ON",
                f"busy_timeout = {BUSY_MS}",
                f"cache_size = -{CACHE_KIB}",
            ):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            _require_durable(connection, path)
            migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def open_reading(path: Path, key: bytes) -> Connection:
    """Open a connection that can neither write nor checkpoint. Raises as `open_writing` does."""
    with translated(str(path)):
        connection = _connect(f"file:{_quoted(path)}?mode=ro", key)
        try:
            for pragma in ("query_only = ON", "wal_autocheckpoint = 0", f"busy_timeout = {BUSY_MS}"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.execute(load_queries()["schema_size"]).fetchone()
        except BaseException:
            connection.close()
            raise
    return connection


def create(path: Path, key: bytes) -> None:
    """Make a new database that a power cut cannot take back.

    Create, switch to WAL, commit the schema, fsync the directory, close: until the directory is synced, a power cut
    could bring the rollback journal of the WAL switch back over a database that already holds sales.
    """
    with translated(str(path)):
        connection = _connect(f"file:{_quoted(path)}?mode=rwc", key)
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            connection.execute("PRAGMA synchronous = FULL")
            migrate(connection)
        finally:
            connection.close()
    sync_folder(path.parent)


def migrate(connection: Connection) -> int:
    """Bring the schema to the newest version, one transaction a step; return the version found.

    A kill leaves one version or the next, never something between. A database from a newer program raises OnSiteError.
    """
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    scripts = migration_scripts()
    if found > len(scripts):
        raise OnSiteError(
            f"the journal has schema {found}, this program knows {len(scripts)}",
            fix="install the newer program again",
            code="journal_newer",
        )
    for version, script in scripts[found:]:
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {version};\nCOMMIT;")
    return found


def library_version() -> tuple[int, ...]:
    """Return the version of the SQLite inside SQLCipher."""
    return tuple(int(part) for part in sqlcipher.sqlite_version.split("."))


def _connect(uri: str, key: bytes) -> Connection:
    if library_version() < SQLITE_MIN:
        raise DefectError(f"SQLite {sqlcipher.sqlite_version} can corrupt a WAL", fix="install sqlcipher3 >= 0.6")
    connection = sqlcipher.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    for kind in (bytes, type(None)):
        sqlcipher.register_adapter(kind, _as_it_is)
    connection.execute("PRAGMA cipher_log_level = NONE").fetchall()  # else SQLCipher writes to stderr by itself
    # Most processors of store PCs have instructions for SHA-256 and none for SQLCipher's default, SHA-512. As defaults
    # of the process, because copies made by VACUUM INTO know no other way to be told.
    connection.execute(f"PRAGMA cipher_default_page_size = {PAGE_BYTES}").fetchall()
    connection.execute("PRAGMA cipher_default_hmac_algorithm = HMAC_SHA256").fetchall()
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"").fetchall()
    return connection


def _as_it_is(value: object) -> object:
    """Return a value that the driver can bind: where nobody says so it looks for who adapts it, a microsecond each."""
    return value


def _require_durable(connection: Connection, path: Path) -> None:
    """Raise where the file system took WAL or FULL away from us (network shares do)."""
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = int(connection.execute("PRAGMA synchronous").fetchone()[0])
    if (mode, synchronous) != ("wal", 2):
        raise JournalDiskError(
            f"{path}: journal_mode={mode}, synchronous={synchronous}", fix="put the state folder on a local disk"
        )


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
