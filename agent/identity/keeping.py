"""Keeps scans on disk from their acknowledgement until they belong to a sale, so that killing core loses nobody (I2).

A row holds the half of the code's token that opens nothing, and the customer's id: neither the code nor the name. It
goes in the commit that holds its sale; what dies otherwise is dropped behind it. Commits of scans share syncs with
receipts and are never waited for at a cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from agent.identity.binding import Scan
from agent.identity.recognition import Recogniser, Recognition
from agent.journal.batch import Batch, Committed, DropScan, Haste, KeepScan
from agent.ports import Journalling


class ScanKeeper:
    """Used by core's loop only."""

    def __init__(self, *, journal: Journalling, people: Recogniser) -> None:
        self._journal = journal
        self._people = people
        self._kept: set[str] = set()
        self._last: asyncio.Future[Committed] | None = None

    def __repr__(self) -> str:
        return f"<ScanKeeper kept={len(self._kept)}>"

    def restored(self, row: KeepScan) -> Scan:
        """Take over a row of the last core's; return its scan. Cards are told apart by their locators from here on."""
        self._kept.add(row.scan_id)
        self._people.remember_restored(
            Recognition(scan_id=row.scan_id, locator=row.locator, account=None, customer_id=row.customer_id)
        )
        return Scan(scan_id=row.scan_id, holder=row.locator or row.scan_id, at=row.scanned_at)

    def keep(self, workstation_id: str, scan: Scan, found: Recognition) -> asyncio.Future[Committed]:
        """Write a scan down; the future is done when it is on disk, or fails as a commit does."""
        return self._commit(workstation_id, scan, found, number="")

    def put_by(self, workstation_id: str, scan: Scan, number: str) -> None:
        """Note that a kept scan waits under a suspension number now."""
        if scan.scan_id in self._kept:
            self._commit(workstation_id, scan, self._people.recognition(scan.scan_id), number=number)

    def gone(self, scans: Iterable[Scan]) -> None:
        """Drop scans that belong to no sale. A repeat changes nothing."""
        self._drop_now([scan.scan_id for scan in scans])

    def drops(self, scan_ids: Iterable[str]) -> tuple[DropScan, ...]:
        """Return what a sale's own commit holds about the scans that are over with it."""
        return tuple(DropScan(scan_id=each) for each in scan_ids if each in self._kept)

    def dropped(self, scan_ids: Iterable[str]) -> None:
        """Learn that drops are on disk."""
        self._kept.difference_update(scan_ids)

    async def flush(self) -> None:
        """Return when the last thing handed over is on disk. Raises TillstreamError when it could not be written."""
        if self._last is not None:
            await asyncio.shield(self._last)

    def _drop_now(self, scan_ids: list[str]) -> None:
        """Drop behind whatever was handed over before; a row that stays because the disk says no dies of age."""
        changes = self.drops(scan_ids)
        if changes:
            self.dropped(scan_ids)
            self._last = self._journal.hand_over(Batch(changes=changes), haste=Haste.WITH_CUT)
            self._last.add_done_callback(_look_at)

    def _commit(self, workstation_id: str, scan: Scan, found: Recognition, *, number: str) -> asyncio.Future[Committed]:
        self._kept.add(scan.scan_id)
        row = KeepScan(
            scan_id=scan.scan_id,
            workstation_id=workstation_id,
            scanned_at=scan.at,
            locator=found.locator,
            customer_id=found.customer_id,
            number=number,
        )
        self._last = self._journal.hand_over(Batch(changes=(row,)), haste=Haste.WITH_CUT)
        self._last.add_done_callback(_look_at)
        return self._last


def _look_at(future: asyncio.Future[Any]) -> None:
    """Take the error of a commit that nobody waits for: the writer's `trouble` shows it to status and doctor."""
    if not future.cancelled():
        future.exception()
