"""A real hub process behind a line that is dropped, reset, half open, torn, slow or somebody else's."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import suppress

import httpx
import pytest

from sync.courier import Courier, run_courier
from sync.http_transport import TIMEOUTS, HubConnection, HubTransport
from tests.faults.bad_line import BadLine, Fault
from tests.faults.programs import RealHub, check_hub, running
from tests.hub.rig import Told, VirtualPace

pytestmark = pytest.mark.real
IMPATIENT = httpx.Timeout(connect=5, read=0.5, write=5, pool=5)  # a half-open line is given up after half a second
LINE_64_KBIT = 8_000  # bytes a second
SALES = 400


class IdleError(Exception):
    """The courier has nothing left to do."""


class WakeOnce:
    def clear(self) -> None:
        pass

    async def wait(self) -> None:
        raise IdleError


async def deliver(hub: RealHub, url: str, *, timeouts: httpx.Timeout = TIMEOUTS) -> Told:
    """Run the store's real courier until everything is delivered."""
    device, told = hub.device, Told()
    connection = HubConnection(
        url, device.sign, hub_key=device.enrolled.hub_public_key, pace=VirtualPace(), timeouts=timeouts
    )
    courier = Courier(
        destination="hub",
        journal=device.journal,
        cursors=device.journal,
        transport=HubTransport(connection),
        pace=VirtualPace(),
        listener=told,
    )
    with suppress(IdleError):
        await asyncio.wait_for(run_courier(courier, WakeOnce()), timeout=180)
    await connection.close()
    return told


@pytest.fixture
def hub(tmp_path):
    """A hub process, and a store that is enrolled there and has sold something."""
    (tmp_path / "disk").mkdir()
    hub = RealHub(tmp_path / "disk")
    code = hub.code()
    with running(hub.command, stdout=subprocess.PIPE) as process:
        hub.enrol(hub.url_of(process), code)
        for number in range(SALES):
            hub.device.journal.sale(number)
        hub.acknowledged += [f"tx-{number}" for number in range(SALES)]
        yield hub
    check_hub(tmp_path / "disk", set(hub.acknowledged))


def test_whatever_happens_to_the_line_each_sale_arrives_once(hub):
    faults = [fault for fault in Fault if fault is not Fault.NONE] * 2

    async def story() -> tuple[BadLine, Told]:
        line = BadLine(hub.port, faults=list(faults))
        async with line.open() as url:
            return line, await deliver(hub, url, timeouts=IMPATIENT)

    line, told = asyncio.run(story())
    assert line.met[: len(faults)] == faults
    assert told.errors
    assert told.positions[-1].seq == SALES


def test_a_line_of_64_kbit_carries_a_days_sales(hub):
    async def story() -> tuple[BadLine, Told]:
        line = BadLine(hub.port, bytes_per_s=LINE_64_KBIT)
        async with line.open() as url:
            return line, await deliver(hub, url)

    line, told = asyncio.run(story())
    assert told.errors == []
    assert told.positions[-1].seq == SALES
    assert line.carried_bytes < SALES * 400


@pytest.mark.slow
def test_a_half_open_line_is_given_up_by_itself(hub):
    """With the timeouts that the product runs with."""

    async def story() -> Told:
        line = BadLine(hub.port, faults=[Fault.HALF_OPEN])
        async with line.open() as url:
            return await deliver(hub, url)

    told = asyncio.run(story())
    assert len(told.errors) == 1
    assert told.positions[-1].seq == SALES
