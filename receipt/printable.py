"""Text that may go to a printer: whatever somebody's name or a campaign holds, no character here commands anything.

CVE-2026-23767 class: print libraries pass control bytes through, so that a customer's name can kick the drawer. Here
every text of ours is made printable first, and `encoder.py` refuses bytes below 0x20 once more after encoding.
"""

from __future__ import annotations

import re
import unicodedata

TEXT_CHARS_MAX = 2_000
"""Longest text of one block: forty lines of a wide printer; a slip of two offers has a tenth of it."""

_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Controls (C0, DEL, C1), formats (bidi, zero-width, tags), surrogates, private use, unassigned."""

_LINE_ENDS = str.maketrans(dict.fromkeys("\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", "\n") | {"\t": " "})

_VARIATION_SELECTORS = frozenset(chr(code) for code in (*range(0xFE00, 0xFE10), 0x20E3))

_UNUSUAL = re.compile("[^\x00-\u02ff\u0370-\u0482\u048a-\u0590\u2010-\u2027\u20a0-\u20bf\u2116\u2122]")
"""Whatever is not Latin, Greek, Cyrillic, Armenian or a sign in use with them: it may be wide, or above a letter."""

_FULLER = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u2033": '"', "\u00ab": '"', "\u00bb": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
        "\u2026": "...", "\u2022": "*", "\u00b7": "*", "\u00d7": "x", "\u2116": "No.", "\u2192": "->",
        "\u2713": "*", "\u2605": "*", "\u20ac": "EUR", "\u20bd": "RUB", "\u20b4": "UAH", "\u00a3": "GBP",
    }
)  # fmt: skip
"""What stands in for typographic characters that a printer's code pages lack; still the same to a reader."""


def printable_lines(text: str) -> list[str]:
    """Return the lines of a text, each free of anything but visible characters and spaces; at most 2,000 characters."""
    lines = text[:TEXT_CHARS_MAX].translate(_LINE_ENDS).split("\n")
    return [_printable(line) for line in lines]


def printable(text: str) -> str:
    """Return a text on one line, free of anything but visible characters and spaces."""
    return " ".join(line for line in printable_lines(text) if line)


def simpler(text: str) -> str:
    """Return a text with typographic characters replaced by plain ones, for printers that lack them."""
    return text.translate(_FULLER)


def columns_of(text: str) -> int:
    """Return how many columns a text takes: two for wide East Asian characters, none for marks above a letter."""
    if text.isascii() or _UNUSUAL.search(text) is None:
        return len(text)
    return sum(_columns_of_character(character) for character in text)


def _columns_of_character(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _printable(line: str) -> str:
    if line.isascii() and line.isprintable():
        return line
    kept = (character for character in unicodedata.normalize("NFC", line) if _is_visible(character))
    return "".join(" " if character.isspace() and character != "\u00a0" else character for character in kept)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _DROPPED_CATEGORIES and character not in _VARIATION_SELECTORS
