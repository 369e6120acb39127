"""Takes a config bundle - settings, words, pictures - from ring to ring, or back: `tillstream hub bundle --advance`.

The rings, the day that each has to live through and what is called ill are those of programs (`hub.releases.rings`). A
store has a bundle when it was heard after its ring was offered it and did not refuse it: stores take what they are
offered within a minute, and say so. One refusal is enough to take it back: a mistake in a bundle is the same mistake
everywhere. What is taken back begins nowhere again; the rings get what they had before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub.bootstrap import Hub
from hub.commands import opened
from hub.feed.commands import bundle_content, refuse_what_was_refused
from hub.feed.erasing import Erasing
from hub.feed.files import CHAIN, KeptFile
from hub.fleet import troubles_of
from hub.releases.rings import RINGS, RingState, Verdict, ring_state
from hub.reports import StoreLine
from hub.users.at_the_machine import note_typed
from hub.users.audit import AuditLog
from sync.protocol.feed_messages import FeedKind

TAKEN_WITHIN = timedelta(minutes=2)  # a store asks every 22 to 38 seconds, and reports what it did with it
TAKEN_BACK = "bundle.taken_back"
NOTHING = b"{}"  # a bundle that says nothing: what a store shows without one


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleStep:
    """What was found and is to be done: `scopes` get the bundle, or what they had before where `is_back`."""

    states: Sequence[RingState]
    scopes: Sequence[str]
    why: str
    is_back: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON object."""
        told = [each.to_json() for each in self.states]
        return {"states": told, "scopes": list(self.scopes), "back": self.is_back, "why": self.why}


def next_bundle_step(
    stores: Sequence[StoreLine], offers: Mapping[str, KeptFile], sha256: str, *, now: datetime, through: int
) -> BundleStep:
    """Return what to do next with a bundle; `offers` is the newest bundle of each scope."""
    since = {scope: datetime.fromisoformat(kept.file.as_of) for scope, kept in offers.items() if _is(kept, sha256)}
    refusing = [store.store_id for store in stores if any(each.get("sha256") == sha256 for each in store.feed_refused)]
    offered = [scope for scope in (*map(_scope, RINGS), CHAIN) if scope in since]
    if refusing and offered:
        why = f"{len(refusing)} store(s) could not use it: {', '.join(refusing[:3])}"
        return BundleStep(states=[], scopes=offered, why=why, is_back=True)

    def has_it(store: StoreLine) -> bool:
        began, heard = since.get(_scope(store.ring)), store.last_contact_at
        return began is not None and heard is not None and datetime.fromisoformat(heard) >= began + TAKEN_WITHIN

    judged = [(store, troubles_of(store, now=now, through=through)) for store in stores]
    states: list[RingState] = []
    for ring in RINGS:
        if _scope(ring) not in since:
            return BundleStep(states=states, scopes=[_scope(ring)], why=f"{ring} is next")
        states.append(ring_state(ring, judged, has_it=has_it, since=since[_scope(ring)], now=now))
        if states[-1].verdict is Verdict.GO_BACK:
            return BundleStep(states=states, scopes=offered, why=f"{ring}: {states[-1].why}", is_back=True)
        if states[-1].verdict is Verdict.WAIT:
            return BundleStep(states=states, scopes=[], why=f"{ring}: {states[-1].why}")
    if CHAIN not in since:
        return BundleStep(states=states, scopes=[CHAIN], why="every ring has it: the chain is next")
    return BundleStep(states=states, scopes=[], why="the whole chain has it")


def advance_bundle(config: Path | None, *, state_dir: Path | None, path: Path, dry_run: bool) -> dict[str, Any]:
    """Take one step with a bundle and return it; what was done stands in the audit log."""
    content = bundle_content(path)
    sha256 = hashlib.sha256(content).hexdigest()
    with opened(config, state_dir) as hub:
        tenant_id = hub.config.tenant
        entries = AuditLog(hub.database).entries(tenant_id)
        if any(each.did == TAKEN_BACK and each.subject == sha256[:12] for each in entries):
            step = BundleStep(states=[], scopes=[], why="it was taken back: mend it and begin with the mended one")
            return step.to_json() | {"dry_run": dry_run}
        kept = [each for each in hub.files.all(tenant_id) if each.file.kind is FeedKind.CONFIG]
        offers = {each.scope: each for each in reversed(kept)}  # of one scope the newest comes first
        step = next_bundle_step(
            hub.reports.stores(tenant_id, troubles_only=True), offers, sha256, now=hub.clock(),
            through=Erasing(hub.database, hub.files, hub.feed).through(tenant_id),
        )  # fmt: skip
        if not step.is_back and step.scopes:
            refuse_what_was_refused(hub, sha256)
        for scope in () if dry_run else step.scopes:
            body = _before(hub, kept, scope, sha256) if step.is_back else content
            hub.files.publish_bytes(tenant_id, FeedKind.CONFIG, body, now=hub.clock(), scope=scope)
        if step.scopes and not dry_run:
            did = TAKEN_BACK if step.is_back else f"bundle.offered {step.scopes[0] or 'chain'}"
            note_typed(hub, did, subject=sha256[:12], detail=step.why)
    return step.to_json() | {"dry_run": dry_run}


def _before(hub: Hub, kept: Sequence[KeptFile], scope: str, sha256: str) -> bytes:
    """Return what a scope had before this bundle: its own one before, else the chain's, else one that says nothing."""
    others = [each for each in kept if not _is(each, sha256)]
    before = next((each for wanted in (scope, CHAIN) for each in others if each.scope == wanted), None)
    return NOTHING if before is None else hub.files.open(hub.config.tenant, before.file.sha256).path.read_bytes()


def _scope(ring: str) -> str:
    return f"ring:{ring}"


def _is(kept: KeptFile, sha256: str) -> bool:
    return kept.file.sha256 == sha256
