"""Card numbers with other figures glued to them, where what stands around says which of them are the card's.

Contract: pure; lengths and offsets stay. A number is followed by its expiry, or preceded by its own length, or by a
terminal's tag for it (EMV 5A and 57, which slips of tests print in hexadecimal), or a word before it says that a card's
number comes. Where nothing says so, figures with a card's number within stay: two in five of twenty figures have one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pos_adapters.reading.card_numbers import EXPIRY_FIGURES, IN_USE, ends_with_expiry, hidden_places, is_card_number
from pos_adapters.reading.card_words import number_comes

_AMEX: Final = 15
_USUAL: Final = 16
_LONGEST: Final = 19
_LONG: Final = re.compile("[0-9]{17,}")
_ENOUGH: Final = re.compile(rb"[0-9]{15}")
_TAGGED: Final = re.compile(
    "5[Aa] ?0(?:8 ?(?P<usual>[0-9]{16})|8 ?(?P<odd>[0-9]{15})[Ff]|[Aa] ?(?P<long>[0-9]{19})[Ff])"
    "|57 ?1[0-9A-Fa-f] ?(?P<track>[0-9]{15,19})[Dd=]"
)
_LABEL_CHARACTERS: Final = 40


def may_be_glued(data: bytes) -> bool:
    """Whether there is anything for `masked_glued`: mostly there is not."""
    return _ENOUGH.search(data) is not None


def masked_glued(text: str, is_spared: Callable[[str], bool]) -> str:
    """Return `text` with the card numbers masked that have figures glued to them.

    `is_spared` says which numbers are the store's own.
    """
    letters: list[str] | None = None
    for first, last in (*_tagged(text), *_told(text)):
        number = text[first:last]
        if IN_USE.fullmatch(number) and is_card_number(number) and not is_spared(number):
            letters = letters or list(text)
            for at in hidden_places(range(first, last)):
                letters[at] = "*"
    return text if letters is None else "".join(letters)


def _tagged(text: str) -> list[tuple[int, int]]:
    return [match.span(match.lastgroup or 0) for match in _TAGGED.finditer(text)]


def _told(text: str) -> list[tuple[int, int]]:
    """Return where numbers may stand within longer ones, of which their expiry, their length or a word tells."""
    found = list[tuple[int, int]]()
    for match in _LONG.finditer(text):
        first, last = match.span()
        digits = match[0]
        if ends_with_expiry(digits):
            found.append((first, last - EXPIRY_FIGURES))
        elif digits.startswith(f"{_USUAL}") and len(digits) == _USUAL + 2:
            found.append((first + 2, last))
        if number_comes().search(text, max(0, first - _LABEL_CHARACTERS), first):
            found += [(first, first + size) for size in (_AMEX, _USUAL, _LONGEST) if size < len(digits)]
    return found
