"""How a country writes amounts and days, out of `agent/speech/texts/locales.toml`.

Prices and dates are written as the store's country writes them, whatever language the customer reads: they must look
like the ones on the shelf. Spaces inside an amount are no-break spaces, so that it never falls apart at a line's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from retail.money import Money, minor_units
from retail.shipped import read_shipped

_TABLE = Path(__file__).parent / "texts" / "locales.toml"
_NO_BREAK = "\u00a0"
_ELSEWHERE = "GB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """The writing of one country."""

    decimal: str
    thousands: str
    money_form: str
    date_form: str
    signs: dict[str, str]
    months: tuple[str, ...]

    def number(self, value: Decimal) -> str:
        """Write a number without needless zeros."""
        plain = value.normalize()
        places = max(0, -int(plain.as_tuple().exponent))
        return self._grouped(plain, places)

    def money(self, money: Money) -> str:
        """Write an amount with its currency, to the currency's minor unit."""
        places = minor_units(money.currency)
        amount = money.amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        sign = self.signs.get(money.currency, money.currency)
        return self.money_form.format(amount=self._grouped(amount, places), sign=sign).replace(" ", _NO_BREAK)

    def day(self, day: date) -> str:
        """Write a day."""
        text = self.date_form.format(day=day.day, month=day.month, year=day.year, month_name=self.months[day.month - 1])
        return text.replace(" ", _NO_BREAK)

    def _grouped(self, value: Decimal, places: int) -> str:
        swap = str.maketrans({",": self.thousands, ".": self.decimal})
        return f"{value:,.{places}f}".translate(swap).replace(" ", _NO_BREAK)


def locale_of(*, country: str, language: str) -> Locale:
    """Return how a store writes: by its country, else by what its language's main country does."""
    table = read_shipped(_TABLE)
    chosen = country if country in table else table["fallback"].get(language, _ELSEWHERE)
    form = table[chosen]
    return Locale(
        decimal=form["decimal"],
        thousands=form["thousands"],
        money_form=form["money"],
        date_form=form["date"],
        signs=table["signs"],
        months=tuple(table["months"]["names"]),
    )
