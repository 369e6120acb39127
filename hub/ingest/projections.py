"""What a record says to the hub's tables, read from its payload; pure.

A kind that is not known here says nothing: the record is kept, and a later version may project it. A payload that is
not what its kind promises is refused by name: the record is kept all the same, listed for the chain, and parked by
the agent. Money is an integer of ten-thousandths, so that sums in a database are exact.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hub.ingest.batch import BatchRecord
from hub.ingest.contents import read_content

E4 = Decimal(10_000)
AMOUNT_E4_MAX = 10**17  # ten million million of the dearest currency; larger is a misread, not a sale
TEXT_CHARS_MAX = 200  # ids and numbers; a longer one is no id
OFFERS_MAX = 100  # of one record
SALES_MAX = 10**6  # of one lane and day
MISSING_MAX = 10_000  # numbers missing of one lane and day that are listed; more is a counter that was reset

UNCONFIRMED = "unconfirmed"
"""Of the offers printed, those whose printer has no way to say so: counted among the printed, and apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One transaction, as reports need it. `digest` tells two sales apart that claim one id."""

    transaction_id: str
    kind: str
    workstation_id: str
    business_day: str
    occurred_at: str
    sequence_number: str
    currency: str
    total_e4: int
    cash_e4: int
    lines: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEvent:
    """One step in the life of one offer or coupon."""

    event: str
    campaign_id: str
    transaction_id: str
    serial: str
    business_day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClose:
    """What a Z report told; None where it did not print the figure."""

    workstation_id: str
    business_day: str
    told_sales: int | None
    told_total_e4: int | None
    told_cash_e4: int | None
    missing_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What one record adds. `refused` is (code, message) when its payload could not be read."""

    sale: Sale | None = None
    offers: tuple[OfferEvent, ...] = ()
    day_close: DayClose | None = None
    refused: tuple[str, str] | None = None
    totals: Mapping[str, int] = field(default_factory=dict)


NOTHING = Projection()


class _PayloadError(Exception):
    """The payload is not what its kind promises; the message names the field, never its value."""


def project(record: BatchRecord) -> Projection:
    """Return what a record adds to the hub's tables. The same record always adds the same; never raises."""
    if record.payload is None:
        return NOTHING
    projector = _PROJECTORS.get(record.kind)
    if projector is None:
        return NOTHING
    try:
        return projector(record, _object(read_content(record.payload)))
    except _PayloadError as error:
        return Projection(refused=("payload", str(error)), totals={"refused": 1})
    except ValueError:
        return Projection(refused=("payload", "the payload is no JSON"), totals={"refused": 1})


def _sale(record: BatchRecord, content: Mapping[str, Any]) -> Projection:
    body = content.get("transaction", content)
    if not isinstance(body, dict):
        raise _PayloadError("transaction is no object")
    lines = body.get("line_items", [])
    if not isinstance(lines, list):
        raise _PayloadError("line_items is no list")
    facts = (
        _text(body, "transaction_id", required=True),
        record.kind,
        record.workstation_id,
        record.business_day,
        record.occurred_at,
        _text(body, "sequence_number"),
        _text(body, "currency"),
        _e4(body.get("total"), "total"),
    )
    sale = Sale(
        transaction_id=facts[0],
        kind=record.kind,
        workstation_id=record.workstation_id,
        business_day=record.business_day,
        occurred_at=record.occurred_at,
        sequence_number=facts[5],
        currency=facts[6],
        total_e4=facts[7],
        cash_e4=_sum_e4([_cash_e4(line) for line in lines], "line_items.amount"),
        lines=len(lines),
        digest=hashlib.sha256(json.dumps(facts).encode()).digest()[:16],
    )
    return Projection(sale=sale)


def _sum_e4(amounts_e4: Sequence[int], name: str) -> int:
    total_e4 = sum(amounts_e4)
    if abs(total_e4) > AMOUNT_E4_MAX:
        raise _PayloadError(f"{name} is out of range")
    return total_e4


def _cash_e4(line: object) -> int:
    if isinstance(line, dict) and line.get("type") == "tender" and line.get("tender_type") == "cash":
        return _e4(line.get("amount"), "line_items.amount")
    return 0


def _offer(record: BatchRecord, content: Mapping[str, Any]) -> Projection:
    event = record.kind.partition(".")[2] if record.kind.startswith("offer.") else record.kind
    if record.kind == "coupon.redeemed" and content.get("confirms"):
        event = "coupon.confirmed"  # says which sale an earlier use became; it is no second use
    offers = content.get("offers", [content])
    if not isinstance(offers, list) or len(offers) > OFFERS_MAX:
        raise _PayloadError("offers is no list, or too long")
    events = tuple(_offer_event(record, event, {**content, **_object(offer)}) for offer in offers)
    totals = {event: len(events)} if events else {}
    if record.kind == "offer.printed" and content.get("outcome") == UNCONFIRMED:
        totals[UNCONFIRMED] = len(events)
    return Projection(offers=events, totals=totals)


def _offer_event(record: BatchRecord, event: str, content: Mapping[str, Any]) -> OfferEvent:
    return OfferEvent(
        event=event,
        campaign_id=_text(content, "campaign_id"),
        transaction_id=_text(content, "transaction_id"),
        serial=_text(content, "serial"),
        business_day=record.business_day,
    )


def _day_close(record: BatchRecord, content: Mapping[str, Any]) -> Projection:
    missing = content.get("missing_numbers", [])
    if not isinstance(missing, list):
        raise _PayloadError("missing_numbers is no list")
    told = _object(content.get("told", content))
    sales = told.get("sales")
    if sales is not None and (type(sales) is not int or not 0 <= sales <= SALES_MAX):
        raise _PayloadError("told.sales is no count")
    close = DayClose(
        workstation_id=record.workstation_id,
        business_day=record.business_day,
        told_sales=sales,
        told_total_e4=None if told.get("total") is None else _e4(told["total"], "told.total"),
        told_cash_e4=None if told.get("cash") is None else _e4(told["cash"], "told.cash"),
        missing_numbers=tuple(_text({"number": number}, "number") for number in missing[:MISSING_MAX]),
    )
    return Projection(day_close=close, totals={"days_closed": 1})


def _counted(record: BatchRecord, _content: Mapping[str, Any]) -> Projection:
    return Projection(totals={record.kind: 1})


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _PayloadError("an object is expected")
    return value


def _text(content: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = content.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX or (required and not value):
        raise _PayloadError(f"{name} is no short text")
    if not value.isprintable():
        raise _PayloadError(f"{name} has a control character")
    return value


def _e4(value: object, name: str) -> int:
    """Return an amount as ten-thousandths; it travels as a decimal string."""
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX:
        raise _PayloadError(f"{name} is no decimal string")
    try:
        scaled = Decimal(value) * E4
    except ArithmeticError as error:
        raise _PayloadError(f"{name} is no decimal string") from error
    if not scaled.is_finite() or abs(scaled) > AMOUNT_E4_MAX:
        raise _PayloadError(f"{name} is out of range")
    return int(scaled.to_integral_value())


_PROJECTORS: Mapping[str, Callable[[BatchRecord, Mapping[str, Any]], Projection]] = {
    "transaction.completed": _sale,
    "transaction.returned": _sale,
    "transaction.voided": _sale,
    "offer.decided": _offer,
    "offer.withheld": _offer,
    "offer.printed": _offer,
    "offer.not_printed": _offer,
    "offer.shown": _offer,
    "offer.activated": _offer,
    "coupon.issued": _offer,
    "coupon.redeemed": _offer,
    "coupon.refused": _offer,
    "coupon.voided": _offer,
    "day.closed": _day_close,
    "document.parked": _counted,
    "customer.identified": _counted,
    "fraud.flagged": _counted,
    "device.fault": _counted,
}

PROJECTED_KINDS = frozenset(_PROJECTORS)
"""Kinds that add something to the hub's tables; all others are kept and say nothing yet."""
