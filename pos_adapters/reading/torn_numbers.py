"""Card numbers that commands of a printer tear apart: bold last digits, a position before each group, a status request.

Contract: pure. `masked_torn` works on bytes read as Latin-1 and keeps every length and offset. Between two pieces of a
number stand commands that print nothing, of few bytes, and at most one separator; where a number is only torn by style
in groups as on a card, `masking` finds it over line ends too. Epson's and Star's commands have other lengths, so that a
stretch is looked at in both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from pos_adapters.reading.card_numbers import cards_among, hidden_places
from receipt.escpos.commands import FIXED, TokenKind, fixed_commands
from receipt.star.commands import fixed_commands as star_commands

ARGUMENT_BYTES_MAX: Final = 3  # of a command between two figures; what has more draws or sets up something
_ANY: Final = r"[\x00-\xff]"
_REQUEST: Final = rf"\x10[\x04\x05]{_ANY}"  # a printer answers it whatever else is coming (DLE EOT, DLE ENQ)

Table = Mapping[bytes, tuple[int, TokenKind, str]]


def _by_length(table: Table) -> dict[tuple[str, int], str]:
    """Return the last bytes of the commands that print nothing and cut nothing, by what stands before and behind."""
    ends: dict[tuple[str, int], str] = {}
    for prefix, (arguments, kind, _) in table.items():
        if kind is TokenKind.COMMAND and arguments <= ARGUMENT_BYTES_MAX:
            head = re.escape(prefix[:-1].decode("latin-1"))
            ends[head, arguments] = ends.get((head, arguments), "") + re.escape(chr(prefix[-1]))
    return ends


def _whole(table: Table) -> str:
    return "|".join(f"{head}[{ends}]{_ANY}{{{arguments}}}" for (head, arguments), ends in _by_length(table).items())


def _begun(table: Table) -> str:
    """Return the expression for the first bytes of such commands; their first byte alone is none of them."""
    begun = [
        f"{head}[{ends}]{_ANY}{{0,{arguments - 1}}}"
        for (head, arguments), ends in _by_length(table).items()
        if arguments
    ]
    return "|".join((*begun, *{head for head, _ in _by_length(table) if len(head) > 1}))


_EPSONS: Final = fixed_commands(FIXED) | {b"\x1bc": (2, TokenKind.COMMAND, "sensors, the panel")}
_STARS: Final = star_commands()
_KNOWN: Final = re.compile(rb"\x1b[ !\-3EGJMRSTVadert{\x1d]|\x1d[!BHbfh]")  # those of `STYLE_COMMAND`, and Star's heads
_OTHERS: Final = {prefix: rule for prefix, rule in _EPSONS.items() if not _KNOWN.match(prefix)} | {
    prefix: rule for prefix, rule in _STARS.items() if len(prefix) > 2 or prefix[1:] in b"45FWh"
}
PLACE_COMMAND: Final = rf"{_REQUEST}|{_whole(_OTHERS)}"
"""A command that prints nothing and is none of style: a position, a setting, a request; of either language.

Without Star's `ESC i`, which cuts the paper in Epson's: nobody may hold that back."""
PLACE_BEGUN: Final = rf"\x10[\x04\x05]?|\x1c|{_begun(_OTHERS)}"
"""The first bytes of such a command, for those who hold back the end of a stream."""
LONG_ARGUMENT_BYTES_MAX: Final = 8
_PARAMETERS: Final = (  # GS ( and FS ( with their function's few bytes; a code's text comes in `GS ( k`, which is none
    rf"[\x1c\x1d]\([A-Z](?:{'|'.join(rf'{chr(92)}x{size:02x}{chr(92)}x00{_ANY}{{{size}}}' for size in range(1, 8))})"
)
_SETTINGS: Final = rf"\x10\x14{_ANY}{{3}}|\x1bD[^\x00]{{0,{LONG_ARGUMENT_BYTES_MAX}}}\x00|\x1b\[[0-9;]{{0,6}}[A-Za-z]"
AREA_BYTES: Final = r"\x1bW"  # of Epson's command for an area of a page
LONG_COMMANDS: Final = (rf"{AREA_BYTES}{_ANY}{{8}}|{_PARAMETERS}|{_SETTINGS}", rf"{_PARAMETERS}|{_SETTINGS}")
"""Commands of more bytes that print nothing, in Epson's language and in Star's: an area of the page, tabs, a pulse."""
LONG_HEADS: Final = (b"\x1bW", b"\x1d(", b"\x1c(", b"\x10\x14", b"\x1bD", b"\x1b[")
LONG_BEGUN: Final = (
    rf"\x1bW{_ANY}{{0,7}}|[\x1c\x1d](?:\([A-Z]?)?|[\x1c\x1d]\([A-Z][\x01-\x07](?:\x00{_ANY}{{0,6}})?"
    rf"|\x10(?:\x14{_ANY}{{0,2}})?|\x1bD[^\x00]{{0,{LONG_ARGUMENT_BYTES_MAX}}}|\x1b(?:\[[0-9;]{{0,6}})?"
)
"""The first bytes of such a command."""
_LEAD: Final = re.compile(r"[\x10\x1b-\x1d]")
_COMMANDS: Final = tuple(
    rf"(?:{_REQUEST}|{long}|{_whole(table)})" for long, table in zip(LONG_COMMANDS, (_EPSONS, _STARS), strict=True)
)


def _torn(command: str) -> re.Pattern[str]:
    between = rf"[ .\-]?+{command}++[ .\-]?+"
    torn = rf"\d++(?:{between}\d++)++"
    # A run of commands is passed over whole, with a number behind it or not: begun anew at each, it would cost hours.
    return re.compile(rf"{command}++(?P<styled>{torn})?|(?<!\d)(?P<plain>{torn})")


_LANGUAGES: Final = tuple((_torn(command), re.compile(rf"{command}|(\d+)")) for command in _COMMANDS)


def masked_torn(text: str, is_spared: Callable[[str], bool]) -> str:
    """Return a job's text with the card numbers masked that commands tear apart.

    `is_spared` says which numbers are the store's own.
    """
    if _LEAD.search(text) is None:
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
