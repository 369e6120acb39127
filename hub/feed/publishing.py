"""From tables to the files that stores fetch: the mirror's snapshot, items, campaigns."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from hub.feed.files import FeedFiles
from hub.storage.ports import Database, Row, Session
from sync.protocol.feed_messages import FeedFile, FeedKind
from sync.protocol.mirror_record import MirrorRecord
from sync.protocol.mirror_writer import write_snapshot

SEGMENTS_MAX = 300
"""Segments of one customer that go to stores; a record holds about 500, and no rule asks for so many."""

SEPARATOR = "\x1f"  # as in `mirror_entries`


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

    def mirror(self, tenant_id: str, *, now: datetime) -> FeedFile | None:
        """Write and publish a snapshot of all customers when one of them changed since the last; else None."""
        with self.database.reading() as session:
            wanted, made = (_mark(session, tenant_id, what) for what in ("customers", "mirror"))
            if wanted == made:
                return None
            newest = self.files.newest(tenant_id).get(FeedKind.MIRROR)
            version = max(int(now.timestamp()), newest.version + 1 if newest else 1)
            draft = self.files.folder(tenant_id) / f".mirror.{secrets.token_hex(4)}"
            row = session.row("count_tokens", tenant_id=tenant_id)
            entries = (_entry(row) for row in _distinct(session.each("mirror_entries", tenant_id=tenant_id)))
            write_snapshot(draft, entries, count=int(row[0]) if row else 0, chain=tenant_id, version=version)
        published = self.files.publish_file(tenant_id, FeedKind.MIRROR, draft, as_of=now, version=version)
        with self.database.writing() as session:
            session.run("set_mark", tenant_id=tenant_id, what="mirror", number=wanted)
        return published

    def _publish_list(self, tenant_id: str, kind: FeedKind, statement: str, *, now: datetime) -> FeedFile | None:
        with self.database.reading() as session:
            bodies = [json.loads(row[0]) for row in session.each(statement, tenant_id=tenant_id)]
        newest = self.files.newest(tenant_id).get(kind)
        if not bodies and newest is None:
            return None
        content = json.dumps(bodies, ensure_ascii=False, separators=(",", ":")).encode()
        published = self.files.publish_bytes(tenant_id, kind, content, now=now)
        return None if newest is not None and published.sha256 == newest.sha256 else published


def _mark(session: Session, tenant_id: str, what: str) -> int:
    row = session.row("mark", tenant_id=tenant_id, what=what)
    return int(row[0]) if row else 0


def _distinct(rows: Iterator[Row]) -> Iterator[Row]:
    """Two spellings of one code have one token; the first holder is kept."""
    before = None
    for row in rows:
        if row[0] != before:
            before = row[0]
            yield row


def _entry(row: Row) -> tuple[bytes, MirrorRecord]:
    token, customer_id, first_name, language, birthday, tier, points, household_id, employee, segments = row
    memberships = (part.partition("=") for part in sorted((segments or "").split(SEPARATOR))[:SEGMENTS_MAX] if part)
    return bytes(token), MirrorRecord(
        customer_id=customer_id,
        first_name=first_name,
        language=language,
        tier=tier,
        points=points,
        birthday=(int(birthday[:2]), int(birthday[3:])) if birthday else None,
        household_id=household_id,
        employee=bool(employee),
        segments={name: date.fromisoformat(day) if day else None for name, _, day in memberships},
    )
