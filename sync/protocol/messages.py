"""What agent and hub say to one another, field by field. `docs/wire-protocol.md` is written from these models.

Versioned: every message carries `wire`, its form's number; a hub answers a number that it does not know with 415
and the numbers that it takes, so that a more compact form can come later beside this one. Unknown fields are
ignored: a newer peer may add some. Known fields are strict: a number in quotes is refused.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

WIRE: Final = 1
"""The form that this program speaks."""

WIRE_ACCEPTED: Final = (1,)
"""The forms that this program takes."""

MEDIA_TYPE: Final = "application/json"
BODY_ENCODING: Final = "deflate"
"""`deflate` of RFC 9110: the zlib format (RFC 1950)."""

RECORDS_MAX: Final = 2000
"""Records in one upload: the hub's writer is busy for about 50 ms with so many, and others wait no longer."""

PAYLOAD_CHARS_MAX: Final = 1_048_576
"""One record's payload. A receipt of 1,000 lines takes 150 kB; what is larger is no receipt."""

SEQ_MAX: Final = 2**53 - 1
"""The largest number that every JSON reader keeps exact."""

LOCATE_MARKS_MAX: Final = 128
"""Marks one position question may carry; doubling distances reach 2^53 records with 53."""

MISSING_RANGES_MAX: Final = 32
"""Ranges of missing records one answer may carry; a disk with more holes tells the rest when those are mended."""

_HEX_32 = r"^[0-9a-f]{64}$"
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

Hash = Annotated[str, StringConstraints(pattern=_HEX_32)]
"""SHA-256, lower-case hexadecimal."""

Seq = Annotated[int, Field(ge=1, le=SEQ_MAX)]
Epoch = Annotated[int, Field(ge=1, le=SEQ_MAX)]
Name = Annotated[str, StringConstraints(pattern=_NAME)]
"""Ids of tenants, stores and agents: they become parts of paths and headers, so they are plain words."""

Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,4096}$")]
"""base64url without padding."""


class Message(BaseModel):
    """What all messages share: immutable, strict, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Versioned(Message):
    """A whole message: it tells its form."""

    wire: Literal[1] = WIRE
    """The form of this message."""


class Absence(StrEnum):
    """Why a record comes without salt and payload. Its hash still verifies."""

    ERASED = "erased"
    """A person was erased: the payload is gone for ever, everywhere."""

    WITHHELD = "withheld"
    """This destination would not take the payload; it stays parked at the agent and may come later."""

    DAMAGED = "damaged"
    """The agent's disk returned other bytes than were written; only the header survived."""


class JournalRecord(Message):
    """One record of a journal; its `seq` is the upload's `first_seq` plus its place in the list."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_.]{1,63}$")]
    """What happened, e.g. `transaction.completed`. A kind that the hub does not know is stored and not projected."""

    workstation_id: Annotated[str, StringConstraints(pattern=_PLAIN, max_length=64)] = ""
    """The checkout position; empty where none is concerned."""

    occurred_at: Annotated[str, StringConstraints(pattern=_PLAIN, max_length=40)]
    """ISO 8601 with offset: when it happened by the store's clock; never rewritten by a late upload."""

    clock_quality: Annotated[str, StringConstraints(pattern=_PLAIN, max_length=20)] = "unknown"
    """`unknown`, `free_running` or `synchronised`, at the time of the record."""

    business_day: Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    """ISO date of the trading day; empty where none is concerned."""

    salt: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    """16 bytes, hexadecimal; None when the payload is absent."""

    payload: Annotated[str, StringConstraints(max_length=PAYLOAD_CHARS_MAX)] | None = None
    """Canonical JSON as text, byte for byte what was hashed; None when absent."""

    payload_hash: Hash | None = None
    """H(salt || payload); given only when the payload is absent, else computed by the receiver."""

    absent: Absence | None = None
    """Why the payload is not here."""

    @model_validator(mode="after")
    def _whole_or_absent(self) -> JournalRecord:
        given = [name for name in ("salt", "payload", "payload_hash", "absent") if getattr(self, name) is not None]
        if given not in (["salt", "payload"], ["payload_hash", "absent"]):
            raise ValueError("either salt and payload, or payload_hash and absent")
        if self.payload is not None and "\x00" in self.payload:
            raise ValueError("JSON writes a zero character as an escape")
        return self


class Mark(Message):
    """One record's place and hash."""

    seq: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    """The record's place."""

    hash: Hash
    """The record's hash."""


class EpochMark(Mark):
    """One record of a named epoch."""

    epoch: Epoch
    """The epoch of that record."""


class JournalUpload(Versioned):
    """`POST /v1/journal`: records of one epoch, in order, without a hole.

    A repeat - the same records again, cut into other pieces or not - is answered the same and changes nothing.
    """

    epoch: Epoch
    """The epoch these records were written in; others are uploaded apart."""

    first_seq: Seq
    """The seq of `records[0]`."""

    prev_hash: Hash
    """The hash of the record before `first_seq`; zeros where an epoch begins."""

    lost_before: bool = False
    """The record before `first_seq` is no longer on the agent's disk (pruned or damaged), so nobody can ask for it.
    The hub takes the records all the same and keeps the hole in mind."""

    follows: EpochMark | None = None
    """Where an epoch begins: the last record of the epoch before it, if the agent still has it. A hub that lacks that
    one - restored from a backup - refuses with `unknown_ancestor`, so that no epoch hides the end of another."""

    records: Annotated[list[JournalRecord], Field(min_length=1, max_length=RECORDS_MAX)]
    """The records, oldest first."""

    head_hash: Hash
    """The hash of the last record here."""


class ParkedRecord(Message):
    """A record that the hub keeps but cannot use: the agent parks it for the hub, and goes on."""

    seq: Seq
    """Which record."""

    reason: str
    """`refused` (its payload is not what its kind promises) or `misconfigured` (the chain must act)."""

    code: str
    """A stable word for programs."""

    message: str
    """What is wrong with it."""

    fix: str = ""
    """What to do about it."""


class JournalAck(Versioned):
    """The answer to an upload: everything up to and with `acked_seq` is on the hub's disk."""

    epoch: Epoch
    """The epoch of the upload."""

    acked_seq: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    """The last record of the upload."""

    head_hash: Hash
    """The hash of record `acked_seq`: the agent moves its cursor only when it is its own."""

    forked: bool = False
    """Another disk with this identity has told another story: sales are kept, burning must stop, people are told."""

    parked: list[ParkedRecord] = []
    """Records of the upload that are kept but could not be used."""


class PositionQuestion(Versioned):
    """`POST /v1/journal/position`: which of these records do you have? Newest first, at doubling distances."""

    epoch: Epoch
    """The epoch that is asked for."""

    marks: Annotated[list[Mark], Field(max_length=LOCATE_MARKS_MAX)]
    """Records of the agent's own journal."""


class SeqRange(Message):
    """Records from `first_seq` to and with `last_seq`."""

    first_seq: Seq
    """The first of them."""

    last_seq: Seq
    """The last of them."""


class PositionAnswer(Versioned):
    """The newest mark that the hub knows, and how far it has read this epoch."""

    epoch: Epoch
    """The epoch that was asked for."""

    acked_seq: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    """The agent goes on after this record; 0 when the hub knows none of the marks."""

    head_hash: Hash
    """The hash of that record; zeros for 0."""

    head_seq: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    """The newest record of this epoch that the hub has, on any branch. Larger than the agent's own newest record:
    the agent's disk was restored from a backup, and it must enrol again for a new epoch."""

    missing: Annotated[list[SeqRange], Field(max_length=MISSING_RANGES_MAX)] = []
    """Records of this epoch that the hub lacks; an agent that still has some of them sends them again."""


class Refusal(Message):
    """Every answer that is not 2xx. `code` is for programs, `message` and `fix` for people."""

    code: str
    """A stable word for programs."""

    message: str
    """What happened and where."""

    fix: str = ""
    """What to do about it."""

    expected_seq: Seq | None = None
    """With code `gap`: upload from here. Without it, and with `unknown_ancestor`: ask for the position."""

    seq: Seq | None = None
    """The record that is at fault, where it is one."""

    retry_after_s: float | None = None
    """Come again after so many seconds; the Retry-After header says the same, rounded up."""

    wire_accepted: list[int] | None = None
    """With code `wire_unknown`: the forms that this hub takes."""

    hub_time: str | None = None
    """With code `clock_wrong`: the hub's time, ISO 8601; sign with it."""


class EnrolQuestion(Versioned):
    """`POST /v1/enrolment`, signed with the key that it registers: a proof that the sender has it."""

    code: Annotated[str, StringConstraints(max_length=64)]
    """The single-use code, as a person typed it."""

    store: Annotated[str, StringConstraints(max_length=64)] | None = None
    """Which store the agent believes it is in; a code of another store is not used up, and refused."""

    public_key: Base64
    """The agent's Ed25519 key: 32 bytes."""

    seal_key: Base64
    """An X25519 key of the agent, 32 bytes: the chain's pepper is sealed to it."""

    epoch: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    """The newest epoch in the agent's journal; the hub gives a higher one. 0 for an empty journal."""

    program: Annotated[str, StringConstraints(max_length=64)] = ""
    """Name and version of the agent's program."""


class EnrolAnswer(Versioned):
    """Who the agent is from now on."""

    tenant: Name
    """The chain that the code was made for."""

    store: str
    """The store that the code was made for."""

    agent: Name
    """The name of the store's agent: the same after every enrolment of the store."""

    epoch: Epoch
    """Records from now on carry this epoch; whoever held a lower one is refused with `fenced`."""

    key_id: str
    """The name of the agent's key, `keyid` of its signatures."""

    hub_key: Base64
    """The hub's Ed25519 key, which signs its answers. Pinned from now on."""

    feed_key: Base64
    """The chain's Ed25519 key, which signs feed manifests. Pinned from now on."""

    contact_key: Base64 = ""
    """An X25519 key of the chain, 32 bytes: stores seal to it what new members tell of themselves. May be empty."""

    sealed_pepper: Base64
    """The chain's pepper for tokens, sealed to `seal_key` (`sync.protocol.enrolment.open_sealed`)."""

    country: Annotated[str, StringConstraints(max_length=2)] = ""
    """ISO 3166 country for phone numbers that are written nationally, the same for the whole chain; may be empty."""
