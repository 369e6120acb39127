"""A config bundle, and the content in it, goes from ring to ring while stores are well, and back when one refuses it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from typer.testing import CliRunner

from hub.__main__ import app
from hub.callers import Caller
from hub.feed.bundle_rings import next_bundle_step
from hub.feed.files import KeptFile
from hub.releases.rings import RINGS, SOAK
from sync.protocol.feed_messages import AppliedReport, FeedFile, FeedKind, FeedRefusal
from tests.hub.test_fleet import WELL

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LONG_AGO = NOW - SOAK - timedelta(minutes=1)
NEW, OLD = "1" * 64, "0" * 64


def store(number, *, ring, **changes):
    return replace(WELL, **({"store_id": f"{number:05}", "ring": ring, "last_contact_at": NOW.isoformat()} | changes))


def chain(**first):
    return [store(number, ring="ring-1", **first) for number in range(20)] + [
        store(number, ring="ring-4") for number in range(20, 100)
    ]


def offered(sha256, at):
    file = FeedFile(kind=FeedKind.CONFIG, sha256=sha256, size_bytes=2, version=1, as_of=at.isoformat())
    return KeptFile(file=file, scope="")


def step(stores, **offers):
    by_scope = {name.replace("_", ":", 1).replace("_", "-"): kept for name, kept in offers.items()}
    return next_bundle_step(stores, by_scope, NEW, now=NOW, through=4)


def test_a_bundle_begins_with_the_first_ring_and_waits_there_for_a_day():
    assert step(chain(), ring_ring_1=offered(OLD, LONG_AGO)).scopes == ["ring:ring-1"]
    waits = step(chain(), ring_ring_1=offered(NEW, NOW - timedelta(hours=20)))
    assert (waits.scopes, "4 h more" in waits.why) == ([], True)
    assert step(chain(), ring_ring_1=offered(NEW, LONG_AGO)).scopes == ["ring:ring-2"]


def test_stores_that_were_not_heard_since_have_not_got_it():
    silent = (NOW - timedelta(minutes=1)).isoformat()
    waits = step(chain(last_contact_at=silent), ring_ring_1=offered(NEW, NOW - timedelta(minutes=2)))
    assert (waits.scopes, waits.why) == ([], "ring-1: 0 of 20 stores have it")


def test_one_refusal_takes_it_back_at_once_and_ill_stores_do():
    refusing = chain()
    refusing[0] = replace(refusing[0], feed_refused=[{"kind": "config", "sha256": NEW, "message": "no"}])
    told = step(refusing, ring_ring_1=offered(NEW, NOW))
    assert (told.is_back, told.scopes, "00000" in told.why) == (True, ["ring:ring-1"], True)
    ill = step(chain(health={"spooled_jobs": 3}), ring_ring_1=offered(NEW, LONG_AGO), ring_ring_2=offered(NEW, NOW))
    assert (ill.is_back, ill.scopes) == (True, ["ring:ring-1", "ring:ring-2"])


def invoke(*words):
    return CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)


def contents(hub):
    return {
        kept.scope: json.loads(hub.files.open("main", kept.file.sha256).path.read_bytes())
        for kept in reversed(hub.files.all("main"))
        if kept.file.kind is FeedKind.CONFIG
    }


def test_the_command_goes_through_all_rings_to_the_chain_and_a_refused_one_goes_back(rig, tmp_path):
    hub = rig.hub
    hub.registry.issue_code("main", "7781", name="", now=hub.clock())
    (good := tmp_path / "good.json").write_text('{"content": {"posters": []}}')
    (bad := tmp_path / "bad.json").write_text('{"mistake": 1}')
    where = ("--state-dir", hub.config.state_dir, "--json")
    looked = json.loads(invoke("bundle", good, "--advance", "--dry-run", *where).stdout)
    assert (looked["scopes"], contents(hub)) == (["ring:ring-1"], {})
    for scope in (*(f"ring:{ring}" for ring in RINGS), ""):
        assert json.loads(invoke("bundle", good, "--advance", *where).stdout)["scopes"] == [scope]
    assert json.loads(invoke("bundle", good, "--advance", *where).stdout)["why"] == "the whole chain has it"
    invoke("bundle", bad, "--advance", *where)
    assert contents(hub)["ring:ring-1"] == {"mistake": 1}
    caller = Caller(tenant_id="main", store_id="7781", agent_id="a", epoch=1, key_id="k")
    sha256 = next(kept.file.sha256 for kept in hub.files.all("main") if kept.scope == "ring:ring-1")
    refusal = FeedRefusal(kind=FeedKind.CONFIG, sha256=sha256, message="mistake: no such member")
    hub.feed.note(caller, AppliedReport(cursor="c", erased_through=0, refused=[refusal]), now=hub.clock())
    back = invoke("bundle", bad, "--advance", *where)
    assert (back.exit_code, json.loads(back.stdout)["back"]) == (1, True)
    assert set(map(json.dumps, contents(hub).values())) == {'{"content": {"posters": []}}'}
    again = json.loads(invoke("bundle", bad, "--advance", *where).stdout)
    assert (again["scopes"], "taken back" in again["why"]) == ([], True)
