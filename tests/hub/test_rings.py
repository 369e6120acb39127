"""A release goes from ring to ring while the stores that have it are well, and back when they are not."""

import io
import json
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from hub.__main__ import app
from hub.releases.advancing import Offer, next_step, offers_of
from hub.releases.repository import Repository
from hub.releases.rings import RINGS, SOAK, Verdict, ring_of
from retail.errors import ConfigurationError
from tests.hub.test_fleet import WELL

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
OLD, NEW = "0.1.0", "0.2.0"
LONG_AGO = NOW - SOAK - timedelta(minutes=1)
EVERYWHERE_OLD = {ring: Offer(OLD, LONG_AGO) for ring in RINGS}


def store(number, *, ring, version=OLD, **changes):
    return replace(WELL, store_id=f"{number:05}", ring=ring, program=f"tillstream {version}", **changes)


def chain(*, in_first=20, taken=20, ill=0):
    """A hundred stores; `taken` of the first ring's run the new program and `ill` of those cannot be heard any more."""
    silent = {"last_contact_at": (NOW - timedelta(hours=1)).isoformat()}
    first = [
        store(number, ring="ring-1", version=NEW if number < taken else OLD, **(silent if number < ill else {}))
        for number in range(in_first)
    ]
    return first + [store(number, ring="ring-4") for number in range(in_first, 100)]


def step(stores, offers):
    return next_step(stores, offers, NEW, now=NOW, through=4)


def test_a_release_begins_with_the_first_ring():
    told = step(chain(taken=0), EVERYWHERE_OLD)
    assert (told.rings, told.to) == (["ring-1"], NEW)


def test_it_waits_until_the_ring_runs_it():
    told = step(chain(taken=17), EVERYWHERE_OLD | {"ring-1": Offer(NEW, LONG_AGO)})
    assert (told.rings, told.why) == ([], "ring-1: 17 of 20 stores have it")


def test_it_waits_until_a_day_is_over():
    told = step(chain(), EVERYWHERE_OLD | {"ring-1": Offer(NEW, NOW - timedelta(hours=20))})
    assert (told.rings, told.states[0].verdict) == ([], Verdict.WAIT)
    assert "4 h more" in told.why


def test_a_ring_that_is_well_lets_the_next_one_have_it():
    told = step(chain(), EVERYWHERE_OLD | {"ring-1": Offer(NEW, LONG_AGO)})
    assert (told.rings, told.to) == (["ring-2"], NEW)


def test_one_store_that_falls_ill_stops_nothing_two_take_it_back_everywhere():
    offers = EVERYWHERE_OLD | {"ring-1": Offer(NEW, LONG_AGO), "ring-2": Offer(NEW, LONG_AGO)}
    assert step(chain(ill=1), offers).rings == ["ring-3"]
    told = step(chain(ill=2), offers)
    assert (told.rings, told.to) == (["ring-1", "ring-2"], OLD)
    assert "2 of 20 stores are ill" in told.why


def test_a_ring_whose_only_store_falls_ill_waits_until_somebody_has_seen_to_it():
    offers = EVERYWHERE_OLD | {"ring-1": Offer(NEW, LONG_AGO)}
    told = step(chain(in_first=1, taken=1, ill=1), offers)
    assert (told.rings, told.states[0].verdict) == ([], Verdict.WAIT)
    assert "1 of 1 stores is ill" in told.why
    assert step(chain(in_first=1, taken=1), offers).rings == ["ring-2"]


def test_what_was_taken_back_begins_nowhere_again():
    told = step(chain(taken=0), EVERYWHERE_OLD | {"ring-1": Offer(OLD, NOW, (NEW,))})
    assert (told.rings, told.why) == ([], f"{NEW} was taken back: release a mended one")


def test_the_channel_says_what_is_withdrawn_until_it_offers_another(tmp_path):
    repository = Repository(tmp_path / "releases", tmp_path / "keys", now=NOW)
    repository.init()
    for version in (OLD, NEW):
        repository.add(archive(tmp_path), version=version, architecture="amd64", channels=["ring-1"])
    repository.point("ring-1", version=OLD, architecture="amd64", withdrawn=[NEW])
    assert offers_of(repository, "amd64")["ring-1"] == Offer(OLD, NOW, (NEW,))
    repository.point("ring-1", version=OLD, architecture="amd64")
    assert offers_of(repository, "amd64")["ring-1"].withdrawn == ()


def test_what_ails_the_whole_chain_is_not_blamed_on_the_release():
    sick = [replace(each, health={"spooled_jobs": 1}) for each in chain()]
    assert step(sick, EVERYWHERE_OLD | {"ring-1": Offer(NEW, LONG_AGO)}).rings == ["ring-2"]


def test_a_ring_without_a_store_holds_nothing_up():
    stores = [store(number, ring="ring-4") for number in range(5)]
    offers = EVERYWHERE_OLD | {"ring-1": Offer(NEW, NOW)}
    assert step(stores, offers).rings == ["ring-2"]


def test_when_every_ring_has_it_there_is_nothing_to_do():
    stores = [replace(each, program=f"tillstream {NEW}") for each in chain()]
    told = step(stores, {ring: Offer(NEW, LONG_AGO) for ring in RINGS})
    assert (told.rings, told.why) == ([], "every ring has it")


def test_without_another_program_it_says_that_there_is_no_way_back():
    with pytest.raises(ConfigurationError, match="no ring offers another program"):
        step(chain(ill=3), {"ring-1": Offer(NEW, LONG_AGO)} | {})


def test_rings_are_one_ten_fifty_and_all_of_a_hundred_and_stay_what_they_are():
    counts = dict.fromkeys(RINGS, 0)
    for number in range(20_000):
        counts[ring_of(f"store-{number}")] += 1
    assert [count / 200 for count in counts.values()] == pytest.approx([1, 9, 40, 50], abs=1)  # of a hundred
    assert ring_of("7781") == ring_of("7781")


def archive(folder):
    path = folder / "program.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        entry = tarfile.TarInfo("tillstream")
        entry.size = 4
        packed.addfile(entry, io.BytesIO(b"#!sh"))
    return path


def invoke(*words):
    return CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)


def test_a_command_moves_a_real_repository_ring_by_ring_and_logs_it(tmp_path):
    hub, folder, keys = tmp_path / "hub", tmp_path / "releases", tmp_path / "keys"
    invoke("enrol-code", "--store", "7781", "--state-dir", hub)
    repository = Repository(folder, keys, now=datetime.now(UTC))
    repository.init()
    for version, channels in ((OLD, list(RINGS)), (NEW, [])):
        repository.add(archive(tmp_path), version=version, architecture="amd64", channels=channels)
    assigned = json.loads(invoke("release", "rings", "--assign", "--state-dir", hub, "--json").stdout)["rings"]
    assert sum(each["stores"] for each in assigned) == 1
    where = ("--repository", folder, "--keys", keys, "--version", NEW, "--state-dir", hub)
    looked = json.loads(invoke("release", "advance", *where, "--dry-run", "--json").stdout)
    assert (looked["pointed"], offers_of(repository, "amd64")["ring-1"].version) == (["ring-1"], OLD)
    for ring in RINGS:
        told = json.loads(invoke("release", "advance", *where, "--json").stdout)
        assert (told["pointed"], told["to"]) == ([ring], NEW)
    assert {offer.version for offer in offers_of(repository, "amd64").values()} == {NEW}
    assert invoke("release", "advance", *where).stdout.splitlines()[-1] == "every ring has it"
    entries = json.loads(invoke("audit", "--state-dir", hub, "--json").stdout)["entries"]
    assert [each["did"] for each in entries[:2]] == ["code.made", "rings.assigned"]
    assert [each["subject"] for each in entries[2:]] == [f"{ring} -> {NEW} (amd64)" for ring in RINGS]
