"""Does it all add up? Coupons used twice, accounts against their records, leases against burns: to the cent.

Every finding has its money, so that a chain sees what its offline rules have cost. No finding is ever mended here:
what was given is given; a person decides what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from hub.storage.ports import Database
from hub.value.accounts import AccountStand, LeaseStand, accounts_of, leases_of
from hub.value.events import COUPON_KINDS, Told, standing_uses, told
from hub.value.leases import leases_from
from hub.value.till_codes import resolved
from retail.coupon_life import Use
from retail.coupon_policy import double_uses
from retail.identifiers import BusinessUnitId, CouponSerial, TransactionId, WorkstationId
from retail.leases import Exposure
from retail.points import PointsReport, report

CENT = Decimal("0.01")


class Finding(StrEnum):
    """What does not add up."""

    COUPON_USED_TWICE = "coupon_used_twice"
    COUPON_UNKNOWN = "coupon_unknown"
    BOOKS_DO_NOT_CLOSE = "books_do_not_close"
    ACCOUNT_OVERDRAWN = "account_overdrawn"
    LEASE_OVERSPENT = "lease_overspent"
    LEASE_UNKNOWN = "lease_unknown"
    LEASES_EXCEED_BALANCE = "leases_exceed_balance"
    EXPOSURE_GREW = "exposure_grew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One finding: what, about which coupon, account or lease, in which stores, and the money that it comes to."""

    finding: Finding
    subject: str
    stores: tuple[str, ...]
    points: int
    money: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {**asdict(self), "finding": self.finding.value, "stores": list(self.stores)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The whole report. `findings` empty: it adds up.

    `leased_and_returned` are points that stores may still spend although returns have taken them back meanwhile.
    """

    as_of: str
    accounts: int
    coupons_used: int
    leases: int
    leased_outstanding: int
    leased_and_returned: int
    points: PointsReport
    findings: tuple[Line, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        return {
            "as_of": self.as_of,
            "adds_up": not self.findings,
            "accounts": self.accounts,
            "coupons_used": self.coupons_used,
            "leases": self.leases,
            "leased_outstanding": self.leased_outstanding,
            "leased_and_returned": self.leased_and_returned,
            "points": asdict(self.points),
            "findings": [line.to_json() for line in self.findings],
        }


def reconcile(database: Database, tenant_id: str, *, point_value: Decimal, now: datetime) -> Reconciliation:
    """Return whether what the stores told adds up, as far as it has arrived."""
    today = now.date()
    with database.reading() as session:
        accounts, records = accounts_of(session, tenant_id, today=today)
        granted = [(lease, True) for lease in leases_from(session.rows("leases", tenant_id=tenant_id))]
        uses = standing_uses(told(session, tenant_id, COUPON_KINDS))
        standing, unknown = resolved(session, tenant_id, uses)
    leases = leases_of(granted, records)
    return Reconciliation(
        as_of=now.isoformat(),
        accounts=len(accounts),
        coupons_used=len({record.text("serial") for record in standing}),
        leases=len(leases),
        leased_outstanding=sum(each.outstanding for each in leases.values()),
        leased_and_returned=_leased_and_returned(accounts, leases),
        points=report((each.ledger for each in accounts.values()), today),
        findings=(
            *_coupons(standing),
            *_unknown(unknown),
            *_books(accounts, point_value),
            *_leases(leases, point_value),
            *_beyond(accounts, leases, today=today, point_value=point_value),
        ),
    )


def exposure_grew(worst: Exposure, *, stores: int, agreed: Decimal) -> Line:
    """Return the finding that stores were added since the chain agreed to what spending without a link may cost."""
    return Line(
        finding=Finding.EXPOSURE_GREW,
        subject="burn",
        stores=(),
        points=worst.points,
        money=_cents(worst.money.amount),
        why=f"{_cents(agreed)} a day was agreed to; with {stores} stores it is more: {worst.because}",
    )


def _coupons(standing: Iterable[Told]) -> list[Line]:
    by_use = {(record.text("serial"), record.text("use_id")): record for record in standing}
    found = double_uses((CouponSerial(serial), _use(record)) for (serial, _use_id), record in by_use.items())
    lines = []
    for double in found:
        later = [by_use[double.serial, use.transaction_id] for use in double.uses[1:]]
        worth = sum((_money(record.text("worth")) for record in later), Decimal(0))
        where = "; ".join(
            f"store {use.business_unit_id}, till {use.workstation_id}, {use.at:%Y-%m-%d %H:%M}" for use in double.uses
        )
        lines.append(
            Line(
                finding=Finding.COUPON_USED_TWICE,
                subject=double.serial,
                stores=tuple(sorted({str(use.business_unit_id) for use in double.uses})),
                points=0,
                money=_cents(worth),
                why=f"used {len(double.uses)} times: {where}",
            )
        )
    return lines


def _unknown(uses: Iterable[Told]) -> list[Line]:
    """Return till barcodes that tills took and that no coupon of any store bears: forged, or not told yet."""
    by_code: dict[str, list[Told]] = {}
    for use in uses:
        by_code.setdefault(use.text("till_code"), []).append(use)
    return [
        Line(
            finding=Finding.COUPON_UNKNOWN,
            subject=till_code,
            stores=tuple(sorted({use.store_id for use in found})),
            points=0,
            money=_cents(sum((_money(use.text("worth")) for use in found), Decimal(0))),
            why=f"taken by tills {len(found)} times, and no store has told of issuing it: forged, or not told yet",
        )
        for till_code, found in sorted(by_code.items())
    ]


def _use(record: Told) -> Use:
    return Use(
        transaction_id=TransactionId(record.text("use_id")),
        business_unit_id=BusinessUnitId(record.store_id),
        workstation_id=WorkstationId(record.text("workstation_id")),
        at=datetime.fromisoformat(record.text("at") or record.occurred_at),
        seen_later=bool(record.content.get("seen_later")),
    )


def _books(accounts: dict[str, AccountStand], point_value: Decimal) -> list[Line]:
    lines = []
    for name, stand in sorted(accounts.items()):
        if stand.difference():
            lines.append(
                _points_line(
                    Finding.BOOKS_DO_NOT_CLOSE, name, stand.difference(), point_value, why="records and lots disagree"
                )
            )
        if stand.overdrawn:
            lines.append(
                _points_line(
                    Finding.ACCOUNT_OVERDRAWN,
                    name,
                    stand.overdrawn,
                    point_value,
                    why=f"{stand.burned} points were burned, {stand.overdrawn} more than there were",
                )
            )
    return lines


def _leases(leases: dict[str, LeaseStand], point_value: Decimal) -> list[Line]:
    lines = []
    for lease_id, stand in sorted(leases.items()):
        stores = (str(stand.lease.store),)
        over = stand.spent - stand.lease.points
        if not stand.granted_here:
            lines.append(
                _points_line(
                    Finding.LEASE_UNKNOWN,
                    lease_id,
                    max(stand.spent, stand.lease.points),
                    point_value,
                    stores=stores,
                    why="a store holds it, and this hub has not granted it: was it restored to before?",
                )
            )
        elif over > 0:
            lines.append(
                _points_line(
                    Finding.LEASE_OVERSPENT,
                    lease_id,
                    over,
                    point_value,
                    stores=stores,
                    why=f"{stand.spent} of {stand.lease.points} points were burned: was its disk copied?",
                )
            )
    return lines


def _beyond(
    accounts: dict[str, AccountStand], leases: dict[str, LeaseStand], *, today: date, point_value: Decimal
) -> list[Line]:
    """Return accounts whose leases promise more than there is.

    What returns have taken back counts as there: a lease that was granted before them is as good as spent, and a burn
    of it becomes debt or is waived like that of any reward whose goods came back. `leased_and_returned` tells of it.
    """
    out: dict[str, int] = {}
    stores: dict[str, set[str]] = {}
    for stand in leases.values():
        out[stand.lease.account] = out.get(stand.lease.account, 0) + stand.outstanding
        stores.setdefault(stand.lease.account, set()).add(str(stand.lease.store))
    lines = []
    for name, points in sorted(out.items()):
        there = accounts.get(name, AccountStand()).made_before_returns()
        if points > there:
            lines.append(
                _points_line(
                    Finding.LEASES_EXCEED_BALANCE,
                    name,
                    points - there,
                    point_value,
                    stores=tuple(sorted(stores[name])),
                    why=f"{points} points are leased, {there} are there on {today}",
                )
            )
    return lines


def _leased_and_returned(accounts: dict[str, AccountStand], leases: dict[str, LeaseStand]) -> int:
    """Return how many leased points would become debt if they were spent: goods came back after the grant."""
    out: dict[str, int] = {}
    for stand in leases.values():
        out[stand.lease.account] = out.get(stand.lease.account, 0) + stand.outstanding
    short = 0
    for name, points in out.items():
        account = accounts.get(name, AccountStand())
        before, now = account.made_before_returns(), max(account.kept(), 0)
        short += max(min(points, before) - now, 0)
    return short


def _points_line(
    finding: Finding, subject: str, points: int, point_value: Decimal, *, why: str, stores: tuple[str, ...] = ()
) -> Line:
    return Line(
        finding=finding, subject=subject, stores=stores, points=points, money=_cents(points * point_value), why=why
    )


def _money(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal(0)


def _cents(amount: Decimal) -> str:
    return str(amount.quantize(CENT))
