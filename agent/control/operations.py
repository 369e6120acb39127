"""What core does when desk or command line ask (`control.sock`). Each says what a repeat does.

scan            {workstation_id, code, symbology, source} -> {scan_id}; a repeat is another scan of the same card
judge           {workstation_id, code, symbology} -> {action, code}: what the till is to get for a code of ours that its
                own scanner read: `pass` it, `withhold` it, or `replace` it by `code`; a repeat is answered the same
undo            {scan_id}; a repeat changes nothing
paper           {workstation_id}: the customer wants our paper with this sale; a repeat changes nothing
begun           {workstation_id}: a new sale is being rung up; a repeat changes nothing
append          {kind, workstation_id, payload} -> {seq}: something born on a page; `payload.request_id` makes a repeat
                harmless (it is answered with seq null)
cursor_move     {destination, epoch, seq, head_hash, hub_time?}; a repeat changes nothing
park, unpark    {destination, seq, reason, detail}; a repeat keeps the newest reason
contact         {hub_time?}: the hub was reached; the clock is judged by it
mirror_changed  {}: files of the feed were swapped; a repeat looks again
enrolled        {}: the enrolment was written; a repeat looks again
raise_epoch     {to, reason}: a fork was found, or the hub knows a newer epoch; one that is not higher changes nothing
erase           {erasures: [{erasure_no, customer_id, locators}]}; a repeat erases nothing more
reread          {job_id, document_no, ocr} -> {kind, seq}: a kept capture read by today's reader, its pictures in the
                languages of `ocr`; a repeat changes nothing
backup          {} -> {path}: a whole, encrypted copy of the journal
scrub           {} -> {findings}: the whole journal verified now; damaged rows are quarantined
status          {} -> the core's part of `tillstream status --json`
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.clock import Clock, ClockJudge
from agent.control.server import Operation
from agent.identity.binding import Event
from agent.identity.floor import Floor
from agent.identity.permissions import KINDS as CONSENT_KINDS
from agent.identity.scanning import Presented, Scanning
from agent.intake.recording import RecordMaker
from agent.journal.batch import Batch, Capture, Change, MoveCursor, Park, Unpark
from agent.journal.records import JournalKind
from agent.journal.writer import JournalWriter
from retail.errors import RefusedError

PAGE_KINDS = frozenset(
    {
        JournalKind.VISIT,
        JournalKind.INTEREST,
        JournalKind.CONSENT_GIVEN,
        JournalKind.CONSENT_WITHDRAWN,
        JournalKind.SURVEY_ANSWERED,
        JournalKind.OFFER_SHOWN,
        JournalKind.OFFER_ACTIVATED,
        JournalKind.DEVICE_FAULT,
        JournalKind.FRAUD_FLAGGED,
    }
)
"""What pages may journal; everything else is core's own."""

PARK_REASONS = frozenset({"refused", "exhausted", "misconfigured"})


def _pass_it(workstation_id: str, code: str, symbology: str) -> Mapping[str, Any]:
    """Let a code through as it is: what is done where nobody keeps the store's coupons."""
    del workstation_id, code, symbology
    return {"action": "pass", "code": ""}


def _nothing_more(kind: str, content: Mapping[str, Any]) -> None:
    """Do nothing about a page's record beyond journalling it."""
    del kind, content


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreParts:
    """What the operations work on; made by `bootstrap`.

    `attributed` returns a page's record with whose scan it names; `kept` learns of each that is on disk.
    """

    clock: Clock
    judge: ClockJudge
    floor: Floor
    scanning: Scanning
    maker: RecordMaker
    writer: JournalWriter
    swap: Callable[[], None]
    enrolled: Callable[[], Awaitable[None]]
    erase: Callable[[Sequence[Mapping[str, Any]]], Awaitable[int]]
    backup: Callable[[], Awaitable[Path]]
    reread: Callable[[str, int, str], Awaitable[Mapping[str, Any]]]
    scrub: Callable[[], Awaitable[int]]
    status: Callable[[], Mapping[str, Any]]
    judge_code: Callable[[str, str, str], Mapping[str, Any]] = _pass_it
    attributed: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    kept: Callable[[str, Mapping[str, Any]], None] = _nothing_more


class Operations:
    """One method an op; `table` hands them to the control server."""

    def __init__(self, parts: CoreParts) -> None:
        self._parts = parts

    def table(self) -> Mapping[str, Operation]:
        """Return op -> what carries it out."""
        return {
            "scan": self.scan,
            "judge": self.judge_code,
            "undo": self.undo,
            "paper": self.paper,
            "begun": self.begun,
            "append": self.append,
            "cursor_move": self.cursor_move,
            "park": self.park,
            "unpark": self.unpark,
            "contact": self.contact,
            "mirror_changed": self.mirror_changed,
            "enrolled": self.enrolled,
            "raise_epoch": self.raise_epoch,
            "erase": self.erase,
            "backup": self.backup,
            "reread": self.reread,
            "scrub": self.scrub,
            "status": self.status,
        }

    async def scan(self, *, workstation_id: str, code: str, symbology: str = "", source: str = "") -> dict[str, Any]:
        """Take a presented code."""
        presented = Presented(
            workstation_id=_text(workstation_id), code=_text(code), symbology=_text(symbology), source=_text(source)
        )
        return {"scan_id": await self._parts.scanning.scan(presented)}

    async def judge_code(self, *, workstation_id: str, code: str, symbology: str = "") -> Mapping[str, Any]:
        """Say what the till is to get for a code of ours."""
        return self._parts.judge_code(_text(workstation_id), _text(code), _text(symbology))

    async def undo(self, *, scan_id: str) -> dict[str, Any]:
        """Take a scan back."""
        await self._parts.scanning.undo(_text(scan_id))
        return {}

    async def paper(self, *, workstation_id: str) -> dict[str, Any]:
        """Remember that a customer wants our paper."""
        self._parts.floor.ask_for_paper(_text(workstation_id))
        return {}

    async def begun(self, *, workstation_id: str) -> dict[str, Any]:
        """Learn that a new sale is being rung up."""
        self._parts.floor.happened(_text(workstation_id), Event.BEGUN, self._parts.clock.now())
        return {}

    async def append(self, *, kind: str, workstation_id: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Journal something born on a page. A yes or no of nobody is refused: who said it must not think it counts."""
        if kind not in set(PAGE_KINDS) or not isinstance(payload, dict):
            raise RefusedError(f"pages do not journal {kind!r}", fix="update the agent", code="kind")
        content = self._parts.attributed(payload)
        if kind in CONSENT_KINDS and not (content.get("customer_id") or content.get("enrolment_id")):
            raise RefusedError("nobody is known by this scan", fix="scan the card again", code="nobody")
        record = self._parts.maker.of_now(JournalKind(kind), content, _text(workstation_id))
        once = payload.get("request_id")
        batch = Batch(records=(record,), capture=self._once(_text(once), workstation_id) if once else None)
        done = await self._parts.writer.commit(batch)
        self._parts.kept(kind, content)
        return {"seq": done.seqs[0] if done.seqs else None}

    async def cursor_move(
        self, *, destination: str, epoch: int, seq: int, head_hash: str, hub_time: str | None = None
    ) -> dict[str, Any]:
        """Keep how far a destination is."""
        self._parts.judge.contact(datetime.fromisoformat(hub_time) if hub_time else None)
        move = MoveCursor(
            destination=_text(destination),
            epoch=int(epoch),
            acked_seq=int(seq),
            head_hash=_text(head_hash),
            moved_at=self._parts.clock.now(),
        )
        return await self._commit(move)

    async def park(self, *, destination: str, seq: int, reason: str, detail: str = "") -> dict[str, Any]:
        """Keep a record out of what a destination is sent."""
        if reason not in PARK_REASONS:
            raise RefusedError(f"{reason!r} is no reason", fix=f"one of {', '.join(sorted(PARK_REASONS))}")
        now = self._parts.clock.now()
        return await self._commit(
            Park(destination=_text(destination), seq=int(seq), reason=reason, detail=_text(detail), parked_at=now)
        )

    async def unpark(self, *, destination: str, seq: int) -> dict[str, Any]:
        """Let a record be tried again."""
        return await self._commit(Unpark(destination=_text(destination), seq=int(seq)))

    async def contact(self, *, hub_time: str | None = None) -> dict[str, Any]:
        """Learn that the hub was reached."""
        self._parts.judge.contact(datetime.fromisoformat(hub_time) if hub_time else None)
        return {}

    async def mirror_changed(self, **_: Any) -> dict[str, Any]:
        """Look at the feed's files again."""
        self._parts.swap()
        return {}

    async def enrolled(self) -> dict[str, Any]:
        """Look at the enrolment again."""
        await self._parts.enrolled()
        return {}

    async def raise_epoch(self, *, to: int, reason: str) -> dict[str, Any]:
        """Begin a new range of the journal."""
        raised_at = self._parts.clock.now().isoformat()
        raised = await self._parts.writer.run(
            lambda store: store.raise_epoch_if_higher(to=int(to), reason=_text(reason), raised_at=raised_at)
        )
        return {"raised": raised}

    async def erase(self, *, erasures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Forget people on this store's disks; durable on return."""
        return {"records": await self._parts.erase(erasures)}

    async def reread(self, *, job_id: str, document_no: int, ocr: str = "") -> Mapping[str, Any]:
        """Take what today's reader makes of a kept capture."""
        return await self._parts.reread(_text(job_id), int(document_no), _text(ocr))

    async def backup(self) -> dict[str, Any]:
        """Make a copy of the journal."""
        return {"path": str(await self._parts.backup())}

    async def scrub(self) -> dict[str, Any]:
        """Verify the whole journal now."""
        return {"findings": await self._parts.scrub()}

    async def status(self) -> Mapping[str, Any]:
        """Say how core is."""
        return self._parts.status()

    async def _commit(self, change: Change) -> dict[str, Any]:
        await self._parts.writer.commit(Batch(changes=(change,)))
        return {}

    def _once(self, request_id: str, workstation_id: str) -> Capture:
        """Return what makes a batch happen once: a capture without a body, under the request's id."""
        return Capture(
            job_id=f"request/{request_id}",
            document_no=0,
            workstation_id=workstation_id,
            received_at=self._parts.clock.now(),
            body=None,
        )


TEXT_CHARS_MAX = 8192  # the longest member of a request: a QR code of 4,296 characters


def _text(value: object) -> str:
    """Return a member that must be a text. Raises ValueError else."""
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX:
        raise ValueError("a short text is expected")
    return value
