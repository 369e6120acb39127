"""Running text: slogans, terms and advice, which shops print over several lines, and by which no paper is called.

A sentence goes on where words enough for one end without a mark and no capital begins the next line. Contract: pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pos_adapters.reading.lexicon import Hit, Sense
from pos_adapters.reading.lines import LineFacts
from retail.transaction import DocumentKind

WORDS_MIN: Final = 3  # on a line that the next one goes on with
LINES_MAX: Final = 4  # on each side
_WORD: Final = re.compile(r"[^\W\d_]+")
_FIGURE: Final = re.compile(r"\d")
_ADDRESS: Final = re.compile(r"www\.|https?:|@|\w\.(?:com|net|org|example)\b|[а-яё]{3}\.(?:рф|ру|укр|бел|қаз)\b")
_BORDERS: Final = " *-=~"
_ENDS: Final = re.compile(r"[^\W\d_]{3}\. +[^\W\d_]|[.!?,;…]$")  # within the line, or with it


def is_of_sentence(lines: Sequence[LineFacts], line: int) -> bool:
    """Return whether a line that is not in capitals ends as sentences do, or goes on with the one above."""
    text = lines[line].text.rstrip(_BORDERS)
    if not any(map(str.islower, text)):
        return False
    if _ENDS.search(text) is not None:
        return True
    above = lines[line - 1] if line else None
    return above is not None and _FIGURE.search(above.text) is None and _continues(above, lines[line])


def lines_of_sentence(lines: Sequence[LineFacts], line: int) -> range:
    """Return the lines of the sentence that a line is part of; none where its beginning is not among them."""
    first, last = line, line
    while first > max(0, line - LINES_MAX) and _continues(lines[first - 1], lines[first]):
        first -= 1
    while last + 1 < min(len(lines), line + LINES_MAX) and _continues(lines[last], lines[last + 1]):
        last += 1
    return range(0) if _is_lower(lines[first]) else range(first, last + 1)


def has_address(text: str) -> bool:
    """Return whether a line names a page or a mail box."""
    return _ADDRESS.search(text) is not None


def _continues(above: LineFacts, below: LineFacts) -> bool:
    text = above.text.rstrip()
    if not _is_lower(below) or below.decimals:
        return False
    return (
        not has_address(below.text)
        and not text.endswith((".", "!", "?", ":"))
        and len(_WORD.findall(text)) >= WORDS_MIN
    )


def _is_lower(facts: LineFacts) -> bool:
    return facts.text.lstrip()[:1].islower()


def is_torn_order(facts: LineFacts, hit: Hit, sense: Sense) -> bool:
    """Whether figures stand within what names an order: "Bon 118822  18:40  Theke 1" speaks of two things."""
    return sense.kind is DocumentKind.KITCHEN and any(map(str.isdigit, facts.text[hit.start : hit.end]))
