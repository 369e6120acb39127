"""What to do with a batch, decided from what the hub knows of its epoch; nothing is read or written here.

An epoch's history is a tree: branch 0 is the line heard first; where another disk with the same identity tells
another story, a fork branches off after the last record that both share. A batch belongs to the branch with which it
shares the most. Then it is a repeat (all known), an append (behind a branch's head), or a fork (something else stands
there). What touches no branch is refused with the place to go on from - unless the agent no longer has what lies
before, in which case it is taken and the hole is kept in mind. Should another disk still have what a hole lacks, it
is put there when its hashes join both edges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hub.ingest.batch import Batch, BatchRecord
from retail.errors import RefusedError
from sync.protocol.chain import GENESIS
from sync.protocol.messages import Absence

MAIN = 0
"""The branch that was heard first."""


class GapError(RefusedError):
    """Records before these are missing here."""

    code = "gap"

    def __init__(self, message: str, *, expected_seq: int | None, fix: str) -> None:
        super().__init__(message, fix=fix)
        self.expected_seq = expected_seq


class UnknownAncestorError(RefusedError):
    """The record that these follow is not known on any branch."""

    code = "unknown_ancestor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One line of history. It begins after `base_seq`; `base_branch` is None for one that shares nothing.

    `base_hash` is what its first record chains to: the hash of a record shared, of one that is lost, or zeros.
    """

    branch: int
    base_branch: int | None
    base_seq: int
    base_hash: bytes
    head_seq: int
    head_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecord:
    """What stands at one place of one branch."""

    hash: bytes
    absent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the hub knows of the places a batch speaks of; `records` is keyed by (branch, seq).

    `joins` are the branches whose record behind the batch follows from the batch's last: it fits into a hole there.
    """

    branches: Sequence[Branch]
    records: Mapping[tuple[int, int], KnownRecord]
    joins: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Records that no longer exist anywhere."""

    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which records go where.

    `opens` is the branch to make first, `new` the records to append to `branch`, `fills` known records whose payload
    had been withheld, `found` records that a hole lacked, both with the branch they stand on; `elsewhere` places of
    holes whose record stands on another branch. A repeat has none of them.
    """

    branch: int
    opens: Branch | None = None
    new: tuple[BatchRecord, ...] = ()
    fills: tuple[tuple[int, BatchRecord], ...] = ()
    found: tuple[tuple[int, BatchRecord], ...] = ()
    elsewhere: tuple[tuple[int, int], ...] = ()
    hole: Hole | None = None
    forked: bool = False


def plan_batch(batch: Batch, known: Known) -> Plan:
    """Return what to do with a batch. Raises GapError or UnknownAncestorError; a repeat of a batch is a repeat."""
    tree = {branch.branch: branch for branch in known.branches}
    if not tree:
        return _first_of_epoch(batch)
    shared_seq, shared = _most_shared(batch, known, tree)
    if shared is None:
        return _beyond(batch, tree)
    plan = _gaps(batch, known, tree, shared=shared, shared_seq=shared_seq)
    new = batch.after(shared_seq)
    if not new:
        return plan
    if shared_seq == shared.head_seq:
        return replace(plan, new=new)
    forked = _fork(batch, tree, base=shared, base_seq=shared_seq)
    return replace(plan, branch=forked.branch, opens=forked.opens, new=forked.new, forked=True)


def _first_of_epoch(batch: Batch) -> Plan:
    if batch.prev_hash != GENESIS and not batch.lost_before:
        raise GapError(
            f"nothing is known of epoch {batch.epoch}", expected_seq=None, fix="upload it from its beginning"
        )
    hole = None
    base_seq = batch.prev_seq
    if batch.prev_hash != GENESIS:
        hole = Hole(first_seq=1, last_seq=batch.prev_seq)  # at most: where the epoch began, nobody knows any more
        base_seq = 0
    opens = Branch(
        branch=MAIN,
        base_branch=None,
        base_seq=base_seq,
        base_hash=GENESIS,
        head_seq=base_seq,
        head_hash=batch.prev_hash,
    )
    return Plan(branch=MAIN, opens=opens, new=batch.records, hole=hole)


def _most_shared(batch: Batch, known: Known, tree: Mapping[int, Branch]) -> tuple[int, Branch | None]:
    """Return the branch that agrees with the batch for longest, and where they agree last; ties go to the older."""
    best: tuple[int, Branch | None] = (-1, None)
    for branch in tree.values():
        agreed = _agreed(batch, branch, known, tree)
        if agreed > best[0]:
            best = (agreed, branch)
    return best


def _agreed(batch: Batch, branch: Branch, known: Known, tree: Mapping[int, Branch]) -> int:
    """Return the last place at which batch and branch agree, -1 when they never do."""
    if branch.branch in known.joins:
        return batch.last.seq
    agreed = -1
    for seq in range(batch.prev_seq, min(batch.last.seq, branch.head_seq) + 1):
        here = _hash_at(branch, seq, known, tree)
        if here is None:
            continue  # a hole says nothing; if a later record agrees, this one did
        if here != batch.hash_at(seq):
            break
        agreed = seq
    return agreed


def _owner(branch: Branch, seq: int, tree: Mapping[int, Branch]) -> Branch | None:
    """Return the branch that holds a place of this line of history; None before its beginning."""
    here: Branch | None = branch
    while here is not None and seq <= here.base_seq:
        here = tree[here.base_branch] if here.base_branch is not None else None
    return here


def _hash_at(branch: Branch, seq: int, known: Known, tree: Mapping[int, Branch]) -> bytes | None:
    owner = _owner(branch, seq, tree)
    if owner is None:
        root = _root(branch, tree)
        begins_here = seq == root.base_seq and (root.branch, seq + 1) in known.records
        return root.base_hash if begins_here else None
    if seq == owner.head_seq:
        return owner.head_hash
    record = known.records.get((owner.branch, seq))
    return record.hash if record else None


def _root(branch: Branch, tree: Mapping[int, Branch]) -> Branch:
    while branch.base_branch is not None:
        branch = tree[branch.base_branch]
    return branch


def _gaps(batch: Batch, known: Known, tree: Mapping[int, Branch], *, shared: Branch, shared_seq: int) -> Plan:
    """Return a plan for what the shared part lacks: payloads that were withheld, and whole records of holes.

    A record that a hole lacks may have arrived on a branch of its own, before anybody knew where it belongs: then it
    stays there, and only the hole is closed.
    """
    fills: list[tuple[int, BatchRecord]] = []
    found: list[tuple[int, BatchRecord]] = []
    elsewhere: list[tuple[int, int]] = []
    for record in batch.records[: shared_seq - batch.prev_seq]:
        owner = _owner(shared, record.seq, tree)
        if owner is None:
            continue
        stands = known.records.get((owner.branch, record.seq))
        if stands is None and _stands_elsewhere(record, known, tree):
            elsewhere.append((owner.branch, record.seq))
        elif stands is None:
            found.append((owner.branch, record))
        elif stands.absent == Absence.WITHHELD and record.payload is not None:
            fills.append((owner.branch, record))
    return Plan(
        branch=shared.branch,
        fills=tuple(fills),
        found=tuple(found),
        elsewhere=tuple(elsewhere),
        forked=len(tree) > 1,
    )


def _stands_elsewhere(record: BatchRecord, known: Known, tree: Mapping[int, Branch]) -> bool:
    stand = (known.records.get((number, record.seq)) for number in tree)
    return any(each is not None and each.hash == record.hash for each in stand)


def _beyond(batch: Batch, tree: Mapping[int, Branch]) -> Plan:
    """Decide on a batch that touches no branch."""
    main = tree[MAIN]
    if batch.prev_hash == GENESIS:
        return _fork(batch, tree, base=None, base_seq=batch.prev_seq)  # another beginning of the same epoch
    if batch.prev_seq > main.head_seq:
        if not batch.lost_before:
            raise GapError(
                f"records {main.head_seq + 1} to {batch.prev_seq} of epoch {batch.epoch} are missing here",
                expected_seq=main.head_seq + 1,
                fix=f"upload from {main.head_seq + 1}",
            )
        hole = Hole(first_seq=main.head_seq + 1, last_seq=batch.prev_seq)
        return Plan(branch=MAIN, new=batch.records, hole=hole, forked=len(tree) > 1)
    if batch.lost_before:
        return _fork(batch, tree, base=None, base_seq=batch.prev_seq)
    raise UnknownAncestorError(
        f"record {batch.prev_seq} of epoch {batch.epoch} is another one here",
        fix="ask for the position with POST /v1/journal/position",
    )


def _fork(batch: Batch, tree: Mapping[int, Branch], *, base: Branch | None, base_seq: int) -> Plan:
    """Return a new branch for what follows `base_seq`, on the branch that holds it; on none when nothing is shared."""
    owner = _owner(base, base_seq, tree) or base if base else None
    number = max(tree) + 1
    opens = Branch(
        branch=number,
        base_branch=owner.branch if owner else None,
        base_seq=base_seq,
        base_hash=batch.hash_at(base_seq),
        head_seq=base_seq,
        head_hash=batch.hash_at(base_seq),
    )
    return Plan(branch=number, opens=opens, new=batch.after(base_seq), forked=True)
