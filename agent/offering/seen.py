"""What screens may show of receipts: a member's newest ones, and what an item cost last; filled from the journal.

Only of this store and only as printed: a kiosk that shows a price which the till does not ask for is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from retail.line_items import SaleLineItem
from retail.transaction import RetailTransaction

RECEIPTS_MAX = 5  # a kiosk shows what fits without scrolling
LINES_MAX = 40  # of one receipt; a trolley's receipt is read at home
PEOPLE_MAX = 20_000  # members of one store within the journal's days
ITEMS_MAX = 50_000  # a hypermarket's range


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReceipt:
    """One receipt as a kiosk shows it."""

    day: date
    total: str
    currency: str
    lines: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the page's shape."""
        return {"day": self.day.isoformat(), "total": self.total, "currency": self.currency, "lines": list(self.lines)}


class SeenReceipts:
    """Used by core's loop only."""

    def __init__(self) -> None:
        self._receipts: dict[str, tuple[SeenReceipt, ...]] = {}
        self._prices: dict[str, tuple[str, str]] = {}

    def sold(self, sale: RetailTransaction) -> None:
        """Note what goods cost: the price of one, where it was printed; else the amount of a line of one."""
        for line in sale.goods():
            if isinstance(line, SaleLineItem) and sale.currency is not None:
                price = line.unit_price if line.unit_price is not None else line.amount
                self._price((line.item_id, line.gtin, line.description), str(price), sale.currency)

    def bought(self, customer_id: str, sale: RetailTransaction, day: date) -> None:
        """Note a member's receipt."""
        lines = tuple(line.description for line in sale.goods())[:LINES_MAX]
        currency = sale.currency or ""
        self._bought(customer_id, SeenReceipt(day=day, total=str(sale.total), currency=currency, lines=lines))

    def replay(self, customer_id: str | None, content: Mapping[str, Any], day: date) -> None:
        """Take a transaction in the contracts' shape, as the journal holds it."""
        currency = content.get("currency") or ""
        goods = [line for line in content["line_items"] if line["type"] in {"sale", "return"}]
        for line in goods:
            price = line.get("unit_price") or line["amount"]
            if line["type"] == "sale" and currency:
                self._price((line.get("item_id"), line.get("gtin"), line["description"]), price, currency)
        if customer_id is not None:
            lines = tuple(line["description"] for line in goods)[:LINES_MAX]
            self._bought(customer_id, SeenReceipt(day=day, total=content["total"], currency=currency, lines=lines))

    def of(self, customer_id: str) -> list[dict[str, Any]]:
        """Return a member's receipts, newest first."""
        return [receipt.as_json() for receipt in reversed(self._receipts.get(customer_id, ()))]

    def price(self, names: Iterable[str | None]) -> tuple[str, str] | None:
        """Return (amount, currency) of the first of these ids, GTINs or printed texts that was sold here."""
        return next((found for name in names if name and (found := self._prices.get(name))), None)

    def forget(self, customer_id: str) -> None:
        """Forget a person: they were erased."""
        self._receipts.pop(customer_id, None)

    def _price(self, names: Iterable[str | None], amount: str, currency: str) -> None:
        for name in names:
            if name and (name in self._prices or len(self._prices) < ITEMS_MAX):
                self._prices[name] = amount, currency

    def _bought(self, customer_id: str, receipt: SeenReceipt) -> None:
        if customer_id not in self._receipts and len(self._receipts) >= PEOPLE_MAX:
            del self._receipts[next(iter(self._receipts))]
        newest = sorted([*self._receipts.get(customer_id, ()), receipt], key=lambda each: each.day)[-RECEIPTS_MAX:]
        self._receipts[customer_id] = tuple(newest)
