"""What a receipt line means: the chain's items, found by what a till prints.

A receipt text is no product (architecture, decision 10). `items.csv` of the chain maps texts and codes to items;
a line that no row maps is bought all the same, it just has no category.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from retail.line_items import ReturnLineItem, SaleLineItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of the chain (a row of `items.csv`); `restricted` names the class of goods, empty for ordinary ones.

    Restricted goods (tobacco, infant formula, intimate goods...) earn nothing, trigger nothing and are never printed
    or spoken unless the store's country data allow the class.
    """

    item_id: str
    category: str = ""
    brand: str = ""
    gtin: str = ""
    receipt_text: str = ""
    cost: Decimal | None = None
    substitutes: tuple[str, ...] = ()
    accessories: tuple[str, ...] = ()
    restricted: str = ""

    def keys(self) -> tuple[str, ...]:
        """Return what rules may call this item: `item:…`, `need:…`, `gtin:…`, `category:…` with parents, `brand:…`.

        Categories nest by a slash: `drinks/coffee` is also `drinks`. `need:…` is the item or any of its substitutes:
        whoever buys one of them has covered the same need. Keys are in lower case.
        """
        return tuple(dict.fromkeys(self._keys()))

    def _keys(self) -> Iterator[str]:
        yield f"item:{self.item_id}".lower()
        for item_id in (self.item_id, *self.substitutes):
            yield f"need:{item_id}".lower()
        if self.gtin:
            yield f"gtin:{self.gtin}"
        if self.brand:
            yield f"brand:{self.brand}".lower()
        path = self.category.strip("/").lower()
        while path:
            yield f"category:{path}"
            path = path.rpartition("/")[0]


class ItemCatalogue:
    """The items of one version of `items.csv`, found by item id, GTIN or printed text (first row wins)."""

    def __init__(self, items: Iterable[Item] = (), *, version: str = "") -> None:
        self.version = version
        self._by_item_id: dict[str, Item] = {}
        self._by_gtin: dict[str, Item] = {}
        self._by_text: dict[str, Item] = {}
        for item in items:
            self._by_item_id.setdefault(item.item_id, item)
            if item.gtin:
                self._by_gtin.setdefault(item.gtin, item)
            if item.receipt_text:
                self._by_text.setdefault(_folded(item.receipt_text), item)

    def __len__(self) -> int:
        return len(self._by_item_id)

    def get(self, item_id: str) -> Item | None:
        """Return the item of that id, or None."""
        return self._by_item_id.get(item_id)

    def of_gtin(self, gtin: str) -> Item | None:
        """Return the item that bears a GTIN on its packing, or None."""
        return self._by_gtin.get(gtin)

    def restricted_keys(self, allowed: frozenset[str]) -> frozenset[str]:
        """Return the keys that name restricted goods and no others: no campaign may speak of them.

        `allowed`: the classes that the store's country lets us speak of. A category that also holds ordinary goods
        may be spoken of; its restricted items still trigger nothing.
        """
        forbidden = [item for item in self._by_item_id.values() if item.restricted and item.restricted not in allowed]
        keys = frozenset().union(*(item.keys() for item in forbidden))
        if not keys:
            return frozenset()
        ordinary = (item for item in self._by_item_id.values() if not item.restricted or item.restricted in allowed)
        return frozenset(keys.difference(*(item.keys() for item in ordinary)))

    def find(self, line: SaleLineItem | ReturnLineItem) -> Item | None:
        """Return the item that a receipt line means: by its id, else its GTIN, else its text; None when unmapped."""
        if line.item_id and (item := self._by_item_id.get(line.item_id)):
            return item
        if line.gtin and (item := self._by_gtin.get(line.gtin)):
            return item
        return self._by_text.get(_folded(line.description)) if self._by_text else None


def _folded(text: str) -> str:
    """Return a receipt text without the case and spacing that tills vary between two lines of the same item."""
    return " ".join(text.casefold().split())
