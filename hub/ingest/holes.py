"""Holes in a branch: records that an agent had pruned when a restored hub asked for them, and their return.

A copy of the disk may still have what a hole lacks. Whoever asks for its position is told which records are missing;
what then comes is put into the hole when its hashes join the record behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from hub.ingest.batch import Batch
from hub.storage.ports import Session, Value
from sync.protocol.chain import RecordHeader, record_hash
from sync.protocol.messages import MISSING_RANGES_MAX, SeqRange


def missing_ranges(session: Session, agent_id: str, epoch: int) -> list[SeqRange]:
    """Return what an epoch lacks, oldest first, at most as much as an answer may carry."""
    rows = session.rows("holes", agent_id=agent_id, epoch=epoch)
    ranges = sorted({(first_seq, last_seq) for _, first_seq, last_seq in rows})
    return [SeqRange(first_seq=first, last_seq=last) for first, last in ranges[:MISSING_RANGES_MAX]]


def joined_branches(session: Session, agent_id: str, batch: Batch) -> frozenset[int]:
    """Return the branches on which a batch ends in a hole and the record behind it follows from the batch's last."""
    holes = session.rows("holes", agent_id=agent_id, epoch=batch.epoch)
    ending = {branch for branch, first_seq, last_seq in holes if first_seq <= batch.last.seq == last_seq}
    if not ending:
        return frozenset()
    rows = session.rows("record_headers", agent_id=agent_id, epoch=batch.epoch, seq=batch.last.seq + 1)
    return frozenset(
        branch
        for branch, kind, workstation_id, occurred_at, clock_quality, business_day, payload_digest, digest in rows
        if branch in ending
        and bytes(digest)
        == record_hash(
            batch.last.hash,
            RecordHeader(
                epoch=batch.epoch,
                seq=batch.last.seq + 1,
                kind=kind,
                workstation_id=workstation_id,
                occurred_at=occurred_at,
                clock_quality=clock_quality,
                business_day=business_day,
            ),
            bytes(payload_digest),
        )
    )


def write_found(session: Session, ids: dict[str, Value], seqs: Sequence[int], *, now: datetime) -> None:
    """Take records that were found out of the holes of a branch."""
    found = set(seqs)
    for branch, first_seq, last_seq in session.rows("holes", agent_id=ids["agent_id"], epoch=ids["epoch"]):
        if branch != ids["branch"] or not any(first_seq <= seq <= last_seq for seq in found):
            continue
        session.run("drop_hole", **ids, first_seq=first_seq)
        for first, last in _remainders(first_seq, last_seq, found):
            session.run("put_hole", **ids, first_seq=first, last_seq=last, now=now.isoformat())


def _remainders(first_seq: int, last_seq: int, found: set[int]) -> list[tuple[int, int]]:
    """Return what is left of a hole: the runs between the records that were found in it."""
    edges = [first_seq - 1, *sorted(seq for seq in found if first_seq <= seq <= last_seq), last_seq + 1]
    return [(low + 1, high - 1) for low, high in pairwise(edges) if high - low > 1]
