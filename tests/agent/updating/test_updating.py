"""An update is taken whole or not at all, from the chain's own hand only, and a shop always has a program that starts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.updating.applying import State, apply, check, roll_back
from agent.updating.slots import RealDisk, Slots
from agent.updating.unpacking import architecture
from agent.updating.versions import is_newer, version_key
from retail.errors import TillstreamError
from tests.agent.updating.update_house import Chain, Shop, program


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    chain = Chain(tmp_path / "chain")
    chain.repository.init()
    (tmp_path / "shop").mkdir()
    made = Shop(tmp_path / "shop", chain)
    made.slots.create()
    return made


def refusal(of: Callable[[], object]) -> TillstreamError:
    with pytest.raises(TillstreamError) as refused:
        of()
    assert refused.value.fix
    return refused.value


def test_a_released_program_is_taken_tried_and_kept(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    assert check(shop.house).state is State.AVAILABLE
    done = apply(shop.house)
    assert (done.state, done.version, done.was) == (State.APPLIED, "0.2.0", "0.1.0")
    assert shop.boot() == "0.2.0"
    assert apply(shop.house).state is State.NOTHING_NEW
    shop.chain.release("0.3.0")
    assert apply(shop.house).version == "0.3.0"
    assert shop.boot() == "0.3.0"
    assert (shop.slots.back, shop.slots.facts("a").version) == ("a", "0.2.0")


def test_a_rollback_runs_what_ran_before_and_does_not_come_back_by_itself(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    apply(shop.house)
    assert roll_back(shop.house).version == "0.1.0"
    assert shop.boot() == "0.1.0"
    assert apply(shop.house).state is State.NOTHING_NEW
    assert refusal(lambda: roll_back(shop.house)).code == "update_no_back"
    shop.chain.release("0.2.1")
    assert apply(shop.house).state is State.APPLIED


def test_a_program_that_the_chain_has_withdrawn_goes_at_any_hour_to_the_older_one(shop: Shop) -> None:
    for version in ("0.2.0", "0.3.0"):
        shop.chain.release(version)
        apply(shop.house)
    shop.later(hours=9)
    shop.chain.repository.point("stable", version="0.2.0", architecture=architecture(), withdrawn=["0.3.0"])
    assert (check(shop.house).state, check(shop.house).version) == (State.AVAILABLE, "0.2.0")
    done = apply(shop.house)
    assert (done.state, done.version, done.was) == (State.APPLIED, "0.2.0", "0.3.0")
    assert shop.boot() == "0.2.0"
    assert apply(shop.house).state is State.NOTHING_NEW
    shop.chain.release("0.3.1")
    assert apply(shop.house, at_once=True).version == "0.3.1"


def test_a_store_follows_its_ring_and_stable_while_its_ring_has_no_release(shop: Shop) -> None:
    shop.channels = ("ring-2", "stable")
    shop.chain.release("0.2.0")
    assert check(shop.house).version == "0.2.0"
    shop.chain.release("0.3.0", channel="ring-2")
    shop.chain.release("0.4.0", channel="ring-1")
    assert (check(shop.house).version, apply(shop.house).version) == ("0.3.0", "0.3.0")


def test_a_program_that_never_says_ready_is_taken_back_and_not_tried_again(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    shop.agent.says_ready = lambda version: False
    done = apply(shop.house)
    assert (done.state, done.version) == (State.TAKEN_BACK, "0.1.0")
    assert shop.agent.restarts == ["0.2.0", "base"]
    assert shop.clock.passed_s >= 90
    assert apply(shop.house).state is State.NOTHING_NEW
    assert shop.slots.refused[0]["version"] == "0.2.0"


def test_a_program_that_dies_at_every_start_is_taken_back_by_the_launcher(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    shop.agent.runs = False
    assert apply(shop.house).state is State.NEXT_START
    assert [shop.boot() for _ in range(4)] == ["0.2.0", "0.2.0", "0.2.0", "0.1.0"]
    shop.slots.tidy()
    assert "never said READY" in shop.slots.refused[0]["why"]
    assert apply(shop.house).state is State.NOTHING_NEW


def test_commands_beside_a_trial_do_not_count_as_starts(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    shop.agent.runs = False
    apply(shop.house)
    assert {shop.boot("status") for _ in range(6)} == {"0.2.0"}
    assert shop.slots.trial == "a"


def test_nothing_is_switched_while_a_job_is_in_flight(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    shop.agent.printing_for = 40
    assert apply(shop.house).state is State.APPLIED
    assert shop.clock.passed_s >= 9
    shop.chain.release("0.3.0")
    shop.agent.printing_for = 10**6
    assert refusal(lambda: apply(shop.house)).code == "update_busy"
    assert shop.boot() == "0.2.0"


def test_a_store_is_updated_in_its_own_night_unless_somebody_says_now(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    shop.later(hours=8)
    assert apply(shop.house).state is State.OUTSIDE_HOURS
    assert apply(shop.house, at_once=True).state is State.APPLIED


# What a server, or whoever stands in between, may try


def test_an_old_state_of_the_server_is_refused(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    shutil.copytree(shop.chain.releases, old := shop.chain.folder / "old")
    shop.chain.release("0.3.0")
    apply(shop.house)
    shutil.rmtree(shop.chain.releases)
    old.rename(shop.chain.releases)
    assert refusal(lambda: apply(shop.house)).code == "update_downgrade"
    assert shop.boot() == "0.3.0"


def test_an_older_program_that_is_rightly_signed_is_not_taken(shop: Shop) -> None:
    shop.chain.release("0.3.0")
    apply(shop.house)
    shop.chain.release("0.2.0")
    assert apply(shop.house).state is State.NOTHING_NEW


def test_a_server_that_stands_still_is_found_out_when_its_word_is_past_its_date(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    apply(shop.house)
    shop.later(days=15)
    assert refusal(lambda: apply(shop.house)).code == "update_expired"


def test_a_shop_that_was_off_line_for_months_and_key_changes_follows_to_todays_release(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    apply(shop.house)
    for day, key in ((10, "online"), (20, "targets"), (30, "root-1"), (40, "root-2"), (50, "online")):
        shop.chain.at = shop.clock.at.replace(tzinfo=UTC)
        shop.chain.repository.rotate(key)
        assert day
    shop.later(days=100)
    shop.chain.at = shop.clock.at
    shop.chain.release("0.3.0")
    assert apply(shop.house).version == "0.3.0"


def test_pieces_of_two_releases_do_not_go_together(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    old = (shop.chain.releases / "metadata" / "2.targets.json").read_bytes()
    shop.chain.release("0.3.0")
    (shop.chain.releases / "metadata" / "3.targets.json").write_bytes(old)
    assert refusal(lambda: apply(shop.house)).code in {"update_downgrade", "update_altered", "update_refused"}
    assert shop.boot() == "0.1.0"


def test_a_program_with_one_byte_changed_or_more_bytes_than_signed_is_refused(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    place = next((shop.chain.releases / "targets" / "programs").glob("*.tar.gz"))
    good = place.read_bytes()
    place.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert refusal(lambda: apply(shop.house)).code == "update_altered"
    place.write_bytes(good + bytes(10_000_000))
    assert refusal(lambda: apply(shop.house)).code == "update_endless"
    assert list((shop.folder / "updates" / "download").iterdir()) == []
    place.write_bytes(good)
    assert apply(shop.house).state is State.APPLIED


def test_a_release_by_another_chains_keys_is_refused(shop: Shop, tmp_path: Path) -> None:
    other = Chain(tmp_path / "other")
    other.repository.init()
    other.release("9.0.0")
    shop.url = other.releases.as_uri()
    assert refusal(lambda: apply(shop.house)).code == "update_unsigned"


def test_a_clock_of_1970_is_refused_with_what_sets_it(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    shop.clock.at = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    refused = refusal(lambda: apply(shop.house))
    assert (refused.code, "timedatectl" in refused.fix) == ("clock", True)


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        (lambda: program("0.2.1"), "update_does_not_run"),  # says another version than the release
        (lambda: program("0.2.0", body="exit 1"), "update_does_not_run"),
        (lambda: program("0.2.0", body="echo nonsense; exit 0"), "update_does_not_run"),
    ],
)
def test_a_program_that_does_not_prove_itself_is_not_switched_to(
    shop: Shop, archive: Callable[[], bytes], code: str
) -> None:
    shop.chain.release("0.2.0", archive=archive())
    assert refusal(lambda: apply(shop.house)).code == code
    assert shop.boot() == "0.1.0"
    assert [path.name for path in shop.root.iterdir() if path.name != "lock"] == []


def test_a_program_for_another_processor_is_refused(shop: Shop) -> None:
    other = "arm64" if architecture() == "amd64" else "amd64"
    shop.chain.release("0.2.0", arch=other)
    assert refusal(lambda: apply(shop.house)).code == "update_none"
    channel = shop.chain.folder / "channel"
    channel.mkdir()
    path = shop.chain.folder / "mislabelled.tar.gz"
    path.write_bytes(program("0.2.0").replace(b"", b""))
    repository = shop.chain.repository
    targets = repository._newest("targets")
    told = {
        "version": "0.2.0",
        "architecture": other,
        "target": f"programs/tillstream-0.2.0-{other}.tar.gz",
        "unpacked_bytes": 9999,
    }
    repository._put(targets.signed, f"channels/stable-{architecture()}.json", json.dumps(told).encode())
    repository._publish(targets)
    assert refusal(lambda: apply(shop.house)).code == "update_architecture"


def test_versions_are_ordered_by_their_numbers() -> None:
    ordered = ["0.1", "0.9.9", "0.10.0a1", "0.10.0rc1", "0.10.0", "0.10.1", "1.0"]
    assert sorted(["1.0", "0.10.1", "0.10.0rc1", "0.9.9", "0.10.0", "0.1", "0.10.0a1"], key=version_key) == ordered
    assert not is_newer("1.0", "1.0.0")
    with pytest.raises(ValueError, match="no version"):
        is_newer("latest", "1.0")


# The power goes at every change on disk


class PowerCutError(Exception):
    """The power is gone: nothing after this happened."""


class CuttingDisk(RealDisk):
    """Carries out so many changes, then the power is cut."""

    def __init__(self, changes: int) -> None:
        self.left = changes

    def _spend(self) -> None:
        if self.left == 0:
            raise PowerCutError
        self.left -= 1

    def link(self, path: Path, to: str) -> None:
        self._spend()
        super().link(path, to)

    def remove(self, path: Path) -> None:
        self._spend()
        super().remove(path)

    def rename(self, old: Path, new: Path) -> None:
        self._spend()
        super().rename(old, new)

    def write(self, path: Path, text: str) -> None:
        self._spend()
        super().write(path, text)


CHANGES_MAX = 40


def cut_everywhere(shop: Shop, act: Callable[[Shop], object]) -> list[tuple[str, Shop]]:
    """Return, for a cut after each number of changes, the version that the next start runs, and that shop."""
    found = []
    for changes in range(CHANGES_MAX):
        copy = shop.folder.with_name(f"cut-{changes}")
        shutil.copytree(shop.folder, copy, symlinks=True)
        cut = Shop(copy, shop.chain, clock=shop.clock, disk=CuttingDisk(changes))
        cut.agent.says_ready = shop.agent.says_ready
        try:
            act(cut)
        except PowerCutError:
            cut.disk = RealDisk()
            cut.agent = type(cut.agent)(Slots(cut.root), says_ready=shop.agent.says_ready)
            found.append((cut.boot(), cut))
        else:
            assert changes > 0
            return found
    raise AssertionError("an update makes more changes than this test cuts")


def test_a_power_cut_at_every_step_of_an_update_leaves_a_program_that_starts_and_an_update_that_ends(
    shop: Shop,
) -> None:
    """From the second update on there is something to lose: a slot that is replaced, a program to go back to."""
    for version in ("0.2.0", "0.3.0"):
        shop.chain.release(version)
        apply(shop.house)
    shop.chain.release("0.4.0")
    cuts = cut_everywhere(shop, lambda cut: apply(cut.house))
    assert len(cuts) >= 8
    assert {version for version, _ in cuts} == {"0.3.0", "0.4.0"}
    for _, cut in cuts:
        if cut.slots.trial is not None:  # the new one was started by the boot: it says READY
            cut.slots.confirm()
        apply(cut.house)
        assert cut.boot() == "0.4.0"
        assert cut.slots.trial is None


def test_a_power_cut_at_every_step_of_going_back_ends_with_what_ran_before(shop: Shop) -> None:
    shop.chain.release("0.2.0")
    apply(shop.house)
    shop.chain.release("0.3.0")
    shop.agent.says_ready = lambda version: False
    cuts = cut_everywhere(shop, lambda cut: apply(cut.house))
    for _, cut in cuts:
        for _ in range(3):  # the bad one dies at each start; the launcher counts
            cut.boot()
        assert cut.boot() == "0.2.0"
