"""Exact amounts of one currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

NO_CURRENCY = "XXX"
"""ISO 4217 code for "no currency": the receipt prints none and no store was asked."""

# ISO 4217 minor units that are not 2, of the countries a store of ours may stand in.
_MINOR_UNITS = {"JPY": 0, "KRW": 0, "ISK": 0, "CLP": 0, "VND": 0, "HUF": 2, "KWD": 3, "BHD": 3, "TND": 3}


def minor_units(currency: str) -> int:
    """Return how many decimals an amount of `currency` (ISO 4217, three letters) has; 2 when unknown."""
    return _MINOR_UNITS.get(currency, 2)


_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one currency; adding two currencies is our mistake and asserts."""

    amount: Decimal
    currency: str = NO_CURRENCY

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str = NO_CURRENCY) -> Money:
        """Make an amount from its decimal notation, e.g. `Money.of("1.20", "EUR")`."""
        return cls(Decimal(amount), currency)

    def __add__(self, other: Money) -> Money:
        assert self.currency == other.currency, (self.currency, other.currency)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        assert self.currency == other.currency, (self.currency, other.currency)
        return self.amount < other.amount

    def __bool__(self) -> bool:
        return bool(self.amount)

    def share(self, percent: Decimal) -> Money:
        """Return `percent` per cent of this amount, rounded half up to the currency's minor unit."""
        step = Decimal(1).scaleb(-minor_units(self.currency))
        return Money((self.amount * percent / 100).quantize(step, ROUND_HALF_UP), self.currency)

    def __str__(self) -> str:
        return f"{self.amount:f}"


def total(amounts: list[Money], currency: str = NO_CURRENCY) -> Money:
    """Add up amounts of one currency; zero of `currency` when there are none."""
    if amounts:
        currency = amounts[0].currency
    assert all([each.currency == currency for each in amounts]), (currency, amounts)  # noqa: C419 - the faster way
    return Money(sum([each.amount for each in amounts], _NOTHING), currency)


def rounded(money: Money) -> Money:
    """Return an amount rounded half up to its currency's minor unit."""
    return money.share(Decimal(100))
