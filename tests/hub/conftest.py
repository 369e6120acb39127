"""A hub for every test that wants one."""

import pytest

from tests.hub.rig import HubRig


@pytest.fixture
def rig(tmp_path):
    rig = HubRig(tmp_path / "hub")
    yield rig
    rig.hub.close()


@pytest.fixture
def anyio_backend():
    """The product runs on asyncio."""
    return "asyncio"
