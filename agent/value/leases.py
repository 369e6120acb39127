"""Spending points: only against leases that the hub granted to this store, burned on disk before anything is confirmed.

A lease is granted ahead (spending without a link: off by default, capped, and only while our news are fresh) or for the
purchase at hand, when the desk reached the hub (`for_request`: the hub has just looked at the balance itself, so caps
and mirror age have nothing to add). Either way the points left the hub's balance first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from agent.journal.records import JournalKind
from agent.value.book import Row, ValueBook, What
from agent.value.rows import lease_of, lease_row
from agent.value.rules import ValueRules
from retail.errors import RefusedError
from retail.leases import BurnRequest, Lease, spend
from retail.money import Money, minor_units
from retail.stops import StopKind

SPENT_DAYS = 3
"""Days whose counts are kept: today's, and two more should the clock be set back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Somebody wants to spend points in an open sale."""

    points: int
    account: str
    customer_id: str
    workstation_id: str
    use_id: str
    today: date
    now: datetime


class LeaseDesk:
    """Used by core's loop only; changes rows of the book and returns records, the caller commits them together."""

    def __init__(self, book: ValueBook, rules: ValueRules) -> None:
        self._book = book
        self._rules = rules

    def granted(self, lease: Lease, *, for_request: bool) -> Row | None:
        """Take a lease and return the record's content; one that is here already changes nothing and is None."""
        if self._book.get(What.LEASE, lease.lease_id) is not None:
            return None
        self._book.put(What.LEASE, lease.lease_id, lease_row(lease, for_request=for_request))
        return {
            "lease_id": lease.lease_id,
            "account": lease.account,
            "points": lease.points,
            "expires_at": lease.expires_at.isoformat(),
            "for_request": for_request,
        }

    def redeemable(self, account: str, *, customer_id: str, today: date, now: datetime) -> int:
        """Return how many points could be spent now; 0 when none may be. Changes nothing."""
        most = 0
        for lease_id, row in self._of(account):
            asked = Spending(
                points=lease_of(row).left(now) - self._held(lease_id, now),
                account=account,
                customer_id=customer_id,
                workstation_id="",
                use_id="",
                today=today,
                now=now,
            )
            most = max(most, self._allowed(row, asked))
        return most

    def check(self, spending: Spending) -> Row:
        """Return the lease that the points can be taken from; RefusedError says why there is none. Changes nothing."""
        refused: RefusedError | None = None
        for lease_id, row in self._of(spending.account):
            held = self._held(lease_id, spending.now, but=spending.use_id)
            try:
                self._spent(row, spending, held=held)
            except RefusedError as error:
                refused = refused or error
            else:
                return row
        if refused is not None:
            raise refused
        spend(None, self._request(spending), replace(self._rules.policy.burn, stopped=self._stopped(spending.now)))
        raise AssertionError("without a lease nothing can be spent")

    def burn(self, spending: Spending) -> tuple[JournalKind, Row]:
        """Burn points and return the record. RefusedError changes nothing."""
        row = self.check(spending)
        lease = self._spent(row, spending, held=self._held(row["lease_id"], spending.now, but=spending.use_id))
        self._book.put(What.LEASE, lease.lease_id, lease_row(lease, for_request=row["for_request"]))
        self._count(spending.account, spending.points, spending.today)
        content = {
            "burn_id": spending.use_id,
            "account": spending.account,
            "customer_id": spending.customer_id,
            "points": spending.points,
            "amount": str(self.worth(spending.points)),
            "lease_id": lease.lease_id,
            "workstation_id": spending.workstation_id,
            "at": spending.now.isoformat(),
            "day": spending.today.isoformat(),
            "without_link": not row["for_request"],
            **self._rules.stamp(spending.now),
        }
        return JournalKind.POINTS_BURNED, content

    def give_back(self, burn: Row, *, reversal_id: str, points: int | None, why: str) -> tuple[JournalKind, Row]:
        """Return spent points because their sale was undone: to the lease while it runs, else to the hub's balance.

        `burn` may say itself how many were `given_back` before: its reservation is forgotten after a day.
        """
        hold = self._book.get(What.HOLD, burn["burn_id"])
        before = max(hold.get("given_back", 0) if hold is not None else 0, burn.get("given_back", 0))
        wanted = burn["points"] - before if points is None else min(points, burn["points"] - before)
        if hold is not None:
            self._book.put(What.HOLD, burn["burn_id"], {**hold, "given_back": before + wanted})
        row = self._book.get(What.LEASE, burn["lease_id"])
        if row is not None:
            lease = lease_of(row)
            back = replace(lease, spent=max(lease.spent - wanted, 0))
            self._book.put(What.LEASE, lease.lease_id, lease_row(back, for_request=row["for_request"]))
        self._count(burn["account"], -wanted, date.fromisoformat(burn["day"]))
        content = {
            "reversal_id": reversal_id,
            "of": "burned",
            "burn_id": burn["burn_id"],
            "account": burn["account"],
            "customer_id": burn["customer_id"],
            "points": wanted,
            "lease_id": burn["lease_id"] if row is not None else "",
            "why": why,
        }
        return JournalKind.POINTS_REVERSED, content

    def close_ended(self, now: datetime) -> list[tuple[JournalKind, Row]]:
        """Hand ended leases back to the hub, which counts them against the balance until it is told."""
        told = []
        for lease_id, row in self._book.each(What.LEASE):
            lease = lease_of(row)
            if now >= lease.expires_at and not self._held(lease_id, now):
                self._book.drop(What.LEASE, lease_id)
                content = {"lease_id": lease_id, "account": lease.account, "points": lease.points, "spent": lease.spent}
                told.append((JournalKind.POINTS_UNLEASED, content))
        return told

    def worth(self, points: int) -> Money:
        """Return what points take off, rounded down to the minor unit."""
        step = Decimal(1).scaleb(-minor_units(self._rules.currency))
        value = points * self._rules.policy.burn.point_value
        return Money(value.quantize(step, ROUND_FLOOR), self._rules.currency)

    # Parts

    def _of(self, account: str) -> list[tuple[str, Row]]:
        """Return an account's leases, the first to end first."""
        return sorted(self._book.leases_of(account), key=lambda each: (str(each[1]["expires_at"]), each[0]))

    def _held(self, lease_id: str, now: datetime, *, but: str = "") -> int:
        """Return how many points of a lease other open sales have reserved."""
        return sum(
            int(row["points"])
            for hold_id, row in self._book.holding(lease_id)
            if hold_id != but and now < datetime.fromisoformat(row["until"])
        )

    def _spent(self, row: Row, spending: Spending, *, held: int) -> Lease:
        lease = lease_of(row)
        burn = replace(self._rules.policy.burn, stopped=self._stopped(spending.now))
        request = self._request(spending)
        if row["for_request"]:
            burn = replace(burn, offline=True, mirror_age_max=timedelta.max)
            most = lease.points
            burn = replace(burn, per_transaction=most, per_card_and_day=most, per_store_and_day=most)
            request = replace(request, clock_is_checked=True, mirror_age=timedelta(), spent_by_card_today=0)
            request = replace(request, spent_in_store_today=0)
        spent = spend(replace(lease, points=lease.points - held), request, burn)
        return replace(spent, points=lease.points)

    def _request(self, spending: Spending) -> BurnRequest:
        counts = self._book.get(What.SPENT, spending.today.isoformat()) or {}
        return BurnRequest(
            points=spending.points,
            account=spending.account,
            store=self._rules.store,
            now=spending.now,
            mirror_age=self._rules.mirror_age(spending.now),
            clock_is_checked=self._rules.clock_is_checked(),
            spent_by_card_today=counts.get(spending.account, 0),
            spent_in_store_today=sum(counts.values()),
        )

    def _allowed(self, row: Row, asked: Spending) -> int:
        """Return how many of the points asked for may be spent from a lease: all, what the caps leave, or none."""
        if asked.points <= 0:
            return 0
        burn, request = self._rules.policy.burn, self._request(asked)
        points = asked.points
        if not row["for_request"]:
            points = min(
                points,
                burn.per_transaction,
                burn.per_card_and_day - request.spent_by_card_today,
                burn.per_store_and_day - request.spent_in_store_today,
            )
        try:
            self._spent(row, replace(asked, points=points), held=self._held(row["lease_id"], asked.now))
        except RefusedError:
            return 0
        return points

    def _stopped(self, now: datetime) -> bool:
        """Return whether a button stops burning; silence of the hub is the mirror's age, which the policy bounds."""
        stops = self._rules.stops
        return self._rules.policy.burn.stopped or any(
            stop.kind is StopKind.BURNING and stop.acts(now) for stop in stops.stops
        )

    def _count(self, account: str, points: int, day: date) -> None:
        row_id = day.isoformat()
        counts = self._book.get(What.SPENT, row_id) or {}
        self._book.put(What.SPENT, row_id, {**counts, account: max(counts.get(account, 0) + points, 0)})
        for old, _row in self._book.each(What.SPENT):
            if (day - date.fromisoformat(old)).days > SPENT_DAYS:
                self._book.drop(What.SPENT, old)
