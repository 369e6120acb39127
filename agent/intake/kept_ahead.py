"""Commits that stand on disk before the cut they belong to, so that nothing is left to sync while a cut is held.

What a cut will commit is known milliseconds before it comes, where a till pauses. It is put by whole, in one row
(`agent/journal/foreseen.py`). At the cut the block may leave as soon as that row is on disk and what it holds is still,
in every part, what the cut means. The document's own batch follows and drops the row. A core that is killed in between
commits the row at its next start, before anything else is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from agent.intake.documents import Origin
from agent.intake.taken import Foreseen, Taken
from agent.journal.batch import Batch, Committed, DropForeseen, FillCapture, Haste, KeepForeseen
from agent.journal.foreseen import Grounds, spell_batch
from agent.journal.records import canonical_json
from agent.ports import Journalling

Told = Callable[[Taken, asyncio.Future[Committed]], None]


class KeptAhead:
    """Used by core's loop only. `on_committed` hears the end of a batch that was committed again."""

    def __init__(self, journal: Journalling, *, on_committed: Told) -> None:
        self._journal = journal
        self._on_committed = on_committed
        self._unfinished: list[Taken] = []
        self.left_over: frozenset[tuple[str, int]] = frozenset()
        """Documents (job, number) that the last core left behind, committed as they had been foreseen."""

    def keep(self, foreseen: Foreseen) -> None:
        """Put by what the cut will commit; a row that was kept of the document before is overtaken."""
        assert foreseen.batch is not None
        origin = foreseen.origin
        body = spell_batch(foreseen.batch, _grounds(foreseen))
        row = KeepForeseen(job_id=origin.job_id, document_no=origin.document_no, body=body)
        foreseen.kept = self._journal.hand_over(Batch(changes=(row,)))
        foreseen.kept.add_done_callback(is_done)

    def drop(self, origin: Origin) -> None:
        """Drop a row whose cut will not come; at the latest the next start does it."""
        batch = overtaking(Batch(), origin)
        self._journal.hand_over(batch, haste=Haste.LATER).add_done_callback(is_done)

    def unfinished(self, taken: Taken) -> None:
        """Note that the journal would not take what is printed already; it is committed again (`go_on`)."""
        self._unfinished.append(taken)

    def give_up(self, customer_id: str, locators: Collection[str]) -> list[Taken]:
        """Return what of a person's is not to be committed again, since they were erased: its tap hands it over."""
        theirs = [
            each
            for each in self._unfinished
            if each.whose is not None and (each.whose.customer_id == customer_id or each.whose.locator in locators)
        ]
        for taken in theirs:
            self._unfinished.remove(taken)
            self.drop(taken.origin)
        return theirs

    def owes(self, job_id: str) -> bool:
        """Whether something of a job is printed and not committed: nobody else may take its documents before."""
        return any(each.origin.job_id == job_id for each in self._unfinished)

    def completed(self, origin: Origin, ok: bool) -> None:
        """Note that a document that was left behind is whole: it is no news when it is handed over again."""
        if ok:
            self.left_over -= {(origin.job_id, origin.document_no)}

    def go_on(self) -> None:
        """Commit again what is printed and the journal would not take, before anything that follows from it."""
        again, self._unfinished = self._unfinished, []
        for taken in again:
            future = self._journal.hand_over(overtaking(taken.batch, taken.origin))
            future.add_done_callback(partial(self._on_committed, taken))


def _grounds(foreseen: Foreseen) -> Grounds:
    """Return what has to be on disk as it was, for the commit to be true at the next start."""
    assert foreseen.value is not None
    rows = tuple(
        (what.value, row_id, canonical_json(row).decode() if row is not None else None)
        for (what, row_id), row in foreseen.value.entry.before.items()
    )
    return Grounds(at=foreseen.value.told.now, rows=rows)


def is_done(future: asyncio.Future[Committed]) -> bool:
    """Whether something is on disk."""
    return future.done() and not future.cancelled() and future.exception() is None


def overtaking(batch: Batch, origin: Origin) -> Batch:
    """Return a document's batch that drops what was kept ahead of it."""
    drop = DropForeseen(job_id=origin.job_id, document_no=origin.document_no)
    return replace(batch, changes=(*batch.changes, drop))


def completing(batch: Batch) -> Batch:
    """Return the batch of a document that is here as it was foreseen, now that all of it has come.

    The sale is known and is no second one; what it turned out to be instead - void, of another total - is committed.
    """
    capture = batch.capture
    if capture is None or capture.body is None:
        return replace(batch, capture=None)
    fill = FillCapture(job_id=capture.job_id, document_no=capture.document_no, body=capture.body)
    return replace(batch, capture=None, changes=(*batch.changes, fill))
