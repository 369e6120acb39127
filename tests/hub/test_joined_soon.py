"""Who joins is asked within seconds and known in the stores within minutes, without a file more for each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

import httpx
import pytest

from hub.bootstrap import open_hub
from hub.feed.files import scopes_of
from hub.feed.upkeep import FeedUpkeep
from sync.mirror import Mirror, MirrorVersion, write_current
from sync.protocol.feed_messages import FeedFile, FeedKind
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.tokens import CodeKind, normalise, token_of
from tests.hub.claim_house import Mailbox
from tests.hub.rig import HubRig
from tests.hub.test_feed_of_hub import NOW, Chain, members
from tests.hub.test_joining import CARD, joins
from tests.hub.test_upload import deliver_all

pytestmark = [pytest.mark.anyio, pytest.mark.real]

PATIENCE_S = 60.0
NEVER_S = 100_000.0


async def until(holds: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - another thread of the hub does it
            await asyncio.sleep(0.02)
    assert holds(), what


def files(rig: HubRig) -> list[FeedFile]:
    """Return the customers' files that a store should have."""
    wanted = rig.hub.files.wanted(rig.config.tenant, scopes_of("7781", region="", ring=""))
    return [each for each in wanted if each.kind in {FeedKind.MIRROR, FeedKind.MIRROR_OVERLAY}]


def known(rig: HubRig, card: str) -> MirrorRecord | None:
    """Return whom a store that has all its files knows by a card."""
    wanted, tenant = files(rig), rig.config.tenant
    if not wanted:
        return None
    token = token_of(normalise(card, CodeKind.CARD), rig.hub.keys.tenant(tenant).pepper)
    with TemporaryDirectory() as folder:
        store = Path(folder)
        for each in wanted:
            copy(rig.hub.files.open(tenant, each.sha256).path, store / each.sha256)
        overlays = tuple(each.sha256 for each in reversed(wanted[1:]))
        newest = wanted[-1]
        write_current(
            store,
            MirrorVersion(
                version=newest.version,
                as_of=datetime.fromisoformat(newest.as_of),
                snapshot=wanted[0].sha256,
                overlays=overlays,
            ),
        )
        mirror = Mirror(store)
        found = mirror.look_up(token)
        mirror.close()
    return found


def name_of(rig: HubRig, card: str) -> str:
    """Return whom a store greets at a card; empty for nobody."""
    found = known(rig, card)
    return found.first_name if found is not None else ""


def knows(rig: HubRig, permission: str) -> bool:
    """Return whether a store knows that Vera allows something."""
    found = known(rig, CARD)
    return found is not None and permission in found.permissions


async def test_who_joins_is_sent_a_message_at_once_and_known_in_the_stores_by_the_card(
    chain: HubRig,
    mailbox: Mailbox,
) -> None:
    with FeedUpkeep(chain.hub, told=print, turn_s=NEVER_S, fresh_s=0.0):
        async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
            device = await chain.enrolled()
            joins(chain, device)
            await deliver_all(chain, device)
            await until(lambda: mailbox.mails, "the message has gone")
            await until(lambda: name_of(chain, CARD) == "Vera", "stores know the card")
            assert (await client.post(mailbox.link())).status_code == 200


async def test_several_workers_send_one_message(chain: HubRig, mailbox: Mailbox) -> None:
    others = [open_hub(chain.config) for _ in range(3)]
    try:
        async with chain.serving():
            device = await chain.enrolled()
            joins(chain, device)
            await deliver_all(chain, device)
            workers = [FeedUpkeep(each, told=print, turn_s=NEVER_S) for each in (chain.hub, *others)]
            await asyncio.gather(*(asyncio.to_thread(each.greet_alone) for each in workers))
    finally:
        for each in others:
            each.close()
    assert len(mailbox.mails) == 1


async def test_who_joins_without_a_contact_is_known_where_the_chain_sends_no_messages(tmp_path: Path) -> None:
    rig = HubRig(tmp_path / "hub")
    with FeedUpkeep(rig.hub, told=print, turn_s=NEVER_S, fresh_s=0.0):
        async with rig.serving():
            device = await rig.enrolled()
            joins(rig, device, contact="", contact_kind="")
            await deliver_all(rig, device)
            await until(lambda: name_of(rig, CARD) == "Vera", "stores know the card")
    rig.hub.close()


async def test_fresh_overlays_of_a_day_are_one_file_that_the_nights_takes_over(rig: HubRig, tmp_path: Path) -> None:
    long_known = Chain(rig, tmp_path)
    long_known.bring(**members(100))
    [snapshot] = files(rig)

    def joins_at(hour: int, *, is_fresh: bool) -> FeedFile | None:
        number = 1000 + hour
        texts = {
            "customers": f"customer_id,first_name\nN{number},New{number}\n",
            "codes": f"code,kind,customer_id\n{number:08},card,N{number}\n",
        }
        long_known.import_only(**texts)
        return rig.hub.publisher.mirror("main", now=NOW + timedelta(hours=hour), is_fresh=is_fresh)

    for hour in (1, 2, 3):
        made = joins_at(hour, is_fresh=True)
        assert made is not None
        assert files(rig) == [snapshot, made], "each holds what the one before it held, and takes its place"
        assert [name_of(rig, f"{1000 + each:08}") for each in range(1, hour + 1)] == [
            f"New{1000 + each}" for each in range(1, hour + 1)
        ]
    assert rig.hub.publisher.mirror("main", now=NOW + timedelta(hours=4), is_fresh=True) is None, "nobody joined"
    night = joins_at(5, is_fresh=False)
    assert files(rig) == [snapshot, night]
    again = joins_at(6, is_fresh=True)
    assert files(rig) == [snapshot, night, again], "what the night brought stays"
    assert all(name_of(rig, f"{1000 + each:08}") == f"New{1000 + each}" for each in (1, 2, 3, 5, 6))
