"""Every account's points as the stores' records make them; the same records give the same ledger, in any order.

An account opens with what the chain imported (`points` in customers.csv; a household with its members' sum). Earnings
are applied before what takes from them, because a store that was offline tells of them later. What was burned beyond
what is there becomes debt and is reported: the money is spent, and hiding it would lose it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from hub.storage.ports import Session
from hub.value.events import POINTS_KINDS, Told, told
from retail.errors import RefusedError
from retail.identifiers import BusinessUnitId, TransactionId
from retail.leases import Lease
from retail.points import (
    Burn,
    Lot,
    PointsLedger,
    SpentRewardPolicy,
    balance,
    burn,
    check_conservation,
    earn,
    give_back,
    reverse,
    reverse_newest,
)

OPENING = "opening"
"""The lot that an account opens with; it neither waits nor expires, since nobody told when it was earned."""


@dataclass(slots=True, kw_only=True)
class LeaseStand:
    """What became of one lease: granted here or told by its store, spent, handed back."""

    lease: Lease
    granted_here: bool
    told_by_store: bool = False
    burned: int = 0
    given_back: int = 0
    closed: bool = False

    @property
    def spent(self) -> int:
        """How many points of it are spent now."""
        return self.burned - self.given_back

    @property
    def outstanding(self) -> int:
        """How many points of it a store may still spend, as far as the hub knows."""
        return 0 if self.closed else max(self.lease.points - self.spent, 0)


@dataclass(slots=True, kw_only=True)
class AccountStand:
    """One account: its ledger, what was added up on the way, and what went beyond it."""

    ledger: PointsLedger = field(default_factory=PointsLedger)
    opening: int = 0
    earned: int = 0
    reversed: int = 0
    burned: int = 0
    given_back: int = 0
    overdrawn: int = 0

    def difference(self) -> int:
        """Return by how much the books do not close; anything but 0 is a defect of ours."""
        waived = sum(lot.waived for lot in self.ledger.lots.values())
        made = self.opening + self.earned - self.reversed + waived - self.burned + self.given_back
        return made - self.kept()

    def kept(self) -> int:
        """Return what the lots hold, less debt."""
        return sum(lot.remaining for lot in self.ledger.lots.values()) - self.ledger.debt

    def made_before_returns(self) -> int:
        """Return what there would be had no goods come back; never less than nothing."""
        return max(self.opening + self.earned - self.burned + self.given_back, 0)


def accounts_of(
    session: Session, tenant_id: str, *, today: date, account: str | None = None, told_only: bool = False
) -> tuple[dict[str, AccountStand], list[Told]]:
    """Return every account (or one) and the records about it, leases included.

    `told_only` leaves out the many that nothing was told of: they stand as they were imported.
    """
    records = list(told(session, tenant_id, POINTS_KINDS, account=account))
    named = {record.text("account") for record in records} if told_only else None
    stands: defaultdict[str, AccountStand] = defaultdict(AccountStand)
    for name, points in _openings(session, tenant_id, account, named):
        if points:
            lot = Lot(lot_id=OPENING, earned=points, earned_on=date.min, active_from=date.min)
            stands[name] = AccountStand(ledger=earn(PointsLedger(), lot), opening=points)
    seen: set[tuple[str, str, str]] = set()
    burned_at = {record.text("burn_id"): record.occurred_at for record in records if record.kind == "points.burned"}
    for record in sorted(records, key=lambda record: _takes(record, burned_at)):
        identity = (record.kind, record.text("account"), _identity(record))
        if record.text("account") and identity not in seen:
            seen.add(identity)
            _apply(stands[record.text("account")], record, today)
    for stand in stands.values():
        check_conservation(stand.ledger)
        # What was given back and spent again within one moment was applied in another order, and is no shortage.
        stand.overdrawn = min(stand.overdrawn, stand.ledger.debt)
    return dict(stands), records


def leases_of(granted: Iterable[tuple[Lease, bool]], records: Iterable[Told]) -> dict[str, LeaseStand]:
    """Return what became of every lease that this hub granted or a store tells of.

    A hub restored to before a grant does not know it: the store's word brings it back.
    """
    stands = {lease.lease_id: LeaseStand(lease=lease, granted_here=True) for lease, _for_request in granted}
    burned: set[tuple[str, str]] = set()
    backs: set[str] = set()
    for record in records:
        lease_id = record.text("lease_id")
        match record.kind:
            case "points.leased":
                stand = stands.setdefault(lease_id, LeaseStand(lease=_lease_told(record), granted_here=False))
                stand.told_by_store = True
            case "points.burned" if lease_id and (lease_id, record.text("burn_id")) not in burned:
                burned.add((lease_id, record.text("burn_id")))
                stand = stands.setdefault(lease_id, LeaseStand(lease=_lease_told(record, points=0), granted_here=False))
                stand.burned += record.points()
            case "points.reversed" if lease_id and record.text("of") == "burned":
                identity = record.text("reversal_id")
                if identity not in backs and lease_id in stands:
                    backs.add(identity)
                    stands[lease_id].given_back += record.points()
            case "points.unleased" if lease_id in stands:
                stands[lease_id].closed = True
            case _:
                pass
    return stands


def spendable(stand: AccountStand, today: date) -> int:
    """Return how many points an account could spend in all; leases come off it."""
    return balance(stand.ledger, today).spendable


def _openings(
    session: Session, tenant_id: str, account: str | None, named: Collection[str] | None
) -> list[tuple[str, int]]:
    if named is not None and not named:
        return []
    totals: defaultdict[str, int] = defaultdict(int)
    for customer_id, household_id, points in session.each("opening_points", tenant_id=tenant_id):
        name = household_id or customer_id
        if (account is None or name == account) and (named is None or name in named):
            totals[name] += int(points)
    return sorted(totals.items())


def _takes(record: Told, burned_at: Mapping[str, str]) -> tuple[int, str, int]:
    """Order records so that whatever gives comes before what takes: a late store's earnings count.

    What was burned and given back may be burned again, so those go by time, a reversal never before its burn.
    """
    at = record.occurred_at
    match record.kind:
        case "points.earned":
            return 0, at, 0
        case "points.burned":
            return 1, at, 0
        case "points.reversed" if record.text("of") == "burned":
            return 1, max(at, burned_at.get(record.text("burn_id"), at)), 1
        case "points.reversed":
            return 2, at, 0
        case _:
            return 3, at, 0


def _identity(record: Told) -> str:
    names = {"points.earned": "lot_id", "points.burned": "burn_id", "points.reversed": "reversal_id"}
    return record.text(names.get(record.kind, "lease_id"))


def _apply(stand: AccountStand, record: Told, today: date) -> None:
    match record.kind:
        case "points.earned":
            stand.ledger = earn(stand.ledger, _lot(record))
            stand.earned += record.points()
        case "points.burned":
            _burn(stand, record)
        case "points.reversed" if record.text("of") == "burned":
            before = _given_back(stand.ledger)
            stand.ledger = give_back(
                stand.ledger,
                reversal_id=record.text("reversal_id"),
                transaction_id=TransactionId(record.text("burn_id")),
                points=record.points(),
                today=today,
            )
            stand.given_back += _given_back(stand.ledger) - before
        case "points.reversed":
            _reverse(stand, record)
        case _:
            pass


def _burn(stand: AccountStand, record: Told) -> None:
    """Burn what a store says it burned. It is spent whether or not the account had it: what is missing is debt."""
    points, burn_id = record.points(), TransactionId(record.text("burn_id"))
    if not points:
        return
    stand.burned += points
    day = record.day
    try:
        stand.ledger = burn(stand.ledger, transaction_id=burn_id, points=points, today=day)
    except RefusedError:
        there = balance(stand.ledger, day).spendable
        if there:
            stand.ledger = burn(stand.ledger, transaction_id=burn_id, points=there, today=day)
        missing = points - there
        stand.overdrawn += missing
        lot_id = f"{OPENING}/{burn_id}"
        short = Lot(lot_id=lot_id, earned=0, earned_on=day, active_from=day)
        before = stand.ledger.burns.get(burn_id, Burn(transaction_id=burn_id, taken=()))
        spent = replace(before, taken=(*before.taken, (lot_id, missing)))
        stand.ledger = replace(
            stand.ledger,
            lots={**stand.ledger.lots, lot_id: short},
            burns={**stand.ledger.burns, burn_id: spent},
            debt=stand.ledger.debt + missing,
        )


def _reverse(stand: AccountStand, record: Told) -> None:
    policy = SpentRewardPolicy.WAIVE if record.text("policy") == SpentRewardPolicy.WAIVE else SpentRewardPolicy.DEBIT
    bound = record.content.get("debt_max")
    debt_max = bound if type(bound) is int and bound >= 0 else None
    before = _reversed(stand.ledger)
    lot_id, reversal_id = record.text("lot_id"), record.text("reversal_id")
    if lot_id in stand.ledger.lots:
        stand.ledger = reverse(
            stand.ledger,
            reversal_id=reversal_id,
            lot_id=lot_id,
            points=record.points(),
            policy=policy,
            debt_max=debt_max,
        )
    else:
        stand.ledger = reverse_newest(
            stand.ledger, reversal_id=reversal_id, points=record.points(), policy=policy, debt_max=debt_max
        )
    stand.reversed += _reversed(stand.ledger) - before


def _reversed(ledger: PointsLedger) -> int:
    return sum(lot.reversed for lot in ledger.lots.values())


def _given_back(ledger: PointsLedger) -> int:
    return sum(spent.given_back for spent in ledger.burns.values())


def _lot(record: Told) -> Lot:
    expires = record.text("expires_on")
    return Lot(
        lot_id=record.text("lot_id"),
        earned=record.points(),
        earned_on=_day(record.text("earned_on"), record.day),
        active_from=_day(record.text("active_from"), record.day),
        expires_on=_day(expires, record.day) if expires else None,
    )


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


def _lease_told(record: Told, *, points: int | None = None) -> Lease:
    try:
        expires_at = datetime.fromisoformat(record.text("expires_at"))
    except ValueError:
        expires_at = datetime.min.replace(tzinfo=UTC)
    return Lease(
        lease_id=record.text("lease_id"),
        account=record.text("account"),
        store=BusinessUnitId(record.store_id),
        points=record.points() if points is None else points,
        expires_at=expires_at,
    )
