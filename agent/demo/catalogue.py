"""What the demo's shop sells and what its customers put into their baskets, drawn from a seed."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from retail.money import Money, total

FOLDER = Path(__file__).parent
CURRENCY = "EUR"
BASKET_ITEMS_MAX = 6  # a corner shop's basket; a receipt of it still fits one screen
QUANTITY_WEIGHTS = (8, 2, 1)  # of one, two and three pieces: most things are bought once
NOTES = ("5", "10", "20", "50", "100", "200")  # what a customer hands over in cash


class Language(StrEnum):
    """The language a register of the demo prints in."""

    ENGLISH = "en"
    GERMAN = "de"
    RUSSIAN = "ru"


class Tender(StrEnum):
    """How a customer of the demo pays."""

    CASH = "cash"
    CARD = "card"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItem:
    """One thing on the shelf; `price` is gross and contains `vat_percent` of tax; `name` by language."""

    item_id: str
    gtin: str
    category: str
    price: Money
    vat_percent: int
    name: dict[Language, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketLine:
    """So many pieces of one item."""

    item: CatalogueItem
    quantity: int

    @property
    def amount(self) -> Money:
        """Return what the line costs."""
        return Money(self.item.price.amount * self.quantity, self.item.price.currency)


Basket = tuple[BasketLine, ...]


def load_catalogue(path: Path = FOLDER / "catalogue.toml") -> tuple[CatalogueItem, ...]:
    """Read the shelf. A broken file of our own is our mistake: KeyError or ValueError tell it."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        CatalogueItem(
            item_id=each["id"],
            gtin=each["gtin"],
            category=each["category"],
            price=Money.of(each["price"], CURRENCY),
            vat_percent=int(each["vat"]),
            name={Language(language): name for language, name in each["name"].items()},
        )
        for each in table["item"]
    )


def draw_basket(random: Random, shelf: Sequence[CatalogueItem]) -> Basket:
    """Draw a basket: one to six different items, most of them once."""
    items = random.sample(list(shelf), random.randint(1, BASKET_ITEMS_MAX))
    quantities = random.choices((1, 2, 3), weights=QUANTITY_WEIGHTS, k=len(items))
    return tuple(BasketLine(item=item, quantity=quantity) for item, quantity in zip(items, quantities, strict=True))


def basket_of(shelf: Sequence[CatalogueItem], pieces: dict[str, int]) -> Basket:
    """Return a basket of named items: `{item_id: quantity}`."""
    by_id = {item.item_id: item for item in shelf}
    return tuple(BasketLine(item=by_id[item_id], quantity=quantity) for item_id, quantity in pieces.items())


def total_of(basket: Basket) -> Money:
    """Return what a basket costs."""
    return total([line.amount for line in basket], CURRENCY)


def note_for(amount: Money) -> Money:
    """Return the smallest bank note that covers `amount`, or the amount itself when none does."""
    notes = (Money.of(note, CURRENCY) for note in NOTES)
    return next((note for note in notes if not note < amount), amount)
