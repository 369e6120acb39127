"""Hub and store over real HTTP: a stop arrives at the next look, changes as overlays, the mark of erasures returns."""

import asyncio
import json

import pytest

from hub.feed.erasing import Erasing
from hub.feed.service import POLL_AFTER_S
from retail.errors import RefusedError
from retail.stops import StopKind, Stops, stops_from
from sync.feed import Feed, look, report
from sync.feed_files import load_state
from sync.feed_target import StoreFeedTarget
from sync.http_transport import HubFeedSource
from sync.mirror import Mirror, read_current
from sync.protocol.feed_messages import FeedKind
from tests.hub.rig import VirtualPace
from tests.hub.test_feed_of_hub import CUSTOMERS, NOW, Chain, members

pytestmark = [pytest.mark.anyio, pytest.mark.real]

TOLD_WITHIN_S = 60.0


class Agent:
    """A store's feed with a real folder, over a real line."""

    def __init__(self, folder, device, url: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.erased: list[str] = []
        self.connection = device.connection(url)
        target = StoreFeedTarget(
            folder=folder, erase=self.erase, changed=self.changed, count_backlog=self.backlog, check=self.check
        )
        self.feed = Feed(
            folder=folder,
            tenant=device.enrolled.tenant,
            store=device.enrolled.store,
            feed_key=device.enrolled.feed_public_key,
            source=HubFeedSource(self.connection),
            target=target,
            pace=VirtualPace(),
        )

    async def erase(self, erasures) -> None:
        self.erased += [each.customer_id for each in erasures]

    async def changed(self, kind) -> None:
        pass

    async def backlog(self) -> tuple[int, int]:
        return 0, 0

    def check(self, kind, content) -> None:
        if kind is FeedKind.CONFIG and "mistake" in content:
            raise RefusedError("content.mistake: no such member")

    async def look(self):
        told = await look(self.feed)
        await report(self.feed, refused=told.refused)
        return told

    def name(self, token: bytes) -> str | None:
        mirror = Mirror(self.folder)
        found = mirror.look_up(token)
        mirror.close()
        return found.first_name if found else None

    def stops(self) -> Stops:
        return Stops(stops=stops_from(json.loads((self.folder / "stops.json").read_bytes())))


async def test_a_chain_and_its_store_through_a_week_of_changes(rig, tmp_path):
    chain = Chain(rig, tmp_path)
    async with rig.serving():
        device = await rig.enrolled()
        agent = Agent(tmp_path / "mirror", device, rig.url)
        try:
            await _through_a_week(chain, agent)
        finally:
            await agent.connection.close()


async def _through_a_week(chain: Chain, agent: Agent) -> None:
    token = await asyncio.to_thread(lambda: chain.bring(**members(12)) and chain.token("00000007"))
    await agent.look()
    assert agent.name(token) == "Name7"
    await asyncio.to_thread(chain.bring, customers=CUSTOMERS + "C7,Seven\n")
    told = await agent.look()
    assert [file.kind for file in told.applied] == [FeedKind.MIRROR_OVERLAY], "a night costs the night's changes"
    assert agent.name(token) == "Seven"

    chain.press(StopKind.PRINTING, scope="store:7781", why="wrong prices")
    await agent.look()
    assert not agent.stops().may_print(NOW)
    assert POLL_AFTER_S * 1.25 < TOLD_WITHIN_S - 20, "the longest wait between two looks leaves time to fetch it"

    for body in (b'{"mistake": 1}', b'{"content": {}}'):
        chain.hub.files.publish_bytes("main", FeedKind.CONFIG, body, now=NOW)
        await agent.look()
    (refused,) = chain.rig.rows("SELECT feed_refused FROM store WHERE store_id = '7781'")
    assert refused == ("[]",), "the mended one is in use, and the complaint is taken back"

    erasing = Erasing(chain.hub.database, chain.hub.files, chain.hub.feed)
    await asyncio.to_thread(erasing.erase, "main", erasing.look("main", ["C7"]), now=NOW)
    assert erasing.stores("main")[1][0]["behind"] == 1
    before = read_current(agent.folder)
    told = await agent.look()
    assert [file.kind for file in told.applied] == [FeedKind.ERASURES], "nobody fetches a gigabyte for one erasure"
    assert agent.erased == ["C7"]
    assert read_current(agent.folder) == before
    assert erasing.stores("main")[1][0]["behind"] == 0, "the store has said that it is done"


async def test_a_bundle_with_a_mistake_is_refused_told_to_the_hub_and_replaces_nothing(rig, tmp_path):
    chain = Chain(rig, tmp_path)
    async with rig.serving():
        device = await rig.enrolled()
        agent = Agent(tmp_path / "mirror", device, rig.url)
        for body in (b'{"content": {}}', b'{"mistake": 1}'):
            chain.hub.files.publish_bytes("main", FeedKind.CONFIG, body, now=NOW)
            await agent.look()
        await agent.connection.close()
    assert json.loads((agent.folder / "config.json").read_bytes()) == {"content": {}}
    ((told,),) = rig.rows("SELECT feed_refused FROM store WHERE store_id = '7781'")
    assert json.loads(told)[0]["message"] == "content.mistake: no such member"


async def test_a_store_that_lost_its_mirror_fetches_it_again_without_being_told(rig, tmp_path):
    chain = Chain(rig, tmp_path)
    async with rig.serving():
        device = await rig.enrolled()
        agent = Agent(tmp_path / "mirror", device, rig.url)
        token = await asyncio.to_thread(lambda: chain.bring(**members(5)) and chain.token("00000003"))
        await agent.look()
        (agent.folder / read_current(agent.folder).snapshot).write_bytes(b"TSMIRROR")
        await agent.look()
        await agent.connection.close()
    assert agent.name(token) == "Name3"


async def test_a_store_is_told_its_ring_and_keeps_it_until_it_is_told_another(rig, tmp_path):
    chain = Chain(rig, tmp_path)
    async with rig.serving():
        device = await rig.enrolled()
        agent = Agent(tmp_path / "mirror", device, rig.url)
        try:
            await agent.look()
            assert load_state(agent.folder).ring == ""
            for ring in ("ring-2", "ring-3", ""):
                chain.store(device.enrolled.store, ring=ring)
                await agent.look()
                await agent.look()
                assert load_state(agent.folder).ring == ring
        finally:
            await agent.connection.close()
