"""Puts the feed's files to use in an agent: people are forgotten, the mirror is swapped, core is told.

Files already lie in the agent's `mirror/`, verified; what is left to do is to put them where core looks - the mirror
by `current.json`, the others as `campaigns.json`, `items.json`, `config.json`, `stops.json` - and to tell it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, assert_never

from pydantic import ValidationError

from retail.errors import ConfigurationError, RefusedError
from retail.offers.campaign_file import campaigns_from_mapping
from retail.stops import stops_from
from sync.feed_files import disk_error, file_in_use, has_mirror, sync_directory
from sync.mirror import MirrorVersion, read_current, write_current
from sync.mirror_merging import Merging
from sync.protocol.feed_messages import Erasure, ErasuresFile, FeedFile, FeedKind, MirrorPart
from sync.protocol.mirror_file import MirrorFile
from sync.protocol.mirror_file import erase as erase_from_file
from sync.protocol.persons import token_halves

LIST_BYTES_MAX = 256 * 1024 * 1024
"""Items and campaigns as JSON: a chain of 500,000 items takes 120 MB; more would not fit beside core anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFeedTarget:
    """Fulfils `sync.feed.FeedTarget` for one agent.

    `erase` forgets people on this store's disks and returns when that is durable; `changed` tells core that files of
    a kind were swapped. Both may be called again with the same and raise TryAgainError when core is away. `check`
    raises RefusedError for content that the agent could not use, before it replaces what is in use. `merging` folds
    overlays into one file, in another process.
    """

    folder: Path
    erase: Callable[[Sequence[Erasure]], Awaitable[None]]
    changed: Callable[[FeedKind], Awaitable[None]]
    count_backlog: Callable[[], Awaitable[tuple[int, int]]]
    check: Callable[[FeedKind, Any], None] = lambda _kind, _content: None
    merging: Merging | None = None

    async def apply(self, file: FeedFile, path: Path) -> None:
        """Put one file to use. What is being merged is dropped when what it is made of changes."""
        if self.merging is not None and file.kind in _MIRROR_CONTENT:
            await self.merging.abandon()
        match file.kind:
            case FeedKind.ERASURES:
                await self.erase((await asyncio.to_thread(_read_erasures, path)).erasures)
            case FeedKind.MIRROR:
                await asyncio.to_thread(self._use_snapshot, file, path)
            case FeedKind.MIRROR_OVERLAY:
                await asyncio.to_thread(self._use_overlay, file, path)
            case FeedKind.ITEMS | FeedKind.CAMPAIGNS | FeedKind.CONFIG | FeedKind.STOPS | FeedKind.VALUE:
                await asyncio.to_thread(self._use_document, file.kind, path)
            case _:
                assert_never(file.kind)
        await self.changed(file.kind)

    async def backlog(self) -> tuple[int, int]:
        """Return how many records wait for the hub, and how many are parked for it."""
        return await self.count_backlog()

    async def has_mirror(self) -> bool:
        """Return whether the mirror files in use are there and whole."""
        return await asyncio.to_thread(has_mirror, self.folder)

    async def tidy(self) -> None:
        """Merge overlays when there are many; returns at once, and puts a finished file to use."""
        if self.merging is not None and await self.merging.step():
            await self.changed(FeedKind.MIRROR)
            await self.merging.forget_merged()

    def _use_snapshot(self, file: FeedFile, path: Path) -> None:
        self._make_usable(file, path)
        as_of = datetime.fromisoformat(file.as_of)
        current = MirrorVersion(
            version=file.version, as_of=as_of, snapshot=path.name, is_slice=file.part is MirrorPart.NEARBY
        )
        write_current(self.folder, current)

    def _use_overlay(self, file: FeedFile, path: Path) -> None:
        current = read_current(self.folder)
        if current is None:
            raise RefusedError("an overlay came before any snapshot", fix="the next feed brings one", code="feed_file")
        if file.base != current.base:
            raise RefusedError(
                f"an overlay on mirror {file.base} came to mirror {current.base}",
                fix="the next feed brings the snapshot it belongs on",
                code="feed_file",
            )
        self._make_usable(file, path)
        overlays = (path.name, *(name for name in current.overlays if name != path.name))
        as_of = datetime.fromisoformat(file.as_of)
        write_current(self.folder, replace(current, version=file.version, as_of=as_of, overlays=overlays))

    def _make_usable(self, file: FeedFile, path: Path) -> None:
        """Open a file, and erase from it whoever was erased after it was made. Raises RefusedError for a bad one.

        A hub that was restored, or one that has not written a new snapshot yet, brings nobody back.
        """
        MirrorFile(path).close()
        told = file_in_use(self.folder, FeedKind.ERASURES)
        if told is None:
            return
        later = [each for each in _read_erasures(told).erasures if each.erasure_no > file.erased_through]
        locators = [half for each in later for half in token_halves(each.locators)]
        if locators:
            erase_from_file(path, locators)

    def _use_document(self, kind: FeedKind, path: Path) -> None:
        """Put a JSON file where core reads it, by rename; a file that core could not use is refused before."""
        self.check(kind, _checked_document(kind, path))
        draft = self.folder / f".{kind}.json.part"
        try:
            shutil.copyfile(path, draft)
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
            draft.replace(self.folder / f"{kind}.json")
            sync_directory(self.folder)
        except OSError as error:
            raise disk_error(self.folder, error) from error


_MIRROR_CONTENT = frozenset({FeedKind.ERASURES, FeedKind.MIRROR, FeedKind.MIRROR_OVERLAY})
"""What changes the files that a merging process reads."""


def _read_erasures(path: Path) -> ErasuresFile:
    try:
        return ErasuresFile.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise RefusedError(
            "the list of erasures is of another form", fix="update the agent", code="feed_file"
        ) from error


def _checked_document(kind: FeedKind, path: Path) -> Any:
    if path.stat().st_size > LIST_BYTES_MAX:
        raise RefusedError(f"the {kind} file is larger than {LIST_BYTES_MAX} bytes", fix="split it", code="feed_file")
    try:
        content = json.loads(path.read_bytes())
        if kind is FeedKind.CAMPAIGNS:
            campaigns_from_mapping({"campaign": content})
        if kind is FeedKind.STOPS:
            stops_from(content)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"the {kind} file is no JSON", fix="publish it again", code="feed_file") from error
    except ConfigurationError as error:
        raise RefusedError(error.message, fix=error.fix or f"publish the {kind} again", code="feed_file") from error
    return content
