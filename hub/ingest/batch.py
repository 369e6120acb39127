"""A batch whose chain has been checked: what storage may keep without looking at it again."""

from __future__ import annotations

from dataclasses import dataclass

from retail.errors import RefusedError
from sync.protocol.chain import RecordHeader, payload_hash, record_hash
from sync.protocol.messages import Absence, EpochMark, JournalUpload


class BadChainError(RefusedError):
    """The records and their hashes do not belong together: changed on the way, or on the agent's disk."""

    code = "bad_chain"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """One record with both its hashes. `absent` says why salt and payload are None."""

    seq: int
    kind: str
    workstation_id: str
    occurred_at: str
    clock_quality: str
    business_day: str
    salt: bytes | None
    payload: str | None
    payload_hash: bytes
    hash: bytes
    absent: Absence | None

    def __repr__(self) -> str:
        return f"<BatchRecord {self.seq} {self.kind} {self.hash[:4].hex()}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records of one epoch without a hole; each one's hash follows from the one before."""

    epoch: int
    prev_hash: bytes
    lost_before: bool
    records: tuple[BatchRecord, ...]
    follows: EpochMark | None = None

    @property
    def prev_seq(self) -> int:
        """The place before the first record."""
        return self.records[0].seq - 1

    @property
    def last(self) -> BatchRecord:
        """The last record; a batch is never empty."""
        return self.records[-1]

    def hash_at(self, seq: int) -> bytes:
        """Return the chain's hash at a place between `prev_seq` and the last record."""
        return self.prev_hash if seq == self.prev_seq else self.records[seq - self.prev_seq - 1].hash

    def after(self, seq: int) -> tuple[BatchRecord, ...]:
        """Return the records behind a place."""
        return self.records[seq - self.prev_seq :]


def check_chain(upload: JournalUpload) -> Batch:
    """Compute every hash of an upload. Raises BadChainError when the last is not the one that was told."""
    records: list[BatchRecord] = []
    before = bytes.fromhex(upload.prev_hash)
    for seq, told in enumerate(upload.records, start=upload.first_seq):
        salt = bytes.fromhex(told.salt) if told.salt is not None else None
        if salt is not None and told.payload is not None:
            digest = payload_hash(salt, told.payload.encode())
        else:
            assert told.payload_hash is not None, "the message's own validator promises it"
            digest = bytes.fromhex(told.payload_hash)
        header = RecordHeader(
            epoch=upload.epoch,
            seq=seq,
            kind=told.kind,
            workstation_id=told.workstation_id,
            occurred_at=told.occurred_at,
            clock_quality=told.clock_quality,
            business_day=told.business_day,
        )
        before = record_hash(before, header, digest)
        records.append(
            BatchRecord(
                seq=seq,
                kind=told.kind,
                workstation_id=told.workstation_id,
                occurred_at=told.occurred_at,
                clock_quality=told.clock_quality,
                business_day=told.business_day,
                salt=salt,
                payload=told.payload,
                payload_hash=digest,
                hash=before,
                absent=told.absent,
            )
        )
    if before.hex() != upload.head_hash:
        raise BadChainError(
            f"records {upload.first_seq} to {records[-1].seq} of epoch {upload.epoch} do not make the hash they claim",
            fix="run `tillstream journal verify` on the agent; a proxy that changes bodies would fail the signature",
        )
    return Batch(
        epoch=upload.epoch,
        prev_hash=bytes.fromhex(upload.prev_hash),
        lost_before=upload.lost_before,
        records=tuple(records),
        follows=upload.follows,
    )
