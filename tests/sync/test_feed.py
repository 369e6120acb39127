"""The feed: what is cut is resumed, what is wrong is refused, what was good stays."""

import asyncio
import hashlib
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from retail.errors import RefusedError, TryAgainError
from sync.errors import AnswerInvalidError, LinkDownError
from sync.feed import Feed, look, report, run_feed
from sync.feed_files import Incoming, file_in_use, load_state, path_of
from sync.protocol.feed_messages import FeedFile, FeedKind, Manifest
from sync.protocol.manifest import BadManifestError, sign_manifest
from sync.protocol.signatures import SigningKey
from tests.hub.rig import VirtualPace

CHAIN = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def entry(kind: FeedKind, content: bytes, version: int = 1) -> FeedFile:
    return FeedFile(
        kind=kind,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        version=version,
        as_of=NOW.isoformat(),
    )


class Hub:
    """A source of the feed that can lie, stop in mid-file, and count."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.files: list[FeedFile] = []
        self.issued_at = NOW
        self.cut_after: int | None = None
        self.served: list[tuple[str, int]] = []
        self.ignores_ranges = False
        self.reports = []
        self.key = CHAIN
        self.store = "7781"

    def publish(self, kind: FeedKind, content: bytes, *, lie: bytes | None = None) -> FeedFile:
        self.issued_at += timedelta(seconds=1)
        file = entry(kind, content, version=len(self.contents) + 1)
        self.files = [other for other in self.files if other.kind is not kind] + [file]
        self.contents[file.sha256] = content if lie is None else lie
        return file

    async def manifest(self, cursor):
        current = hashlib.sha256("".join(file.sha256 for file in self.files).encode()).hexdigest()
        if cursor == current:
            return None
        return sign_manifest(
            Manifest(
                tenant="main",
                store=self.store,
                cursor=current,
                issued_at=self.issued_at.isoformat(),
                files=list(reversed(self.files)),
            ),
            self.key,
        )

    @asynccontextmanager
    async def file(self, sha256, *, start):
        start = 0 if self.ignores_ranges else start
        self.served.append((sha256, start))
        content = self.contents[sha256][start:]

        async def chunks():
            sent = 0
            for at in range(0, len(content), 10):
                if self.cut_after is not None and sent >= self.cut_after:
                    raise LinkDownError("cut")
                yield content[at : at + 10]
                sent += 10

        yield start, chunks()

    async def report(self, told):
        self.reports.append(told)


class Target:
    """Notes what is put to use, and refuses what it is told to."""

    def __init__(self) -> None:
        self.applied: list[tuple[FeedKind, bytes]] = []
        self.refuses: set[FeedKind] = set()
        self.tidied = 0

    async def apply(self, file, path: Path):
        if file.kind in self.refuses:
            raise RefusedError("cannot be used")
        self.applied.append((file.kind, await asyncio.to_thread(path.read_bytes)))

    async def backlog(self):
        return 7, 1

    async def has_mirror(self):
        return True

    async def tidy(self):
        self.tidied += 1


class Rig:
    def __init__(self, folder: Path) -> None:
        self.hub, self.target = Hub(), Target()
        self.folder = folder
        self.feed = Feed(
            folder=folder,
            tenant="main",
            store="7781",
            feed_key=CHAIN.private.public_key(),
            source=self.hub,
            target=self.target,
            pace=VirtualPace(NOW),
        )

    def look(self):
        return asyncio.run(look(self.feed))


@pytest.fixture
def rig(tmp_path):
    return Rig(tmp_path)


def test_files_are_put_to_use_in_the_order_of_duty_whatever_the_manifest_says(rig):
    for kind in (FeedKind.CAMPAIGNS, FeedKind.ITEMS, FeedKind.MIRROR, FeedKind.CONFIG, FeedKind.ERASURES):
        rig.hub.publish(kind, kind.encode())
    rig.look()
    assert [kind for kind, _ in rig.target.applied] == [
        FeedKind.ERASURES,
        FeedKind.CONFIG,
        FeedKind.MIRROR,
        FeedKind.ITEMS,
        FeedKind.CAMPAIGNS,
    ]
    assert rig.look().applied == ()
    assert len(rig.hub.served) == 5


def test_a_cut_line_costs_only_what_was_under_way(rig):
    rig.hub.publish(FeedKind.MIRROR, bytes(range(200)))
    rig.hub.cut_after = 60
    for _ in range(3):
        with pytest.raises(TryAgainError):
            rig.look()
    assert [start for _, start in rig.hub.served] == [0, 60, 120]
    rig.look()
    assert rig.target.applied == [(FeedKind.MIRROR, bytes(range(200)))]
    assert rig.hub.served[-1][1] == 180


def test_a_proxy_that_ignores_ranges_starts_the_file_anew(rig):
    rig.hub.publish(FeedKind.MIRROR, bytes(range(100)))
    rig.hub.cut_after = 50
    with pytest.raises(TryAgainError):
        rig.look()
    rig.hub.cut_after, rig.hub.ignores_ranges = None, True
    rig.look()
    assert rig.target.applied == [(FeedKind.MIRROR, bytes(range(100)))]


@pytest.mark.parametrize("lie", [b"x" * 100, b"x" * 99, b"x" * 10_000, b""])
def test_a_file_that_is_not_the_one_promised_is_never_used(rig, lie):
    rig.hub.publish(FeedKind.CAMPAIGNS, b"good" * 5)
    rig.look()
    before = file_in_use(rig.folder, FeedKind.CAMPAIGNS)
    rig.hub.publish(FeedKind.CAMPAIGNS, b"a" * 100, lie=lie)
    with pytest.raises(AnswerInvalidError):
        rig.look()
    assert [content for _, content in rig.target.applied] == [b"good" * 5]
    assert file_in_use(rig.folder, FeedKind.CAMPAIGNS) == before
    assert before.read_bytes() == b"good" * 5


def test_a_bad_bundle_leaves_the_last_good_one_and_holds_up_no_other(rig):
    rig.hub.publish(FeedKind.ITEMS, b"old")
    rig.look()
    rig.target.refuses = {FeedKind.ITEMS}
    rig.hub.publish(FeedKind.ITEMS, b"bad")
    rig.hub.publish(FeedKind.CAMPAIGNS, b"new")
    told = rig.look()
    assert [file.kind for file, _ in told.refused] == [FeedKind.ITEMS]
    assert file_in_use(rig.folder, FeedKind.ITEMS).read_bytes() == b"old"
    assert file_in_use(rig.folder, FeedKind.CAMPAIGNS).read_bytes() == b"new"


def test_nothing_comes_before_erasures_that_do_not_succeed(rig):
    rig.target.refuses = {FeedKind.ERASURES}
    rig.hub.publish(FeedKind.MIRROR, b"mirror")
    rig.hub.publish(FeedKind.ERASURES, b"{}")
    with pytest.raises(RefusedError):
        rig.look()
    assert rig.target.applied == []


def test_a_manifest_of_another_key_store_or_time_is_not_believed(rig):
    rig.hub.publish(FeedKind.CAMPAIGNS, b"one")
    rig.look()
    rig.hub.publish(FeedKind.CAMPAIGNS, b"two")
    good = rig.hub.key, rig.hub.store, rig.hub.issued_at
    for attribute, value, error in (
        ("key", SigningKey(Ed25519PrivateKey.generate()), BadManifestError),
        ("store", "4711", AnswerInvalidError),
        ("issued_at", NOW - timedelta(days=1), AnswerInvalidError),
    ):
        setattr(rig.hub, attribute, value)
        with pytest.raises(error):
            rig.look()
        rig.hub.key, rig.hub.store, rig.hub.issued_at = good
    assert [content for _, content in rig.target.applied] == [b"one"]
    rig.look()
    assert rig.target.applied[-1] == (FeedKind.CAMPAIGNS, b"two")


def test_a_manifest_changed_after_signing_is_not_believed(rig):
    rig.hub.publish(FeedKind.CAMPAIGNS, b"one")
    honest = rig.hub.manifest

    async def changed(cursor):
        signed = await honest(cursor)
        return signed.model_copy(update={"manifest": signed.manifest.replace("campaigns", "erasures")})

    rig.hub.manifest = changed
    with pytest.raises(BadManifestError):
        rig.look()


def test_what_nothing_names_any_more_is_removed(rig):
    rig.hub.publish(FeedKind.CAMPAIGNS, b"one")
    rig.look()
    rig.hub.publish(FeedKind.CAMPAIGNS, b"two")
    rig.look()
    assert len(list(rig.folder.glob("campaigns-*"))) == 1
    assert not list((rig.folder / "incoming").iterdir())


def test_the_mark_of_erasures_and_versions_are_reported(rig):
    rig.hub.publish(FeedKind.MIRROR, b"mirror")
    rig.hub.publish(FeedKind.ERASURES, b"erasures")
    rig.look()
    asyncio.run(report(rig.feed))
    (told,) = rig.hub.reports
    assert (told.erased_through, told.mirror_version, told.backlog_records, told.parked_records) == (2, 1, 7, 1)


def test_a_damaged_state_file_means_that_everything_is_fetched_again(rig):
    rig.hub.publish(FeedKind.CAMPAIGNS, b"one")
    rig.look()
    (rig.folder / "feed.json").write_text('{"files": [{]')
    rig.look()
    assert load_state(rig.folder).files[FeedKind.CAMPAIGNS].version == 1


@settings(max_examples=50, deadline=None)
@given(content=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_a_file_is_whole_or_not_there_however_it_is_cut(tmp_path_factory, content, cuts):
    folder = tmp_path_factory.mktemp("feed")
    file = entry(FeedKind.MIRROR, content)
    for cut in cuts:
        incoming = Incoming(folder, file)
        incoming.append(content[incoming.size_bytes : max(cut, incoming.size_bytes)])
        assert not path_of(folder, file).exists()
    incoming = Incoming(folder, file)
    assert incoming.append(content[incoming.size_bytes :])
    assert incoming.finish().read_bytes() == content


def test_campaigns_are_checked_before_core_sees_them_and_put_where_it_looks(tmp_path):
    from sync.feed_target import StoreFeedTarget

    told: list[FeedKind] = []

    async def changed(kind):
        told.append(kind)

    target = StoreFeedTarget(folder=tmp_path, erase=None, changed=changed, count_backlog=None)
    path = tmp_path / "campaigns-0123456789abcdef"
    for content, good in ((b"[]", True), (b"{", False), (b'[{"id": "x"}]', False), (b"[" * 100_000, False)):
        path.write_bytes(content)
        applied = target.apply(entry(FeedKind.CAMPAIGNS, content), path)
        if good:
            asyncio.run(applied)
            continue
        with pytest.raises(RefusedError):
            asyncio.run(applied)
    assert json.loads((tmp_path / "campaigns.json").read_bytes()) == []
    assert told == [FeedKind.CAMPAIGNS]


def test_a_stop_button_passes_erasures_that_cannot_be_carried_out_and_nothing_else_does(rig):
    rig.target.refuses = {FeedKind.ERASURES}
    rig.hub.publish(FeedKind.MIRROR, b"mirror")
    rig.hub.publish(FeedKind.ERASURES, b"{}")
    rig.hub.publish(FeedKind.STOPS, b"stops")
    with pytest.raises(RefusedError):
        rig.look()
    assert rig.target.applied == [(FeedKind.STOPS, b"stops")]
    assert load_state(rig.folder).cursor == "", "nothing is called done"


def test_a_stop_button_passes_a_file_that_takes_a_day(rig):
    """A thin line: what came of the large file is kept, the manifest is asked for again, and the stop comes first."""
    rig.hub.publish(FeedKind.MIRROR, bytes(range(200)))
    honest = rig.hub.file

    @asynccontextmanager
    async def slow(sha256, *, start):
        async with honest(sha256, start=start) as (begins, chunks):

            async def crawling():
                async for chunk in chunks:
                    rig.feed.pace.at += 15.0
                    yield chunk

            yield begins, crawling()

    rig.hub.file = slow
    assert rig.look().unfinished
    assert rig.target.applied == []
    rig.hub.publish(FeedKind.STOPS, b"stops")
    assert rig.look().unfinished
    assert rig.target.applied == [(FeedKind.STOPS, b"stops")]
    while rig.look().unfinished:
        pass
    assert rig.target.applied[-1] == (FeedKind.MIRROR, bytes(range(200)))


def test_a_kind_of_tomorrow_is_passed_over(rig):
    rig.hub.publish(FeedKind.CAMPAIGNS, b"one")
    manifest = Manifest.model_validate_json(
        json.dumps(
            {
                "tenant": "main", "store": "7781", "cursor": "c", "issued_at": NOW.isoformat(),
                "files": [
                    {"kind": "holograms", "sha256": "0" * 64, "size_bytes": 1, "version": 1, "as_of": ""},
                    entry(FeedKind.CAMPAIGNS, b"one").model_dump(mode="json"),
                ],
            }
        )
    )  # fmt: skip
    assert [file.kind for file in manifest.files] == [FeedKind.CAMPAIGNS]


def test_what_is_refused_is_told_again_until_another_manifest_comes(rig):
    rig.target.refuses = {FeedKind.CONFIG}
    rig.hub.publish(FeedKind.CONFIG, b"mistake")

    async def for_a_while():
        work = asyncio.create_task(run_feed(replace(rig.feed, report_every_s=1.0)))
        while len(rig.hub.reports) < 3 and not work.done():  # noqa: ASYNC110 - counts turns, waits for no time
            await asyncio.sleep(0)
        rig.target.refuses = set()
        rig.hub.publish(FeedKind.CONFIG, b"mended")
        while rig.hub.reports[-1].refused and not work.done():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    asyncio.run(for_a_while())
    assert [len(told.refused) for told in rig.hub.reports[:3]] == [1, 1, 1]
    assert rig.hub.reports[-1].refused == []
