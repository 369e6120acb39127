"""From tables to the files that stores fetch: the mirror's snapshot and overlays, items, campaigns.

A snapshot holds every customer; between snapshots an overlay holds those who changed, sealed anew under a content
version of its own. A new snapshot is written when overlays have become too many or too large for it to pay.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub.feed.files import CHAIN, ZERO_HASH, FeedFiles, KeptFile, overlays_of
from hub.feed.records import distinct, entry_of
from hub.storage.ports import Database, Session
from hub.value.published import published_policy
from hub.value.standing import Standings
from sync.protocol.feed_messages import FeedFile, FeedKind
from sync.protocol.mirror_pages import SOURCES_MAX
from sync.protocol.mirror_writer import write_snapshot

OVERLAYS_PER_SNAPSHOT = 28
"""Nights between two snapshots: a month's; each overlay adds a page read to the look-up of an unknown card until the
store has merged it. Below the mirror's own limit of 30, so that no store ever passes one over."""

OVERLAY_SHARE = 0.25
"""When overlays hold a quarter of the customers, a snapshot costs stores little more than the next of them."""

assert OVERLAYS_PER_SNAPSHOT < SOURCES_MAX


@dataclass(frozen=True, slots=True)
class Publisher:
    """Makes feed files of one hub."""

    database: Database
    files: FeedFiles

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

    def mirror(self, tenant_id: str, *, now: datetime, whole: bool = False) -> FeedFile | None:
        """Publish who changed since the last mirror file, as an overlay or (`whole`, or when it pays) a snapshot.

        None when nobody changed. What changes meanwhile waits for the next time. Points and tiers are worked out first.
        """
        Standings(self.database).refresh(tenant_id, tiers=published_policy(self.files, tenant_id).tiers, now=now)
        with self.database.reading() as session:
            change_no, made_no = (_mark(session, tenant_id, what) for what in ("customers", "mirror"))
            kept = self.files.all(tenant_id)
            snapshot = next((each for each in kept if _is_snapshot(each)), None)
            if change_no == made_no and snapshot is not None and not whole:
                return None
            if change_no == 0:
                return None
            changed = _count(session, "count_changes", tenant_id=tenant_id, change_no=change_no)
            overlays = overlays_of(kept, snapshot) if snapshot else []
            if snapshot is None or whole or _pays(snapshot, overlays, changed):
                draft, made = self._snapshot(session, tenant_id, snapshot, now=now)
            elif changed:
                draft, made = self._overlay(session, tenant_id, [snapshot, *overlays], change_no=change_no, now=now)
            else:
                draft, made = None, None
        published = self.files.publish_file(tenant_id, draft, made) if draft and made else None
        with self.database.writing() as session:
            session.run("drop_changes", tenant_id=tenant_id, change_no=change_no)
            session.run("set_mark", tenant_id=tenant_id, what="mirror", number=change_no)
        return published

    def _snapshot(
        self, session: Session, tenant_id: str, before: KeptFile | None, *, now: datetime
    ) -> tuple[Path, KeptFile]:
        draft = self.files.folder(tenant_id) / f".mirror.{secrets.token_hex(4)}"
        count = _count(session, "count_tokens", tenant_id=tenant_id)
        version = _next_version([before] if before else [], now)
        entries = (entry_of(row) for row in distinct(session.each("mirror_entries", tenant_id=tenant_id)))
        head = write_snapshot(draft, entries, count=count, chain=tenant_id, version=version)
        return draft, _made(FeedKind.MIRROR, version, session, tenant_id, now=now, entries=head.entry_count)

    def _overlay(
        self, session: Session, tenant_id: str, below: list[KeptFile], *, change_no: int, now: datetime
    ) -> tuple[Path, KeptFile]:
        draft = self.files.folder(tenant_id) / f".overlay.{secrets.token_hex(4)}"
        rows = distinct(session.each("mirror_changes", tenant_id=tenant_id, change_no=change_no))
        version = _next_version(below, now)
        count = _count(session, "count_changes", tenant_id=tenant_id, change_no=change_no)
        head = write_snapshot(draft, map(entry_of, rows), count=count, chain=tenant_id, version=version)
        made = _made(FeedKind.MIRROR_OVERLAY, version, session, tenant_id, now=now, entries=head.entry_count)
        base = made.file.model_copy(update={"base": below[0].file.version})
        return draft, KeptFile(file=base, scope=CHAIN, entries=made.entries)

    def _publish_list(self, tenant_id: str, kind: FeedKind, statement: str, *, now: datetime) -> FeedFile | None:
        with self.database.reading() as session:
            bodies = [json.loads(row[0]) for row in session.each(statement, tenant_id=tenant_id)]
        newest = self.files.newest(tenant_id).get(kind)
        if not bodies and newest is None:
            return None
        content = json.dumps(bodies, ensure_ascii=False, separators=(",", ":")).encode()
        published = self.files.publish_bytes(tenant_id, kind, content, now=now)
        return None if newest is not None and published.sha256 == newest.sha256 else published


def _made(kind: FeedKind, version: int, session: Session, tenant_id: str, *, now: datetime, entries: int) -> KeptFile:
    file = FeedFile(
        kind=kind,
        sha256=ZERO_HASH,
        size_bytes=0,
        version=version,
        as_of=now.isoformat(),
        erased_through=_count(session, "last_erasure", tenant_id=tenant_id),
    )
    return KeptFile(file=file, scope=CHAIN, entries=entries)


def _pays(snapshot: KeptFile, overlays: list[KeptFile], changed: int) -> bool:
    held = changed + sum(each.entries for each in overlays)
    return len(overlays) >= OVERLAYS_PER_SNAPSHOT or held > snapshot.entries * OVERLAY_SHARE


def _next_version(below: list[KeptFile], now: datetime) -> int:
    return max([int(now.timestamp()), *(each.file.version + 1 for each in below)])


def _is_snapshot(kept: KeptFile) -> bool:
    return kept.file.kind is FeedKind.MIRROR and kept.scope == CHAIN


def _mark(session: Session, tenant_id: str, what: str) -> int:
    row = session.row("mark", tenant_id=tenant_id, what=what)
    return int(row[0]) if row else 0


def _count(session: Session, statement: str, **values: str | int) -> int:
    row = session.row(statement, **values)
    return int(row[0]) if row and row[0] is not None else 0
