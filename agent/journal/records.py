"""What is appended to the journal and what is read from it.

A payload is canonical JSON: UTF-8, keys sorted, no spaces, amounts as decimal strings. `agent/journal_payloads.py`
says what each kind carries.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sync.protocol.chain import RecordHeader

PAYLOAD_BYTES_MAX = 256 * 1024  # a receipt of 1,000 lines makes 120 KB; larger is a mistake, not a sale


class JournalKind(StrEnum):
    """What happened. A reader takes kinds it does not know as they are."""

    TRANSACTION_COMPLETED = "transaction.completed"
    TRANSACTION_RETURNED = "transaction.returned"
    TRANSACTION_VOIDED = "transaction.voided"
    DOCUMENT_PARKED = "document.parked"
    CUSTOMER_IDENTIFIED = "customer.identified"
    CUSTOMER_RELEASED = "customer.released"
    OFFER_DECIDED = "offer.decided"
    OFFER_WITHHELD = "offer.withheld"
    OFFER_PRINTED = "offer.printed"
    OFFER_NOT_PRINTED = "offer.not_printed"
    OFFER_SHOWN = "offer.shown"
    OFFER_ACTIVATED = "offer.activated"
    COUPON_ISSUED = "coupon.issued"
    COUPON_VOIDED = "coupon.voided"
    COUPON_REDEEMED = "coupon.redeemed"
    COUPON_REFUSED = "coupon.refused"
    COUPON_RESTORED = "coupon.restored"
    COUPON_LEASED = "coupon.leased"
    COUPON_UNLEASED = "coupon.unleased"
    POINTS_EARNED = "points.earned"
    POINTS_REVERSED = "points.reversed"
    POINTS_BURNED = "points.burned"
    POINTS_LEASED = "points.leased"
    POINTS_UNLEASED = "points.unleased"
    VALUE_RESERVED = "value.reserved"
    VALUE_RELEASED = "value.released"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    SURVEY_ANSWERED = "survey.answered"
    VISIT = "visit"
    INTEREST = "interest"
    DAY_CLOSED = "day.closed"
    ERASURE_APPLIED = "erasure.applied"
    DEVICE_FAULT = "device.fault"
    FRAUD_FLAGGED = "fraud.flagged"


class ClockQuality(StrEnum):
    """How far a time may be trusted."""

    UNKNOWN = "unknown"  # no contact with the hub since the machine started
    FREE_RUNNING = "free_running"  # the last contact is old, or the clock jumped since
    SYNCHRONISED = "synchronised"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """A record to be appended; `workstation_id` is empty and `business_day` None where none is concerned."""

    kind: str
    payload: bytes
    occurred_at: datetime
    clock_quality: ClockQuality
    workstation_id: str = ""
    business_day: date | None = None

    def header(self, *, epoch: int, seq: int) -> RecordHeader:
        """Return what is hashed of this record at its place in the chain."""
        return RecordHeader(
            epoch=epoch,
            seq=seq,
            kind=self.kind,
            workstation_id=self.workstation_id,
            occurred_at=self.occurred_at.isoformat(),
            clock_quality=self.clock_quality.value,
            business_day=self.business_day.isoformat() if self.business_day else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record as it stands in the database; erased records have neither salt nor payload."""

    epoch: int
    seq: int
    kind: str
    workstation_id: str
    occurred_at: str
    clock_quality: str
    business_day: str
    salt: bytes | None
    payload: bytes | None
    payload_hash: bytes
    prev_hash: bytes
    hash: bytes

    @property
    def header(self) -> RecordHeader:
        """What is hashed of this record beside its payload."""
        return RecordHeader(
            epoch=self.epoch,
            seq=self.seq,
            kind=self.kind,
            workstation_id=self.workstation_id,
            occurred_at=self.occurred_at,
            clock_quality=self.clock_quality,
            business_day=self.business_day,
        )

    @property
    def is_erased(self) -> bool:
        """Whether what it said was deleted."""
        return self.payload is None

    def content(self) -> dict[str, Any]:
        """Return the payload as an object; empty when it was erased."""
        return dict(json.loads(self.payload)) if self.payload is not None else {}

    def __repr__(self) -> str:
        return f"<StoredRecord {self.epoch}/{self.seq} {self.kind} {self.hash[:4].hex()}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """A range of the journal that one holder wrote without a break."""

    epoch: int
    first_seq: int
    reason: str
    raised_at: str


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical_json(content: Mapping[str, Any]) -> bytes:
    """Return the one spelling of an object that is hashed. Raises TypeError for what JSON does not know."""
    return _CANONICAL.encode(content).encode(
        "utf-8", "replace"
    )  # a lone surrogate of a broken scanner is no reason to lose a sale


def epoch_of(seq: int, epochs: tuple[Epoch, ...]) -> int:
    """Return the epoch a row belongs to; 0 when it lies before the first known range."""
    for epoch in reversed(epochs):
        if seq >= epoch.first_seq:
            return epoch.epoch
    return 0
