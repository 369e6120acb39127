"""Identifiers of the trade, each its own type. `TransactionKey` is the ODM's alternate key of a transaction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import NewType

BusinessUnitId = NewType("BusinessUnitId", str)
WorkstationId = NewType("WorkstationId", str)
OperatorId = NewType("OperatorId", str)
JobId = NewType("JobId", str)
TransactionId = NewType("TransactionId", str)
CustomerId = NewType("CustomerId", str)
HouseholdId = NewType("HouseholdId", str)
CampaignId = NewType("CampaignId", str)
SegmentId = NewType("SegmentId", str)
CouponSerial = NewType("CouponSerial", str)

# Fixed for ever: every transaction id of every chain is a UUIDv5 below this name space.
TRANSACTION_NAMESPACE = uuid.UUID("5b1d8f3e-4a53-5c61-9a0e-7a6f1f2b9c44")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionKey:
    """What the business calls this transaction: store, workstation, business day, sequence number.

    ARTS ODM 7.3: a TransactionID is "a UUID [that] may be assembled from alternate key members"; this is that
    key. `sequence_number` is the fiscal identity where one is printed, else the printed number; where nothing is
    printed the caller passes the `job_id`, so that two equal coffees never merge.
    """

    business_unit_id: BusinessUnitId
    workstation_id: WorkstationId
    business_day: date
    sequence_number: str

    def transaction_id(self) -> TransactionId:
        """Return the UUIDv5 of this key: the same sale has the same id, however often it is captured."""
        members = (self.business_unit_id, self.workstation_id, self.business_day.isoformat(), self.sequence_number)
        return TransactionId(str(uuid.uuid5(TRANSACTION_NAMESPACE, "\x1f".join(members))))
