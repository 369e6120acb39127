"""The nonces that were used, shared by every worker of a hub that runs on one state folder, and kept over a restart.

A small database of its own beside the hub's: it is written with every call and never synced, because what it protects
from - a message played back within the ten minutes of a signature's life - changes nothing in the hub's database
anyway, even if the power took these rows with it. A file that cannot be used is made anew.
"""

from __future__ import annotations

import threading
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from hub.gate import NONCES_MAX, ReplayedError
from hub.storage.statements import parse_statements
from retail.errors import TryAgainError
from sync.protocol.signatures import SKEW_MAX, Signed

BUSY_WAIT_MS = 2_000  # a worker waits for another's insert, which takes microseconds
FORGET_EVERY = 1_000  # calls between two sweeps: a sweep of 1,000 rows takes a millisecond


class SharedNonces:
    """Fulfils `hub.gate.Nonces` on a file. May be called from any thread, and from several processes at once."""

    def __init__(self, path: Path, *, nonces_max: int = NONCES_MAX) -> None:
        self._path = path
        self._nonces_max = nonces_max
        self._lock = threading.Lock()
        self._taken = 0
        self._sql = parse_statements(resources.files("hub.storage").joinpath("queries.nonces.sql").read_text("utf-8"))
        self._connection = self._opened()

    def take(self, signed: Signed, *, now: datetime) -> None:
        """Remember a nonce. Raises ReplayedError when any worker has seen it, TryAgainError when the file is away."""
        at = now.timestamp()
        with self._lock:
            try:
                if self._taken % FORGET_EVERY == 0:
                    self._run("forget_nonces", before=at - 2 * SKEW_MAX.total_seconds())
                    self._run("forget_most_nonces", kept=self._nonces_max)
                self._taken += 1
                is_new = self._run("take_nonce", key_id=signed.key_id, nonce=signed.nonce, taken_at=at) > 0
            except sqlite.OperationalError as error:
                raise TryAgainError(
                    f"{self._path.name} cannot be used now: {error}",
                    fix="free disk space of the hub's state folder",
                    code="database_away",
                ) from error
            except sqlite.DatabaseError:  # damaged while it was open, or by the power: see `_opened`
                self._connection.close()
                self._remove()
                self._connection = self._connect()
                is_new = self._run("take_nonce", key_id=signed.key_id, nonce=signed.nonce, taken_at=at) > 0
        if not is_new:
            raise ReplayedError("this very message came before", fix="sign it anew")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _run(self, statement: str, **values: str | float) -> int:
        return int(self._connection.execute(self._sql[statement], values).rowcount)

    def _opened(self) -> Any:
        try:
            return self._connect()
        except sqlite.DatabaseError:  # damaged: what it held protects for ten minutes only
            self._remove()
            return self._connect()

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _connect(self) -> Any:
        connection = sqlite.connect(str(self._path), isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_WAIT_MS}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(self._sql["make_nonces"])
            connection.execute(self._sql["index_nonces"])
        except BaseException:
            connection.close()
            raise
        return connection
