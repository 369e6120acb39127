"""The desk's side of every port: what pages and courier ask for, fulfilled over control socket and journal file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from agent.desk.loyalty import Asking, Lending, TillLink
from agent.journal.reader import JournalReader
from agent.journal.records import StoredRecord
from kiosk.ports import JsonObject
from retail.errors import TryAgainError
from sync.consents import CONSENT_KINDS
from sync.ports import ParkReason, Position
from sync.protocol.enrolment import seal_to, to_base64

STATUS_FRESH_S = 0.25
"""How old core's status may be: however many pages and monitors ask, core is asked four times a second. An answer is
half a millisecond of the loop that held cuts need."""


class DeskCore:
    """Core, as pages see it (`kiosk.ports.CorePort`)."""

    def __init__(self, control: Asking, *, own_status: Callable[[], JsonObject], lend: Lending | None = None) -> None:
        self._control = control
        self._till = TillLink(control, lend=lend)
        self._own_status = own_status
        self._status: JsonObject = {}
        self._status_at_s = -STATUS_FRESH_S

    async def scan(self, *, workstation_id: str, code: str, symbology: str, source: str) -> str:
        """Hand a presented code to core; a repeat is a new scan."""
        answer = await self._control.ask(
            "scan", workstation_id=workstation_id, code=code, symbology=symbology, source=source
        )
        return str(answer["scan_id"])

    async def undo(self, scan_id: str) -> None:
        """Take a scan back; twice is as good as once."""
        await self._control.ask("undo", scan_id=scan_id)

    async def paper(self, workstation_id: str) -> None:
        """Remember that the customer of the open sale wants our paper."""
        await self._control.ask("paper", workstation_id=workstation_id)

    async def append(self, *, kind: str, workstation_id: str, payload: JsonObject) -> JsonObject:
        """Journal what was born on a page; on return it is on disk."""
        return await self._control.ask("append", kind=kind, workstation_id=workstation_id, payload=dict(payload))

    async def hand_over(self, *, scan_id: str, kiosk_id: str) -> JsonObject:
        """Have core make a code for a telephone."""
        return await self._control.ask("hand_over", scan_id=scan_id, kiosk_id=kiosk_id)

    async def loyalty(self, op: str, **values: Any) -> JsonObject:
        """Ask core for a till; on return it is on disk."""
        return await self._till.ask(op, **values)

    async def status(self) -> JsonObject:
        """Return core's status of this quarter of a second and, over it, what only the desk knows."""
        if monotonic() - self._status_at_s >= STATUS_FRESH_S:
            self._status = await self._core_status()
            self._status_at_s = monotonic()
        return {**self._status, **self._own_status()}

    async def _core_status(self) -> JsonObject:
        """Ask core how it is; with core away, that it is."""
        try:
            answer = await self._control.ask("status")
        except TryAgainError:
            return {"core": "away"}
        return {name: value for name, value in answer.items() if name not in {"id", "ok"}}


class DeskJournal:
    """The journal, read-only (`sync.ports.JournalPort`); reads happen off the loop, one at a time."""

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader

    async def records_after(self, seq: int, *, rows_max: int, bytes_max: int) -> Sequence[StoredRecord]:
        """Return the records behind `seq`, within both limits, at least one where there is one."""
        return await asyncio.to_thread(self._reader.records_after, seq, limit_rows=rows_max, limit_bytes=bytes_max)

    async def consents_after(self, seq: int) -> tuple[int, Sequence[JsonObject]]:
        """Return the next consents behind `seq`, and how far was read (`sync.consents.ConsentSource`)."""
        return await asyncio.to_thread(self._consents_after, seq)

    def _consents_after(self, seq: int) -> tuple[int, Sequence[JsonObject]]:
        head_seq = self._reader.head()[1]  # before the rows: what is appended meanwhile is behind it
        rows = self._reader.contents_of(CONSENT_KINDS, after_seq=seq)
        return rows[-1][0] if rows else max(seq, head_seq), [content for _seq, _kind, _day, content in rows]

    async def epoch_begins(self, epoch: int) -> int:
        """Return the first seq of an epoch; 1 for an epoch this journal does not know."""
        epochs = await asyncio.to_thread(self._reader.epochs)
        return next((each.first_seq for each in epochs if each.epoch == epoch), 1)

    async def behind(self, destination: str) -> tuple[int, int]:
        """Return how many records a destination has not taken, and how many are parked for it."""
        return await asyncio.to_thread(self._behind, destination)

    def _behind(self, destination: str) -> tuple[int, int]:
        cursor = self._reader.cursor(destination)
        parked = [each for each in self._reader.parked() if each.destination == destination]
        return self._reader.count_behind(cursor.acked_seq if cursor else 0), len(parked)


class DeskCursors:
    """Where destinations are (`sync.ports.CursorPort`): read from the journal, moved by core, its only writer."""

    def __init__(self, *, control: Asking, reader: JournalReader) -> None:
        self._control = control
        self._reader = reader

    async def position(self, destination: str) -> Position | None:
        """Return how far a destination is; None when nothing was ever delivered."""
        cursor = await asyncio.to_thread(self._reader.cursor, destination)
        if cursor is None:
            return None
        return Position(epoch=cursor.epoch, seq=cursor.acked_seq, head_hash=cursor.head_hash)

    async def move(self, destination: str, position: Position) -> None:
        """Have core keep a new position; a repeat changes nothing."""
        await self._control.ask(
            "cursor_move",
            destination=destination,
            epoch=position.epoch,
            seq=position.seq,
            head_hash=position.head_hash,
        )

    async def parked(self, destination: str) -> frozenset[int]:
        """Return what is parked for a destination."""
        parked = await asyncio.to_thread(self._reader.parked)
        return frozenset(each.seq for each in parked if each.destination == destination)

    async def park(self, destination: str, seq: int, *, reason: ParkReason, detail: str) -> None:
        """Have core park a record; a repeat changes nothing."""
        await self._control.ask("park", destination=destination, seq=seq, reason=reason.value, detail=detail)


class HubSeal:
    """Seals what people tell of themselves to the hub's public key (`kiosk.ports.SealPort`).

    A hub that has told no such key yet (an older one, or none) leaves the text as it is, in a journal that is
    encrypted at rest, marked `sealed: false`; `docs/privacy.md` says what that exposes.
    """

    def __init__(self, public_key: Callable[[], bytes]) -> None:
        self._public_key = public_key

    def seal(self, told: JsonObject) -> JsonObject:
        """Return a box for the hub, or the text itself where there is no key to seal to."""
        key = self._public_key()
        if not key:
            return {"sealed": False, "told": dict(told)}
        text = json.dumps(told, ensure_ascii=False).encode()
        return {"sealed": True, "box": to_base64(seal_to(X25519PublicKey.from_public_bytes(key), text))}
