"""What core does for its disk while nobody waits: the scrub all day, copies and retention once a trading day.

Nothing here runs while a cut is held, and no step is long. A scrub that finds a row damaged keeps it from destinations;
one that finds a page unreadable has the journal salvaged, between two commits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from agent.clock import Clock, ClockJudge, business_day
from agent.config import AgentConfig
from agent.identity.floor import Floor
from agent.intake.captures import CaptureFiles
from agent.journal.database import BrokenJournalError
from agent.journal.reader import JournalReader
from agent.journal.records import ClockQuality
from agent.journal.recovery import JournalPlace
from agent.journal.reserve import Reserve
from agent.journal.upkeep import Retention, Scrub, backup, prune, quarantine_of
from agent.journal.writer import JournalWriter
from agent.state_dir import StateDir
from retail.errors import OnSiteError, TillstreamError

STEP_EVERY_S = 5.0  # 500 rows a step: a journal of 300,000 rows is verified in 50 minutes, at 0.1 % of a core
TOLD_A_STEP_MAX = 5  # damaged rows told one by one; the doctor counts them all
ORPHAN_AGE_S = 3600.0  # a capture's file is written before or after its row by milliseconds, never by an hour


class Housekeeping:
    """Used by core's loop; reads and copies on other threads, writes on the journal's."""

    def __init__(
        self,
        *,
        config: AgentConfig,
        state: StateDir,
        place: JournalPlace,
        writer: JournalWriter,
        floor: Floor,
        clock: Clock,
        judge: ClockJudge,
        trouble: Callable[[TillstreamError], None],
        reserve: Reserve | None = None,
    ) -> None:
        self._reserve = reserve
        self._config = config
        self._state = state
        self._place = place
        self._writer = writer
        self._floor = floor
        self._clock = clock
        self._judge = judge
        self._trouble = trouble
        self._scrub = Scrub(self._reader)
        self._kept_on: date | None = None
        self._told: set[int] = set()  # places found damaged; a gap stays one and is told once a start

    async def run(self) -> None:
        """Keep house until cancelled."""
        self._kept_on = self._today()
        try:
            while True:
                await asyncio.sleep(STEP_EVERY_S)
                if self._floor.is_waited_for:
                    continue
                try:
                    await self.keep_reserve()
                    await self.scrub_step()
                    await self._new_day()
                except TillstreamError as error:
                    self._trouble(error)
        finally:
            self._scrub.close()

    async def scrub_step(self) -> int:
        """Verify the next rows; return how many were found damaged. Raises TillstreamError when the disk says no."""
        try:
            findings = await asyncio.to_thread(self._scrub.step)
        except BrokenJournalError as error:
            self._trouble(error)
            await self._writer.run(lambda store: store.salvage())
            return 1
        quarantine = quarantine_of(findings, self._clock.now())
        if quarantine is not None:
            await self._writer.commit(quarantine)
        fresh = [finding for finding in findings if finding.seq not in self._told]
        self._told.update(finding.seq for finding in fresh)
        for finding in fresh[:TOLD_A_STEP_MAX]:
            self._trouble(
                OnSiteError(
                    f"journal record {finding.seq} is damaged ({finding.damage.value})",
                    fix="check the disk; tillstream journal verify",
                    code="journal_damaged",
                )
            )
        return len(fresh)

    async def keep_reserve(self) -> bool:
        """Keep space back for a full disk; return whether it is held. Tells when it had to be given up."""
        if self._reserve is None or await asyncio.to_thread(self._reserve.refill):
            return True
        self._trouble(
            OnSiteError(
                "the disk is nearly full: the journal lives on what was kept back for it",
                fix=f"free disk space below {self._state.root}",
                code="disk_nearly_full",
            )
        )
        return False

    async def scrub_all(self) -> int:
        """Verify everything from the start; return how many rows were found damaged."""
        self._scrub.close()
        before, found = self._scrub.rounds, 0
        while self._scrub.rounds == before:
            found += await self.scrub_step()
        return found

    async def backup(self) -> Path:
        """Make a copy of the journal and return it."""
        place = self._place
        copy = partial(backup, place.path, place.key, folder=self._state.backups, now=self._clock.now())
        return await asyncio.to_thread(copy)

    async def prune(self) -> int:
        """Remove what every destination has and nobody needs; return how many records went.

        With a hub, only while the hub agrees on the time: a clock that is years ahead would make everything old, and a
        hub restored from its backup would ask in vain for what went.
        """
        if self._config.hub is not None and self._judge.quality() is not ClockQuality.SYNCHRONISED:
            return 0
        retention = await asyncio.to_thread(self._retention)
        records = 0
        while True:
            done = await self._writer.run(lambda store: prune(store, retention))
            records += done.records
            if not done.more:
                break
            await asyncio.sleep(0)
        await asyncio.to_thread(self._remove_orphans)
        return records

    async def _new_day(self) -> None:
        today = self._today()
        if today == self._kept_on:
            return
        self._kept_on = today
        self._floor.new_day()
        await self.prune()
        await self.backup()

    def _today(self) -> date:
        store = self._config.store
        return business_day(self._clock.now(), store.zone, store.day_ends_at)

    def _retention(self) -> Retention:
        """Return what may go: without a hub in the configuration, nobody is waited for."""
        now, today = self._clock.now(), self._today()
        reader = self._reader()
        try:
            cursors = [each.acked_seq for each in reader.cursors()]
            acked = min(cursors) if cursors else 0
            if self._config.hub is None and not cursors:
                acked = reader.head()[1]
        finally:
            reader.close()
        return Retention(
            now=now,
            business_day=today - timedelta(days=self._config.agent.journal_days),
            captures_before=now - timedelta(days=self._config.agent.capture_days),
            acked_seq=acked,
        )

    def _remove_orphans(self) -> None:
        """Remove sealed captures that no row points at any more."""
        files = CaptureFiles(self._state.captures, self._place.key)
        reader = self._reader()
        try:
            kept = reader.capture_files()
        finally:
            reader.close()
        for name in files.names() - kept:
            if files.age_s(name, self._clock.now()) > ORPHAN_AGE_S:
                files.remove(name)

    def _reader(self) -> JournalReader:
        return JournalReader(self._place.path, self._place.key)
