"""Points in lots: earned, pending until the return window closes, spent oldest-expiring first, reversed exactly.

A ledger is a value; every operation returns the next one, and the same operation again (same id) returns the same.
What always holds, and `check_conservation` asserts after each step:

    earned - reversed + waived - burned (less what was given back) = remaining in lots - debt

Debt is what a return took back although it had been spent; the next points earned or given back pay it first.
Expiry is a matter of days, not of state: an expired lot keeps its remaining points as breakage, and is never silent:
`balance` says what will expire and when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from retail.errors import RefusedError
from retail.identifiers import CustomerId, TransactionId

EXPIRING_WITHIN_DAYS = 30
"""Announced a month ahead: a member comes once or twice before it, and may spend them."""


class SpentRewardPolicy(StrEnum):
    """What happens to points of returned goods that were spent already."""

    DEBIT = "debit"
    WAIVE = "waive"


class LotState(StrEnum):
    """How a lot stands on a day."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Points that were earned together. `active_from` is after the return window; `expires_on` the last good day.

    `lot_id` is the transaction's id, or the campaign's and the transaction's for a bonus. `waived` are points taken
    back that had been spent and were let go; should the spending itself be reversed, they are taken back after all.
    """

    lot_id: str
    earned: int
    earned_on: date
    active_from: date
    expires_on: date | None = None
    remaining: int = 0
    reversed: int = 0
    waived: int = 0
    customer_id: CustomerId | None = None

    def state(self, today: date) -> LotState:
        """Return how the lot stands on a day."""
        if self.reversed >= self.earned:
            return LotState.REVERSED
        if self.expires_on is not None and today > self.expires_on:
            return LotState.EXPIRED
        if today < self.active_from:
            return LotState.PENDING
        if self.expires_on is not None and (self.expires_on - today).days <= EXPIRING_WITHIN_DAYS:
            return LotState.EXPIRING
        return LotState.ACTIVE

    def is_spendable(self, today: date) -> bool:
        """Return whether its remaining points may be spent on that day, whatever else became of it."""
        return self.active_from <= today and (self.expires_on is None or today <= self.expires_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """Points spent in one transaction, and from which lots, in the order they were taken."""

    transaction_id: TransactionId
    taken: tuple[tuple[str, int], ...]
    given_back: int = 0

    @property
    def points(self) -> int:
        """How many were spent."""
        return sum(points for _lot, points in self.taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsLedger:
    """The points of one member, or of a household that pools them. `done` are the ids of reversals already made."""

    lots: Mapping[str, Lot] = field(default_factory=dict)
    burns: Mapping[TransactionId, Burn] = field(default_factory=dict)
    debt: int = 0
    done: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a member is told. `spendable` is what a till may take; on `expires_next` go `expiring_next` points.

    They are the first of all that are `expiring`: those of other lots go on days of their own.
    """

    spendable: int
    pending: int
    expiring: int
    expires_next: date | None
    expiring_next: int
    debt: int
    expired: int


def balance(ledger: PointsLedger, today: date) -> Balance:
    """Return how a ledger stands on a day; debt is taken off what can be spent."""
    by_state: dict[LotState, int] = dict.fromkeys(LotState, 0)
    for lot in ledger.lots.values():
        by_state[lot.state(today)] += lot.remaining
    spendable = sum(lot.remaining for lot in ledger.lots.values() if lot.is_spendable(today))
    expiring: dict[date, int] = {}
    for lot in ledger.lots.values():
        if lot.remaining and lot.expires_on is not None and lot.state(today) is LotState.EXPIRING:
            expiring[lot.expires_on] = expiring.get(lot.expires_on, 0) + lot.remaining
    return Balance(
        spendable=max(spendable - ledger.debt, 0),
        pending=by_state[LotState.PENDING],
        expiring=by_state[LotState.EXPIRING],
        expires_next=min(expiring, default=None),
        expiring_next=expiring[min(expiring)] if expiring else 0,
        debt=ledger.debt,
        expired=by_state[LotState.EXPIRED],
    )


def earn(ledger: PointsLedger, lot: Lot) -> PointsLedger:
    """Add a lot; debt is paid out of it first. The same lot again changes nothing."""
    assert lot.earned >= 0, lot
    if lot.lot_id in ledger.lots:
        return ledger
    paid = min(ledger.debt, lot.earned)
    added = replace(lot, remaining=lot.earned - paid, reversed=0)
    return replace(ledger, lots={**ledger.lots, lot.lot_id: added}, debt=ledger.debt - paid)


def burn(ledger: PointsLedger, *, transaction_id: TransactionId, points: int, today: date) -> PointsLedger:
    """Spend points, those first that expire first. The same transaction with the same points changes nothing.

    RefusedError: `points_short` when there are not enough, `points_conflict` when the transaction spent another number.
    """
    known = ledger.burns.get(transaction_id)
    if known is not None:
        if known.points == points:
            return ledger
        raise RefusedError(
            f"this sale has already spent {known.points} points", fix="reverse it first", code="points_conflict"
        )
    spendable = balance(ledger, today).spendable
    if not 0 < points <= spendable:
        raise RefusedError(
            f"{points} points were asked for, {spendable} can be spent", fix="tell the customer so", code="points_short"
        )
    lots, taken, wanted = dict(ledger.lots), [], points
    for lot in sorted(ledger.lots.values(), key=_expiry_order):
        part = min(wanted, lot.remaining) if lot.is_spendable(today) else 0
        if part:
            lots[lot.lot_id] = replace(lot, remaining=lot.remaining - part)
            taken.append((lot.lot_id, part))
            wanted -= part
    assert wanted == 0, (wanted, points)
    done = Burn(transaction_id=transaction_id, taken=tuple(taken))
    return replace(ledger, lots=lots, burns={**ledger.burns, transaction_id: done})


def give_back(
    ledger: PointsLedger,
    *,
    reversal_id: str,
    transaction_id: TransactionId,
    points: int | None = None,
    today: date,
    grace_days: int = EXPIRING_WITHIN_DAYS,
) -> PointsLedger:
    """Return spent points because their sale was voided (all, `points` None) or partly returned.

    They go back to their lots, the last taken first; a lot that expired meanwhile is good for `grace_days` more. More
    than was spent is never given back; an unknown sale or the same reversal again changes nothing.
    """
    spent = ledger.burns.get(transaction_id)
    if spent is None or reversal_id in ledger.done:
        return ledger
    wanted = spent.points - spent.given_back
    wanted = wanted if points is None else min(points, wanted)
    lots = dict(ledger.lots)
    skip, rest, refilled = spent.given_back, wanted, 0
    for lot_id, taken in reversed(spent.taken):
        already = min(skip, taken)
        skip -= already
        part = min(rest, taken - already)
        rest -= part
        if part:
            before = lots[lot_id]
            lots[lot_id] = _refilled(before, part, today=today, grace_days=grace_days)
            refilled += lots[lot_id].remaining - before.remaining
    paid = min(ledger.debt, refilled)
    lots = _take(lots, paid, order=[lot_id for lot_id, _taken in spent.taken])
    return replace(
        ledger,
        lots=lots,
        burns={**ledger.burns, transaction_id: replace(spent, given_back=spent.given_back + wanted)},
        debt=ledger.debt - paid,
        done=ledger.done | {reversal_id},
    )


def reverse(
    ledger: PointsLedger,
    *,
    reversal_id: str,
    lot_id: str,
    points: int,
    policy: SpentRewardPolicy = SpentRewardPolicy.DEBIT,
    debt_max: int | None = None,
) -> PointsLedger:
    """Take back points of returned goods from the lot that they earned, exactly as many as those goods had earned.

    What was spent already becomes debt or is waived; debt beyond `debt_max` (None: no bound) is waived. An unknown lot
    or the same reversal again changes nothing.
    """
    lot = ledger.lots.get(lot_id)
    if lot is None or reversal_id in ledger.done:
        return ledger
    taken = min(points, lot.earned - lot.reversed)
    from_lot = min(taken, lot.remaining)
    missing = taken - from_lot
    owed = missing if policy is SpentRewardPolicy.DEBIT else 0
    owed = owed if debt_max is None else min(owed, max(debt_max - ledger.debt, 0))
    after = replace(
        lot,
        remaining=lot.remaining - from_lot,
        reversed=lot.reversed + taken,
        waived=lot.waived + missing - owed,
    )
    return replace(
        ledger,
        lots={**ledger.lots, lot_id: after},
        debt=ledger.debt + owed,
        done=ledger.done | {reversal_id},
    )


def reverse_newest(
    ledger: PointsLedger,
    *,
    reversal_id: str,
    points: int,
    policy: SpentRewardPolicy = SpentRewardPolicy.DEBIT,
    debt_max: int | None = None,
) -> PointsLedger:
    """Take back points for goods returned without a receipt: the newest lots first. The caller flags it.

    Never more than was earned; the same reversal again changes nothing.
    """
    if reversal_id in ledger.done:
        return ledger
    wanted, current = points, ledger
    for lot in sorted(ledger.lots.values(), key=lambda lot: (lot.earned_on, lot.lot_id), reverse=True):
        part = min(wanted, lot.earned - lot.reversed)
        if part:
            part_id = f"{reversal_id}\x1f{lot.lot_id}"
            current = reverse(
                current, reversal_id=part_id, lot_id=lot.lot_id, points=part, policy=policy, debt_max=debt_max
            )
            wanted -= part
    return replace(current, done=current.done | {reversal_id})


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsReport:
    """What a chain owes and what it will never pay, in points on a day."""

    liability: int
    pending: int
    breakage: int
    debt: int
    waived: int


def report(ledgers: Iterable[PointsLedger], today: date) -> PointsReport:
    """Add up ledgers: liability is what may still be spent, breakage what has expired."""
    liability = pending = breakage = debt = waived = 0
    for ledger in ledgers:
        debt += ledger.debt
        for lot in ledger.lots.values():
            waived += lot.waived
            match lot.state(today):
                case LotState.EXPIRED:
                    breakage += lot.remaining
                case LotState.PENDING:
                    pending += lot.remaining
                case LotState.ACTIVE | LotState.EXPIRING | LotState.REVERSED:
                    liability += lot.remaining
    return PointsReport(liability=liability, pending=pending, breakage=breakage, debt=debt, waived=waived)


def check_conservation(ledger: PointsLedger) -> None:
    """Assert that no point came from nowhere and none was lost; called wherever a ledger is stored or read."""
    lots = ledger.lots.values()
    burned = sum(spent.points - spent.given_back for spent in ledger.burns.values())
    made = sum(lot.earned - lot.reversed + lot.waived for lot in lots) - burned
    kept = sum(lot.remaining for lot in lots) - ledger.debt
    assert made == kept, (made, kept)
    assert ledger.debt >= 0, ledger.debt
    short: dict[str, int] = {}
    # A shortage has a lot of nothing earned, to which what is given back goes once its debt was paid by other points;
    # later spending takes from it no more than that.
    for spent in ledger.burns.values():
        for lot_id, points in spent.taken:
            short[lot_id] = max(short.get(lot_id, 0), points)
    most = {lot.lot_id: lot.earned or short.get(lot.lot_id, 0) for lot in lots}
    assert all(0 <= lot.remaining <= most[lot.lot_id] for lot in lots), "a lot holds more than was earned, or less"


def _expiry_order(lot: Lot) -> tuple[date, date, str]:
    return (lot.expires_on or date.max, lot.earned_on, lot.lot_id)


def _refilled(lot: Lot, points: int, *, today: date, grace_days: int) -> Lot:
    """Return a lot with points given back; what had been waived on it is settled first."""
    expires_on = lot.expires_on
    if expires_on is not None and expires_on < today:
        expires_on = today + timedelta(days=grace_days)
    settled = min(lot.waived, points)
    return replace(lot, remaining=lot.remaining + points - settled, waived=lot.waived - settled, expires_on=expires_on)


def _take(lots: dict[str, Lot], points: int, *, order: list[str]) -> dict[str, Lot]:
    """Take points off lots in the order given; they are known to be there."""
    for lot_id in order:
        part = min(points, lots[lot_id].remaining)
        lots[lot_id] = replace(lots[lot_id], remaining=lots[lot_id].remaining - part)
        points -= part
    assert points == 0, points
    return lots
