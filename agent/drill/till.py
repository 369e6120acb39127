"""Registers of the simulated stores: what is rung up, the receipts that tell of it, and the Z report of the evening.

The paper is plain text with a cut, as a simple till prints it; reading it is the program's own business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

INIT = b"\x1b@\x1bt\x00"  # what tells ESC/POS from its neighbours, and a receipt can be foreseen
CUT = b"\n\n\n\n\x1dV\x00"
COLUMNS = 40

GOODS = (
    ("Coffee beans 500 g", 499),
    ("Rye bread", 249),
    ("Milk 1 l", 119),
    ("Butter", 229),
    ("Apples 1 kg", 289),
    ("Oat flakes", 159),
    ("Dark chocolate", 199),
    ("Tomatoes", 279),
    ("Olive oil", 849),
    ("Yoghurt", 69),
    ("Batteries AA", 449),
    ("Sparkling water", 79),
)
LINES_MAX = 6
CARD_SHARE = 0.4  # of payments


@dataclass(slots=True, kw_only=True)
class Register:
    """One till: counts its receipts on, and its day's sums for the Z report."""

    store_name: str
    number: int = 1000
    z_number: int = 0
    day_sales: int = 0
    day_cents: int = 0
    day_cash_cents: int = 0
    sold: dict[int, int] = field(default_factory=dict)  # receipt number -> cents, ever

    def ring_up(self, random: Random, at: datetime) -> bytes:
        """Ring up a sale at the till's own time and return its receipt."""
        self.number += 1
        goods = random.sample(GOODS, random.randint(1, LINES_MAX))
        cents = sum(price for _, price in goods)
        by_card = random.random() < CARD_SHARE
        self.sold[self.number] = cents
        self.day_sales += 1
        self.day_cents += cents
        self.day_cash_cents += 0 if by_card else cents
        lines = [
            self.store_name.upper(),
            f"{at:%d.%m.%Y %H:%M}",
            f"Receipt No {self.number}",
            "-" * COLUMNS,
            *(_spread(name, price) for name, price in goods),
            "-" * COLUMNS,
            _spread("TOTAL EUR", cents),
            _spread("CARD" if by_card else "CASH", cents),
            "Thank you for your purchase",
        ]
        return _job(lines)

    def close_day(self, at: datetime) -> bytes:
        """Close the day and return the Z report."""
        self.z_number += 1
        lines = [
            self.store_name.upper(),
            f"Z REPORT {self.z_number:04}",
            f"{at:%d.%m.%Y %H:%M}",
            "-" * COLUMNS,
            f"{'Transactions':<30}{self.day_sales:>10}",
            _spread("TOTAL", self.day_cents),
            _spread("Cash", self.day_cash_cents),
            _spread("Card", self.day_cents - self.day_cash_cents),
        ]
        self.day_sales = self.day_cents = self.day_cash_cents = 0
        return _job(lines)


def _spread(name: str, cents: int) -> str:
    return f"{name:<30}{cents / 100:>10.2f}"


def _job(lines: list[str]) -> bytes:
    return INIT + "\n".join(lines).encode("ascii") + CUT
