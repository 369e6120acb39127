"""Forgets people on this store's disks: journal, captures, mirror files, memory. The chain still verifies after it.

What a record says is deleted (salt and payload), and so is the paper of the documents it speaks of. Records of sales
hold no person and stay. Doing it twice erases nothing more. Backups made before hold the person until they are
overwritten; `docs/privacy.md` says for how long.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.identity.keeping import ScanKeeper
from agent.identity.recognition import Recogniser
from agent.intake.recording import RecordMaker
from agent.journal.batch import Batch, Capture, Change, EraseCapture, EraseRecord
from agent.journal.reader import JournalReader
from agent.journal.records import JournalKind
from agent.journal.writer import JournalWriter
from agent.keys import AgentKeys
from agent.offering.memory import StoreMemory
from agent.state_dir import StateDir
from sync.mirror import read_current
from sync.protocol.mirror_file import erase as erase_from_file

CHUNK_ROWS = 200  # records erased in one commit: other lanes' commits wait 5 ms for it


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
        forget_value: Callable[[str], tuple[Change, ...]],
        keeper: ScanKeeper,
    ) -> None:
        self._state = state
        self._keys = keys
        self._writer = writer
        self._maker = maker
        self._memory = memory
        self._people = people
        self._forget_value = forget_value
        self._keeper = keeper

    async def erase(self, erasures: Sequence[Mapping[str, Any]]) -> int:
        """Forget these people; return how many records were erased. Durable on return."""
        erased = 0
        for erasure in erasures:
            erased += await self._erase_one(
                int(erasure["erasure_no"]), str(erasure["customer_id"]), tuple(map(str, erasure.get("locators", ())))
            )
        if erased:
            await self._writer.run(lambda store: store.scrub_free_pages())
        return erased

    async def _erase_one(self, erasure_no: int, customer_id: str, locators: tuple[str, ...]) -> int:
        mark = f"erasure/{erasure_no}"
        if await self._writer.documents_of(mark):
            return 0  # the feed tells the whole list every time; what is done is done
        self._memory.forget(customer_id)
        self._keeper.forget(customer_id)
        self._people.forget(customer_id)
        await asyncio.to_thread(self._erase_from_mirror, locators)
        changes = await asyncio.to_thread(self._changes, customer_id, locators)
        changes += self._forget_value(customer_id)
        for at in range(0, len(changes), CHUNK_ROWS):
            await self._writer.commit(Batch(changes=tuple(changes[at : at + CHUNK_ROWS])))
        records = sum(isinstance(change, EraseRecord) for change in changes)
        content = {"erasure_no": erasure_no, "records": records, "captures": len(changes) - records}
        done = Capture(job_id=mark, document_no=0, workstation_id="", received_at=self._maker.now(), body=None)
        applied = self._maker.of_now(JournalKind.ERASURE_APPLIED, content)
        await self._writer.commit(Batch(records=(applied,), capture=done))
        return records

    def _erase_from_mirror(self, locators: tuple[str, ...]) -> None:
        current = read_current(self._state.mirror)
        if current is None or not locators:
            return
        wanted = [bytes.fromhex(locator) for locator in locators]
        for name in (*current.overlays, current.snapshot):
            erase_from_file(self._state.mirror / name, wanted)

    def _changes(self, customer_id: str, locators: tuple[str, ...]) -> list[Change]:
        """Find what speaks of a person: by id, by locator, and the paper of the sales those records name."""
        needles = [json.dumps(customer_id, ensure_ascii=False).encode(), *(f'"{each}"'.encode() for each in locators)]
        changes: dict[Change, None] = {}
        sales: set[str] = set()
        reader = JournalReader(self._state.journal, self._keys.journal)
        try:
            for needle in needles:
                for seq, content in reader.records_holding(needle):
                    changes[EraseRecord(seq=seq)] = None
                    if content.get("transaction_id"):
                        sales.add(str(content["transaction_id"]))
            for transaction_id in sales:
                for _, content in reader.records_holding(f'"{transaction_id}"'.encode()):
                    sale = content.get("transaction")
                    if isinstance(sale, dict) and sale.get("job_id"):
                        paper = EraseCapture(job_id=str(sale["job_id"]), document_no=int(content["document_no"]))
                        changes[paper] = None
        finally:
            reader.close()
        return list(changes)
