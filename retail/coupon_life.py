"""The life of one coupon, as a table; the store's ledger keeps the records, a scan or a receipt brings the events.

| in        | RESERVE  | RELEASE   | REDEEM   | REVERSE  | VOID      |
| --------- | -------- | --------- | -------- | -------- | --------- |
| ISSUED    | RESERVED | ISSUED    | REDEEMED | ISSUED   | VOIDED    |
| RESERVED  | -        | ISSUED    | REDEEMED | RESERVED | VOIDED    |
| REDEEMED  | -        | REDEEMED  | -        | ISSUED   | FORFEITED |
| FORFEITED | -        | FORFEITED | -        | VOIDED   | FORFEITED |
| VOIDED    | -        | VOIDED    | -        | VOIDED   | VOIDED    |

`-` is refused with what to tell the customer. Events are idempotent: the same transaction may reserve, redeem or
reverse again and changes nothing. REVERSE is a sale voided or returned in which the coupon was used: it may be used
again. VOID is a sale voided or returned that had issued it: a coupon already used stays used (what then happened to
the discount is the fraud report's business), but it is worth nothing should the sale that used it be taken back, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from retail.errors import RefusedError
from retail.identifiers import BusinessUnitId, CampaignId, CouponSerial, CustomerId, TransactionId, WorkstationId


class CouponState(StrEnum):
    """Where a coupon stands. Whether it has expired is a matter of days, not of state."""

    ISSUED = "issued"
    RESERVED = "reserved"
    REDEEMED = "redeemed"
    FORFEITED = "forfeited"
    VOIDED = "voided"


class CouponEvent(StrEnum):
    """What may happen to a coupon after it was issued."""

    RESERVE = "reserve"
    RELEASE = "release"
    REDEEM = "redeem"
    REVERSE = "reverse"
    VOID = "void"


_ISSUED, _RESERVED, _REDEEMED, _FORFEITED, _VOIDED = CouponState
_RESERVE, _RELEASE, _REDEEM, _REVERSE, _VOID = CouponEvent

TABLE: dict[tuple[CouponState, CouponEvent], CouponState] = {
    (_ISSUED, _RESERVE): _RESERVED,
    (_ISSUED, _RELEASE): _ISSUED,
    (_ISSUED, _REDEEM): _REDEEMED,
    (_ISSUED, _REVERSE): _ISSUED,
    (_ISSUED, _VOID): _VOIDED,
    (_RESERVED, _RELEASE): _ISSUED,
    (_RESERVED, _REDEEM): _REDEEMED,
    (_RESERVED, _REVERSE): _RESERVED,
    (_RESERVED, _VOID): _VOIDED,
    (_REDEEMED, _RELEASE): _REDEEMED,
    (_REDEEMED, _REVERSE): _ISSUED,
    (_REDEEMED, _VOID): _FORFEITED,
    (_FORFEITED, _RELEASE): _FORFEITED,
    (_FORFEITED, _REVERSE): _VOIDED,
    (_FORFEITED, _VOID): _FORFEITED,
    (_VOIDED, _RELEASE): _VOIDED,
    (_VOIDED, _REVERSE): _VOIDED,
    (_VOIDED, _VOID): _VOIDED,
}
"""What is not here is refused."""


class PrintOutcome(StrEnum):
    """What became of the coupon's paper; only what was not confirmed may be printed once more."""

    AWAITED = "awaited"
    PRINTED = "printed"
    UNCONFIRMED = "unconfirmed"
    NOT_PRINTED = "not_printed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use of a coupon: in which transaction, where, when; `seen_later` when a receipt told of it (level P)."""

    transaction_id: TransactionId
    business_unit_id: BusinessUnitId
    workstation_id: WorkstationId
    at: datetime
    seen_later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponRecord:
    """What a ledger knows of one coupon. `holder` None: anybody may use it.

    `transaction_id` is the sale that issued it. While RESERVED, `reserved_for` may redeem it until `reserved_until`;
    a reservation that ran out is none.
    """

    serial: CouponSerial
    campaign_id: CampaignId
    transaction_id: TransactionId
    issued_at: BusinessUnitId
    valid_from: date
    valid_until: date
    holder: CustomerId | None = None
    state: CouponState = CouponState.ISSUED
    outcome: PrintOutcome = PrintOutcome.AWAITED
    use: Use | None = None
    reserved_for: TransactionId | None = None
    reserved_until: datetime | None = None

    def at(self, now: datetime) -> CouponRecord:
        """Return the record as of a moment: a reservation that ran out has released the coupon."""
        ran_out = self.reserved_until is not None and now >= self.reserved_until
        return _moved(self, _RELEASE) if self.state is _RESERVED and ran_out else self

    def may_be_printed(self) -> bool:
        """Return whether its bytes may go to a printer: once, and once more if nobody knows what became of them."""
        return self.state is _ISSUED and self.outcome is not PrintOutcome.PRINTED


def reserve(record: CouponRecord, *, transaction_id: TransactionId, now: datetime, until: datetime) -> CouponRecord:
    """Hold a coupon for a sale in progress; repeating it for the same sale extends the reservation."""
    current = record.at(now)
    if current.state is _RESERVED and current.reserved_for == transaction_id:
        return replace(current, reserved_until=until)
    return replace(_moved(current, _RESERVE), reserved_for=transaction_id, reserved_until=until)


def release(record: CouponRecord, *, transaction_id: TransactionId, now: datetime) -> CouponRecord:
    """Let go of a reservation; another sale's is left alone."""
    current = record.at(now)
    if current.state is _RESERVED and current.reserved_for != transaction_id:
        return current
    return _moved(current, _RELEASE)


def redeem(record: CouponRecord, use: Use) -> CouponRecord:
    """Burn a coupon, before the discount is confirmed. The same transaction again changes nothing.

    RefusedError says by `code` and message why not: used here or elsewhere (where and when), reserved, void.
    """
    current = record.at(use.at)
    if current.use is not None and current.use.transaction_id == use.transaction_id:
        return current
    if current.state is _RESERVED and current.reserved_for != use.transaction_id:
        raise _refusal(current)
    return replace(_moved(current, _REDEEM), use=use)


def reverse(record: CouponRecord, *, transaction_id: TransactionId) -> CouponRecord:
    """Give a coupon back because the sale that used it was voided or returned; another sale's is left alone."""
    if record.use is None or record.use.transaction_id != transaction_id:
        return record
    return replace(_moved(record, _REVERSE), use=None)


def void(record: CouponRecord) -> CouponRecord:
    """Make a coupon worthless because the sale that issued it was voided or returned."""
    return _moved(record, _VOID)


def held_by(records: Iterable[CouponRecord], customer_id: CustomerId | None) -> tuple[CouponRecord, ...]:
    """Return, of the coupons behind one till barcode, those that a customer (None: a stranger) may use.

    A mass coupon has one code for all its papers: nobody uses up another's while there is one of their own. All of
    them where none is theirs.
    """
    known = tuple(records)
    return tuple(record for record in known if record.holder in {None, customer_id}) or known


def oldest_usable(records: Iterable[CouponRecord], today: date) -> CouponRecord | None:
    """Return the coupon that a till barcode seen in a receipt stands for: of several with the same digits the oldest.

    One that another sale has reserved only where there is no other. None when all are used, void or out of their days:
    whoever saw it flags it.
    """
    usable = [
        record
        for record in records
        if record.state in {_ISSUED, _RESERVED} and record.valid_from <= today <= record.valid_until
    ]
    return min(usable, key=lambda record: (record.state is _RESERVED, record.valid_from, record.serial), default=None)


def _moved(record: CouponRecord, event: CouponEvent) -> CouponRecord:
    state = TABLE.get((record.state, event))
    if state is None:
        raise _refusal(record)
    if state is _RESERVED:
        return replace(record, state=state)
    return replace(record, state=state, reserved_for=None, reserved_until=None)


def _refusal(record: CouponRecord) -> RefusedError:
    """Return what to tell whoever wanted to use a coupon that is not to be had."""
    if record.state is _RESERVED:
        return RefusedError(
            "this coupon is being used at another till", fix="finish or cancel the other sale", code="coupon_reserved"
        )
    if record.use is None:
        return RefusedError(
            "this coupon is void: the purchase that it came with was cancelled or returned",
            fix="tell the customer so",
            code="coupon_void",
        )
    return RefusedError(
        f"this coupon was already used on {record.use.at:%Y-%m-%d at %H:%M}, store {record.use.business_unit_id}, "
        f"till {record.use.workstation_id}",
        fix="tell the customer when and where",
        code="coupon_used",
    )
