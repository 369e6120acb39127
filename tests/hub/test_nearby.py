"""A store gets who shops there or near, and nobody else: a real hub and a store's real feed, over the wire."""

import asyncio
from datetime import timedelta

import pytest

from hub.feed.erasing import Erasing
from hub.feed.learning import Learner
from hub.feed.nearby import Nearby, Whose
from hub.feed.upkeep import FeedUpkeep
from retail.errors import RefusedError
from sync.mirror import read_current
from sync.protocol.enrolment import seal_to, to_base64
from sync.protocol.feed_messages import FeedKind
from sync.protocol.mirror_file import MirrorFile
from sync.protocol.tokens import locator_of
from tests.hub.test_feed_of_hub import NOW, Chain, sale
from tests.hub.test_feed_over_the_wire import Agent
from tests.hub.test_joined_soon import NEVER_S, PATIENCE_S
from tests.hub.test_upload import deliver_all

CUSTOMERS = "customer_id,first_name,home_store\nC0,Here,7781\nC1,There,4711\nC2,Anywhere,\n"
CODES = "code,kind,customer_id\n00000000,card,C0\n00000001,card,C1\n00000002,card,C2\n"


@pytest.mark.parametrize(
    ("whose", "country", "own", "sliced"),
    [
        (Whose.AUTO, "DE", "", True),
        (Whose.AUTO, "no", "auto", True),
        (Whose.AUTO, "US", "", False),
        (Whose.AUTO, "", "", False),
        (Whose.ALL, "DE", "", False),
        (Whose.ALL, "DE", "nearby", True),
        (Whose.NEARBY, "US", "", True),
        (Whose.NEARBY, "US", "all", False),
    ],
)
def test_slices_are_the_rule_in_the_eu_and_a_choice_everywhere(whose, country, own, sliced):
    assert Nearby(whose=whose, country=country).is_sliced(own) is sliced


def choose(chain: Chain, customers: str, *near: str) -> None:
    which = {"tenant_id": "main", "store_id": "7781"}
    with chain.hub.database.writing() as session:
        session.run("put_customers_wanted", customers=customers, **which)
        session.run("drop_near", **which)
        for each in near:
            session.run("put_near", near_id=each, **which)
    chain.hub.publisher.mirror("main", now=NOW)


def known(chain: Chain, agent: Agent) -> str:
    """Return the cards that the store knows, by their last digit."""
    return "".join(digit for digit in "012" if agent.name(chain.token(f"0000000{digit}")))


@pytest.mark.anyio
@pytest.mark.real
async def test_a_store_knows_who_shops_there_and_learns_of_others_when_they_come(rig, tmp_path):
    chain = Chain(rig, tmp_path)
    chain.store("4711")
    async with rig.serving():
        device, other = await rig.enrolled(), await rig.enrolled(store_id="4711")
        agent = Agent(tmp_path / "mirror", device, rig.url)
        choose(chain, "nearby")
        try:
            await asyncio.to_thread(chain.bring, customers=CUSTOMERS, codes=CODES)
            await agent.look()
            assert known(chain, agent) == "02", "who shops elsewhere is not here; who was never seen is, until they are"
            assert read_current(agent.folder).is_slice, "and the store knows that others may be customers"
            await _nobody_gets_another_stores_file(chain, agent)

            token = chain.token("00000001")
            sealed = to_base64(seal_to(chain.hub.keys.tenant("main").contact.public_key(), b"card:00000001"))
            identified = {"customer_id": None, "locator": locator_of(token).hex(), "sealed_code": sealed}
            device.journal.append("transaction.completed", sale(1, ("Tea", "3.00")))
            device.journal.append("customer.identified", {"transaction_id": "tx-1", **identified})
            other.journal.append("transaction.completed", sale(2, ("Tea", "3.00")))
            other.journal.append("customer.identified", {"transaction_id": "tx-2", "customer_id": "C2"})
            await deliver_all(rig, device)
            await deliver_all(rig, other)
            await asyncio.to_thread(Learner(chain.hub.database, chain.hub.keys).learn, "main")
            await asyncio.to_thread(chain.hub.publisher.mirror, "main", now=NOW)
            await agent.look()
            assert known(chain, agent) == "01", "one has come here and is known now, one is somebody else's from now on"

            await asyncio.to_thread(choose, chain, "nearby", "4711")
            await agent.look()
            assert known(chain, agent) == "012", "the shop next door's customers come here, too"
            await _erasing_reaches_slices(chain, agent)
            await asyncio.to_thread(choose, chain, "all")
            await agent.look()
            assert known(chain, agent) == "12"
            assert not read_current(agent.folder).is_slice
            assert not [each for each in chain.hub.files.all("main") if each.scope == "store:7781"]
        finally:
            await agent.connection.close()


@pytest.mark.anyio
@pytest.mark.real
async def test_a_store_that_joins_the_chain_after_the_import_has_its_slice_soon_and_waits_for_no_other_import(
    rig, tmp_path
):
    chain = Chain(rig, tmp_path)
    chain.bring(customers=CUSTOMERS, codes=CODES)
    chain.store("7781")
    with chain.hub.database.writing() as session:
        session.run("put_customers_wanted", customers="nearby", tenant_id="main", store_id="7781")
    with FeedUpkeep(chain.hub, told=print, turn_s=NEVER_S, fresh_s=0.0):
        async with rig.serving():
            agent = Agent(tmp_path / "mirror", await rig.enrolled(), rig.url)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    while known(chain, agent) != "02":
                        await agent.look()
            finally:
                await agent.connection.close()


async def _nobody_gets_another_stores_file(chain: Chain, agent: Agent) -> None:
    whole = next(each.file for each in chain.hub.files.all("main") if each.scope == "")
    with pytest.raises(RefusedError):
        async with agent.feed.source.file(whole.sha256, start=0):
            pytest.fail("the chain's customers went to a store that gets a slice")


async def _erasing_reaches_slices(chain: Chain, agent: Agent) -> None:
    erasing = Erasing(chain.hub.database, chain.hub.files, chain.hub.feed)
    await asyncio.to_thread(erasing.erase, "main", erasing.look("main", ["C0"]), now=NOW)
    await agent.look()
    token = chain.token("00000000")
    mirrors = [each for each in chain.hub.files.all("main") if each.file.kind.startswith("mirror")]
    assert {each.scope for each in mirrors} == {"", "store:7781"}
    for each in mirrors:
        file = MirrorFile(chain.hub.files.open("main", each.file.sha256).path)
        assert not any(file.find(token)), "a tombstone at most"
        file.close()


def test_a_night_costs_a_slice_only_its_own_changes(rig, tmp_path):
    chain = Chain(rig, tmp_path)
    chain.store("7781")
    rows = [f"C{n},Name{n},{7781 if n % 2 else 4711}\n" for n in range(40)]
    head = "customer_id,first_name,home_store\n"
    codes = "code,kind,customer_id\n" + "".join(f"{n:08},card,C{n}\n" for n in range(40))
    choose(chain, "nearby")
    chain.bring(customers=head + "".join(rows), codes=codes)

    def slice_files() -> list[tuple[FeedKind, int]]:
        return [(each.file.kind, each.entries) for each in chain.hub.files.all("main") if each.scope == "store:7781"]

    assert slice_files() == [(FeedKind.MIRROR, 20)]
    chain.bring(customers=head + "C4,Other,4711\n")
    assert slice_files() == [(FeedKind.MIRROR, 20)], "nobody of this store has changed: nothing is fetched"
    chain.bring(customers=head + "C5,Changed,7781\n")
    assert slice_files() == [(FeedKind.MIRROR, 20), (FeedKind.MIRROR_OVERLAY, 1)]


def test_who_was_not_seen_for_too_long_leaves_though_nothing_changed(rig, tmp_path):
    chain = Chain(rig, tmp_path)
    chain.store("7781")
    choose(chain, "nearby")
    chain.bring(customers=CUSTOMERS, codes=CODES)

    def entries_after(days: int) -> list[int]:
        chain.hub.publisher.mirror("main", now=NOW + timedelta(days=days))
        return [each.entries for each in chain.hub.files.all("main") if each.scope == "store:7781"][:1]

    before = chain.hub.files.newest("main", scope="store:7781")[FeedKind.MIRROR].version
    assert entries_after(27) == [2]
    assert chain.hub.files.newest("main", scope="store:7781")[FeedKind.MIRROR].version == before
    assert entries_after(28) == [2], "picked anew, and they are here still"
    assert chain.hub.files.newest("main", scope="store:7781")[FeedKind.MIRROR].version > before
    assert entries_after(450) == [1], "who was never seen anywhere stays; who shopped here once has left"
