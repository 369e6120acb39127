"""Card numbers that commands of a printer tear apart: bold last digits, a position before each group, a status request.

Contract: pure. `masked_torn` works on bytes read as Latin-1 and keeps every length and offset. Between two pieces of a
number stand commands and at most one separator; where a number is only torn by style in groups as on a card, `masking`
finds it over line ends too. `ESC E` and `ESC F` have no argument in Star's language, so that a stretch is looked at in
both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pos_adapters.reading.card_numbers import cards_among, hidden_places
from pos_adapters.reading.wide_digits import STYLE_COMMAND

PLACE_COMMAND: Final = r"[\x1b\x1d][$\\][\x00-\xff]{2}|\x10[\x04\x05][\x00-\xff]"
"""A position on the line or the page, and requests that a printer answers whatever else is coming (DLE EOT, DLE ENQ)."""

_ESCPOS: Final = rf"(?:{STYLE_COMMAND}|{PLACE_COMMAND})"
STAR_COMMAND: Final = r"\x1b[F45]|\x1b[iWh][\x00-\xff]|\x1b\x1dA[\x00-\xff]{2}"
PLACE_BEGUN: Final = r"[\x1b\x1d][$\\][\x00-\xff]?|\x1b[iWh]|\x1b\x1d(?:A[\x00-\xff]?)?|\x10[\x04\x05]?"
"""The first bytes of such a command, for those who hold back the end of a stream."""

_STAR: Final = rf"(?:\x1bE|\x1b-[\x00-\xff]|{STAR_COMMAND})"


def _torn(command: str) -> re.Pattern[str]:
    between = rf"[ .\-]?+{command}++[ .\-]?+"
    torn = rf"\d++(?:{between}\d++)++"
    # A run of commands is passed over whole, with a number behind it or not: begun anew at each, it would cost hours.
    return re.compile(rf"{command}++(?P<styled>{torn})?|(?<!\d)(?P<plain>{torn})")


_LANGUAGES: Final = tuple((_torn(command), re.compile(rf"{command}|(\d+)")) for command in (_ESCPOS, _STAR))


def masked_torn(text: str, is_spared: Callable[[str], bool]) -> str:
    """Return a job's text with the card numbers masked that commands tear apart.

    `is_spared` says which numbers are the store's own.
    """
    if "\x1b" not in text and "\x10" not in text:
        return text
    for torn, pieces in _LANGUAGES:
        done, kept = 0, list[str]()
        for match in torn.finditer(text):
            if match.lastgroup is not None:
                first, last = match.span(match.lastgroup)
                kept += (text[done:first], _masked(text[first:last], pieces, is_spared))
                done = last
        text = "".join((*kept, text[done:]))
    return text


def _masked(found: str, pieces: re.Pattern[str], is_spared: Callable[[str], bool]) -> str:
    groups = [each.span(1) for each in pieces.finditer(found) if each[1]]
    cards = cards_among([found[begin:end] for begin, end in groups], is_spared)
    if not cards:
        return found
    letters = list(found)
    for first, last, _ in cards:
        places = [at for begin, end in groups[first : last + 1] for at in range(begin, end)]
        for at in hidden_places(places):
            letters[at] = "*"
    return "".join(letters)
