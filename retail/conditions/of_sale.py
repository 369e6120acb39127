"""What a rule may ask about this sale: the basket, the time, the place, and words about the member there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase

from retail.conditions.condition import NO_NEEDS, Comparison, Condition, KeyKind, Needs, quoted
from retail.facts import Facts

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Days as the rule language writes them; the index is Python's `date.weekday()`."""


@dataclass(frozen=True, slots=True)
class InBasket(Condition):
    """Something answering to `key` is in this basket."""

    key: str

    def is_true(self, facts: Facts) -> bool:
        """Return whether the basket holds it."""
        return self.key in facts.basket.amounts

    def needs(self) -> Needs:
        """Need the thing in the basket."""
        return (frozenset(((KeyKind.BASKET, self.key),)),)

    def __str__(self) -> str:
        return f"basket has {quoted(self.key)}"


@dataclass(frozen=True, slots=True)
class BasketTotal(Condition):
    """The basket's total, restricted goods included, compared with an amount of the store's currency."""

    comparison: Comparison
    amount: Decimal

    def is_true(self, facts: Facts) -> bool:
        """Return whether the comparison holds."""
        return self.comparison.holds(facts.basket.total.amount, self.amount)

    def detail(self, facts: Facts) -> str:
        """Say what the total is."""
        return str(facts.basket.total)

    def __str__(self) -> str:
        return f"basket total {self.comparison.value} {self.amount:f}"


@dataclass(frozen=True, slots=True)
class BasketSize(Condition):
    """How many lines of goods the basket has."""

    comparison: Comparison
    count: int

    def is_true(self, facts: Facts) -> bool:
        """Return whether the comparison holds."""
        return self.comparison.holds(Decimal(len(facts.basket.lines)), Decimal(self.count))

    def detail(self, facts: Facts) -> str:
        """Say how many there are."""
        return str(len(facts.basket.lines))

    def __str__(self) -> str:
        return f"basket items {self.comparison.value} {self.count}"


@dataclass(frozen=True, slots=True)
class TimeOfDay(Condition):
    """The store's local time lies in `[start, end)`; an end before the start means past midnight."""

    start: time
    end: time

    def is_true(self, facts: Facts) -> bool:
        """Return whether it is that time of day now."""
        now = facts.moment.time()
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    def detail(self, facts: Facts) -> str:
        """Say what time it is."""
        return f"{facts.moment:%H:%M}"

    def __str__(self) -> str:
        return f"time between {self.start:%H:%M} and {self.end:%H:%M}"


class Attribute(StrEnum):
    """A word about the sale or the member that is compared with a list of patterns."""

    WEEKDAY = "weekday"
    WORKSTATION = "workstation"
    TIER = "tier"
    RFM_CELL = "rfm"


@dataclass(frozen=True, slots=True)
class OneOf(Condition):
    """An attribute is one of some values; an RFM cell may be written with `*` (`5*`) and `?` (`5?1`)."""

    attribute: Attribute
    values: tuple[str, ...]

    def is_true(self, facts: Facts) -> bool:
        """Return whether the attribute is one of the values; nobody's tier is none of them."""
        value = self._value(facts)
        if self.attribute is Attribute.RFM_CELL:
            return bool(value) and any(fnmatchcase(value, pattern) for pattern in self.values)
        return bool(value) and value in self.values

    def detail(self, facts: Facts) -> str:
        """Say what the attribute is."""
        return self._value(facts) or "not known"

    def _value(self, facts: Facts) -> str:
        match self.attribute:
            case Attribute.WEEKDAY:
                return WEEKDAYS[facts.today.weekday()]
            case Attribute.WORKSTATION:
                return facts.workstation_id
            case Attribute.TIER:
                return facts.account.tier if facts.account else ""
            case Attribute.RFM_CELL:
                return facts.account.rfm_cell if facts.account else ""

    def needs(self) -> Needs:
        """Need the tier; the other attributes are no keys."""
        if self.attribute is not Attribute.TIER:
            return NO_NEEDS
        return (frozenset((KeyKind.TIER, value) for value in self.values),)

    def __str__(self) -> str:
        return f"{self.attribute.value} in {', '.join(quoted(value) for value in self.values)}"
