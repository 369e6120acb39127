"""From tables to the files that stores fetch: the mirror's snapshot and overlays, items, campaigns.

A snapshot holds every customer; between snapshots an overlay holds those who changed, sealed anew under a content
version of its own. A new snapshot is written when overlays have become too many or too large for it to pay. Between two
overlays a fresh one brings who has just joined: the next one holds all that it holds and takes its place. A store
that gets a slice (`nearby`) has a snapshot and overlays of its own, in which whoever left it is a tombstone.
"""

from __future__ import annotations

import heapq
import itertools
import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from hub.feed.files import CHAIN, MIRROR_KINDS, ZERO_HASH, FeedFiles, KeptFile, overlays_of
from hub.feed.nearby import Nearby, scope_of
from hub.feed.records import distinct, entry_of
from hub.storage.ports import Database, Session
from hub.value.published import published_policy
from hub.value.standing import Standings
from retail.tiers import TierPolicy
from sync.protocol.feed_messages import FeedFile, FeedKind, MirrorPart
from sync.protocol.mirror_file import TOMBSTONE, MirrorFile, Tombstone
from sync.protocol.mirror_pages import SOURCES_MAX
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.mirror_writer import write_snapshot

OVERLAYS_PER_SNAPSHOT = 28
"""Nights between two snapshots: a month's; each overlay adds a page read to the look-up of an unknown card until the
store has merged it. Below the mirror's own limit of 30, so that no store ever passes one over."""

OVERLAY_SHARE = 0.25
"""When overlays hold a quarter of the customers, a snapshot costs stores little more than the next of them."""

SLICE_AGE_MAX = timedelta(days=28)
"""A slice is picked anew after so long, whether anybody changed or not: who merely was not seen for too long changes
nothing by staying away, and leaves with the next snapshot. Four weeks beside the 400 days that somebody may be away."""

assert OVERLAYS_PER_SNAPSHOT < SOURCES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """One publication of the mirror: up to which change, of which day, and what is kept so far."""

    session: Session
    tenant_id: str
    change_no: int
    made_no: int
    now: datetime
    tiers: TierPolicy | None
    kept: list[KeptFile]
    fresh: list[KeptFile]
    versions: Iterator[int]
    """Above all that are kept, each given once: a store that goes from a slice to all must see that it is another."""

    def number(self, statement: str, **values: str | int) -> int:
        return _count(self.session, statement, tenant_id=self.tenant_id, **values)


Draft = tuple[Path, KeptFile]

FRESH_VERSION, FRESH_CHANGE = "fresh_version", "fresh_change"
"""Marks of the last publication of who has just joined: its first version (0: it was replaced), its newest change."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Makes feed files of one hub. `nearby` says which stores get a slice."""

    database: Database
    files: FeedFiles
    nearby: Nearby = field(default_factory=Nearby)

    def publish(self, tenant_id: str, *, now: datetime) -> list[FeedFile]:
        """Publish whatever changed and return it; nothing when nothing did."""
        changed = [self.items(tenant_id, now=now), self.campaigns(tenant_id, now=now), self.mirror(tenant_id, now=now)]
        return [file for file in changed if file is not None]

    def items(self, tenant_id: str, *, now: datetime) -> FeedFile | None:
        """Publish the items as a JSON list."""
        return self._publish_list(tenant_id, FeedKind.ITEMS, "items", now=now)

    def campaigns(self, tenant_id: str, *, now: datetime) -> FeedFile | None:
        """Publish the campaigns as a JSON list of the mappings that `retail.offers` reads."""
        return self._publish_list(tenant_id, FeedKind.CAMPAIGNS, "campaigns", now=now)

    def mirror(self, tenant_id: str, *, now: datetime, whole: bool = False, is_fresh: bool = False) -> FeedFile | None:
        """Publish who changed since the last mirror file, as an overlay or (`whole`, or when it pays) a snapshot.

        `is_fresh`: an overlay that the next publication holds too and replaces, so that there may be many a day.
        None when nobody changed. What changes meanwhile waits for the next time. Points and tiers are worked out first.
        """
        is_owed = not is_fresh or self.lacks_slice(tenant_id)
        tiers = published_policy(self.files, tenant_id).tiers
        Standings(self.database).refresh(tenant_id, tiers=tiers, now=now)
        with self.database.reading() as session:
            change_no, made_no = (_mark(session, tenant_id, what) for what in ("customers", "mirror"))
            if change_no == 0 or (not is_owed and change_no == _mark(session, tenant_id, FRESH_CHANGE)):
                return None
            first_fresh = _mark(session, tenant_id, FRESH_VERSION)
            everything = self.files.all(tenant_id)
            fresh = [each for each in everything if 0 < first_fresh <= each.file.version and _is_overlay(each)]
            first_version = _next_version(everything, now)
            found = _Round(
                session=session,
                tenant_id=tenant_id,
                change_no=change_no,
                made_no=made_no,
                now=now,
                tiers=tiers,
                kept=[each for each in everything if each not in fresh],
                fresh=fresh,
                versions=itertools.count(first_version),
            )
            sliced = self.nearby.sliced_stores(session, tenant_id)
            marks = {store_id: self.nearby.fingerprint(session, tenant_id, store_id) for store_id in sliced}
            mine = self._part(found, "", is_other=whole)
            slices = [self._part(found, each, is_other=whole or self._is_other(found, each, marks)) for each in sliced]
        published = self.files.publish_file(tenant_id, *mine) if mine else None
        for draft in filter(None, slices):
            self.files.publish_file(tenant_id, *draft)
        for each in fresh:
            self.files.drop(tenant_id, each)
        stays_fresh = is_fresh and (published is None or published.kind is FeedKind.MIRROR_OVERLAY)
        with self.database.writing() as session:
            session.run("set_mark", tenant_id=tenant_id, what=FRESH_VERSION, number=first_version if stays_fresh else 0)
            session.run("set_mark", tenant_id=tenant_id, what=FRESH_CHANGE, number=change_no)
            if not stays_fresh:
                session.run("drop_changes", tenant_id=tenant_id, change_no=change_no)
                session.run("set_mark", tenant_id=tenant_id, what="mirror", number=change_no)
            for store_id, number in marks.items():
                session.run("set_mark", tenant_id=tenant_id, what=f"slice:{store_id}", number=number)
        self._drop_slices(found, keep=sliced)
        return published

    def lacks_slice(self, tenant_id: str) -> bool:
        """Return whether a store is to have a slice and none was ever written for it: it has just joined the chain."""
        with self.database.reading() as session:
            sliced = self.nearby.sliced_stores(session, tenant_id)
        have = {kept.scope for kept in self.files.all(tenant_id) if kept.file.kind is FeedKind.MIRROR}
        return any(scope_of(store_id) not in have for store_id in sliced)

    def _is_other(self, found: _Round, store_id: str, marks: dict[str, int]) -> bool:
        """Return whether a slice is to be picked anew: made of other stores than the one there is, or old."""
        if _mark(found.session, found.tenant_id, f"slice:{store_id}") != marks[store_id]:
            return True
        made = [each.file.as_of for each in found.kept if _is_snapshot(each, scope_of(store_id))]
        return bool(made) and found.now - datetime.fromisoformat(max(made)) >= SLICE_AGE_MAX

    def _part(self, found: _Round, store_id: str, *, is_other: bool) -> Draft | None:
        """Write what is new for the chain (an empty id) or for one store's slice; None when nothing is."""
        scope = scope_of(store_id) if store_id else CHAIN
        snapshot = next((each for each in found.kept if _is_snapshot(each, scope)), None)
        if found.change_no == found.made_no and snapshot is not None and not is_other:
            return None
        changed = found.number("count_changes", change_no=found.change_no)
        overlays = overlays_of(found.kept, snapshot) if snapshot else []
        if snapshot is None or is_other or _pays(snapshot, overlays, changed):
            return self._snapshot(found, store_id)
        return self._overlay(found, store_id, [snapshot, *overlays]) if changed else None

    def _snapshot(self, found: _Round, store_id: str) -> Draft:
        draft = self.files.folder(found.tenant_id) / f".mirror.{secrets.token_hex(4)}"
        picked = self.nearby.values(store_id, found.now.date())
        rows = found.session.each("mirror_entries", tenant_id=found.tenant_id, **picked)
        count, version = found.number("count_tokens", **picked), next(found.versions)
        entries = (entry_of(row, found.tiers) for row in distinct(rows))
        head = write_snapshot(draft, entries, count=count, chain=found.tenant_id, version=version)
        return draft, _made(FeedKind.MIRROR, version, found, store_id, entries=head.entry_count)

    def _overlay(self, found: _Round, store_id: str, below: list[KeptFile]) -> Draft | None:
        draft = self.files.folder(found.tenant_id) / f".overlay.{secrets.token_hex(4)}"
        picked = self.nearby.values(store_id, found.now.date())
        changes: dict[str, str | int] = {"tenant_id": found.tenant_id, "change_no": found.change_no}
        rows = found.session.each("mirror_changes", **changes, **picked)
        entries: Iterator[tuple[bytes, MirrorRecord | Tombstone]] = (
            entry_of(row, found.tiers) for row in distinct(rows)
        )
        version, count = next(found.versions), found.number("count_changes", change_no=found.change_no)
        with ExitStack() as stack:
            if store_id:
                shown = [*below, *(each for each in found.fresh if each.scope == below[0].scope)]
                paths = [self.files.open(found.tenant_id, each.file.sha256).path for each in shown]
                files = [stack.enter_context(_closing(path)) for path in paths]
                tokens = found.session.each("changed_tokens", **changes)
                entries = _with_leavers(entries, (bytes(row[0]) for row in tokens), files)
            head = write_snapshot(draft, entries, count=count, chain=found.tenant_id, version=version)
        if store_id and not head.entry_count:  # nobody of this store has changed: it fetches nothing
            draft.unlink()
            return None
        made = _made(FeedKind.MIRROR_OVERLAY, version, found, store_id, entries=head.entry_count)
        base = made.file.model_copy(update={"base": below[0].file.version})
        return draft, replace(made, file=base)

    def _drop_slices(self, found: _Round, *, keep: list[str]) -> None:
        """Remove the slices of stores that get everybody now."""
        kept_scopes = {CHAIN, *map(scope_of, keep)}
        for each in found.kept:
            if each.file.kind in MIRROR_KINDS and each.scope not in kept_scopes:
                self.files.drop(found.tenant_id, each)

    def _publish_list(self, tenant_id: str, kind: FeedKind, statement: str, *, now: datetime) -> FeedFile | None:
        with self.database.reading() as session:
            bodies = [json.loads(row[0]) for row in session.each(statement, tenant_id=tenant_id)]
        newest = self.files.newest(tenant_id).get(kind)
        if not bodies and newest is None:
            return None
        content = json.dumps(bodies, ensure_ascii=False, separators=(",", ":")).encode()
        published = self.files.publish_bytes(tenant_id, kind, content, now=now)
        return None if newest is not None and published.sha256 == newest.sha256 else published


def _made(kind: FeedKind, version: int, found: _Round, store_id: str, *, entries: int) -> KeptFile:
    file = FeedFile(
        kind=kind,
        sha256=ZERO_HASH,
        size_bytes=0,
        version=version,
        as_of=found.now.isoformat(),
        erased_through=found.number("last_erasure"),
        part=MirrorPart.NEARBY if store_id else MirrorPart.ALL,
    )
    return KeptFile(file=file, scope=scope_of(store_id) if store_id else CHAIN, entries=entries)


@contextmanager
def _closing(path: Path) -> Iterator[MirrorFile]:
    file = MirrorFile(path)
    try:
        yield file
    finally:
        file.close()


def _with_leavers(
    staying: Iterator[tuple[bytes, MirrorRecord | Tombstone]], changed: Iterator[bytes], below: list[MirrorFile]
) -> Iterator[tuple[bytes, MirrorRecord | Tombstone]]:
    """Yield who changed and belongs to a slice, and tombstones for who changed and belongs to it no more.

    Both come in the order of their tokens. A tombstone is written only where there is something to hide.
    """
    nobody: Iterator[tuple[bytes, MirrorRecord | Tombstone]] = ((token, TOMBSTONE) for token in changed)
    before = b""
    for token, record in heapq.merge(staying, nobody, key=lambda each: each[0]):  # equal tokens: the record first
        if token == before:
            continue
        before = token
        if not isinstance(record, Tombstone) or any(file.find(token) for file in below):
            yield token, record


def _pays(snapshot: KeptFile, overlays: list[KeptFile], changed: int) -> bool:
    held = changed + sum(each.entries for each in overlays)
    return len(overlays) >= OVERLAYS_PER_SNAPSHOT or held > snapshot.entries * OVERLAY_SHARE


def _next_version(kept: list[KeptFile], now: datetime) -> int:
    return max([int(now.timestamp()), *(each.file.version + 1 for each in kept if each.file.kind in MIRROR_KINDS)])


def _is_snapshot(kept: KeptFile, scope: str) -> bool:
    return kept.file.kind is FeedKind.MIRROR and kept.scope == scope


def _is_overlay(kept: KeptFile) -> bool:
    return kept.file.kind is FeedKind.MIRROR_OVERLAY


def _mark(session: Session, tenant_id: str, what: str) -> int:
    row = session.row("mark", tenant_id=tenant_id, what=what)
    return int(row[0]) if row else 0


def _count(session: Session, statement: str, **values: str | int) -> int:
    row = session.row(statement, **values)
    return int(row[0]) if row and row[0] is not None else 0
