"""What a store should have, and what it says it has."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime

from hub.callers import Caller
from hub.feed.files import CHAIN, FeedFiles, ServedFile, scopes_of
from hub.feed.nearby import Nearby, scope_of
from hub.feed.stopping import StopBoard
from hub.keys import HubKeys
from hub.storage.ports import Database
from retail.errors import RefusedError
from sync.protocol.feed_messages import (
    AppliedAnswer,
    AppliedReport,
    Erasure,
    ErasuresFile,
    FeedFile,
    FeedKind,
    Manifest,
    SignedManifest,
)
from sync.protocol.manifest import sign_manifest

POLL_AFTER_S = 30.0
"""A stop must reach every store within 60 s: a poll every 30 s with jitter keeps that. With 10,000 stores it is
333 small requests a second, most of them answered with 304."""

MARKS_AHEAD_MAX = 1_000_000
"""How far a store's mark may be above the last order that is known here: a hub that was put back from a copy lacks
days of them. Numbers go on above every mark, so one store's lie must not use them up."""


@dataclass(frozen=True, slots=True)
class FeedService:
    """Manifests out, reports in, and the list of who must be forgotten. `nearby` says which stores get a slice."""

    database: Database
    keys: HubKeys
    files: FeedFiles
    poll_after_s: float = POLL_AFTER_S
    nearby: Nearby = field(default_factory=Nearby)

    def manifest(self, caller: Caller, cursor: str, *, now: datetime) -> SignedManifest | None:
        """Return what the caller's store should have; None when `cursor` says that it has been told."""
        with self.database.writing() as session:
            session.run("touch_store", tenant_id=caller.tenant_id, store_id=caller.store_id, now=now.isoformat())
        scopes, mirror_scope, ring = self._place(caller)
        files = self.files.wanted(caller.tenant_id, scopes, mirror_scope=mirror_scope)
        current = _cursor_of(files, ring)
        if current == cursor:
            return None
        manifest = Manifest(
            tenant=caller.tenant_id,
            store=caller.store_id,
            cursor=current,
            issued_at=now.isoformat(),
            files=files,
            poll_after_s=self.poll_after_s,
            ring=ring or None,
        )
        return sign_manifest(manifest, self.keys.tenant(caller.tenant_id).feed)

    def file(self, caller: Caller, sha256: str) -> ServedFile:
        """Return a file that is for the caller's store. Raises RefusedError (not_found) for every other."""
        scopes, mirror_scope, _ = self._place(caller)
        return self.files.open(caller.tenant_id, sha256, scopes, mirror_scope=mirror_scope)

    def note(self, caller: Caller, report: AppliedReport, *, now: datetime) -> AppliedAnswer:
        """Keep what a store has in use; its erasure mark never goes back. A repeat changes only the last contact.

        Raises RefusedError (mark_unknown) for a mark that no hub can have given.
        """
        with self.database.writing() as session:
            last = session.row("last_erasure", tenant_id=caller.tenant_id)
            known = int(last[0]) if last and last[0] is not None else 0
            if report.erased_through > known + MARKS_AHEAD_MAX:
                raise RefusedError(
                    f"order of erasure {report.erased_through} was never given: {known} is the last",
                    fix="enrol the store's machine again",
                    code="mark_unknown",
                )
            session.run(
                "report_store",
                tenant_id=caller.tenant_id,
                store_id=caller.store_id,
                now=now.isoformat(),
                feed_cursor=report.cursor,
                erased_through=report.erased_through,
                mirror_version=report.mirror_version,
                campaigns_version=report.campaigns_version,
                backlog_records=report.backlog_records,
                parked_records=report.parked_records,
                program=report.program,
                health=report.health.model_dump_json() if report.health else "{}",
                feed_refused=json.dumps([each.model_dump(mode="json") for each in report.refused]),
            )
        return AppliedAnswer(erased_through=report.erased_through, wants_erasures=report.erased_through > known)

    def publish_erasures(self, tenant_id: str, *, now: datetime) -> FeedFile:
        """Publish everybody who must be forgotten; the file's version is the last erasure's number."""
        with self.database.reading() as session:
            rows = session.rows("erasures", tenant_id=tenant_id)
        erasures = [
            Erasure(
                erasure_no=number, customer_id=customer_id, locators=json.loads(locators), requested_at=requested_at
            )
            for number, customer_id, locators, requested_at in rows
        ]
        through = erasures[-1].erasure_no if erasures else 0
        content = ErasuresFile(through=through, erasures=erasures).model_dump_json().encode()
        return self.files.publish_bytes(tenant_id, FeedKind.ERASURES, content, now=now, version=through)

    def publish_stops(self, tenant_id: str, *, now: datetime) -> None:
        """Publish the stops of every store; a store for which nothing changed keeps its file."""
        StopBoard(self.database, self.files).publish(tenant_id, now=now)

    def _place(self, caller: Caller) -> tuple[tuple[str, ...], str, str]:
        """Return whose files a store should have, whose customers, and its ring."""
        with self.database.reading() as session:
            row = session.row("place_of_store", tenant_id=caller.tenant_id, store_id=caller.store_id)
        region, ring, whose = row or ("", "", "")
        mirror_scope = scope_of(caller.store_id) if self.nearby.is_sliced(whose) else CHAIN
        return scopes_of(caller.store_id, region=region, ring=ring), mirror_scope, ring


def _cursor_of(files: list[FeedFile], ring: str) -> str:
    told = [f"{file.kind}:{file.sha256};" for file in files] + ([f"ring:{ring};"] if ring else [])
    return hashlib.sha256("".join(told).encode()).hexdigest()[:24]
