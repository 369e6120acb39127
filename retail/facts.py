"""What is known at the moment of a decision: the account, the basket, the store's own memory, the time.

Rules (`retail/segments.py`) ask facts and nothing else, so that the agent and the hub give the same answer to the
same facts. Facts of restricted goods are left out when a basket is made, so that no rule can ever see them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from retail.items import Item, ItemCatalogue
from retail.line_items import SaleLineItem
from retail.loyalty import Account
from retail.money import NO_CURRENCY, Money
from retail.transaction import RetailTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketLine:
    """One line of goods sold, with the item it means where the chain's items know it."""

    line: SaleLineItem
    item: Item | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """The goods of one sale. `keys` is everything a rule may call them; restricted lines count in `total` only."""

    lines: tuple[BasketLine, ...] = ()
    total: Money = field(default_factory=lambda: Money(Decimal(0)))
    keys: frozenset[str] = frozenset()

    def amount_of(self, key: str) -> Money:
        """Return what the lines that answer to `key` cost together; everything but restricted goods for `""`."""
        amount = Money(Decimal(0), self.total.currency)
        for line in self.lines:
            if not key or key in line.keys:
                amount += line.line.amount
        return amount


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
    return Basket(
        lines=tuple(lines),
        total=transaction.total,
        keys=frozenset(key for line in lines for key in line.keys),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a rule may ask, as of `moment` (the store's local time; its date is `today` for every rule).

    `bought_here`: last day by key (`category:coffee`) from this store's own journal, which the hub may not have yet.
    `visits` and `interests`: the same for kiosk check-ins and products looked up there. `account` is None for a
    stranger, to whom no segment applies.
    """

    moment: datetime
    account: Account | None = None
    basket: Basket = field(default_factory=Basket)
    workstation_id: str = ""
    bought_here: Mapping[str, date] = field(default_factory=dict)
    last_kiosk_visit: date | None = None
    interests: Mapping[str, date] = field(default_factory=dict)
    last_visit_here: date | None = None

    @property
    def today(self) -> date:
        """The calendar day of the decision in the store."""
        return self.moment.date()

    @property
    def currency(self) -> str:
        """ISO 4217 code of the basket's amounts; XXX when nothing says it."""
        return self.basket.total.currency or NO_CURRENCY

    def last_bought(self, key: str) -> date | None:
        """Return the last day something answering to `key` was bought, here or (as the hub knows) anywhere.

        A purchase of this basket counts as today: it is bought by the time the paper is read.
        """
        if key in self.basket.keys:
            return self.today
        here = self.bought_here.get(key)
        known = self.account.last_bought.get(key) if self.account else None
        if here is None or known is None:
            return here or known
        return max(here, known)

    def last_visit(self) -> date | None:
        """Return the day of the last purchase before this one, here or anywhere; None when nothing is known."""
        known = self.account.last_visit if self.account else None
        if self.last_visit_here is None or known is None:
            return self.last_visit_here or known
        return max(self.last_visit_here, known)


def _unmapped_keys(line: SaleLineItem) -> tuple[str, ...]:
    """Return the keys of a line that no item maps: what the till itself printed of its identity."""
    keys = []
    if line.item_id:
        keys.append(f"item:{line.item_id}".lower())
    if line.gtin:
        keys.append(f"gtin:{line.gtin}")
    return tuple(keys)
