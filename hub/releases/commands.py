"""What the commands of rings do, apart from how they are called."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from hub.bootstrap import Hub
from hub.commands import opened
from hub.feed.erasing import Erasing
from hub.fleet import troubles_of
from hub.releases.advancing import next_step, offers_of
from hub.releases.repository import Repository
from hub.releases.rings import RINGS, ring_of
from hub.users.at_the_machine import note_typed


def advance_release(
    config: Path | None,
    *,
    state_dir: Path | None,
    repository: Repository,
    version: str,
    architecture: str,
    dry_run: bool,
) -> dict[str, Any]:
    """Take one step with a release and return it; what was done stands in the audit log."""
    with opened(config, state_dir) as hub:
        stores = hub.reports.stores(hub.config.tenant, troubles_only=True)
        offers = offers_of(repository, architecture)
        step = next_step(stores, offers, version, now=hub.clock(), through=_through(hub))
        for ring in () if dry_run else step.rings:
            withdrawn = [version] if step.to != version else []
            repository.point(ring, version=step.to, architecture=architecture, withdrawn=withdrawn)
            subject, detail = f"{ring} -> {step.to} ({architecture})", step.why
            note_typed(hub, "release.pointed", subject=subject, detail=detail)
    return step.to_json() | {"dry_run": dry_run}


def show_rings(config: Path | None, *, state_dir: Path | None, assign: bool) -> dict[str, Any]:
    """Return how many stores are in each ring, what they run and how many are in trouble."""
    with opened(config, state_dir) as hub:
        tenant_id = hub.config.tenant
        if assign:
            _assign(hub)
        stores = hub.reports.stores(tenant_id, troubles_only=True)
        through, now = _through(hub), hub.clock()
        told = []
        for ring in (*RINGS, *sorted({store.ring for store in stores} - RINGS.keys())):
            here = [store for store in stores if store.ring == ring]
            in_trouble = sum(bool(troubles_of(store, now=now, through=through)) for store in here)
            programs = dict(Counter(store.program or "-" for store in here).most_common())
            told.append({"ring": ring, "stores": len(here), "in_trouble": in_trouble, "programs": programs})
    return {"rings": told}


def _assign(hub: Hub) -> None:
    with hub.database.writing() as session:
        waiting = [row[0] for row in session.rows("places", tenant_id=hub.config.tenant) if not row[2]]
        for store_id in waiting:
            session.run("put_ring", tenant_id=hub.config.tenant, store_id=store_id, ring=ring_of(store_id))
    if waiting:
        note_typed(hub, "rings.assigned", subject=f"{len(waiting)} stores")


def _through(hub: Hub) -> int:
    return Erasing(hub.database, hub.files, hub.feed).through(hub.config.tenant)
