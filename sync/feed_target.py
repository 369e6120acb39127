"""Puts the feed's files to use in an agent: people are forgotten, the mirror is swapped, core is told.

Files already lie in the agent's `mirror/`, verified; what is left to do is to put them where core looks - the mirror
by `current.json`, the others as `campaigns.json`, `items.json`, `config.json` - and to tell it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import assert_never

from pydantic import ValidationError

from retail.errors import ConfigurationError, RefusedError
from retail.offers.campaign_file import campaigns_from_mapping
from sync.feed_files import disk_error, sync_directory
from sync.mirror import MirrorVersion, read_current, write_current
from sync.protocol.feed_messages import Erasure, ErasuresFile, FeedFile, FeedKind
from sync.protocol.mirror_file import MirrorFile

LIST_BYTES_MAX = 256 * 1024 * 1024
"""Items and campaigns as JSON: a chain of 500,000 items takes 120 MB; more would not fit beside core anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFeedTarget:
    """Fulfils `sync.feed.FeedTarget` for one agent.

    `erase` forgets people on this store's disks and returns when that is durable; `changed` tells core that files of
    a kind were swapped. Both may be called again with the same and raise TryAgainError when core is away.
    """

    folder: Path
    erase: Callable[[Sequence[Erasure]], Awaitable[None]]
    changed: Callable[[FeedKind], Awaitable[None]]
    count_backlog: Callable[[], Awaitable[tuple[int, int]]]

    async def apply(self, file: FeedFile, path: Path) -> None:
        """Put one file to use."""
        match file.kind:
            case FeedKind.ERASURES:
                await self.erase((await asyncio.to_thread(_read_erasures, path)).erasures)
            case FeedKind.MIRROR:
                await asyncio.to_thread(_use_snapshot, self.folder, file, path)
            case FeedKind.MIRROR_OVERLAY:
                await asyncio.to_thread(_use_overlay, self.folder, file, path)
            case FeedKind.ITEMS | FeedKind.CAMPAIGNS | FeedKind.CONFIG:
                await asyncio.to_thread(_use_document, self.folder, file.kind, path)
            case _:
                assert_never(file.kind)
        await self.changed(file.kind)

    async def backlog(self) -> tuple[int, int]:
        """Return how many records wait for the hub, and how many are parked for it."""
        return await self.count_backlog()


def _read_erasures(path: Path) -> ErasuresFile:
    try:
        return ErasuresFile.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise RefusedError(
            "the list of erasures is of another form", fix="update the agent", code="feed_file"
        ) from error


def _use_snapshot(folder: Path, file: FeedFile, path: Path) -> None:
    MirrorFile(path).close()  # raises RefusedError for a file that no look-up could use
    write_current(
        folder, MirrorVersion(version=file.version, as_of=datetime.fromisoformat(file.as_of), snapshot=path.name)
    )


def _use_overlay(folder: Path, file: FeedFile, path: Path) -> None:
    MirrorFile(path).close()
    current = read_current(folder)
    if current is None:
        raise RefusedError("an overlay came before any snapshot", fix="the next feed brings one", code="feed_file")
    overlays = (path.name, *(name for name in current.overlays if name != path.name))
    write_current(
        folder,
        MirrorVersion(
            version=file.version,
            as_of=datetime.fromisoformat(file.as_of),
            snapshot=current.snapshot,
            overlays=overlays,
        ),
    )


def _use_document(folder: Path, kind: FeedKind, path: Path) -> None:
    """Put a JSON file where core reads it, by rename; a file that core could not use is refused before."""
    _check_document(kind, path)
    draft = folder / f".{kind}.json.part"
    try:
        shutil.copyfile(path, draft)
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(folder / f"{kind}.json")
        sync_directory(folder)
    except OSError as error:
        raise disk_error(folder, error) from error


def _check_document(kind: FeedKind, path: Path) -> None:
    if path.stat().st_size > LIST_BYTES_MAX:
        raise RefusedError(f"the {kind} file is larger than {LIST_BYTES_MAX} bytes", fix="split it", code="feed_file")
    try:
        content = json.loads(path.read_bytes())
        if kind is FeedKind.CAMPAIGNS:
            campaigns_from_mapping({"campaign": content})
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"the {kind} file is no JSON", fix="publish it again", code="feed_file") from error
    except ConfigurationError as error:
        raise RefusedError(error.message, fix="import the campaigns again", code="feed_file") from error
