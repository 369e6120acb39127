"""Files put to use: overlays in their order and on their own snapshot, nobody who was erased, merged beside the work."""

import asyncio
import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retail.errors import RefusedError
from sync.feed_files import FeedState, forget_unused, has_mirror, path_of, save_state
from sync.feed_target import StoreFeedTarget
from sync.mirror import Mirror, read_current
from sync.mirror_merging import Merging, merge_folder
from sync.protocol.feed_messages import Erasure, ErasuresFile, FeedFile, FeedKind
from sync.protocol.mirror_file import TOMBSTONE, MirrorFile
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.mirror_writer import write_snapshot
from sync.protocol.tokens import locator_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def token(number: int) -> bytes:
    return hashlib.sha256(f"customer {number}".encode()).digest()


def record(number: int, **changes) -> MirrorRecord:
    return MirrorRecord(**{"customer_id": f"C{number}", "first_name": f"Name{number}"} | changes)


class Store:
    """A store's folder, fed by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = FeedState()
        self.told: list[FeedKind] = []
        self.erased: list[str] = []
        self.merging = Merging(folder=folder, command=[sys.executable, "-m", "sync.mirror_merging"], from_overlays=2)
        self.target = StoreFeedTarget(
            folder=folder, erase=self.erase, changed=self.changed, count_backlog=None, merging=self.merging
        )

    async def erase(self, erasures) -> None:
        self.erased += [each.customer_id for each in erasures]

    async def changed(self, kind: FeedKind) -> None:
        self.told.append(kind)

    def mirror_file(self, entries: dict[int, object], kind=FeedKind.MIRROR, **changes) -> FeedFile:
        draft = self.folder / "draft"
        ordered = sorted((token(number), each) for number, each in entries.items())
        version = changes.get("version", 1)
        write_snapshot(draft, ordered, count=len(ordered), chain="main", version=version)
        return self._bring(
            kind, draft.read_bytes(), version=version, **{k: v for k, v in changes.items() if k != "version"}
        )

    def erasures(self, *numbers: int) -> FeedFile:
        people = [
            Erasure(erasure_no=at, customer_id=f"C{number}", locators=[locator_of(token(number)).hex()])
            for at, number in enumerate(numbers, start=1)
        ]
        content = ErasuresFile(through=len(people), erasures=people).model_dump_json().encode()
        return self._bring(FeedKind.ERASURES, content, version=len(people))

    def _bring(self, kind: FeedKind, content: bytes, **changes) -> FeedFile:
        file = FeedFile(
            kind=kind,
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            as_of=NOW.isoformat(),
            **changes,
        )
        path_of(self.folder, file).write_bytes(content)
        return file

    def use(self, file: FeedFile) -> None:
        asyncio.run(self.target.apply(file, path_of(self.folder, file)))
        self.state = self.state.with_file(file)
        save_state(self.folder, self.state)

    def names(self, *numbers: int) -> list[str | None]:
        mirror = Mirror(self.folder)
        found = [mirror.look_up(token(number)) for number in numbers]
        mirror.close()
        return [each.first_name if each else None for each in found]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def fed(store: Store) -> None:
    """Bring a snapshot of twenty customers and two nights of changes."""
    store.use(store.mirror_file({number: record(number) for number in range(20)}, version=10))
    overlay = FeedKind.MIRROR_OVERLAY
    store.use(store.mirror_file({1: record(1, first_name="One"), 20: record(20)}, overlay, version=11, base=10))
    store.use(store.mirror_file({1: record(1, first_name="Uno"), 2: TOMBSTONE}, overlay, version=12, base=10))


def test_overlays_pile_up_and_the_newest_wins(store):
    fed(store)
    assert store.names(0, 1, 2, 20) == ["Name0", "Uno", None, "Name20"]
    forget_unused(store.folder, store.state)
    assert has_mirror(store.folder)
    assert store.names(0, 1, 2, 20) == ["Name0", "Uno", None, "Name20"]


def test_an_overlay_of_another_snapshot_is_refused_and_the_last_good_one_stays(store):
    fed(store)
    with pytest.raises(RefusedError, match="mirror 9"):
        store.use(store.mirror_file({0: record(0, first_name="Wrong")}, FeedKind.MIRROR_OVERLAY, version=13, base=9))
    assert store.names(0, 1) == ["Name0", "Uno"]


def test_half_a_delta_is_refused_and_the_last_good_one_stays(store):
    """Half of it was written at the hub already: its hash is right, and yet it is not whole."""
    fed(store)
    whole = store.mirror_file({0: record(0, first_name="Half")}, FeedKind.MIRROR_OVERLAY, version=13, base=10)
    content = path_of(store.folder, whole).read_bytes()
    half = store._bring(FeedKind.MIRROR_OVERLAY, content[: len(content) // 2], version=13, base=10)
    with pytest.raises(RefusedError, match="not whole"):
        store.use(half)
    assert store.names(0, 1) == ["Name0", "Uno"]


def test_an_overlay_before_any_snapshot_is_refused(store):
    with pytest.raises(RefusedError):
        store.use(store.mirror_file({1: record(1)}, FeedKind.MIRROR_OVERLAY, version=11, base=10))


def test_nobody_who_was_erased_comes_back_by_an_older_snapshot_or_overlay(store):
    """The hub publishes erasures first; its mirror files may have been made before, or come from a backup."""
    store.use(store.erasures(3, 4))
    store.use(store.mirror_file({number: record(number) for number in range(20)}, version=10, erased_through=1))
    store.use(store.mirror_file({4: record(4)}, FeedKind.MIRROR_OVERLAY, version=11, base=10))
    assert store.names(3, 4, 5) == ["Name3", None, "Name5"]
    path = store.folder / read_current(store.folder).snapshot
    assert MirrorFile(path).find(locator_of(token(4)) + bytes(16)) == [b""], "a tombstone, and no sealed record"


def test_a_mirror_made_after_an_erasure_may_hold_the_same_card_again(store):
    """A card that was given to somebody else after its holder was erased is theirs."""
    store.use(store.erasures(3))
    store.use(store.mirror_file({3: record(99)}, version=10, erased_through=1))
    assert store.names(3) == ["Name99"]


def test_the_same_version_with_people_erased_is_not_fetched_again(store):
    first = store.mirror_file({number: record(number) for number in range(20)}, version=10)
    store.use(first)
    assert store.state.uses(first.model_copy(update={"sha256": "0" * 64}))
    assert not store.state.uses(first.model_copy(update={"version": 11, "sha256": "0" * 64}))


def test_a_mirror_whose_file_is_gone_or_cut_is_missed(store):
    fed(store)
    path = store.folder / read_current(store.folder).snapshot
    path.write_bytes(path.read_bytes()[:-1])
    assert not has_mirror(store.folder)
    path.unlink()
    assert not has_mirror(store.folder)


@pytest.mark.real
def test_many_overlays_are_merged_by_another_process_and_nobody_can_read_what_they_were(store):
    fed(store)
    sealed = _sealed_of(store, 0)

    async def merged() -> None:
        await store.target.tidy()
        await store.merging.wait()
        await store.target.tidy()

    asyncio.run(merged())
    current = read_current(store.folder)
    assert (current.snapshot, current.overlays, current.version, current.base) == ("mirror-merged-12", (), 12, 10)
    assert store.names(0, 1, 2, 20) == ["Name0", "Uno", None, "Name20"]
    assert [path.name for path in store.folder.glob("mirror*")] == ["mirror-merged-12"]
    assert sealed
    forget_unused(store.folder, store.state)
    store.use(store.mirror_file({1: record(1, first_name="Eins")}, FeedKind.MIRROR_OVERLAY, version=13, base=10))
    assert store.names(0, 1) == ["Name0", "Eins"]


@pytest.mark.real
def test_a_merge_is_dropped_when_somebody_must_be_forgotten_meanwhile(store):
    fed(store)

    async def interrupted() -> None:
        await store.target.tidy()
        await store.target.apply(file, path_of(store.folder, file))
        await store.target.tidy()
        await store.merging.abandon()

    file = store.erasures(5)
    asyncio.run(interrupted())
    assert read_current(store.folder).overlays
    assert not list(store.folder.glob("mirror-merged*"))


def test_files_that_are_removed_cannot_be_opened_from_freed_blocks(store):
    """What frees a block does not empty it: the list of sources, without which no key can be made, is overwritten."""
    fed(store)
    old = store.folder / read_current(store.folder).snapshot
    with old.open("rb") as kept_open:
        store.use(store.mirror_file({number: record(number) for number in range(20)}, version=30))
        forget_unused(store.folder, store.state)
        assert not old.exists()
        assert b"content_version" not in kept_open.read()


def test_merging_what_needs_no_merging_does_nothing(tmp_path):
    assert merge_folder(tmp_path) is None


def _sealed_of(store: Store, number: int) -> list[bytes]:
    return MirrorFile(store.folder / read_current(store.folder).snapshot).find(token(number))
