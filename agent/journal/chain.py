"""Verification of stored records: each payload against its hash, each record against the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from agent.journal.records import StoredRecord
from sync.protocol.chain import GENESIS, SALT_BYTES, payload_hash, record_hash


class Damage(StrEnum):
    """What is wrong with a row, or before it."""

    PAYLOAD = "payload"  # salt or payload is not what was hashed; header and link hold
    LINK = "link"  # the row's own hash does not follow from what stands in it
    GAP = "gap"  # the row before it is missing or is another one


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A damaged place: the row it was seen at and what is wrong there."""

    seq: int
    damage: Damage


class ChainVerifier:
    """Push records in order, pull findings. `anchor` is the last row that retention removed, if any."""

    def __init__(self, *, anchor: tuple[int, bytes] | None = None) -> None:
        self._last = anchor
        self._epoch = 0
        self.records = 0

    def feed(self, records: Iterable[StoredRecord]) -> Iterator[Finding]:
        """Yield what is wrong with these records."""
        for record in records:
            self.records += 1
            damage = self._damage(record)
            if damage is not None:
                yield Finding(seq=record.seq, damage=damage)
            self._last = record.seq, record.hash
            self._epoch = record.epoch

    def _damage(self, record: StoredRecord) -> Damage | None:
        if record_hash(record.prev_hash, record.header, record.payload_hash) != record.hash:
            return Damage.LINK
        if not self._follows(record):
            return Damage.GAP
        return None if payload_holds(record) else Damage.PAYLOAD

    def _follows(self, record: StoredRecord) -> bool:
        if self._last is None:
            return record.prev_hash == GENESIS
        if record.epoch != self._epoch and record.prev_hash == GENESIS:
            return True
        return (record.seq - 1, record.prev_hash) == self._last


def payload_holds(record: StoredRecord) -> bool:
    """Return whether salt and payload are what was hashed; an erased record has neither, and holds."""
    if record.salt is None and record.payload is None:
        return True
    if record.salt is None or record.payload is None or len(record.salt) != SALT_BYTES:
        return False
    return payload_hash(record.salt, record.payload) == record.payload_hash
