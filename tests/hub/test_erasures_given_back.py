"""A hub put back with its whole folder: a store's signed list brings its orders back, and nothing else does."""

import hashlib
import shutil

import pytest

from hub.bootstrap import Hub
from hub.callers import Caller
from hub.feed.erasing import Erasing
from hub.feed.order_book import ErasureOrder, OrderBook
from hub.feed.service import MARKS_AHEAD_MAX
from retail.errors import RefusedError
from sync.feed_proofs import keep_proof, owed_proof, proof_taken
from sync.protocol.feed_messages import (
    AppliedReport,
    Erasure,
    ErasuresFile,
    ErasuresProof,
    FeedFile,
    FeedKind,
    Manifest,
)
from sync.protocol.manifest import sign_manifest
from sync.protocol.messages import SEQ_MAX
from tests.hub.test_order_book import NOW, bring, forget, known, opened

STORE = Caller(tenant_id="main", store_id="7781", agent_id="agent-1", epoch=1, key_id="key")


def with_store(hub: Hub) -> Hub:
    with hub.database.writing() as session:
        session.run("put_store", tenant_id="main", store_id="7781", name="", now="")
    return hub


def proof_of(hub: Hub) -> ErasuresProof:
    """Return what a store that has all of the hub's orders keeps."""
    signed = hub.feed.manifest(STORE, "", now=NOW)
    assert signed is not None
    (file,) = [each.file for each in hub.files.all("main") if each.file.kind is FeedKind.ERASURES]
    return ErasuresProof(signed=signed, erasures=hub.files.open("main", file.sha256).path.read_text("utf-8"))


def long_list(hub: Hub, *, count: int) -> ErasuresProof:
    """Return the proof of many orders that this hub's key signed once."""
    many = [Erasure(erasure_no=number, customer_id=f"M{number}") for number in range(1, count + 1)]
    text = ErasuresFile(through=count, erasures=many).model_dump_json()
    digest = hashlib.sha256(text.encode()).hexdigest()
    file = FeedFile(kind=FeedKind.ERASURES, sha256=digest, size_bytes=len(text), version=count, as_of=NOW.isoformat())
    manifest = Manifest(tenant="main", store="7781", cursor="", issued_at=NOW.isoformat(), files=[file])
    return ErasuresProof(signed=sign_manifest(manifest, hub.keys.tenant("main").feed), erasures=text)


def told(hub: Hub, *, through: int) -> bool:
    return hub.feed.note(STORE, AppliedReport(cursor="", erased_through=through), now=NOW).wants_erasures


def take_back(hub: Hub, proof: ErasuresProof) -> int:
    return Erasing(hub.database, hub.files, hub.feed).take_back("main", proof)


@pytest.fixture
def put_back(tmp_path):
    """A hub of yesterday, and the proof of two orders of today."""
    hub = with_store(opened(tmp_path))
    bring(hub, tmp_path)
    hub.close()
    shutil.copytree(tmp_path / "hub", tmp_path / "copy")
    hub = opened(tmp_path)
    assert forget(hub, "C1", "C3") == 2
    proof = proof_of(hub)
    hub.close()
    shutil.rmtree(tmp_path / "hub")
    shutil.copytree(tmp_path / "copy", tmp_path / "hub")
    hub = opened(tmp_path)
    assert known(hub) == {"C1", "C2", "C3"}, "the copy knows nothing of it"
    yield hub, proof
    hub.close()


def test_a_mark_above_the_hubs_last_number_is_asked_for_its_list_and_the_list_is_carried_out(put_back):
    hub, proof = put_back
    assert told(hub, through=2)
    assert take_back(hub, proof) == 2
    Erasing(hub.database, hub.files, hub.feed).redo("main", now=NOW)
    assert known(hub) == {"C2"}
    assert Erasing(hub.database, hub.files, hub.feed).through("main") > 2, "no number is given to two orders"
    assert not told(hub, through=2)
    assert take_back(hub, proof) == 0, "a repeat finds all of it known"


def test_a_hub_that_lost_nothing_asks_for_nothing(put_back):
    hub, _ = put_back
    assert not told(hub, through=0)


def test_only_what_the_chains_key_has_signed_is_believed(put_back):
    hub, proof = put_back
    forged = proof.signed.model_copy(update={"manifest": proof.signed.manifest.replace("7781", "7782")})
    another = proof.erasures.replace("C1", "C2")
    for told_wrong in (
        ErasuresProof(signed=forged, erasures=proof.erasures),
        ErasuresProof(signed=proof.signed, erasures=another),
        ErasuresProof(signed=proof.signed, erasures=""),
    ):
        with pytest.raises(RefusedError) as refused:
            take_back(hub, told_wrong)
        assert refused.value.code == "bad_manifest"
    assert Erasing(hub.database, hub.files, hub.feed).redo("main", now=NOW) == 0
    assert known(hub) == {"C1", "C2", "C3"}


def test_a_store_keeps_the_list_that_a_newer_one_does_not_include_until_the_hub_has_it(put_back, tmp_path):
    hub, proof = put_back
    folder = tmp_path / "mirror"
    folder.mkdir()
    lists = tmp_path / "list"
    assert owed_proof(folder, is_wanted=True) is None
    lists.write_text(proof.erasures, "utf-8")
    keep_proof(folder, proof.signed, lists)
    assert owed_proof(folder, is_wanted=False) is None
    assert owed_proof(folder, is_wanted=True) == proof
    forget(hub, "C2")
    newer = proof_of(hub)
    lists.write_text(newer.erasures, "utf-8")
    keep_proof(folder, newer.signed, lists)
    assert owed_proof(folder, is_wanted=False) == proof, "the new list names C2 only"
    assert take_back(hub, proof) == 2
    proof_taken(folder)
    assert owed_proof(folder, is_wanted=False) is None
    assert owed_proof(folder, is_wanted=True) == newer


def test_a_store_that_claims_a_mark_which_no_hub_gave_stops_no_order(put_back):
    hub, _ = put_back
    with pytest.raises(RefusedError) as refused:
        told(hub, through=SEQ_MAX)
    assert refused.value.code == "mark_unknown"
    assert forget(hub, "C1") == 1, "the next order has the next number"
    assert told(hub, through=1 + MARKS_AHEAD_MAX), "a hub of long ago is told"
    assert forget(hub, "C2") == 2 + MARKS_AHEAD_MAX


def test_orders_of_one_person_by_different_tokens_are_carried_out_once(put_back):
    hub, _ = put_back
    book, erasing = OrderBook(hub.files.folder("main")), Erasing(hub.database, hub.files, hub.feed)
    book.note([ErasureOrder(customer_id="C1", locators=(token,)) for token in ("aa" * 16, "bb" * 16)])
    assert erasing.redo("main", now=NOW) == 1
    assert known(hub) == {"C2", "C3"}
    assert erasing.redo("main", now=NOW) == 0, "else two tokens would order one another for ever"
    assert {"aa" * 16, "bb" * 16} <= set(proof_of(hub).erasures.split('"'))


def test_a_long_list_is_taken_back_by_one_write(put_back):
    hub, proof = put_back
    proof_of_many = long_list(hub, count=5_000)
    assert take_back(hub, proof_of_many) == 5_000
    assert take_back(hub, proof_of_many) == 5_000, "noted, and not carried out yet"
    assert len(OrderBook(hub.files.folder("main")).orders()) == 5_000
    assert take_back(hub, proof) == 2
