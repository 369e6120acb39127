"""Carries the journal to one destination, in order, exactly once as seen from there.

A delivery is a position: the cursor moves only after a valid answer to exactly the batch that was sent, and the
position is read anew after every error. Any failure - a kill, a lost answer, a restored hub - therefore leads to
records being sent again, never to records being skipped; the destination recognises what it has. A record that is
refused is parked and sent without its payload, so that it blocks nothing behind it. Nothing is polled: with
nothing to do the courier sleeps until it is woken.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
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
    Pace,
    Position,
    TransportPort,
    Wake,
)
from sync.protocol.chain import GENESIS
from sync.protocol.messages import Mark


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
    random: Callable[[], float] = random.random


async def run_courier(courier: Courier, wake: Wake) -> None:
    """Deliver whatever the journal holds, for ever; `wake` is set when something was appended.

    Ends only by being cancelled, which it may be at any point: the next run goes on from the cursor.
    """
    failures = 0
    rows_max: int | None = None
    while True:
        wake.clear()
        await courier.pace.pause(opens_in_s(courier.pace.now(), courier.policy.window))
        step = await _step(courier, rows_max=rows_max)
        if step is None:
            failures, rows_max = 0, None
            await wake.wait()
        elif isinstance(step, Batch):
            failures = 0
            rows_max = None if rows_max is None or len(step.records) < rows_max else rows_max * 2
            await courier.pace.pause(line_busy_s(_size_bytes(step), courier.policy.bytes_per_s_max))
        elif isinstance(step.reaction, Narrow):
            rows_max = step.reaction.rows_max
        elif not isinstance(step.reaction, Park):
            failures = 1 if step.progressed else failures + 1
            wait_s = courier.backoff.wait_s(failures, random=courier.random, retry_after_s=step.retry_after_s)
            courier.listener.waiting(courier.destination, step.error, wait_s)
            await courier.pace.pause(wait_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    """A step that delivered nothing. `progressed`: something was learnt, so a short wait is enough."""

    error: Exception
    reaction: Reaction
    progressed: bool = False

    @property
    def retry_after_s(self) -> float | None:
        return self.reaction.retry_after_s if isinstance(self.reaction, Wait) else None


async def _step(courier: Courier, *, rows_max: int | None) -> Batch | _Failed | None:
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
    return batch


async def _next_batch(courier: Courier, *, rows_max: int | None) -> Batch | None:
    position = await courier.cursors.position(courier.destination)
    parked = await courier.cursors.parked(courier.destination)
    policy = narrowed(courier.policy, rows_max)
    records = await courier.journal.records_after(
        position.seq if position else 0, rows_max=policy.rows_max, bytes_max=policy.bytes_max
    )
    return plan_batch(position, records, parked=parked, policy=policy)


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
    hash_there = await _hash_at(courier, seq)
    await courier.cursors.move(
        courier.destination, Position(epoch=epoch, seq=seq, head_hash=(hash_there or GENESIS).hex())
    )
    return True


async def _locate(courier: Courier, batch: Batch, error: RefusedError | TryAgainError) -> _Failed:
    """Ask which records the destination knows; go on behind the newest, or from the epoch's start if it knows none."""
    try:
        begins = await courier.journal.epoch_begins(batch.epoch)
        located = await courier.transport.locate(batch.epoch, await _marks(courier, batch, begins=begins))
        moved = await _rewind(courier, batch.epoch, max(located.seq, begins - 1))
    except (TryAgainError, RefusedError, OnSiteError) as another:
        return _Failed(error=another, reaction=Wait(getattr(another, "retry_after_s", None)))
    return _Failed(error=error, reaction=Locate(), progressed=moved)


async def _marks(courier: Courier, batch: Batch, *, begins: int) -> list[Mark]:
    """Return this epoch's own hashes at doubling distances before the batch, newest first."""
    marks: list[Mark] = []
    distance = 1
    while (seq := batch.first_seq - distance) >= begins:
        if found := await _hash_at(courier, seq):
            marks.append(Mark(seq=seq, hash=found.hex()))
        distance *= 2
    return marks


async def _hash_at(courier: Courier, seq: int) -> bytes | None:
    """Return the hash of record `seq`; None where there is none."""
    if seq < 1:
        return None
    found = await courier.journal.records_after(seq - 1, rows_max=1, bytes_max=1)
    return found[0].hash if found and found[0].seq == seq else None


def _size_bytes(batch: Batch) -> int:
    return sum(len(record.payload or b"") for record in batch.records)
