"""What one commit holds: records, and the positions and remainders that belong with them.

A batch is applied whole or not at all. A batch with `capture` happens once: when that document of that job is already
in the journal, nothing of the batch is applied and the answer says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from agent.journal.records import NewRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What a register sent for one document, masked; `file_hash` names a sealed file instead of `body`."""

    job_id: str
    document_no: int
    workstation_id: str
    received_at: datetime
    body: bytes | None
    file_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveCursor:
    """A destination has taken everything up to `acked_seq`; `head_hash` (hex) is the hash of that record."""

    destination: str
    epoch: int
    acked_seq: int
    head_hash: str
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    """A destination refused a record: `reason` is `refused`, `exhausted` or `misconfigured`."""

    destination: str
    seq: int
    reason: str
    detail: str
    parked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpark:
    """A person wants a record tried again."""

    destination: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitOutcome:
    """Offers go to a printer before this cut of this job; `payload` is their decision's content."""

    job_id: str
    cut_no: int
    workstation_id: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOutcome:
    """The end of an awaited outcome is known."""

    job_id: str
    cut_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepScan:
    """A member code counts for the open sale of a workstation (`number` empty), or for one put by under a number.

    `locator` (hexadecimal) opens nothing; `customer_id` is empty where nobody is known by the code.
    """

    scan_id: str
    workstation_id: str
    scanned_at: datetime
    locator: str
    customer_id: str
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropScan:
    """A scan belongs to a sale now, or to nothing any more. Twice is as good as once."""

    scan_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepValue:
    """A row of the store's ledger of value, as it is from now on; `body` is canonical JSON."""

    what: str
    row_id: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DropValue:
    """A row of the ledger of value is needed no more. Twice is as good as once."""

    what: str
    row_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepForeseen:
    """What the cut of a document will commit, whole, on disk before the cut comes; `body` is spelt by `foreseen`."""

    job_id: str
    document_no: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DropForeseen:
    """The document is committed by its own batch, or its cut will not come. Twice is as good as once."""

    job_id: str
    document_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DropEveryForeseen:
    """Nothing that was put by is committed any more, whoever spelt it: somebody is erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillCapture:
    """The whole of a document that was committed as it was foreseen, before its last bytes had come."""

    job_id: str
    document_no: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowSale:
    """This business key is journalled by the first record of the batch."""

    transaction_id: str
    business_day: date
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """A row the scrub found damaged."""

    seq: int
    reason: str
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseRecord:
    """Delete what a record says."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCapture:
    """Delete the paper that a record was read from."""

    job_id: str
    document_no: int


Change = (
    MoveCursor
    | Park
    | Unpark
    | AwaitOutcome
    | SettleOutcome
    | KeepScan
    | DropScan
    | KeepValue
    | DropValue
    | KeepForeseen
    | DropForeseen
    | DropEveryForeseen
    | FillCapture
    | KnowSale
    | Quarantine
    | EraseRecord
    | EraseCapture
)


class Haste(Enum):
    """Who waits for a batch, and so whose sync it may share."""

    AT_ONCE = "a customer or a till"
    PRINTED = "a screen: its paper has gone ahead, and what the tap has to do with it comes first"
    WITH_CUT = "a word that people do not miss for some hundredths of a second: it goes with a cut that is near"
    LATER = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One commit's worth."""

    records: tuple[NewRecord, ...] = ()
    capture: Capture | None = None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """It is on disk. `seqs` are the records' places; `repeated` says that it was there already."""

    seqs: tuple[int, ...] = ()
    repeated: bool = False
