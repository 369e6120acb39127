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

from pos_adapters.reading.wide_digits import STYLE_COMMAND

PLACE_COMMAND: Final = r"\x1b[$\\][\x00-\xff]{2}|\x10[\x04\x05][\x00-\xff]"
"""A position on the line, and requests that a printer answers whatever else is coming (DLE EOT, DLE ENQ)."""

_ESCPOS: Final = rf"(?:{STYLE_COMMAND}|{PLACE_COMMAND})"
STAR_COMMAND: Final = r"\x1b[F45]|\x1b[iWh][\x00-\xff]|\x1b\x1dA[\x00-\xff]{2}"
PLACE_BEGUN: Final = r"\x1b[$\\][\x00-\xff]?|\x1b[iWh]|\x1b\x1d(?:A[\x00-\xff]?)?|\x10[\x04\x05]?"
"""The first bytes of such a command, for those who hold back the end of a stream."""

_STAR: Final = rf"(?:\x1bE|\x1b-[\x00-\xff]|{STAR_COMMAND})"
_PIECES_MAX: Final = 18  # of one digit each and more: no number has more digits than 19
_KEPT_HEAD, _KEPT_TAIL = 6, 4
_DIGITS_MIN, _DIGITS_MAX = 12, 19


def _torn(command: str) -> re.Pattern[str]:
    between = rf"[ .\-]?+{command}++[ .\-]?+"
    torn = rf"\d++(?:{between}\d++){{1,{_PIECES_MAX}}}"
    # A run of commands is passed over whole, with a number behind it or not: begun anew at each, it would cost hours.
    return re.compile(rf"{command}++(?P<styled>{torn})?|(?<!\d)(?P<plain>{torn})")


_LANGUAGES: Final = tuple((_torn(command), re.compile(rf"{command}|(\d+)")) for command in (_ESCPOS, _STAR))


def masked_torn(text: str, is_card: Callable[[str], bool]) -> str:
    """Return a job's text with the card numbers masked that commands tear apart."""
    if "\x1b" not in text and "\x10" not in text:
        return text
    for torn, pieces in _LANGUAGES:
        text = torn.sub(lambda match, pieces=pieces: _masked(match, pieces, is_card), text)  # type: ignore[misc]
    return text


def _masked(match: re.Match[str], pieces: re.Pattern[str], is_card: Callable[[str], bool]) -> str:
    found = match[0]
    if match.lastgroup is None:
        return found
    start = match.start(match.lastgroup) - match.start()
    groups = [each.span(1) for each in pieces.finditer(found, start) if each[1]]
    if sum(end - begin for begin, end in groups) < _DIGITS_MIN:
        return found
    letters = list(found)
    first = 0
    while first < len(groups):
        last = _last_of_card(found, groups[first:], is_card)
        if last:
            places = [at for begin, end in groups[first : first + last] for at in range(begin, end)]
            for at in places[_KEPT_HEAD:-_KEPT_TAIL]:
                letters[at] = "*"
        first += last or 1
    return "".join(letters)


def _last_of_card(found: str, groups: list[tuple[int, int]], is_card: Callable[[str], bool]) -> int:
    """Return how many pieces from the first on make a card number, the most first; 0 for none."""
    digits, last = "", 0
    for count, (begin, end) in enumerate(groups, 1):
        digits += found[begin:end]
        if len(digits) > _DIGITS_MAX:
            break
        if len(digits) >= _DIGITS_MIN and is_card(digits):
            last = count
    return last
