"""What every condition of a rule shares: an answer, a reason, a text, and the keys it cannot do without.

Each condition is a value. `is_true(facts)` answers at once and without words, because a thousand campaigns ask within
one print; `holds(facts)` says the same with its reason; `str()` is the text that `parse_rule` reads back.
`needs()` names alternatives of keys: where it is not empty, the condition can only hold if one of the keys of the
first (or any other) alternative is among the facts' keys, so that an index may skip it otherwise.
"""

from __future__ import annotations

import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from retail.facts import Facts


class KeyKind(StrEnum):
    """Where among the facts a key is looked for."""

    SEGMENT = "segment"
    STATE = "state"
    BOUGHT = "bought"
    BASKET = "basket"
    INTEREST = "interest"
    TIER = "tier"


Key = tuple[KeyKind, str]
"""One word that facts may have."""

Needs = tuple[frozenset[Key], ...]
"""Alternatives: each set by itself is a necessary condition ("one of these keys must be among the facts")."""

NO_NEEDS: Needs = ()

_WORDS_KEPT = 4096
"""Names of segments and goods whose written form is remembered: more than a chain's live campaigns name."""

_PLAIN_WORD = re.compile(r"[^\s()\"<>=,]+")

FIRST_WORDS = (
    *("and", "or", "not", "everybody", "employee", "member", "stranger", "bought", "interest", "basket", "time"),
    *("weekday", "workstation", "tier", "rfm", "last", "birthday", "visited", "points", "purchases", "due", "entered"),
)
"""Words that begin something else than a segment: a segment of such a name is written in quotes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule holds, and the facts that settled it, in words for people."""

    holds: bool
    why: str


class Comparison(StrEnum):
    """How an amount or a count is compared."""

    AT_LEAST = ">="
    AT_MOST = "<="
    MORE_THAN = ">"
    LESS_THAN = "<"
    EQUAL = "="

    def holds(self, left: Decimal, right: Decimal) -> bool:
        """Return whether `left` compares to `right` in this way."""
        return _COMPARISONS[self](left, right)


_COMPARISONS: dict[Comparison, Callable[[Decimal, Decimal], bool]] = {
    Comparison.AT_LEAST: operator.ge,
    Comparison.AT_MOST: operator.le,
    Comparison.MORE_THAN: operator.gt,
    Comparison.LESS_THAN: operator.lt,
    Comparison.EQUAL: operator.eq,
}


@lru_cache(maxsize=_WORDS_KEPT)
def quoted(word: str) -> str:
    """Return a name as the rule language writes it: plain where it can be, else in quotes."""
    plain = _PLAIN_WORD.fullmatch(word) is not None and word.lower() not in FIRST_WORDS
    return word if plain else f'"{word}"'


class Condition(ABC):
    """What all conditions share: a verdict made of their own text, the answer and a detail."""

    __slots__ = ()

    @abstractmethod
    def is_true(self, facts: Facts) -> bool:
        """Return whether the condition holds."""

    def holds(self, facts: Facts) -> Verdict:
        """Return whether it holds, with the reason."""
        holds = self.is_true(facts)
        detail = self.detail(facts)
        return Verdict(holds, f"{self}: {'yes' if holds else 'no'}{f' ({detail})' if detail else ''}")

    def detail(self, facts: Facts) -> str:  # noqa: ARG002 - most conditions have nothing to add
        """Return what the facts say, where "yes" and "no" alone would not help."""
        return ""

    def needs(self) -> Needs:
        """Return the keys without one of which the condition cannot hold."""
        return NO_NEEDS


def ago(day: date | None, today: date) -> str:
    """Say how long ago a day was."""
    if day is None:
        return "never known"
    days = (today - day).days
    return "today" if days == 0 else f"{days} days ago"


def is_within(day: date | None, today: date, days: int | None) -> bool:
    """Return whether something of `day` lies at most `days` days back; a date from the future counts as today's."""
    return day is not None and (days is None or (today - day).days <= days)


def window(days: int | None) -> str:
    """Return ` within N days`, or nothing where there is no limit."""
    if days is None:
        return ""
    return f" within {days} {'day' if days == 1 else 'days'}"
