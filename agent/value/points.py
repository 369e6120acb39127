"""Points of this store's sales: earned line by line, taken back by returns exactly and at the rate they were earned at.

The ledger here holds the lots that were earned in this store; what a member may spend is the hub's to say, and is
spent against leases (`agent/value/leases.py`). Every change is a record that the hub folds into the member's account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from agent.journal.records import JournalKind
from agent.value.bonuses import BonusDesk, shared_out
from agent.value.book import Row, ValueBook, What
from agent.value.rows import points_of, points_row
from agent.value.rules import ValueRules
from retail.earning import Earning, EarnRule, earning_of, points_of_return
from retail.facts import Basket
from retail.line_items import ReturnLineItem, SaleLineItem
from retail.loyalty import Account
from retail.money import Money
from retail.offers.campaign import Campaign
from retail.points import Lot, PointsLedger, check_conservation, earn, reverse, reverse_newest
from retail.transaction import RetailTransaction
from retail.value_policy import EarnPolicy

KEPT_DAYS = 400
"""How long a sale is kept that somebody may bring back: a year's guarantee, and the days until a counter sees it."""

Told = tuple[JournalKind, Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Whose purchase it is: the person, and the account that carries their points (a household's where they pool).

    `known` is all that the mirror says of them, None for somebody whom it does not know any more.
    """

    customer_id: str
    account: str
    tier: str = ""
    employee: bool = False
    known: Account | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, account: Account) -> Member:
        """Return the member that a mirror's account describes."""
        return cls(
            customer_id=account.customer_id,
            account=account.shares_with,
            tier=account.tier,
            employee=account.employee,
            known=account,
        )


class PointsDesk:
    """Used by core's loop only; changes rows of the book and returns records, the caller commits them together."""

    def __init__(self, book: ValueBook, rules: ValueRules) -> None:
        self._book = book
        self._rules = rules
        self.bonuses = BonusDesk(book)

    def earned(
        self,
        sale: RetailTransaction,
        basket: Basket,
        member: Member,
        *,
        today: date,
        now: datetime,
        redeemed: Sequence[Campaign] = (),
    ) -> tuple[Row, list[Told]]:
        """Return the part of the sale's row that points need, and the records; a repeat earns nothing more.

        `redeemed` are the campaigns of the coupons that were used in the sale.
        """
        policy = self._rules.policy.earn
        if policy.rule is None or (member.employee and not policy.staff_earn):
            return {}, []
        factor = policy.factors.get(member.tier, Decimal(1))
        more = self._rules.factors(
            member.known, basket, workstation_id=str(sale.workstation_id or ""), now=now, redeemed=redeemed
        )
        earning = earning_of(sale, basket, policy.rule, factor=factor, by_line=more.by_line)
        part = _sale_part(basket, earning, member)
        before = self._book.get(What.SALE, str(sale.transaction_id))
        if before is not None and before["account"]:
            return part, []
        names = {"factor": str(factor), "campaigns": list(more.campaigns)}
        own = str(sale.transaction_id)
        records = self._lot(own, earning.by_line, member, today=today, names={**names, "transaction_id": own})
        for bonus in self.bonuses.take(
            more.bonuses,
            customer_id=member.customer_id,
            account=member.account,
            today=today,
            point_value=self._rules.policy.burn.point_value,
        ):
            shares = shared_out(bonus, [each.line.amount.amount for each in basket.lines])
            lot_id = f"{own}/{bonus.campaign.campaign_id}"
            names = {"factor": "1", "campaigns": [bonus.campaign.campaign_id], "transaction_id": own}
            records += self._lot(lot_id, shares, member, today=today, names=names)
            for line, points in zip(part["lines"], shares, strict=True):
                line["bonus"] = {**line["bonus"], lot_id: points}
        return part, records

    def _lot(
        self, lot_id: str, by_line: Sequence[int], member: Member, *, today: date, names: Mapping[str, Any]
    ) -> list[Told]:
        """Add a lot and return its record; nothing for one that is known, or that has no points."""
        policy = self._rules.policy.earn
        lot = Lot(
            lot_id=lot_id,
            earned=sum(by_line),
            earned_on=today,
            active_from=today + timedelta(days=policy.pending_days),
            expires_on=None if policy.valid_days is None else today + timedelta(days=policy.valid_days),
        )
        before = points_of(self._book.get(What.POINTS, member.account))
        if lot_id in before.lots or not lot.earned:
            return []
        self._keep(member.account, earn(before, lot))
        content = {
            "lot_id": lot_id,
            "customer_id": member.customer_id,
            "account": member.account,
            "points": lot.earned,
            "by_line": list(by_line),
            **names,
            "active_from": lot.active_from.isoformat(),
            "expires_on": lot.expires_on.isoformat() if lot.expires_on else None,
            "earned_on": today.isoformat(),
            "limits_version": self._rules.policy.version,
        }
        return [(JournalKind.POINTS_EARNED, content)]

    def taken_back(self, row: Row, returned: list[ReturnLineItem], *, reversal_id: str) -> tuple[Row, list[Told]]:
        """Take back what returned goods had earned in a sale known here; return its new row and the records."""
        lines, taken = [dict(line) for line in row.get("lines", [])], Counter[str]()
        for goods in returned:
            taken += _take_line(lines, goods)
        return {**row, "lines": lines}, self._reverse(row, taken, reversal_id=reversal_id)

    def all_taken_back(self, row: Row, *, reversal_id: str) -> tuple[Row, list[Told]]:
        """Take back everything that a sale had earned and that is left of it: it was voided."""
        taken, lines = Counter[str](), []
        for line in row.get("lines", []):
            taken += _points_of_line(line, Decimal(line["quantity"]) - Decimal(line["returned"]))
            lines.append({**line, "returned": line["quantity"]})
        return {**row, "lines": lines}, self._reverse(row, taken, reversal_id=reversal_id)

    def newest_taken_back(self, basket: Basket, sale: RetailTransaction, member: Member, *, at: datetime) -> list[Told]:
        """Take back points for goods without a receipt: at today's rate, from the member's newest lots, flagged."""
        earn_policy = self._rules.policy.earn
        rule = earn_policy.rule or EarnRule(points_per_unit=Decimal(0))
        points = earning_of(_as_sold(sale), basket, rule).points
        before = points_of(self._book.get(What.POINTS, member.account))
        reversal_id = str(sale.transaction_id)
        if reversal_id in before.done:
            return []
        after = reverse_newest(
            before,
            reversal_id=reversal_id,
            points=points,
            policy=earn_policy.spent_reward,
            debt_max=earn_policy.debt_max,
        )
        self._keep(member.account, after)
        lots = [
            (lot_id, lot.reversed - before.lots[lot_id].reversed)
            for lot_id, lot in after.lots.items()
            if lot.reversed > before.lots[lot_id].reversed
        ]
        short = points - sum(taken for _lot, taken in lots)
        told = [
            _reversal(
                f"{reversal_id}/{lot_id}", member.customer_id, account=member.account, lot_id=lot_id, points=taken
            )
            for lot_id, taken in lots
        ]
        if short:
            told.append(
                _reversal(f"{reversal_id}/-", member.customer_id, account=member.account, lot_id="", points=short)
            )
        terms = {**_spent_terms(earn_policy), "without_receipt": True, "at": at.isoformat()}
        return [(JournalKind.POINTS_REVERSED, {**each, **terms}) for each in told]

    def _reverse(self, row: Row, taken: Mapping[str, int], *, reversal_id: str) -> list[Told]:
        """Take points back from the lots that they went to: the sale's own (named ``), and its bonuses' ones."""
        if not row.get("account"):
            return []
        own = str(row["transaction_id"])
        return [
            told
            for lot_id, points in taken.items()
            for told in self._reverse_lot(
                row,
                lot_id or own,
                points=points,
                reversal_id=f"{reversal_id}/{lot_id.removeprefix(f'{own}/')}" if lot_id else reversal_id,
            )
        ]

    def _reverse_lot(self, row: Row, lot_id: str, *, points: int, reversal_id: str) -> list[Told]:
        policy = self._rules.policy.earn
        before = points_of(self._book.get(What.POINTS, row["account"]))
        if reversal_id in before.done:
            return []
        after = reverse(
            before,
            reversal_id=reversal_id,
            lot_id=lot_id,
            points=points,
            policy=policy.spent_reward,
            debt_max=policy.debt_max,
        )
        self._keep(row["account"], after)
        # Some of it may have gone with a return without a receipt: what is left of the lot is all that can go.
        taken = after.lots[lot_id].reversed - before.lots[lot_id].reversed if lot_id in before.lots else points
        if not taken:
            return []
        content = _reversal(reversal_id, row["customer_id"], account=row["account"], lot_id=lot_id, points=taken)
        content["transaction_id"] = row["transaction_id"]
        return [(JournalKind.POINTS_REVERSED, {**content, **_spent_terms(policy), "without_receipt": False})]

    def _keep(self, account: str, ledger: PointsLedger) -> None:
        check_conservation(ledger)
        self._book.put(What.POINTS, account, points_row(ledger))


def _sale_part(basket: Basket, earning: Earning, member: Member) -> Row:
    lines = [
        {
            "key": _key(each.line),
            "quantity": f"{each.line.quantity:f}",
            "points": points,
            "bonus": {},
            "returned": "0",
        }
        for each, points in zip(basket.lines, earning.by_line, strict=True)
    ]
    return {"account": member.account, "customer_id": member.customer_id, "lines": lines}


def _take_line(lines: list[Row], goods: ReturnLineItem) -> Counter[str]:
    """Count returned goods off the lines that sold them and return the points they had earned, by lot (own: ``)."""
    taken, left = Counter[str](), abs(goods.quantity)
    for line in lines:
        sold, before = Decimal(line["quantity"]), Decimal(line["returned"])
        now = min(left, sold - before) if line["key"] == _key(goods) else Decimal(0)
        if now > 0:
            taken += _points_of_line(line, now)
            line["returned"] = f"{before + now:f}"
            left -= now
    return taken


def _points_of_line(line: Row, returned_now: Decimal) -> Counter[str]:
    """Return what a line's goods had earned, by lot, bonuses too; nothing where it is nothing."""
    sold, before = Decimal(line["quantity"]), Decimal(line["returned"])
    return Counter(
        {
            lot_id: points_of_return(points, sold=sold, returned_before=before, returned_now=returned_now)
            for lot_id, points in {"": line["points"], **line.get("bonus", {})}.items()
        }
    )


def _key(line: SaleLineItem | ReturnLineItem) -> str:
    """Return what two papers call the same goods by."""
    return line.gtin or line.item_id or " ".join(line.description.split()).casefold()


def fits(row: Row, returned: list[ReturnLineItem]) -> bool:
    """Return whether all goods brought back were sold in a sale, and have not been brought back before."""
    lines = [dict(line) for line in row.get("goods", [])]
    for goods in returned:
        before = sum((Decimal(line["returned"]) for line in lines), Decimal(0))
        _take_line(lines, goods)
        if sum((Decimal(line["returned"]) for line in lines), Decimal(0)) - before != abs(goods.quantity):
            return False
    return True


def goods_rows(sale: RetailTransaction) -> list[Row]:
    """Return the goods of a sale as its row keeps them: what may come back, and how much of it has."""
    return [
        {
            "key": _key(line),
            "quantity": f"{line.quantity:f}",
            "amount": str(line.amount.amount),
            "points": 0,
            "returned": "0",
        }
        for line in sale.goods()
        if isinstance(line, SaleLineItem)
    ]


def goods_after(row: Row, returned: list[ReturnLineItem]) -> list[Row]:
    """Return the goods of a sale's row after some of them came back."""
    lines = [dict(line) for line in row.get("goods", [])]
    for goods in returned:
        _take_line(lines, goods)
    return lines


def share_returned(goods: Iterable[Row]) -> Fraction:
    """Return which share of a sale's goods has come back, by what they cost; 0 where that is not known."""
    sold = back = Fraction(0)
    for line in goods:
        amount, quantity = max(Fraction(line.get("amount", "0")), Fraction(0)), Fraction(line["quantity"])
        sold += amount
        back += amount * Fraction(line["returned"]) / quantity if quantity > 0 else Fraction(0)
    return min(back / sold, Fraction(1)) if sold > 0 else Fraction(0)


def _as_sold(sale: RetailTransaction) -> RetailTransaction:
    """Return a return as if its goods were sold today, without tenders."""
    return replace(sale, line_items=tuple(as_sold(sale)))


def as_sold(sale: RetailTransaction) -> list[SaleLineItem]:
    """Return the goods brought back as lines sold."""
    return [
        SaleLineItem(
            description=line.description,
            amount=Money(abs(line.amount.amount), line.amount.currency),
            quantity=abs(line.quantity),
            item_id=line.item_id,
            gtin=line.gtin,
        )
        for line in sale.goods()
        if isinstance(line, ReturnLineItem)
    ]


def _spent_terms(policy: EarnPolicy) -> Row:
    """Return what becomes of points that were spent already, by the rules of the day: the hub does it by this word."""
    bound = {} if policy.debt_max is None else {"debt_max": policy.debt_max}
    return {"policy": policy.spent_reward.value, **bound}


def _reversal(reversal_id: str, customer_id: str, *, account: str, lot_id: str, points: int) -> Row:
    return {
        "reversal_id": reversal_id,
        "of": "earned",
        "transaction_id": lot_id,
        "lot_id": lot_id,
        "customer_id": customer_id,
        "account": account,
        "points": points,
    }
