"""Coupons, points and leases as rows of the ledger, and back. Pure; what one writes the other reads."""

from __future__ import annotations

from datetime import date, datetime

from agent.value.book import Row
from retail.coupon_life import CouponRecord, CouponState, PrintOutcome, Use
from retail.identifiers import (
    BusinessUnitId,
    CampaignId,
    CouponSerial,
    CustomerId,
    TransactionId,
    WorkstationId,
)
from retail.leases import Lease
from retail.points import Lot, PointsLedger


def coupon_row(record: CouponRecord, *, till_code: str = "") -> Row:
    """Return a coupon as a row."""
    return {
        "serial": record.serial,
        "campaign_id": record.campaign_id,
        "transaction_id": record.transaction_id,
        "issued_at": record.issued_at,
        "valid_from": record.valid_from.isoformat(),
        "valid_until": record.valid_until.isoformat(),
        "holder": record.holder,
        "state": record.state.value,
        "outcome": record.outcome.value,
        "use": use_row(record.use) if record.use else None,
        "reserved_for": record.reserved_for,
        "reserved_until": record.reserved_until.isoformat() if record.reserved_until else None,
        "till_code": till_code,
    }


def coupon_of(row: Row) -> CouponRecord:
    """Return the coupon that a row describes."""
    return CouponRecord(
        serial=CouponSerial(row["serial"]),
        campaign_id=CampaignId(row["campaign_id"]),
        transaction_id=TransactionId(row["transaction_id"]),
        issued_at=BusinessUnitId(row["issued_at"]),
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_until=date.fromisoformat(row["valid_until"]),
        holder=CustomerId(row["holder"]) if row["holder"] else None,
        state=CouponState(row["state"]),
        outcome=PrintOutcome(row["outcome"]),
        use=use_of(row["use"]) if row["use"] else None,
        reserved_for=TransactionId(row["reserved_for"]) if row["reserved_for"] else None,
        reserved_until=datetime.fromisoformat(row["reserved_until"]) if row["reserved_until"] else None,
    )


def use_row(use: Use) -> Row:
    """Return a use as part of a row."""
    return {
        "transaction_id": use.transaction_id,
        "store": use.business_unit_id,
        "workstation_id": use.workstation_id,
        "at": use.at.isoformat(),
        "seen_later": use.seen_later,
    }


def use_of(row: Row) -> Use:
    """Return a use."""
    return Use(
        transaction_id=TransactionId(row["transaction_id"]),
        business_unit_id=BusinessUnitId(row["store"]),
        workstation_id=WorkstationId(row["workstation_id"]),
        at=datetime.fromisoformat(row["at"]),
        seen_later=bool(row["seen_later"]),
    )


def points_row(ledger: PointsLedger) -> Row:
    """Return the points that an account earned in this store."""
    return {
        "lots": [
            {
                "lot_id": lot.lot_id,
                "earned": lot.earned,
                "earned_on": lot.earned_on.isoformat(),
                "active_from": lot.active_from.isoformat(),
                "expires_on": lot.expires_on.isoformat() if lot.expires_on else None,
                "remaining": lot.remaining,
                "reversed": lot.reversed,
                "waived": lot.waived,
                "customer_id": lot.customer_id,
            }
            for lot in ledger.lots.values()
        ],
        "debt": ledger.debt,
        "done": sorted(ledger.done),
    }


def points_of(row: Row | None) -> PointsLedger:
    """Return the ledger of a row; an empty one where there is none."""
    if row is None:
        return PointsLedger()
    lots = [
        Lot(
            lot_id=each["lot_id"],
            earned=each["earned"],
            earned_on=date.fromisoformat(each["earned_on"]),
            active_from=date.fromisoformat(each["active_from"]),
            expires_on=date.fromisoformat(each["expires_on"]) if each["expires_on"] else None,
            remaining=each["remaining"],
            reversed=each["reversed"],
            waived=each["waived"],
            customer_id=CustomerId(each["customer_id"]) if each["customer_id"] else None,
        )
        for each in row["lots"]
    ]
    return PointsLedger(lots={lot.lot_id: lot for lot in lots}, debt=row["debt"], done=frozenset(row["done"]))


def lease_row(lease: Lease, *, for_request: bool) -> Row:
    """Return a lease as a row; `for_request`: the hub granted it for the purchase at hand."""
    return {
        "lease_id": lease.lease_id,
        "account": lease.account,
        "store": lease.store,
        "points": lease.points,
        "expires_at": lease.expires_at.isoformat(),
        "spent": lease.spent,
        "for_request": for_request,
    }


def lease_of(row: Row) -> Lease:
    """Return a lease."""
    return Lease(
        lease_id=row["lease_id"],
        account=row["account"],
        store=BusinessUnitId(row["store"]),
        points=row["points"],
        expires_at=datetime.fromisoformat(row["expires_at"]),
        spent=row["spent"],
    )
