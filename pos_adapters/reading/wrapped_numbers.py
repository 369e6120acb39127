"""Card numbers that a till broke at its own line end, elsewhere than between the groups on a card: ten figures and six.

Contract: pure; lengths and offsets stay. Two numbers below each other are joined only where all speaks for one that
was broken: the first ends its line, the second is alone on its own, and together they are exactly a number of one of
the lengths that cards in use have. A price, a date, an article's number or one among words below another is none of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pos_adapters.reading.card_numbers import hidden_places, is_article_number, is_card_number
from pos_adapters.reading.wide_digits import STYLE_COMMAND

_BEFORE_THE_BREAK_MIN: Final = 6  # fewer may be a price, a year or a number of the day
_IN_USE: Final = re.compile("[0-9]{16}|3[47][0-9]{13}|62[0-9]{17}")
"""What is embossed on nearly all cards; the other lengths that issuers may use would join numbers by chance."""

_BLANKS: Final = rf"(?:{STYLE_COMMAND}|[ \t])*+"
_FIGURES: Final = r"[0-9](?:[ \-]?[0-9])"
_BROKEN: Final = re.compile(
    rf"(?:{STYLE_COMMAND})+(?P<styled>{_FIGURES}{{{_BEFORE_THE_BREAK_MIN - 1},}}+)?"
    rf"|(?<![\d.,])(?<!\d[ \-])(?P<plain>{_FIGURES}{{{_BEFORE_THE_BREAK_MIN - 1},}}+)"
)
_REST: Final = re.compile(rf"{_BLANKS}\r?\n{_BLANKS}({_FIGURES}*+){_BLANKS}(?=[\r\n]|\Z)")
_SPREAD_MAX: Final = 2 * 19  # characters of the longest number with something between all its figures
_GROUP: Final = re.compile("(?<![0-9])[0-9]+")


def masked_wrapped(text: str, is_spared: Callable[[str], bool]) -> str:
    """Return `text` with the card numbers masked that a line end breaks.

    `is_spared` says which numbers are the store's own.
    """
    if "\n" not in text:
        return text
    letters: list[str] | None = None
    for match in _BROKEN.finditer(text):
        if match.lastgroup is None:
            continue
        first, last = match.span(match.lastgroup)
        rest = _REST.match(text, last)
        if rest is None:
            continue
        places = _places_of_card(text, (first, last), rest.span(1))
        if places and not is_spared("".join([text[at] for at in places])):
            letters = letters or list(text)
            for at in hidden_places(places):
                letters[at] = "*"
    return "".join(letters) if letters else text


def _places_of_card(text: str, head: tuple[int, int], rest: tuple[int, int]) -> list[int]:
    """Return where the figures stand of a card's number that begins at a group of the head and ends with the rest."""
    if rest[1] - rest[0] > _SPREAD_MAX:
        return []
    after = [at for at in range(*rest) if text[at].isdigit()]
    if is_article_number(_GROUP.findall(text, *head)[-1]):
        return []
    for group in _GROUP.finditer(text, max(head[0], head[1] - _SPREAD_MAX), head[1]):
        before = [at for at in range(group.start(), head[1]) if text[at].isdigit()]
        if len(before) < _BEFORE_THE_BREAK_MIN:
            break
        places = before + after
        digits = "".join([text[at] for at in places])
        if _IN_USE.fullmatch(digits) and is_card_number(digits):
            return places
    return []
