"""A store with a link asks the hub about every coupon: real core, real desk's link, real hub, real HTTP."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from agent.desk.core_client import ControlClient
from agent.desk.leases import CouponLink
from agent.offering.coupons import CouponIssuer
from retail.identifiers import TransactionId
from retail.money import Money
from retail.offers.decision import Reward
from sync.protocol.value_messages import CouponAnswer, CouponQuestion
from tests.agent.core_house import Running
from tests.agent.value.value_house import value_store
from tests.hub.rig import Device, HubRig

pytestmark = [pytest.mark.anyio, pytest.mark.real]

WITHIN_S = 60.0


@asynccontextmanager
async def store_with_a_link(rig: HubRig, folder: Any, other: Device):
    """A core that knows the other store's key, and a desk's link of it to the hub."""
    mine = await rig.enrolled(store_id="7781")
    public = other.sign.private.public_key().public_bytes_raw().hex()
    core = value_store(folder, policy={}, keys=[{"store": "7782", "key": public, "revoked": False}])
    there = asyncio.Event()
    links: list[CouponLink] = []

    def pushed(message: dict[str, Any]) -> None:
        if message.get("event") == "coupon_question":
            links[0].asked(message["data"])

    async with Running(core) as running:
        control = ControlClient(
            core.state.control_socket, on_push=pushed, on_link=lambda up: there.set() if up else None
        )
        links.append(CouponLink(control=control, connection=mine.connection(rig.url)))
        task = asyncio.ensure_future(control.run())
        await asyncio.wait_for(there.wait(), WITHIN_S)
        await running.ask("hub_here")
        try:
            yield running, links[0]
        finally:
            task.cancel()
            if links[0].connection is not None:
                await links[0].connection.close()


def coupon_of(core: Any, other: Device, number: int) -> Any:
    campaign = core.offers.bundle.index.entries[0].campaign
    today = core.offers.today(core.clock.now())
    until = today + timedelta(days=14)
    reward = Reward(
        campaign=campaign, value=campaign.benefit.value, cost=Money.of("0", "EUR"), valid_until=until, why=()
    )
    return CouponIssuer(other.sign.private).issue(reward, transaction_id=TransactionId(f"theirs-{number}"), today=today)


async def held_out(running: Running, token: str) -> dict[str, Any]:
    await running.ask("scan", workstation_id="1", code=token, symbology="qr", source="scanner")
    while True:
        push = await running.hear("trouble")
        if push["data"].get("passing"):
            return dict(push["data"])


async def test_a_coupon_of_another_store_is_granted_used_and_refused_there_with_where_and_when(rig, tmp_path):
    async with rig.serving():
        other = await rig.enrolled(store_id="7782")
        async with store_with_a_link(rig, tmp_path / "store", other) as (running, link):
            first, second, third = (coupon_of(running.core, other, number) for number in range(3))

            told = await held_out(running, first.token)
            assert told["code"] == "coupon_accepted", told
            question = CouponQuestion(
                serial=first.serial, issued_at="7782", valid_from=first.claims.valid_from, take=True
            )
            theirs = other.connection(rig.url)
            answer = await theirs.ask("/v1/coupons", question, CouponAnswer)
            assert (answer.verdict, answer.store) == ("held", "7781")

            taken = question.model_copy(update={"serial": second.serial})
            assert (await theirs.ask("/v1/coupons", taken, CouponAnswer)).verdict == "granted"
            told = await held_out(running, second.token)
            assert told["code"] == "coupon_elsewhere"
            assert "7782" in told["message"]

            connection, link.connection = link.connection, None
            told = await held_out(running, third.token)
            assert told["code"] == "coupon_elsewhere", "without a link: the issuing store only"
            link.connection = connection
            await running.ask("hub_here")
            assert (await held_out(running, third.token))["code"] == "coupon_accepted"
            await theirs.close()
