"""What the courier does next, decided from what it knows; pure. `courier` carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from retail.errors import RefusedError, TryAgainError
from sync.errors import GapError, RecordRefusedError, UnknownAncestorError
from sync.ports import Batch, Delivered, ParkReason, Position, StoredRecord
from sync.protocol.chain import GENESIS
from sync.protocol.messages import RECORDS_MAX

BATCH_ROWS_MAX = 1000
"""Half of what a hub takes: about 300 receipts, acknowledged within a tenth of a second."""

BATCH_BYTES_MAX = 1024 * 1024
"""Payload in one batch before deflation: 100 kB on the wire, 13 s of a 64 kbit line, so little is lost with it."""

RECORD_OVERHEAD_BYTES = 250  # a record's JSON around its payload

assert BATCH_ROWS_MAX <= RECORDS_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierPolicy:
    """Bounds of one destination.

    `bytes_per_s_max` caps the line for shops that share it with card payments; None leaves it alone. `window` is
    the part of the day, in `zone` (None: as the clock tells it), in which anything is sent; None is always. An end
    before the start runs over midnight.
    """

    rows_max: int = BATCH_ROWS_MAX
    bytes_max: int = BATCH_BYTES_MAX
    bytes_per_s_max: float | None = None
    window: tuple[time, time] | None = None
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class Rewind:
    """Go on after this record."""

    seq: int


@dataclass(frozen=True, slots=True)
class Locate:
    """Ask the destination what it has, and go on after that."""


@dataclass(frozen=True, slots=True)
class Park:
    """Keep one record's payload back, and send the rest."""

    seq: int
    reason: ParkReason
    detail: str


@dataclass(frozen=True, slots=True)
class Narrow:
    """Send at most so many records, to find the one that is refused."""

    rows_max: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Try the same again later. `retry_after_s` is what the destination asked for."""

    retry_after_s: float | None = None


Reaction = Rewind | Locate | Park | Narrow | Wait


def plan_batch(
    position: Position | None, records: Sequence[StoredRecord], *, parked: frozenset[int], policy: CourierPolicy
) -> Batch | None:
    """Return the next batch: the longest run from the first record that keeps to one epoch, no hole, and the bounds."""
    if not records:
        return None
    run: list[StoredRecord] = []
    size_bytes = 0
    for record in records[: policy.rows_max]:
        size_bytes += RECORD_OVERHEAD_BYTES + (0 if record.seq in parked else len(record.payload or b""))
        if run and (record.epoch != run[-1].epoch or record.seq != run[-1].seq + 1 or size_bytes > policy.bytes_max):
            break
        run.append(record)
    first = run[0]
    after = position.seq if position else 0
    return Batch(
        epoch=first.epoch,
        prev_hash=first.prev_hash,
        lost_before=first.seq > after + 1 and first.prev_hash != GENESIS,
        records=tuple(run),
        withheld=parked & {record.seq for record in run},
    )


def position_after(batch: Batch, delivered: Delivered) -> Position | None:
    """Return the new position; None when the answer does not fit the batch: then nothing was delivered."""
    told = next((record for record in batch.records if record.seq == delivered.acked_seq), None)
    if told is None or told.hash.hex() != delivered.head_hash:
        return None
    return Position(epoch=batch.epoch, seq=told.seq, head_hash=delivered.head_hash)


def react(error: TryAgainError | RefusedError, batch: Batch) -> Reaction:
    """Return what to do about a batch that was not taken; by the error's class, never by its text."""
    if isinstance(error, TryAgainError):
        return Wait(error.retry_after_s)
    if isinstance(error, GapError) and error.expected_seq != batch.first_seq:
        return Rewind(error.expected_seq - 1)
    if isinstance(error, UnknownAncestorError):
        return Locate()
    if isinstance(error, RecordRefusedError):
        return _park_or_wait(error.seq, error, batch)
    if error.code in BATCH_FAULTS:
        return (
            Narrow(len(batch.records) // 2) if len(batch.records) > 1 else _park_or_wait(batch.first_seq, error, batch)
        )
    return Wait()


def _park_or_wait(seq: int, error: RefusedError, batch: Batch) -> Reaction:
    """Park what can be parked; what is refused even without its payload stays a matter for people, tried again late."""
    sent = any(record.seq == seq and record.payload is not None for record in batch.records)
    if not sent or seq in batch.withheld:
        return Wait()
    return Park(seq, ParkReason.REFUSED, f"{error.code}: {error.message}")


BATCH_FAULTS = frozenset({"too_large", "invalid", "not_json"})
"""Refusals that one record of a batch may have caused; whatever else is refused concerns the agent as a whole."""


def narrowed(policy: CourierPolicy, rows_max: int | None) -> CourierPolicy:
    """Return the policy with fewer rows, while a refused record is searched."""
    return policy if rows_max is None else replace(policy, rows_max=min(rows_max, policy.rows_max))


def opens_in_s(now: datetime, policy: CourierPolicy) -> float:
    """Return how long until something may be sent; 0 while the window is open; right in nights of a clock change."""
    if policy.window is None:
        return 0.0
    begins, ends = policy.window
    local = now.astimezone(policy.zone) if policy.zone else now
    here = local.time().replace(tzinfo=None)
    inside = begins <= here < ends if begins <= ends else here >= begins or here < ends
    if inside:
        return 0.0
    opening = local.replace(hour=begins.hour, minute=begins.minute, second=begins.second, microsecond=0)
    if opening.replace(tzinfo=None) <= local.replace(tzinfo=None):
        opening += timedelta(days=1)
    return (opening.astimezone(UTC) - now.astimezone(UTC)).total_seconds()


def line_busy_s(size_bytes: int, bytes_per_s_max: float | None) -> float:
    """Return how long a batch keeps the line busy at the cap: the wait before the next one."""
    return size_bytes / bytes_per_s_max if bytes_per_s_max else 0.0
