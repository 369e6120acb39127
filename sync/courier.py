"""Carries the journal to one destination, in order, exactly once as seen from there.

A delivery is a position: the cursor moves only after a valid answer to exactly the batch that was sent, and the
position is read anew after every error. Any failure - a kill, a lost answer, a restored hub - therefore leads to
records being sent again, never to records being skipped; the destination recognises what it has. A record that is
refused is parked and sent without its payload, so that it blocks nothing behind it. Nothing is polled: with
nothing to do the courier sleeps until it is woken.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from retail.errors import OnSiteError, RefusedError, TryAgainError
from sync.backoff import Backoff
from sync.delivery_plan import (
    CourierPolicy,
    Locate,
    Narrow,
    Park,
    Reaction,
    Rewind,
    Wait,
    line_busy_s,
    narrowed,
    opens_in_s,
    plan_batch,
    position_after,
    react,
)
from sync.errors import AnswerInvalidError
from sync.ports import (
    Batch,
    CourierListener,
    CursorPort,
    Delivered,
    JournalPort,
    Located,
    Pace,
    Position,
    StoredRecord,
    TransportPort,
    Wake,
)
from sync.protocol.chain import GENESIS
from sync.protocol.messages import EpochMark, Mark

CONFIRM_EVERY_S = 600.0
"""How often a courier with nothing to do, when it is woken, asks whether the destination still has everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """What a courier works with; `random` returns a number from 0 up to 1."""

    destination: str
    journal: JournalPort
    cursors: CursorPort
    transport: TransportPort
    pace: Pace
    listener: CourierListener
    policy: CourierPolicy = field(default_factory=CourierPolicy)
    backoff: Backoff = field(default_factory=Backoff)
    confirm_every_s: float = CONFIRM_EVERY_S
    random: Callable[[], float] = random.random


async def run_courier(courier: Courier, wake: Wake) -> None:
    """Deliver whatever the journal holds, for ever; `wake` is set when something was appended.

    Ends only by being cancelled, which it may be at any point: the next run goes on from the cursor.
    """
    failures = 0
    rows_max: int | None = None
    confirmed_at: datetime | None = None
    tried: set[tuple[int, int]] = set()
    while True:
        wake.clear()
        await courier.pace.pause(opens_in_s(courier.pace.now(), courier.policy))
        step = await _step(courier, rows_max=rows_max)
        if step is None and _is_due(confirmed_at, courier):
            step = await _confirm(courier, tried)
            confirmed_at = courier.pace.now() if step is None else None
        if step is None:
            failures, rows_max = 0, None
            await wake.wait()
        elif isinstance(step, _Sent):
            failures = 0
            rows_max = None if rows_max is None or len(step.batch.records) < rows_max else rows_max * 2
            await courier.pace.pause(line_busy_s(step.size_bytes, courier.policy.bytes_per_s_max))
        elif isinstance(step.reaction, Narrow):
            rows_max = step.reaction.rows_max
        elif not isinstance(step.reaction, Park):
            failures = 1 if step.progressed else failures + 1
            wait_s = courier.backoff.wait_s(failures, random=courier.random, retry_after_s=step.retry_after_s)
            courier.listener.waiting(courier.destination, step.error, wait_s)
            await courier.pace.pause(wait_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A step that delivered a batch, which took so many bytes of the line."""

    batch: Batch
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    """A step that delivered nothing. `progressed`: something was learnt, so a short wait is enough."""

    error: Exception
    reaction: Reaction
    progressed: bool = False

    @property
    def retry_after_s(self) -> float | None:
        return self.reaction.retry_after_s if isinstance(self.reaction, Wait) else None


async def _step(courier: Courier, *, rows_max: int | None) -> _Sent | _Failed | None:
    """Deliver one batch. Return it, or what went wrong, or None when there is nothing to deliver."""
    try:
        batch = await _next_batch(courier, rows_max=rows_max)
    except (TryAgainError, OnSiteError, RefusedError) as error:
        return _Failed(error=error, reaction=Wait())
    if batch is None:
        return None
    try:
        delivered = await courier.transport.deliver(batch)
        await _note(courier, batch, delivered)
    except (TryAgainError, RefusedError) as error:
        return await _carry_out(courier, batch, error)
    except OnSiteError as error:
        return _Failed(error=error, reaction=Wait())
    size_bytes = delivered.wire_bytes if delivered.wire_bytes is not None else _size_bytes(batch)
    return _Sent(batch=batch, size_bytes=size_bytes)


async def _next_batch(courier: Courier, *, rows_max: int | None) -> Batch | None:
    position = await courier.cursors.position(courier.destination)
    parked = await courier.cursors.parked(courier.destination)
    policy = narrowed(courier.policy, rows_max)
    records = await courier.journal.records_after(
        position.seq if position else 0, rows_max=policy.rows_max, bytes_max=policy.bytes_max
    )
    batch = plan_batch(position, records, parked=parked, policy=policy)
    if batch is None or batch.prev_hash != GENESIS:
        return batch
    before = await _record_at(courier, batch.first_seq - 1)
    if before is None:
        return batch
    return replace(batch, follows=EpochMark(epoch=before.epoch, seq=before.seq, hash=before.hash.hex()))


async def _note(courier: Courier, batch: Batch, delivered: Delivered) -> None:
    """Move the cursor behind what was answered for. Raises AnswerInvalidError for an answer to something else."""
    position = position_after(batch, delivered)
    if position is None:
        raise AnswerInvalidError(
            f"{courier.destination} answered for record {delivered.acked_seq} with a hash that is not ours",
            fix="nothing is lost: the batch is sent again",
        )
    for refused in delivered.refused:
        await courier.cursors.park(courier.destination, refused.seq, reason=refused.reason, detail=refused.detail)
    await courier.cursors.move(courier.destination, position)
    courier.listener.moved(courier.destination, position)
    if delivered.forked:
        courier.listener.forked(courier.destination)


async def _carry_out(courier: Courier, batch: Batch, error: TryAgainError | RefusedError) -> _Failed:
    reaction = react(error, batch)
    match reaction:
        case Wait() | Narrow():
            return _Failed(error=error, reaction=reaction)
        case Park():
            await courier.cursors.park(
                courier.destination, reaction.seq, reason=reaction.reason, detail=reaction.detail
            )
            return _Failed(error=error, reaction=reaction)
        case Rewind():
            moved = await _rewind(courier, batch.epoch, reaction.seq)
            return _Failed(error=error, reaction=reaction, progressed=moved)
        case Locate():
            return await _locate(courier, batch, error)
        case _:
            assert_never(reaction)


async def _rewind(courier: Courier, epoch: int, seq: int) -> bool:
    """Put the cursor back behind record `seq`; return whether it stood elsewhere. It never goes forward this way."""
    position = await courier.cursors.position(courier.destination)
    if position is None or position.seq <= seq:
        return False
    record = await _record_at(courier, seq)
    epoch, head = (record.epoch, record.hash) if record else (epoch, GENESIS)
    await courier.cursors.move(courier.destination, Position(epoch=epoch, seq=seq, head_hash=head.hex()))
    return True


async def _locate(courier: Courier, batch: Batch, error: RefusedError | TryAgainError) -> _Failed:
    """Ask which records before a batch the destination has, and go on behind the newest of them."""
    try:
        marks = await _marks(courier, batch.first_seq - 1)
        moved = await _rewind(courier, batch.epoch, await _newest_known(courier, marks))
    except (TryAgainError, RefusedError, OnSiteError) as another:
        return _Failed(error=another, reaction=Wait(getattr(another, "retry_after_s", None)))
    return _Failed(error=error, reaction=Locate(), progressed=moved)


def _is_due(confirmed_at: datetime | None, courier: Courier) -> bool:
    if confirmed_at is None:
        return True
    passed_s = (courier.pace.now() - confirmed_at).total_seconds()
    return not 0 <= passed_s < courier.confirm_every_s  # a clock that was set back would be due in years


async def _confirm(courier: Courier, tried: set[tuple[int, int]]) -> _Failed | None:
    """Ask, when nothing is left to deliver, whether the destination still has it all; return None when it does.

    A hub that was restored from a backup while this store was closed would not be heard of otherwise. A hub that has
    more of this epoch than this disk tells that the disk was restored from one.
    """
    try:
        position = await courier.cursors.position(courier.destination)
        if position is None or not position.seq:
            return None
        here = Mark(seq=position.seq, hash=position.head_hash)
        located = await courier.transport.locate(position.epoch, [here])
        if located.seq == position.seq:
            if located.head_seq > position.seq and not await _next_batch(courier, rows_max=1):
                courier.listener.forked(courier.destination)
            return await _fill_holes(courier, position, located, tried=tried)
        moved = await _rewind(
            courier, position.epoch, await _newest_known(courier, await _marks(courier, position.seq - 1))
        )
    except (TryAgainError, RefusedError, OnSiteError) as error:
        return _Failed(error=error, reaction=Wait(getattr(error, "retry_after_s", None)))
    return _Failed(error=_RestoredError(courier.destination), reaction=Locate(), progressed=moved)


async def _fill_holes(
    courier: Courier, position: Position, located: Located, *, tried: set[tuple[int, int]]
) -> _Failed | None:
    """Go back to the oldest record that the destination lacks and we still have; None when there is none.

    Each hole is tried once in the life of a courier: what does not fit then never will.
    """
    for first, last in located.missing:
        if (first, last) in tried:
            continue
        tried.add((first, last))
        found = await courier.journal.records_after(first - 1, rows_max=1, bytes_max=1)
        if found and found[0].seq <= last and found[0].epoch == position.epoch:
            moved = await _rewind(courier, position.epoch, found[0].seq - 1)
            return _Failed(error=_RestoredError(courier.destination), reaction=Locate(), progressed=moved)
    return None


class _RestoredError(RefusedError):
    """The destination no longer has what it acknowledged."""

    code = "restored"

    def __init__(self, destination: str) -> None:
        super().__init__(f"{destination} was restored from a backup", fix="nothing to do: what it lacks is sent again")


async def _newest_known(courier: Courier, marks: Sequence[EpochMark]) -> int:
    """Return the newest of our records that the destination has, epoch by epoch; 0 when it knows none of them."""
    for epoch in dict.fromkeys(mark.epoch for mark in marks):
        asked = [Mark(seq=mark.seq, hash=mark.hash) for mark in marks if mark.epoch == epoch]
        located = await courier.transport.locate(epoch, asked)
        if located.seq:
            return located.seq
    return 0


async def _marks(courier: Courier, seq: int) -> list[EpochMark]:
    """Return records of ours at doubling distances before and with `seq`, newest first.

    Whoever has one of them has all before it: the chain and `follows` see to that.
    """
    marks: list[EpochMark] = []
    distance = 0
    while seq - distance >= 1:
        if record := await _record_at(courier, seq - distance):
            marks.append(EpochMark(epoch=record.epoch, seq=record.seq, hash=record.hash.hex()))
        distance = distance * 2 or 1
    return marks


async def _record_at(courier: Courier, seq: int) -> StoredRecord | None:
    """Return record `seq`; None where there is none, or no more."""
    if seq < 1:
        return None
    found = await courier.journal.records_after(seq - 1, rows_max=1, bytes_max=1)
    return found[0] if found and found[0].seq == seq else None


def _size_bytes(batch: Batch) -> int:
    return sum(len(record.payload or b"") for record in batch.records)
