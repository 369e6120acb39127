"""The numbered lines of a transaction: a union of six kinds (ARTS ODM RetailTransactionLineItem).

Signs: sale amounts are positive, returns negative, price modifications signed as they act, change is a negative
cash tender.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from retail.money import Money


class TenderType(StrEnum):
    """How it was paid (ODM TenderTypeCode)."""

    CASH = "cash"
    CREDIT = "credit"
    DEBIT = "debit"
    CHEQUE = "cheque"
    STORED_VALUE = "stored_value"
    COUPON = "coupon"
    VOUCHER = "voucher"
    ACCOUNT = "account"
    MOBILE = "mobile"
    POINTS = "points"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLineItem:
    """Goods out. `amount` is the printed line amount, before modifications printed on lines of their own."""

    description: str
    amount: Money
    quantity: Decimal = Decimal(1)
    unit_price: Money | None = None
    item_id: str | None = None
    gtin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLineItem:
    """Goods back; `amount` is negative."""

    description: str
    amount: Money
    quantity: Decimal = Decimal(1)
    unit_price: Money | None = None
    item_id: str | None = None
    gtin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceModificationLineItem:
    """A discount or surcharge on one line or on the whole, signed as it acts: a discount is negative."""

    description: str
    amount: Money
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderLineItem:
    """How it was paid; change given is a negative cash tender, so that tenders add up to the total."""

    description: str
    amount: Money
    tender_type: TenderType


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxLineItem:
    """Tax as printed. `included`: the item amounts already contain it; `rate` in per cent."""

    description: str
    amount: Money
    rate: Decimal | None = None
    included: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardLineItem:
    """Points earned (positive) or spent (negative) as printed on the receipt."""

    description: str
    amount: Money


LineItem = SaleLineItem | ReturnLineItem | PriceModificationLineItem | TenderLineItem | TaxLineItem | RewardLineItem
