"""Whether a document is a receipt in a language that nobody has written words for.

Contract: pure. Prices stand at the right of names and no word says what any of them is - no total, tender, tax or
change in any language - and hardly a word is known at all. Such a document is parked as `unknown_language`: it cannot
be proved until somebody teaches its words (`tillstream learn`, or a file of words).
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Final

from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts

DETAIL: Final = "amounts beside words of no language that is known: tillstream learn teaches them"
_TELLING: Final = (Role.CASH, Role.TOTAL, Role.TOTAL_WEAK, Role.SUBTOTAL, Role.TAX, Role.CHANGE)  # cards are brands
PRICED_LINES_MIN: Final = 3  # two items and a total, or one and its payment
_KNOWN_SHARE_MAX: Final = 0.3  # of all letters: "MASTERCARD" and "www" stand on receipts of every country
_NAME_LETTERS_MIN: Final = 2


def in_unknown_language(lines: Sequence[LineFacts], roles: Container[Role]) -> bool:
    """Return whether amounts stand beside words, and the words say nothing."""
    if any(role in roles for role in _TELLING):
        return False
    priced = sum(facts.letters >= _NAME_LETTERS_MIN and bool(facts.right) and not facts.dated for facts in lines)
    letters = sum(facts.letters for facts in lines)
    known = letters - sum(facts.unknown for facts in lines)
    return priced >= PRICED_LINES_MIN and known <= _KNOWN_SHARE_MAX * letters
