"""Forgets people on this store's disks: journal, captures, mirror files, memory. The chain still verifies after it.

What a record says is deleted (salt and payload), and so is the paper of the documents it speaks of. Records of sales
hold no person and stay. Memory goes first, so that nothing names the person from then on: neither a sale whose commit
the disk refused and that comes again, nor a scan that waits for its sale. Sweeping twice catches what a sale that was
under way wrote meanwhile; nothing is called done before the disk has taken all of it. Copies of the journal
and databases that were moved aside go, and a fresh copy is made: afterwards no file here speaks of the person. Doing it
again erases nothing more.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from agent.identity.keeping import ScanKeeper
from agent.identity.recognition import Recogniser
from agent.intake.captures import CaptureFiles
from agent.intake.counter import Counter
from agent.intake.recording import RecordMaker
from agent.journal.batch import (
    AwaitOutcome,
    Batch,
    Capture,
    Change,
    DropEveryForeseen,
    DropScan,
    EraseCapture,
    EraseRecord,
)
from agent.journal.reader import JournalReader
from agent.journal.records import JournalKind, canonical_json
from agent.journal.upkeep import backup
from agent.journal.writer import JournalWriter
from agent.keys import AgentKeys
from agent.offering.memory import StoreMemory
from agent.state_dir import StateDir
from retail.errors import RefusedError, TryAgainError
from sync.mirror import read_current
from sync.protocol.mirror_file import erase as erase_from_file
from sync.protocol.mirror_file import is_whole
from sync.protocol.persons import names_person, token_halves

SWEEPS = 2
"""What was under way when the first began is on disk when the second looks."""

SCRUB_TRIES = 20
SCRUB_WAIT_S = 0.25
"""A reader of the journal - courier, scrub - takes a tenth of a second at a time; five seconds see a gap."""

CHUNK_ROWS = 200  # records erased in one commit: other lanes' commits wait 5 ms for it

MARK_CHARS = 16  # of a hash: 64 bits tell the people of one number apart


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """Who must be forgotten; `mark` names the erasure in the journal once it is done.

    A hub that was put back from a copy may give a number again, to somebody else: so the mark says whom, too.
    """

    erasure_no: int
    customer_id: str
    locators: tuple[str, ...]

    @property
    def mark(self) -> str:
        who = hashlib.sha256(json.dumps([self.customer_id, sorted(self.locators)]).encode()).hexdigest()
        return f"erasure/{self.erasure_no}/{who[:MARK_CHARS]}"


class Eraser:
    """Used by core's loop; reads on other threads."""

    def __init__(
        self,
        *,
        state: StateDir,
        keys: AgentKeys,
        writer: JournalWriter,
        maker: RecordMaker,
        memory: StoreMemory,
        people: Recogniser,
        counter: Counter,
        forget_value: Callable[[str], Awaitable[int]],
        keeper: ScanKeeper,
    ) -> None:
        self._state = state
        self._keys = keys
        self._writer = writer
        self._maker = maker
        self._memory = memory
        self._people = people
        self._counter = counter
        self._forget_value = forget_value
        self._keeper = keeper

    async def erase(self, erasures: Sequence[Mapping[str, Any]]) -> int:
        """Forget these people; return how many records were erased. Durable on return.

        Raises TryAgainError while somebody reads the journal's log, and then nothing is called done.
        """
        pending = [each for each in map(_person, erasures) if not await self._writer.documents_of(each.mark)]
        if not pending:
            return 0  # the feed tells the whole list every time; what is done is done
        files = await asyncio.to_thread(self._capture_files)
        found = [await self._erase_one(person) for person in pending]
        await self._scrub()
        await asyncio.to_thread(self._forget_files, files)
        for person, (records, others) in zip(pending, found, strict=True):
            content = {"erasure_no": person.erasure_no, "records": records, "captures": others}
            done = Capture(
                job_id=person.mark, document_no=0, workstation_id="", received_at=self._maker.now(), body=None
            )
            applied = self._maker.of_now(JournalKind.ERASURE_APPLIED, content)
            await self._writer.commit(Batch(records=(applied,), capture=done))
        await asyncio.to_thread(self._renew_copies)
        return sum(records for records, _ in found)

    async def _erase_one(self, person: _Person) -> tuple[int, int]:
        """Forget one person; return how many records, and how many other rows, that took."""
        await asyncio.to_thread(self._erase_from_mirror, person.locators)  # whoever is looked up now is not found
        self._counter.forget(person.customer_id, person.locators)  # first: what is printed by now is before this
        self._memory.forget(person.customer_id)
        self._people.forget(person.customer_id, person.locators)
        records = others = 0
        for _ in range(SWEEPS):
            others += await self._forget_value(person.customer_id)
            self._counter.forget_foreseen()
            # behind what was handed over before: it is swept, too
            await self._writer.commit(Batch(changes=(DropEveryForeseen(),)))
            changes = await asyncio.to_thread(self._changes, person.customer_id, person.locators)
            for at in range(0, len(changes), CHUNK_ROWS):
                await self._writer.commit(Batch(changes=tuple(changes[at : at + CHUNK_ROWS])))
            self._keeper.dropped(change.scan_id for change in changes if isinstance(change, DropScan))
            swept = sum(isinstance(change, EraseRecord) for change in changes)
            records, others = records + swept, others + len(changes) - swept
        return records, others

    async def _scrub(self) -> None:
        """Empty the journal's log: deletions overwrite pages, but the log still holds what they were."""
        for _ in range(SCRUB_TRIES):
            if await self._writer.run(lambda store: store.checkpoint()):
                return
            await asyncio.sleep(SCRUB_WAIT_S)
        raise TryAgainError("the journal is being read, so that its log cannot be emptied", fix="it is tried again")

    def _erase_from_mirror(self, locators: tuple[str, ...]) -> None:
        """Erase from every mirror file, those that wait to be used or removed included."""
        wanted = token_halves(locators)
        folder = self._state.mirror
        paths = set(folder.glob("mirror*"))
        with suppress(RefusedError):  # a damaged `current.json` names nothing; the feed brings all anew
            current = read_current(folder)
            paths |= {folder / name for name in (current.snapshot, *current.overlays)} if current else set()
        for path in sorted(paths) if wanted else ():
            if is_whole(path):
                erase_from_file(path, wanted)
            else:
                path.unlink(missing_ok=True)

    def _capture_files(self) -> set[str]:
        reader = JournalReader(self._state.journal, self._keys.journal)
        try:
            return set(reader.capture_files())
        finally:
            reader.close()

    def _forget_files(self, before: set[str]) -> None:
        """Remove the sealed papers that no row points at any more."""
        captures = CaptureFiles(self._state.captures, self._keys.journal)
        for name in before - self._capture_files():
            captures.remove(name)

    def _renew_copies(self) -> None:
        """Replace the journal's copies, which hold who was erased, by one made now; broken ones were salvaged."""
        old = [
            *self._state.backups.glob("journal-*.db"),
            *self._state.root.glob(f"{self._state.journal.name}.broken-*"),
        ]
        for path in old:
            path.unlink(missing_ok=True)
        if old:
            backup(self._state.journal, self._keys.journal, folder=self._state.backups, now=self._maker.now())

    def _changes(self, customer_id: str, locators: tuple[str, ...]) -> list[Change]:
        """Find what speaks of a person: by id, by locator, and the paper of the sales those records name."""
        needles = [json.dumps(customer_id, ensure_ascii=False).encode(), *(f'"{each}"'.encode() for each in locators)]
        changes: dict[Change, None] = {}
        sales: set[str] = set()
        reader = JournalReader(self._state.journal, self._keys.journal)
        try:
            for needle in needles:
                for seq, content in reader.records_holding(needle):
                    if not names_person(content, {customer_id}, locators):
                        continue  # an ID may be an ordinary word: `1` is a quantity too
                    changes[EraseRecord(seq=seq)] = None
                    if content.get("transaction_id"):
                        sales.add(str(content["transaction_id"]))
            for transaction_id in sales:
                for _, content in reader.records_holding(f'"{transaction_id}"'.encode()):
                    sale = content.get("transaction")
                    if isinstance(sale, dict) and sale.get("job_id"):
                        paper = EraseCapture(job_id=str(sale["job_id"]), document_no=int(content["document_no"]))
                        changes[paper] = None
            changes |= dict.fromkeys(_what_waits(reader, customer_id, locators))
        finally:
            reader.close()
        return list(changes)


def _what_waits(reader: JournalReader, customer_id: str, locators: tuple[str, ...]) -> Iterator[Change]:
    """Yield the ends of a person's scans that wait for their sale, and papers on their way as nobody's."""
    for scan in reader.open_scans():
        if scan.customer_id == customer_id or scan.locator in locators:
            yield DropScan(scan_id=scan.scan_id)
    for job_id, cut_no, workstation_id, content in reader.awaited():
        if names_person(content, {customer_id}, locators):
            nobody = canonical_json(content | {"customer_id": None, "household_id": None})
            yield AwaitOutcome(job_id=job_id, cut_no=cut_no, workstation_id=workstation_id, payload=nobody)


def _person(told: Mapping[str, Any]) -> _Person:
    return _Person(
        erasure_no=int(told["erasure_no"]),
        customer_id=str(told["customer_id"]),
        locators=tuple(map(str, told.get("locators", ()))),
    )
