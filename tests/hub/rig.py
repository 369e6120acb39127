"""A real hub on loopback - uvicorn, SQLite, keys - and an agent's side with a journal that lives in memory."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hub.app import create_app
from hub.bootstrap import Hub, open_hub
from hub.config import HubConfig
from hub.storage.sqlite import SqliteDatabase
from hub.storage.statements import Dialect
from sync.enrolled import Enrolled
from sync.http_transport import HubConnection, enrol
from sync.ports import ParkReason, Position
from sync.protocol.chain import GENESIS, RecordHeader, payload_hash, record_hash
from sync.protocol.signatures import Request, SigningKey, sign_request


@dataclass(frozen=True)
class MemoryRecord:
    """A journal record, as the real journal's reader returns it."""

    epoch: int
    seq: int
    kind: str
    workstation_id: str
    occurred_at: str
    clock_quality: str
    business_day: str
    salt: bytes | None
    payload: bytes | None
    payload_hash: bytes
    prev_hash: bytes
    hash: bytes


@dataclass
class MemoryJournal:
    """A journal and its cursors in memory: JournalPort and CursorPort. `copy` is a cloned or backed-up disk."""

    records: list[MemoryRecord] = field(default_factory=list)
    epochs: dict[int, int] = field(default_factory=lambda: {1: 1})
    positions: dict[str, Position] = field(default_factory=dict)
    parked_by: dict[str, dict[int, str]] = field(default_factory=dict)
    pruned_through: int = 0

    def copy(self) -> MemoryJournal:
        return MemoryJournal(
            list(self.records),
            dict(self.epochs),
            dict(self.positions),
            {destination: dict(parked) for destination, parked in self.parked_by.items()},
            self.pruned_through,
        )

    @property
    def head_seq(self) -> int:
        return self.records[-1].seq if self.records else self.pruned_through

    def append(
        self, kind: str, content: object, *, salt: bytes | None = None, workstation_id: str = "1"
    ) -> MemoryRecord:
        payload = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        return self.append_payload(kind, payload, salt=salt, workstation_id=workstation_id)

    def append_payload(
        self, kind: str, payload: bytes, *, salt: bytes | None = None, workstation_id: str = "1"
    ) -> MemoryRecord:
        epoch = max(self.epochs)
        seq = self.head_seq + 1
        begins = seq == self.epochs[epoch]
        header = RecordHeader(
            epoch=epoch,
            seq=seq,
            kind=kind,
            workstation_id=workstation_id,
            occurred_at="2026-11-21T12:00:00+01:00",
            clock_quality="synchronised",
            business_day="2026-11-21",
        )
        salt = salt if salt is not None else os.urandom(16)
        prev = GENESIS if begins or not self.records else self.records[-1].hash
        digest = payload_hash(salt, payload)
        record = MemoryRecord(
            epoch=epoch,
            seq=seq,
            kind=kind,
            workstation_id=header.workstation_id,
            occurred_at=header.occurred_at,
            clock_quality=header.clock_quality,
            business_day=header.business_day,
            salt=salt,
            payload=payload,
            payload_hash=digest,
            prev_hash=prev,
            hash=record_hash(prev, header, digest),
        )
        self.records.append(record)
        return record

    def sale(self, number: int, total: str = "4.30", *, salt: bytes | None = None, **changes) -> MemoryRecord:
        content = {"transaction_id": f"tx-{number}", "total": total} | changes
        return self.append("transaction.completed", content, salt=salt)

    def raise_epoch(self, epoch: int) -> None:
        self.epochs[epoch] = self.head_seq + 1

    def erase(self, seq: int) -> None:
        at = next(index for index, record in enumerate(self.records) if record.seq == seq)
        self.records[at] = replace(self.records[at], salt=None, payload=None)

    def prune(self, seq: int) -> None:
        self.records = [record for record in self.records if record.seq > seq]
        self.pruned_through = seq

    async def records_after(self, seq: int, *, rows_max: int, bytes_max: int) -> Sequence[MemoryRecord]:
        return [record for record in self.records if record.seq > seq][:rows_max]

    async def epoch_begins(self, epoch: int) -> int:
        return self.epochs[epoch]

    async def position(self, destination: str) -> Position | None:
        return self.positions.get(destination)

    async def move(self, destination: str, position: Position) -> None:
        self.positions[destination] = position

    async def parked(self, destination: str) -> frozenset[int]:
        return frozenset(self.parked_by.get(destination, {}))

    async def park(self, destination: str, seq: int, *, reason: ParkReason, detail: str) -> None:
        self.parked_by.setdefault(destination, {})[seq] = f"{reason.value}: {detail}"


class VirtualPace:
    """A clock that a pause moves; nothing ever waits, but other tasks get their turn."""

    def __init__(self, now: datetime | None = None) -> None:
        self.at = (now or datetime.now(UTC)).timestamp()
        self.pauses: list[float] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    async def pause(self, wait_s: float) -> None:
        self.pauses.append(wait_s)
        self.at += wait_s
        await asyncio.sleep(0)


class Told:
    """Keeps what a courier tells."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.positions: list[Position] = []
        self.forks = 0
        self.met_an_error = asyncio.Event()

    def moved(self, destination: str, position: Position) -> None:
        self.positions.append(position)

    def waiting(self, destination: str, error: Exception, wait_s: float) -> None:
        self.errors.append(error)
        self.met_an_error.set()

    def forked(self, destination: str) -> None:
        self.forks += 1


@dataclass
class Device:
    """A store PC: its keys and its journal."""

    sign: SigningKey = field(default_factory=lambda: SigningKey(Ed25519PrivateKey.generate()))
    seal: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    enrolled: Enrolled | None = None

    def connection(self, url: str, pace=None) -> HubConnection:
        key = self.enrolled.hub_public_key if self.enrolled else None
        return HubConnection(url, self.sign, hub_key=key, pace=pace or VirtualPace())

    def signed(self, method: str, path: str, *, body: bytes = b"", query: str = "", now=None, **headers) -> Request:
        names = {"content-type": "application/json", "content-encoding": "deflate"} if body else {}
        names |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method=method, path=path, query=query, headers=names, body=body)
        return replace(request, headers=names | sign_request(request, self.sign, now=now or datetime.now(UTC)))


class HubRig:
    """A hub that can be stopped, restarted, backed up and restored."""

    def __init__(self, folder: Path, **changes) -> None:
        self.config = HubConfig(state_dir=folder, listen="127.0.0.1:0", **changes)
        self.hub: Hub = open_hub(self.config)
        self.url = ""

    @asynccontextmanager
    async def serving(self):
        server = uvicorn.Server(
            uvicorn.Config(create_app(self.hub), host="127.0.0.1", port=0, log_level="error", lifespan="off")
        )
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        try:
            yield self
        finally:
            server.should_exit = True
            await task

    def code(self, store_id: str = "7781") -> str:
        return self.hub.registry.issue_code(self.config.tenant, store_id, name="", now=self.hub.clock()).code

    async def enrolled(self, device: Device | None = None, *, store_id: str = "7781") -> Device:
        device = device or Device()
        device.enrolled = await enrol(
            self.url,
            self.code(store_id),
            sign=device.sign,
            seal=device.seal,
            epoch=0,
            pace=VirtualPace(),
            program="test",
        )
        if device.enrolled.epoch not in device.journal.epochs:
            device.journal.raise_epoch(device.enrolled.epoch)
        return device

    async def send(self, request: Request) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            url = self.url + request.path + (f"?{request.query}" if request.query else "")
            return await client.request(request.method, url, content=request.body, headers=dict(request.headers))

    def rows(self, sql: str, *values) -> list[tuple]:
        from sqlcipher3 import dbapi2 as sqlite

        connection = sqlite.connect(str(self.config.state_dir / "hub.db"))
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def totals(self, store_id: str = "7781") -> dict[str, int]:
        return dict(self.rows("SELECT what, total FROM store_total WHERE store_id = ?", store_id))


class SqliteHubDisk:
    """A hub's database in a file, which can be backed up and restored."""

    dialect = Dialect.SQLITE

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backups = 0
        self.database = SqliteDatabase(folder / "hub.db")

    def close(self) -> None:
        self.database.close()

    def another(self) -> SqliteDatabase:
        return SqliteDatabase(self.folder / "hub.db")

    def reopen(self) -> None:
        self.database.close()
        self.database = self.another()

    def backup(self) -> str:
        self.backups += 1
        path = self.folder / f"backup-{self.backups}.db"
        self.database._writer.execute("VACUUM INTO ?", (str(path),))
        return str(path)

    def restore(self, backup: str) -> None:
        self.database.close()
        for name in ("hub.db", "hub.db-wal", "hub.db-shm"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copyfile(backup, self.folder / "hub.db")
        self.database = SqliteDatabase(self.folder / "hub.db")

    def rows(self, sql: str) -> list[tuple]:
        return self.database._writer.execute(sql).fetchall()

    def run(self, sql: str) -> None:
        self.database._writer.execute(sql)


class PostgresqlHubDisk:
    """A hub's database on a real server; a backup is a copy under another name."""

    dialect = Dialect.POSTGRESQL

    def __init__(self, server_url: str, name: str) -> None:
        self.server_url = server_url
        self.name = name
        self.backups = 0
        self._command(f'CREATE DATABASE "{name}"')
        self.database = self.another()

    @property
    def url(self) -> str:
        return self.server_url.replace("/postgres?", f"/{self.name}?")

    def another(self):
        from hub.storage.postgresql import PostgresqlDatabase

        return PostgresqlDatabase(self.url, today=date(2026, 11, 21))

    def _command(self, text: str) -> None:
        import psycopg

        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(text)

    def close(self) -> None:
        self.database.close()
        for number in range(self.backups + 1):
            name = f"{self.name}_{number}" if number else self.name
            self._command(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def reopen(self) -> None:
        self.database.close()
        self.database = self.another()

    def backup(self) -> str:
        self.backups += 1
        self.database.close()
        backup = f"{self.name}_{self.backups}"
        self._command(f'CREATE DATABASE "{backup}" TEMPLATE "{self.name}"')
        return backup

    def restore(self, backup: str) -> None:
        self.database.close()
        self._command(f'DROP DATABASE "{self.name}" WITH (FORCE)')
        self._command(f'CREATE DATABASE "{self.name}" TEMPLATE "{backup}"')
        self.database = self.another()

    def rows(self, sql: str) -> list[tuple]:
        import psycopg

        with psycopg.connect(self.url) as connection:
            return connection.execute(sql).fetchall()

    def run(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self.url) as connection:
            connection.execute(sql)
