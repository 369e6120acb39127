"""What is known at the moment of a decision: the account, the basket, the store's own memory, the time.

Rules (`retail/segments.py`) ask facts and nothing else, so that the agent and the hub give the same answer to the
same facts. Facts of restricted goods are left out when a basket is made, so that no rule can ever see them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from retail.identifiers import SegmentId
from retail.items import Item, ItemCatalogue
from retail.line_items import SaleLineItem
from retail.loyalty import Account
from retail.money import Money
from retail.transaction import RetailTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketLine:
    """One line of goods sold, with the item it means where the chain's items know it."""

    line: SaleLineItem
    item: Item | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """The goods of one sale, without restricted ones but in `total`.

    `amounts`: what the goods that answer to a key cost together, for every key a rule may call them, and for `""`
    (all of them).
    """

    lines: tuple[BasketLine, ...] = ()
    total: Money = field(default_factory=lambda: Money(Decimal(0)))
    amounts: Mapping[str, Decimal] = field(default_factory=dict)


def basket_of(transaction: RetailTransaction, items: ItemCatalogue, *, allowed: frozenset[str] = frozenset()) -> Basket:
    """Return the goods of a sale as rules see them, without restricted goods but those of an `allowed` class.

    Returned goods are no part of the basket: nobody is offered more of what they brought back.
    """
    lines = []
    for line in transaction.goods():
        if not isinstance(line, SaleLineItem):
            continue
        item = items.find(line)
        if item is not None and item.restricted and item.restricted not in allowed:
            continue
        lines.append(BasketLine(line=line, item=item, keys=item.keys() if item else _unmapped_keys(line)))
    return Basket(lines=tuple(lines), total=transaction.total, amounts=_amounts(lines))


def _amounts(lines: list[BasketLine]) -> dict[str, Decimal]:
    amounts = {"": sum([line.line.amount.amount for line in lines], Decimal(0))}
    for line in lines:
        for key in line.keys:
            amounts[key] = amounts.get(key, Decimal(0)) + line.line.amount.amount
    return amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a rule may ask, as of `moment` (the store's local time; its date is `today` for every rule).

    `bought_here`: last day by key (`category:coffee`) from this store's own journal, which the hub may not have yet.
    `interests`: the same for products looked up or listed at the kiosk. `account` is None for a stranger, to whom no
    segment applies.

    Derived once, because a thousand rules ask: `today` (the calendar day in the store), `segments` (memberships that
    have not ended), `bought` (the last day of each key, here, anywhere as the hub knows, or today in this basket,
    whose goods are bought by the time the paper is read).
    """

    moment: datetime
    account: Account | None = None
    basket: Basket = field(default_factory=Basket)
    workstation_id: str = ""
    bought_here: Mapping[str, date] = field(default_factory=dict)
    last_kiosk_visit: date | None = None
    interests: Mapping[str, date] = field(default_factory=dict)
    last_visit_here: date | None = None
    today: date = field(init=False)
    segments: frozenset[SegmentId] = field(init=False)
    bought: Mapping[str, date] = field(init=False)

    def __post_init__(self) -> None:
        today = self.moment.date()
        object.__setattr__(self, "today", today)
        object.__setattr__(self, "segments", _live_segments(self.account, today))
        object.__setattr__(self, "bought", self._bought(today))

    def _bought(self, today: date) -> dict[str, date]:
        bought = dict(self.account.last_bought) if self.account else {}
        for key, day in self.bought_here.items():
            known = bought.get(key)
            bought[key] = day if known is None else max(day, known)
        bought.update(dict.fromkeys((key for key in self.basket.amounts if key), today))
        return bought

    def last_visit(self) -> date | None:
        """Return the day of the last purchase before this one, here or anywhere; None when nothing is known."""
        known = self.account.last_visit if self.account else None
        if self.last_visit_here is None or known is None:
            return self.last_visit_here or known
        return max(self.last_visit_here, known)


def _live_segments(account: Account | None, today: date) -> frozenset[SegmentId]:
    if account is None:
        return frozenset()
    return frozenset(segment for segment, until in account.segments.items() if until is None or today <= until)


def _unmapped_keys(line: SaleLineItem) -> tuple[str, ...]:
    """Return the keys of a line that no item maps: what the till itself printed of its identity."""
    keys = []
    if line.item_id:
        keys += [f"item:{line.item_id}".lower(), f"need:{line.item_id}".lower()]
    if line.gtin:
        keys.append(f"gtin:{line.gtin}")
    return tuple(keys)
