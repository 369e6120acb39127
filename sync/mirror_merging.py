"""Overlays folded into one mirror file, in a process of its own: look-ups and printing never feel it.

`python -m sync.mirror_merging FOLDER` writes `mirror-merged-VERSION` of what `current.json` names and says its name.
Whoever keeps the folder (the feed) puts it to use by `current.json`, if nothing has changed meanwhile, and then
overwrites and removes what it was made of. A process that is killed leaves a `.part` that the next one replaces.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from retail.errors import RefusedError
from sync.mirror import MirrorVersion, read_current, write_current
from sync.protocol.mirror_file import MirrorFile, is_whole, shred
from sync.protocol.mirror_writer import merge

MERGE_FROM = 7
"""Overlays that are worth merging: a week's. Each costs an unknown card a page read; a merge writes everything."""

NICENESS = 19
"""Behind everything: a merge of ten million customers may take a quarter of an hour."""


@dataclass(slots=True)
class Merging:
    """Merges one folder's overlays now and then. `command` starts this module in a process of its own."""

    folder: Path
    command: Sequence[str]
    from_overlays: int = MERGE_FROM
    _process: asyncio.subprocess.Process | None = None
    _of: MirrorVersion | None = None
    _old: list[Path] = field(default_factory=list)

    async def step(self) -> bool:
        """Begin a merge where it pays, or put a finished one to use; return whether files in use changed."""
        if self._process is not None:
            return await self._finished() if self._process.returncode is not None else False
        try:
            current = await asyncio.to_thread(read_current, self.folder)
        except RefusedError:
            return False
        if current is not None and len(current.overlays) >= self.from_overlays:
            self._of = current
            self._process = await asyncio.create_subprocess_exec(
                *self.command, str(self.folder), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
            )
        return False

    async def wait(self) -> None:
        """Return when no merge is running."""
        if self._process is not None:
            await self._process.wait()

    async def abandon(self) -> None:
        """End a running merge: what it is made of is about to change. A repeat changes nothing."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        made = self.folder / merged_name(self._of) if self._of else None
        self._process, self._of = None, None
        if made is not None:
            await asyncio.to_thread(_forget, [made, made.with_name(made.name + ".part")])

    async def forget_merged(self) -> None:
        """Overwrite and remove the files that were merged; call it when nobody looks up in them any more."""
        old, self._old = self._old, []
        await asyncio.to_thread(_forget, old)

    async def _finished(self) -> bool:
        assert self._process is not None
        assert self._of is not None
        of, ended_well = self._of, self._process.returncode == 0
        self._process, self._of = None, None
        return ended_well and await asyncio.to_thread(self._use, of)

    def _use(self, of: MirrorVersion) -> bool:
        made = self.folder / merged_name(of)
        if read_current(self.folder) != of or not is_whole(made):
            _forget([made])
            return False
        write_current(self.folder, replace(of, snapshot=made.name, overlays=()))
        self._old = [self.folder / name for name in (of.snapshot, *of.overlays)]
        return True


def merged_name(current: MirrorVersion) -> str:
    """Return what a store calls the file it merges a version's files into."""
    return f"mirror-merged-{current.version}"


def merge_folder(folder: Path) -> Path | None:
    """Merge what `current.json` names into one file beside it; None when there is nothing to merge.

    Raises RefusedError when a file is damaged. Nothing in use is changed.
    """
    current = read_current(folder)
    if current is None or not current.overlays:
        return None
    path = folder / merged_name(current)
    with ExitStack() as stack:
        files = [MirrorFile(folder / name) for name in (*current.overlays, current.snapshot)]
        for file in files:
            stack.callback(file.close)
        merge(path, files)
    return path


def main(arguments: Sequence[str]) -> int:
    """Merge one folder, behind everything else; return the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m sync.mirror_merging FOLDER\n")
        return 2
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        merge_folder(Path(arguments[0]))
    except (RefusedError, OSError) as error:
        sys.stderr.write(f"merge: {error}\n")
        return 1
    return 0


def _forget(paths: Sequence[Path]) -> None:
    for path in paths:
        shred(path, pages=True)
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
