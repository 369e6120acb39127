"""The real courier and the real hub on two machines of the kernel's: packets dropped, connections reset, half open, slow."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Callable

import httpx
import pytest

from agent.demo.processes import wait_until
from sync.courier import Courier, run_courier
from sync.delivery_plan import CourierPolicy
from sync.http_transport import HubConnection, HubTransport
from tests.faults.namespaces import HUB, Cable, cable
from tests.faults.programs import RealHub, check_hub, running
from tests.faults.test_bad_lines import IdleError, WakeOnce
from tests.hub.rig import Told, VirtualPace

pytestmark = pytest.mark.real

WITHIN_S = 120.0
IMPATIENT = httpx.Timeout(connect=2, read=2, write=2, pool=2)  # the product waits a minute for an answer
PATIENT = httpx.Timeout(connect=60, read=60, write=60, pool=60)
SMALL = CourierPolicy(rows_max=10)  # thirty batches, so that there is a middle to hurt
SALES = 300
SALES_64_KBIT = 150


@pytest.fixture
def between():
    with cable() as joined:
        yield joined


@contextlib.contextmanager
def hub_behind(between: Cable, folder, *, sales: int):
    """A hub on the one machine, and a store on the other that is enrolled and has sold something."""
    disk = folder / "disk"
    disk.mkdir()
    hub = RealHub(disk)
    hub.before = between.in_hub
    code = hub.code()
    command = [HUB + ":0" if word == "127.0.0.1:0" else word for word in hub.command]
    with running(command, stdout=subprocess.PIPE) as process:
        url = hub.url_of(process)
        between.on_store(lambda: hub.enrol(url, code)).result(WITHIN_S)
        for number in range(sales):
            hub.device.journal.sale(number)
        hub.acknowledged += [f"tx-{number}" for number in range(sales)]
        yield hub, url
    check_hub(disk, set(hub.acknowledged))


async def deliver(hub: RealHub, url: str, told: Told, *, timeouts: httpx.Timeout, policy: CourierPolicy) -> None:
    """Run the store's real courier until everything is delivered."""
    device = hub.device
    connection = HubConnection(
        url, device.sign, hub_key=device.enrolled.hub_public_key, pace=VirtualPace(), timeouts=timeouts
    )
    courier = Courier(
        destination="hub", journal=device.journal, cursors=device.journal, transport=HubTransport(connection),
        pace=VirtualPace(), listener=told, policy=policy,
    )  # fmt: skip
    with contextlib.suppress(IdleError):
        await asyncio.wait_for(run_courier(courier, WakeOnce()), timeout=WITHIN_S)
    await connection.close()


def test_packets_swallowed_a_cable_pulled_and_connections_reset_cost_no_sale(between, tmp_path):
    with hub_behind(between, tmp_path, sales=SALES) as (hub, url):
        between.be_slow("32kbit", queue_bytes=20_000)  # half a second a batch: there is a middle to hurt
        told = Told()
        courier = between.on_store(lambda: asyncio.run(deliver(hub, url, told, timeouts=IMPATIENT, policy=SMALL)))

        def goes_on(batches: int) -> None:
            more = len(told.positions) + batches
            wait_until("it goes on", lambda: len(told.positions) >= more, timeout_s=WITHIN_S)

        def is_noticed(hurt: Callable[[], object]) -> None:
            before = len(told.errors)
            wait_until("it is noticed", lambda: (hurt(), len(told.errors) > before)[1], timeout_s=WITHIN_S)

        goes_on(2)
        is_noticed(between.reset_all)
        goes_on(2)
        between.swallow()
        is_noticed(int)
        between.swallow_no_more()
        goes_on(2)
        between.unplug()
        is_noticed(int)
        between.plug_in()
        between.be_slow("10mbit", queue_bytes=200_000)
        courier.result(WITHIN_S)
        assert told.positions[-1].seq == SALES


@pytest.mark.slow  # the quick tier has a slow line in user space (`test_bad_lines.py`)
def test_a_line_of_64_kbit_that_drops_what_does_not_fit_carries_each_sale_once(between, tmp_path):
    with hub_behind(between, tmp_path, sales=SALES_64_KBIT) as (hub, url):
        between.be_slow("64kbit", queue_bytes=4_000)
        told = Told()
        between.on_store(lambda: asyncio.run(deliver(hub, url, told, timeouts=PATIENT, policy=CourierPolicy()))).result(
            WITHIN_S
        )
        assert told.errors == []
        assert told.positions[-1].seq == SALES_64_KBIT
        assert between.dropped_packets() > 0
