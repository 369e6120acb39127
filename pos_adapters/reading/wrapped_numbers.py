"""Card numbers that a till broke at its own line ends, elsewhere than between the groups on a card: ten and six.

Contract: pure; lengths and offsets stay. Numbers below each other are joined only where all speaks for one that was
broken: the first ends its line, the others are alone on theirs, and together they are exactly a number of one of the
lengths that cards in use have. Where fewer than six figures stand before the break, a word beside them must speak of a
card, or the first four are alone on their line, or they fill it to the edge of the paper. A price, a date, an article's
number or one among words below another is none of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pos_adapters.reading.card_numbers import IN_USE, hidden_places, is_article_number, is_card_number
from pos_adapters.reading.card_words import number_comes, speaks_of_card
from pos_adapters.reading.wide_digits import STYLE_COMMAND

_BEFORE_THE_BREAK_MIN: Final = 6  # fewer may be a price, a year or a number of the day, where no word says card
_GROUP_OF_CARD: Final = 4  # figures that stand together on most cards: alone on its line, a first group needs no word
_LINES_MAX: Final = 3  # below the first, that a number goes on over
_LABEL_CHARACTERS: Final = 40  # of a line before its number
_WIDTHS: Final = (32, 40, 42, 44, 48, 56, 64)  # of lines, in characters
_BEFORE_A_NUMBER: Final = " :#"  # what stands before one on its line, where it is no price and no date
_ARTICLE_LENGTHS: Final = (12, 13, 14)
_BLANKS: Final = rf"(?:{STYLE_COMMAND}|[ \t])*+"
_FIGURES: Final = r"[0-9](?:[ \-]?[0-9])"
_BROKEN: Final = re.compile(
    rf"(?:{STYLE_COMMAND})+(?P<styled>{_FIGURES}*+)?|(?<![\d.,])(?<!\d[ \-])(?P<plain>{_FIGURES}*+)"
)
_REST: Final = re.compile(rf"{_BLANKS}-?(?:\r\n?|\n){{1,2}}({_BLANKS})({_FIGURES}*+){_BLANKS}(?=[\r\n]|\Z)")
_SPREAD_MAX: Final = 2 * 19  # characters of the longest number with something between all its figures
_STYLE: Final = re.compile(STYLE_COMMAND)
_GROUP: Final = re.compile("(?<![0-9])[0-9]+")


def masked_wrapped(text: str, is_spared: Callable[[str], bool]) -> str:
    """Return `text` with the card numbers masked that a line end breaks.

    `is_spared` says which numbers are the store's own.
    """
    if "\n" not in text and "\r" not in text:
        return text
    letters: list[str] | None = None
    for match in _BROKEN.finditer(text):
        if match.lastgroup is None:
            continue
        head = match.span(match.lastgroup)
        places = _places_over_lines(text, head)
        if places and not is_spared("".join([text[at] for at in places])):
            letters = letters or list(text)
            for at in hidden_places(places):
                letters[at] = "*"
    return "".join(letters) if letters else text


def _places_over_lines(text: str, head: tuple[int, int]) -> list[int]:
    """Return where the figures stand of a card's number that ends its line and goes on alone on the next ones."""
    after = list[int]()
    end = head[1]
    for _ in range(_LINES_MAX):
        rest = _REST.match(text, end)
        if rest is None or rest.end(2) - rest.start(2) > _SPREAD_MAX:
            break
        more = [at for at in range(*rest.span(2)) if text[at].isdigit()]
        if not after and _is_article("".join([text[at] for at in more])) and not _is_cards_number(text, head[0]):
            break
        after, end = after + more, rest.end(2)
        places = _places_of_card(text, head, after, goes_on=not rest[1])
        if places:
            return places
    return []


def _is_article(digits: str) -> bool:
    """Whether figures alone on a line are an article's number with a check digit that holds (GS1: weights 3 and 1)."""
    if len(digits) not in _ARTICLE_LENGTHS:
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))) % 10 == 0


def _places_of_card(text: str, head: tuple[int, int], after: list[int], *, goes_on: bool) -> list[int]:
    """Return where the figures stand of a card's number that begins at a group of the head and ends with `after`."""
    begin, end = head
    figures = text[begin:end]  # alone: a command's argument before them may look like a digit
    if is_article_number(_GROUP.findall(figures)[-1]) and not _says_card(text, begin):
        return []
    for group in _GROUP.finditer(figures, max(0, len(figures) - _SPREAD_MAX)):
        first = begin + group.start()
        places = [at for at in range(first, end) if text[at].isdigit()]
        enough = len(places) >= _BEFORE_THE_BREAK_MIN or _says_card(text, first)
        enough = enough or (len(places) == _GROUP_OF_CARD and _is_alone(text, first))
        enough = enough or (goes_on and _fills_line(text, first, end))
        places += after
        digits = "".join([text[at] for at in places])
        if enough and IN_USE.fullmatch(digits) and is_card_number(digits):
            return places
    return []


def _is_alone(text: str, at: int) -> bool:
    """Whether nothing stands on the line before the number."""
    begin = text.rfind("\n", 0, at)
    return begin >= 0 and not text[begin:at].strip()


def _fills_line(text: str, at: int, end: int) -> bool:
    """Whether a number's first figures fill their line to the edge of a usual paper, so that the rest had no place."""
    begin = max(text.rfind("\n", 0, at) + 1, at - max(_WIDTHS))
    return len(_STYLE.sub("", text[begin:end])) in _WIDTHS and text[at - 1] in _BEFORE_A_NUMBER


def _is_cards_number(text: str, at: int) -> bool:
    """Whether what stands before figures on their line says that a card's number comes."""
    return number_comes().search(text, max(text.rfind("\n", 0, at) + 1, at - _LABEL_CHARACTERS), at) is not None


def _says_card(text: str, at: int) -> bool:
    """Whether what stands before a number on its line speaks of a card."""
    begin = max(text.rfind("\n", 0, at) + 1, at - _LABEL_CHARACTERS)
    return speaks_of_card().search(text, begin, at) is not None
