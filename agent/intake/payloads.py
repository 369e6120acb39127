"""What each kind of journal record carries: plain objects of strings, numbers and lists, ready for canonical JSON.

Persons stand in `customer.*` and `offer.*` records and nowhere else: erasing somebody never takes a sale away.

transaction.*        {"transaction": the contracts' shape without `loyalty`, "document_no", "proof", "time_by_receipt"}
document.parked      {"job_id", "document_no", "kind", "reason", "detail"}
customer.identified  {"transaction_id", "scan_id", "customer_id", "locator", "how": scan | late | printed, "flagged",
                      "sealed_code": the code that nobody is known by, sealed to the chain, else null}
customer.released    {"transaction_id", "scan_id", "why"}
offer.decided        {"transaction_id", "customer_id", "household_id", "job_id", "cut_no", "channel", "offers": [offer],
                      "mirror_version", "mirror_age_s" (null without a mirror), "campaigns_version"}
offer.withheld       the same
offer.printed        {"transaction_id", "job_id", "cut_no", "outcome": printed | unconfirmed, "offers": [offer]}
offer.not_printed    the same, outcome late | not_sent
                     Coupons that a kiosk has printed again: {"channel": "kiosk", "outcome", "scan_id", "place",
                     "customer_id", "locator", "offers": [{"campaign_id", "serial", "transaction_id"}]}
offer.shown          {"channel": "kiosk", "offers": [{"campaign_id"}], "scan_id", "place", "customer_id", "locator"};
                     {"channel": "phone", "handover": number of the code, "first_name", "language", "points", "offers",
                     "coupons", ...}: what a customer takes along
coupon.issued        {"transaction_id", "campaign_id", "serial", "customer_id", "valid_from", "valid_until", "cost"}
coupon.voided        {"transaction_id", "campaign_id", "serial", "why"}
device.fault         {"device", "code", "message"}
erasure.applied      {"erasure_no", "records", "captures"}
day.closed           {"job_id", "document_no", "told": {"number", "sales", "total", "cash", "tenders"}, "counted":
                      {"sales", "total", "cash", "tenders"}, "difference": {...}, "missing_numbers": [...]};
                      not told is null

An offer is {"campaign_id", "serial" or null, "value", "cost", "valid_until", "why": [...]}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, assert_never

from retail.line_items import (
    LineItem,
    PriceModificationLineItem,
    ReturnLineItem,
    RewardLineItem,
    SaleLineItem,
    TaxLineItem,
    TenderLineItem,
)
from retail.money import Money
from retail.offers.decision import Decision, Reward
from retail.transaction import RetailTransaction

Content = dict[str, Any]

WHY_MAX = 8  # reasons kept of one offer; a rule of more clauses is explained by `tillstream offers explain`


def transaction_content(transaction: RetailTransaction) -> Content:
    """Return a transaction in the contracts' shape; `loyalty` is null, persons stand in records of their own."""
    return {
        "transaction_id": transaction.transaction_id,
        "job_id": transaction.job_id,
        "status": transaction.status.value,
        "business_unit_id": transaction.business_unit_id,
        "workstation_id": transaction.workstation_id,
        "sequence_number": transaction.sequence_number,
        "business_day": transaction.business_day.isoformat() if transaction.business_day else None,
        "occurred_at": transaction.occurred_at.isoformat() if transaction.occurred_at else None,
        "currency": transaction.currency,
        "total": str(transaction.total),
        "line_items": [line_content(line) for line in transaction.line_items],
        "loyalty": None,
    }


def line_content(line: LineItem) -> Content:
    """Return a line item in the contracts' shape; members that a kind does not have are left out."""
    match line:
        case SaleLineItem() | ReturnLineItem():
            return {
                "type": "sale" if isinstance(line, SaleLineItem) else "return",
                "description": line.description,
                "item_id": line.item_id,
                "gtin": line.gtin,
                "quantity": _number(line.quantity),
                "unit_price": _amount(line.unit_price),
                "amount": str(line.amount),
            }
        case TenderLineItem():
            return {**_line("tender", line), "tender_type": line.tender_type.value}
        case TaxLineItem():
            return {**_line("tax", line), "rate": _number(line.rate), "included": line.included}
        case PriceModificationLineItem():
            return {**_line("price_modification", line), "rate": _number(line.rate)}
        case RewardLineItem():
            return _line("reward", line)
        case _:
            assert_never(line)


def decision_content(decision: Decision, rewards: Sequence[Reward], *, serials: Mapping[str, str]) -> Content:
    """Return what a decision record says of these of its rewards; the caller adds for whom and where."""
    return {
        "channel": decision.channel.value,
        "offers": [offer_content(reward, serials.get(reward.campaign.campaign_id)) for reward in rewards],
        "mirror_version": decision.mirror_version,
        "campaigns_version": decision.campaigns_version,
    }


def offer_content(reward: Reward, serial: str | None) -> Content:
    """Return one offer."""
    return {
        "campaign_id": reward.campaign.campaign_id,
        "serial": serial,
        "value": _number(reward.value),
        "cost": str(reward.cost),
        "valid_until": reward.valid_until.isoformat(),
        "why": list(reward.why[:WHY_MAX]),
    }


def _line(kind: str, line: TenderLineItem | TaxLineItem | PriceModificationLineItem | RewardLineItem) -> Content:
    return {"type": kind, "description": line.description, "amount": str(line.amount)}


def _amount(amount: Money | None) -> str | None:
    return None if amount is None else str(amount)


def _number(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"
