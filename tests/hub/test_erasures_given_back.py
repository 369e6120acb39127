"""A hub put back with its whole folder: a store's signed list brings its orders back, and nothing else does."""

import shutil

import pytest

from hub.bootstrap import Hub
from hub.callers import Caller
from hub.feed.erasing import Erasing
from retail.errors import RefusedError
from sync.feed_proofs import keep_proof, owed_proof, proof_taken
from sync.protocol.feed_messages import AppliedReport, ErasuresProof, FeedKind
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
