"""Stores' coupon keys: the hub vouches for them until a day, renews that by itself, and takes it back from a stolen one.

A real hub's upkeep, its real feed over HTTP, and a real core that verifies.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.offering.coupons import CouponIssuer
from hub.feed.upkeep import FeedUpkeep
from hub.value.delegation import KEY_LIFE, RENEWED_BEFORE
from hub.value.service import ValueService
from retail.identifiers import TransactionId
from retail.money import Money
from retail.offers.decision import Reward
from sync.feed import look
from tests.agent.core_house import Running
from tests.agent.value.value_house import value_store
from tests.hub.rig import Device, HubRig
from tests.hub.test_value_stopped import feed_of

pytestmark = [pytest.mark.anyio, pytest.mark.real]

ANY_STORE = '[coupons]\noffline = "any_store"\nfloor_limit = "5.00"\n'


def coupon_by(core: Any, device: Device, number: int, *, days: int = 14) -> str:
    """Return a coupon's token, signed by another store."""
    campaign, today = core.offers.bundle.index.entries[0].campaign, core.offers.today(core.clock.now())
    reward = Reward(
        campaign=campaign,
        value=campaign.benefit.value,
        cost=Money.of("0", "EUR"),
        valid_until=today + timedelta(days=days),
        why=(),
    )
    issuer = CouponIssuer(device.sign.private)
    return issuer.issue(reward, transaction_id=TransactionId(f"theirs-{number}"), today=today).token


async def said_of(running: Running, token: str, number: int) -> str:
    """Return the code with which a coupon is refused at a quote; `ok`: it is good."""
    body = {"lines": [{"description": "Coffee beans", "amount": "10.00"}], "coupons": [token], "points": 0}
    answer = await running.ask("till_reserve", workstation_id="1", body=body, key=f"k-{number}")
    return "ok" if answer["ok"] else str(answer["code"])


async def test_a_new_stores_key_reaches_the_others_by_itself_and_a_revoked_one_is_worth_nothing(
    rig: HubRig, tmp_path: Path
) -> None:
    upkeep, service = FeedUpkeep(rig.hub, told=print), ValueService(rig.hub.database, rig.hub.files)
    rules = tmp_path / "value.toml"
    rules.write_text(ANY_STORE, "utf-8")
    async with (
        rig.serving(),
        Running(value_store(tmp_path / "store", policy={})) as running,
        feed_of(running, rig) as f,
    ):
        service.publish("main", rules, now=rig.hub.clock())
        new = await rig.enrolled(store_id="7782")
        theirs = [coupon_by(running.core, new, number) for number in range(2)]
        await look(f)
        assert await said_of(running, theirs[0], 1) == "coupon_foreign", "nobody has told us of that store yet"
        upkeep.turn()
        await look(f)
        assert await said_of(running, theirs[0], 2) == "ok"
        service.revoke("main", "7782", now=rig.hub.clock())
        upkeep.turn()
        await look(f)
        assert await said_of(running, theirs[1], 3) == "coupon_key"


async def test_a_key_that_the_hub_no_longer_vouches_for_proves_nothing_and_is_renewed_long_before(
    rig: HubRig, tmp_path: Path
) -> None:
    service, now = ValueService(rig.hub.database, rig.hub.files), datetime.now(UTC)
    rules = tmp_path / "value.toml"
    rules.write_text(ANY_STORE, "utf-8")
    async with (
        rig.serving(),
        Running(value_store(tmp_path / "store", policy={})) as running,
        feed_of(running, rig) as f,
    ):
        new = await rig.enrolled(store_id="7782")
        service.publish("main", rules, now=now - KEY_LIFE - timedelta(days=2))
        await look(f)
        theirs = coupon_by(running.core, new, 1)
        assert await said_of(running, theirs, 1) == "coupon_key", "the last word of this key is a month old"
        assert service.keep_keys("main", now=now)
        await look(f)
        assert await said_of(running, theirs, 2) == "ok"
        assert not service.keep_keys("main", now=now + KEY_LIFE - RENEWED_BEFORE)
        assert service.keep_keys("main", now=now + KEY_LIFE - RENEWED_BEFORE + timedelta(days=1))
        assert service.published("main")["policy"]["coupons"]["offline"] == "any_store", "the rules stay"


async def test_stores_that_were_added_since_the_exposure_was_agreed_to_are_reported_with_the_new_sum(
    rig: HubRig, tmp_path: Path
) -> None:
    service, now = ValueService(rig.hub.database, rig.hub.files), rig.hub.clock()
    rules = tmp_path / "value.toml"
    caps = "per_transaction = 500\nper_card_and_day = 800\nper_store_and_day = 20000\n"
    rules.write_text(f"[burn]\noffline = true\n{caps}", "utf-8")
    rig.code("7781")
    service.publish("main", rules, now=now, accepted=Decimal("200.00"))
    assert service.reconcile("main", now=now).findings == ()
    rig.code("7782")
    (found,) = service.reconcile("main", now=now).findings
    assert (found.finding, found.money) == ("exposure_grew", "400.00")
    assert "200.00 a day was agreed to" in found.why
    with pytest.raises(Exception, match="may cost"):
        service.publish("main", rules, now=now)
    service.publish("main", rules, now=now, accepted=Decimal("400.00"))
    assert service.reconcile("main", now=now).findings == ()
