"""What the courier needs from the rest of the agent. `agent/desk/process.py` fulfils these; tests do with fakes.

Every method may be called again after any failure; what a repeat does is said where it matters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sync.protocol.messages import EpochMark, Mark


class StoredRecord(Protocol):
    """A journal record as the journal's reader returns it. An erased record has neither salt nor payload."""

    @property
    def epoch(self) -> int: ...  # noqa: D102 - the columns of the journal, see agent/journal/schema.sql
    @property
    def seq(self) -> int: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def workstation_id(self) -> str: ...  # noqa: D102
    @property
    def occurred_at(self) -> str: ...  # noqa: D102
    @property
    def clock_quality(self) -> str: ...  # noqa: D102
    @property
    def business_day(self) -> str: ...  # noqa: D102
    @property
    def salt(self) -> bytes | None: ...  # noqa: D102
    @property
    def payload(self) -> bytes | None: ...  # noqa: D102
    @property
    def payload_hash(self) -> bytes: ...  # noqa: D102
    @property
    def prev_hash(self) -> bytes: ...  # noqa: D102
    @property
    def hash(self) -> bytes: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a destination has taken the journal: everything up to and with `seq`, whose hash is `head_hash` (hex)."""

    epoch: int
    seq: int
    head_hash: str


class ParkReason(StrEnum):
    """Who must act on a parked record."""

    REFUSED = "refused"
    """The destination said no: us, or whoever runs it."""

    EXHAUSTED = "exhausted"
    """It was tried often enough; a person decides whether to try again."""

    MISCONFIGURED = "misconfigured"
    """Whoever configured store or chain."""


class JournalPort(Protocol):
    """The journal, read-only."""

    async def records_after(self, seq: int, *, rows_max: int, bytes_max: int) -> Sequence[StoredRecord]:
        """Return the records behind `seq`, oldest first, at most so many rows and about so many payload bytes.

        At least one where there is one, however large. A number may be missing where retention or the scrub took a
        record out. Raises OnSiteError when the journal cannot be read.
        """
        ...


class CursorPort(Protocol):
    """Where each destination is, kept durably by whoever writes the journal. `destination` is `hub`, or a connector."""

    async def position(self, destination: str) -> Position | None:
        """Return how far a destination is; None when nothing was ever delivered."""
        ...

    async def move(self, destination: str, position: Position) -> None:
        """Keep a new position, forwards or backwards; on return it is on disk. A repeat changes nothing."""
        ...

    async def parked(self, destination: str) -> frozenset[int]:
        """Return the records that are parked for a destination."""
        ...

    async def park(self, destination: str, seq: int, *, reason: ParkReason, detail: str) -> None:
        """Keep a record out of what is sent to a destination until a person un-parks it. A repeat changes nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records of one epoch, in order, without a hole. Those in `withheld` go without payload, because they are parked.

    `lost_before`: what stood before the first record is no longer on this disk. `follows`: where the batch begins an
    epoch, the last record of the one before, if it is still there.
    """

    epoch: int
    prev_hash: bytes
    lost_before: bool
    records: tuple[StoredRecord, ...]
    withheld: frozenset[int] = frozenset()
    follows: EpochMark | None = None

    @property
    def first_seq(self) -> int:
        """The seq of the first record; a batch is never empty."""
        return self.records[0].seq

    @property
    def last(self) -> StoredRecord:
        """The last record."""
        return self.records[-1]

    def __repr__(self) -> str:
        return f"<Batch epoch={self.epoch} seq={self.first_seq}..{self.last.seq} withheld={len(self.withheld)}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRecord:
    """A record that a destination keeps or drops, but cannot use."""

    seq: int
    reason: ParkReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A valid answer to exactly one batch: everything up to and with `acked_seq` is the destination's.

    `wire_bytes` is what the batch took on the line; None where nobody counted.
    """

    acked_seq: int
    head_hash: str
    forked: bool = False
    refused: tuple[RefusedRecord, ...] = ()
    wire_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The newest of the marks that the destination knows (seq 0: none), and the newest record it has of the epoch.

    `missing` are ranges (first, last) of older records that it lacks.
    """

    seq: int
    head_hash: str
    head_seq: int
    missing: tuple[tuple[int, int], ...] = ()


class TransportPort(Protocol):
    """A destination of journal records.

    Both methods raise TryAgainError and its children when nobody knows what became of the call; FencedError; and
    RefusedError for what will be refused again. Nothing else leaves but our own mistakes.
    """

    async def deliver(self, batch: Batch) -> Delivered:
        """Hand a batch over. A repeat is answered the same and changes nothing at the destination.

        Raises GapError or UnknownAncestorError when the destination lacks what lies before, RecordRefusedError when
        one record stands in the way.
        """
        ...

    async def locate(self, epoch: int, marks: Sequence[Mark]) -> Located:
        """Ask which of these records the destination has."""
        ...


class Pace(Protocol):
    """Time, passed in, so that a month passes in a test at once."""

    def now(self) -> datetime:
        """Return the aware time of day."""
        ...

    async def pause(self, wait_s: float) -> None:
        """Return after so many seconds."""
        ...


class CourierListener(Protocol):
    """Who is told what the courier meets; it must not raise and not wait."""

    def moved(self, destination: str, position: Position) -> None:
        """Report that everything up to a position is delivered."""
        ...

    def waiting(self, destination: str, error: Exception, wait_s: float) -> None:
        """Report that an attempt failed and when the next one is made."""
        ...

    def forked(self, destination: str) -> None:
        """Report that the destination knows another story of this identity: burning must stop."""
        ...


class Wake(Protocol):
    """Something that is set when there is new work; an `asyncio.Event` is one."""

    def clear(self) -> None:
        """Forget what was set before."""
        ...

    async def wait(self) -> object:
        """Return once it is set."""
        ...


class SystemPace:
    """The machine's time."""

    def now(self) -> datetime:
        """Return the aware time of day, in the machine's zone."""
        return datetime.now().astimezone()

    async def pause(self, wait_s: float) -> None:
        """Sleep."""
        await asyncio.sleep(wait_s)
