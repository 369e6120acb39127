"""Brings central data to the store: a signed manifest, then the files it names, by content hash, oldest duty first.

Erasures come first and stop everything behind them until they are done; then config, mirror, items, campaigns. A file
is fetched in pieces that survive a cut line, verified before use, and put to use whole; one that cannot be used
leaves the last good one where it is and holds up no other. What is in use is reported back, with the mark up to which
people have been erased.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from retail.errors import OnSiteError, RefusedError, TillstreamError, TryAgainError
from sync.backoff import Backoff, spread_s
from sync.errors import AnswerInvalidError
from sync.feed_files import FeedState, Incoming, forget_unused, load_state, note_heard, save_state
from sync.feed_proofs import keep_proof, owed_proof, proof_taken
from sync.ports import Pace
from sync.protocol.feed_messages import (
    AppliedReport,
    ErasuresProof,
    FeedFile,
    FeedKind,
    FeedRefusal,
    Manifest,
    SignedManifest,
    StoreHealth,
)
from sync.protocol.manifest import open_manifest

PIECE_S = 20.0
"""How long one look fetches from a file. A snapshot may take a day on a thin line: in between the manifest is asked
for again, so that a stop button passes it."""

POLL_AFTER_S = 30.0
"""How often the hub is asked before it has said how often: a stop reaches every store within a minute."""

REPORT_EVERY_S = 600.0
"""How often a store says what it has in use when nothing changes: the hub shows backlogs no older than this."""


class FeedSource(Protocol):
    """Where the feed comes from. Every method raises TryAgainError or RefusedError, and may be called again."""

    async def manifest(self, cursor: str) -> SignedManifest | None:
        """Return what this store should have; None when it has been told (`cursor`)."""
        ...

    def file(self, sha256: str, *, start: int) -> AbstractAsyncContextManager[tuple[int, AsyncIterator[bytes]]]:
        """Open a file from byte `start` on; yields (where it really starts, its bytes)."""
        ...

    async def report(self, report: AppliedReport) -> bool:
        """Tell the hub what is in use. A repeat changes nothing. Return whether it asks for orders of erasure."""
        ...

    async def prove(self, proof: ErasuresProof) -> None:
        """Tell the hub of orders of erasure that it has lost. A repeat changes nothing."""
        ...


class FeedTarget(Protocol):
    """Who puts verified files to use."""

    async def apply(self, file: FeedFile, path: Path) -> None:
        """Put a file to use; on return it is in use, durably. A repeat changes nothing.

        Raises RefusedError when the content cannot be used - the last good one stays - or TryAgainError when whoever
        must use it is away.
        """
        ...

    async def backlog(self) -> tuple[int, int]:
        """Return how many journal records the hub has not taken yet, and how many are parked for it."""
        ...

    async def has_mirror(self) -> bool:
        """Return whether the mirror files in use are still there and whole; if not, they are fetched again."""
        ...

    async def tidy(self) -> None:
        """Begin, or go on with, what keeps the files small; returns at once. May be called at any time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What the feed works with. `folder` is the agent's `mirror/`; `random` returns a number from 0 up to 1.

    `health` says how the store is, for the hub's page of the fleet; None where nobody knows.
    """

    folder: Path
    tenant: str
    store: str
    feed_key: Ed25519PublicKey
    source: FeedSource
    target: FeedTarget
    pace: Pace
    program: str = ""
    waiting: Callable[[Exception, float], None] = lambda _error, _wait_s: None
    health: Callable[[], Awaitable[StoreHealth | None]] | None = None
    backoff: Backoff = field(default_factory=Backoff)
    random: Callable[[], float] = random.random
    poll_after_s: float = POLL_AFTER_S
    report_every_s: float = REPORT_EVERY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one look at the feed did. `refused` are files that could not be used; `unfinished`: more is coming."""

    applied: tuple[FeedFile, ...] = ()
    refused: tuple[tuple[FeedFile, str], ...] = ()
    poll_after_s: float | None = None
    unfinished: bool = False


class _UnfinishedError(Exception):
    """A file's time is over for this look; what came of it is kept."""


async def run_feed(feed: Feed) -> None:
    """Keep the store's central data current, for ever. Ends only by being cancelled, which it may be at any point."""
    failures = 0
    poll_after_s = feed.poll_after_s
    reported_at: datetime | None = None
    refused: tuple[tuple[FeedFile, str], ...] = ()
    while True:
        try:
            told = await look(feed)
            poll_after_s = told.poll_after_s or poll_after_s
            if told.poll_after_s is not None or told.refused:
                refused = told.refused  # a look that brought no manifest leaves what is refused as refused as before
            if told.applied or told.refused or _is_due(reported_at, feed):
                await report(feed, refused=refused)
                reported_at = feed.pace.now()
            failures = 0
            await feed.target.tidy()
            await asyncio.to_thread(note_heard, feed.folder, feed.pace.now())
            wait_s = 0.0 if told.unfinished else spread_s(poll_after_s, random=feed.random)
        except (TryAgainError, RefusedError, OnSiteError) as error:
            failures += 1
            wait_s = feed.backoff.wait_s(
                failures, random=feed.random, retry_after_s=getattr(error, "retry_after_s", None)
            )
            feed.waiting(error, wait_s)
        await feed.pace.pause(wait_s)


async def look(feed: Feed) -> Round:
    """Ask for the manifest once and bring everything it names into use.

    Raises TryAgainError, RefusedError or OnSiteError; what was applied before stays applied and is not fetched again.
    """
    state = await asyncio.to_thread(load_state, feed.folder)
    if FeedKind.MIRROR in state.files and not await feed.target.has_mirror():
        state = state.without_mirror()
    signed = await feed.source.manifest(state.cursor)
    if signed is None:
        return Round()
    manifest = _checked(feed, open_manifest(signed, feed.feed_key), state)
    state = replace(state, issued_at=manifest.issued_at, ring=manifest.ring or "")
    applied: list[FeedFile] = []
    refused: list[tuple[FeedFile, str]] = []
    owed: TillstreamError | None = None
    for file in _in_order(manifest):
        if state.uses(file) or (owed is not None and file.kind is not FeedKind.STOPS):
            continue
        try:
            await _bring(feed, file, signed)
        except _UnfinishedError:
            return Round(applied=tuple(applied), refused=tuple(refused), unfinished=True)
        except TillstreamError as error:
            if file.kind is FeedKind.ERASURES:
                owed = error  # nothing comes before it but a stop button, which harms nobody
                continue
            if not isinstance(error, RefusedError):
                raise
            refused.append((file, error.message))
            continue
        state = state.with_file(file)
        applied.append(file)
        await asyncio.to_thread(save_state, feed.folder, state)
    if owed is not None:
        raise owed
    state = replace(state, cursor=manifest.cursor)  # what was refused is tried again when the hub has something new
    await asyncio.to_thread(save_state, feed.folder, state)
    await asyncio.to_thread(forget_unused, feed.folder, state)
    return Round(applied=tuple(applied), refused=tuple(refused), poll_after_s=manifest.poll_after_s)


async def report(feed: Feed, *, refused: Sequence[tuple[FeedFile, str]] = ()) -> None:
    """Tell the hub what is in use, what could not be used, and what it has lost. Raises as `FeedSource` says."""
    state = await asyncio.to_thread(load_state, feed.folder)
    backlog, parked = await feed.target.backlog()
    versions = {kind: file.version for kind, file in state.files.items()}
    if state.overlays:
        versions[FeedKind.MIRROR] = state.overlays[-1].version
    is_wanted = await feed.source.report(
        AppliedReport(
            cursor=state.cursor,
            erased_through=state.erased_through,
            mirror_version=versions.get(FeedKind.MIRROR),
            campaigns_version=versions.get(FeedKind.CAMPAIGNS),
            backlog_records=backlog,
            parked_records=parked,
            program=feed.program,
            health=await feed.health() if feed.health else None,
            refused=[FeedRefusal(kind=file.kind, sha256=file.sha256, message=message) for file, message in refused],
        )
    )
    proof = await asyncio.to_thread(owed_proof, feed.folder, is_wanted=is_wanted)
    if proof is not None:
        with suppress(RefusedError):  # for good; that orders are lost is told at the hub as long as it is so
            await feed.source.prove(proof)
        await asyncio.to_thread(proof_taken, feed.folder)


def _is_due(reported_at: datetime | None, feed: Feed) -> bool:
    if reported_at is None:
        return True
    passed_s = (feed.pace.now() - reported_at).total_seconds()
    return not 0 <= passed_s < feed.report_every_s  # a clock that was set back would be due in years


def _checked(feed: Feed, manifest: Manifest, state: FeedState) -> Manifest:
    """Return a manifest that is for this store and not an old one played back."""
    if (manifest.tenant, manifest.store) != (feed.tenant, feed.store):
        raise AnswerInvalidError("the manifest is another store's", fix="it is tried again")
    try:
        issued = datetime.fromisoformat(manifest.issued_at)
        before = datetime.fromisoformat(state.issued_at) if state.issued_at else issued
        is_older = issued < before
    except (ValueError, TypeError) as error:
        raise AnswerInvalidError("the manifest's time is none", fix="it is tried again") from error
    if is_older:
        raise AnswerInvalidError(
            f"the manifest of {manifest.issued_at} is older than the one in use", fix="look for a proxy that caches"
        )
    return manifest


def _in_order(manifest: Manifest) -> list[FeedFile]:
    order = list(FeedKind)
    return sorted(manifest.files, key=lambda file: (order.index(file.kind), file.version))


async def _bring(feed: Feed, file: FeedFile, signed: SignedManifest) -> None:
    """Fetch what is missing of a file, verify it, and put it to use."""
    incoming = await asyncio.to_thread(Incoming, feed.folder, file)
    if not incoming.is_whole:
        await _fetch(feed, file, incoming)
    path = await asyncio.to_thread(incoming.finish)
    if path is None:
        raise AnswerInvalidError(f"the {file.kind} file that came is not the one promised", fix="it is fetched again")
    await feed.target.apply(file, path)
    if file.kind is FeedKind.ERASURES:
        await asyncio.to_thread(keep_proof, feed.folder, signed, path)


async def _fetch(feed: Feed, file: FeedFile, incoming: Incoming) -> None:
    began = feed.pace.now()
    async with feed.source.file(file.sha256, start=incoming.size_bytes) as (start, chunks):
        if start != incoming.size_bytes:
            incoming.restart()
        async for chunk in chunks:
            if not incoming.append(chunk):
                incoming.restart()
                raise AnswerInvalidError(f"more of the {file.kind} file came than promised", fix="it is fetched again")
            if not incoming.is_whole and (feed.pace.now() - began).total_seconds() > PIECE_S:
                raise _UnfinishedError
    if not incoming.is_whole:
        raise AnswerInvalidError(
            f"{incoming.size_bytes} of {file.size_bytes} bytes of the {file.kind} file came", fix="the rest is fetched"
        )
