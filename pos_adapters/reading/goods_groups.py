"""Goods that are called by groups ("FOOD", "DEPARTMENT 2"): lines of a report as likely as of a sale.

A till's report adds up: its groups make a total, the tenders of the day make the same total. Where no word says that
it is a report, what tells it from a sale is whom it speaks to. Contract: pure but for the words, which are data
(`pos_adapters/profiles/goods_groups.toml`) and are read once.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

from pos_adapters.reading.folding import WIDE, fold
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.sheet import Part
from retail.shipped import read_shipped

GROUPS_MIN: Final = 2  # one "DEPARTMENT 1" is how small shops ring up anything
NOTES_MIN: Final = 2  # of different values, in a drawer that is counted
COINS_MAX: Final = 1  # lines for all that is small: "Coins 12.41"
NAMES_MAX: Final = 4096  # of goods, remembered with whether they name a group: a shop's shelf
_MONEY: Final = frozenset(("1", "2", "25", "5"))  # how the values of notes and coins begin
_LETTERS_MIN: Final = 3  # of a name: fewer are a currency or "x"
_WORD: Final = re.compile(r"[^\W\d_]+")


@functools.cache
def group_words() -> frozenset[str]:
    """Return the words of all languages that name groups of goods."""
    return frozenset(fold(word) for words in _table().values() for word in words)


@functools.cache
def _takings_words() -> frozenset[str]:
    """Return the words of all languages that name all that was sold."""
    return frozenset(fold(word) for word in _table()["takings"])


@functools.cache
def _table() -> dict[str, list[str]]:
    path = Path(__file__).parent.parent / "profiles" / "goods_groups.toml"
    table: dict[str, list[str]] = read_shipped(path)
    return table


def sells_groups(solution: Solution) -> bool:
    """Whether all that was sold is called by groups of goods, none of them twice, or by the word for sales itself."""
    names: list[str] = []
    for entry, part, _ in solution.owed:
        if part is Part.ITEM:
            names.append(entry.facts.name)
            if not names_group(names[-1]):
                return False  # as the first goods of nearly every receipt
    enough = GROUPS_MIN if names and fold(names[0]).strip(" .:*-") not in _takings_words() else 1
    return enough <= len(names) == len(set(names))


def counts_money(solution: Solution) -> bool:
    """Whether what was sold is notes and coins, counted in the order of their value: "$100 x 3  300.00", "$20 x 14"."""
    sold, unpriced = [], 0
    for entry, part, _ in solution.owed:
        if part is Part.ITEM:
            sold.append(entry)
            unpriced += entry.price is None
            if unpriced > COINS_MAX:
                return False  # as the second goods of nearly every receipt
    prices = [
        entry.price.value
        for entry in sold
        if entry.price is not None and entry.quantity is not None
        if all(len(word) < _LETTERS_MIN or word in group_words() for word in _WORD.findall(fold(entry.facts.name)))
    ]
    if any(entry.described not in ((), (entry.line,)) for entry in sold[1:]):
        return False  # "2 x £5.00" below a name; above the first stands the paper's title
    counted = len(set(prices)) == len(prices) and all(str(price).rstrip("0") in _MONEY for price in prices)
    ordered = prices in (sorted(prices), sorted(prices, reverse=True))
    return counted and ordered and len(prices) >= NOTES_MIN and len(sold) - len(prices) <= COINS_MAX


@functools.lru_cache(maxsize=NAMES_MAX)
def names_group(name: str) -> bool:
    """Return whether all words of a name are those of groups of goods."""
    words = _WORD.findall(fold(name))
    known = group_words()
    return bool(words) and all(
        word in known or (WIDE.match(word) is not None and any(word.endswith(group) for group in known))
        for word in words
    )
