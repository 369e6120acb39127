"""Phrases of scripts without spaces that are none: parts of longer words, and of two words with blanks between.

"カードケース" is a case, no card, and "テーブルランプ" no table: the last word says what a thing is, so that
"アポロカード" is a card. Contract: pure.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Final

PHRASE_LETTERS_MIN: Final = 2
PHRASE_LETTERS_MAX: Final = 12
_FIRST, _LAST = "ァ", "ー"
_KATAKANA: Final = re.compile("[ァ-ヺー]+")

_LETTER_ALONE: Final = re.compile(r"[\s*\-=#.:]*[A-Za-z][\s*\-=#.:]*")


def within_figures(text: str, start: int, end: int) -> bool:
    """Return whether a word is a piece of a number: "96TAB118844" is a machine's, and names no guest's tab."""
    before = text[max(0, start - 1) : start]  # a letter that is written as two, "ß", moves what stands behind it
    return before.isdigit() and text[end : end + 1].isdigit() and text[start:end].isascii()


def is_noise(text: str, start: int, end: int) -> bool:
    """`+<X` of a job of random bytes heads no X report: a letter heads a document where it stands alone."""
    letters = sum(map(str.isalpha, text[start:end]))
    return letters == 1 and text.isascii() and not _LETTER_ALONE.fullmatch(text)


def runs_on(text: str, dense: str, places: Sequence[int], *, end: int, phrases: Container[str]) -> bool:
    """Return whether letters that begin no known phrase go on behind a word in katakana.

    The word `text` ends at `end` of `dense`, a line without its blanks, whose letters stand at `places` of the line.
    """
    if end >= len(dense) or not _FIRST <= dense[end] <= _LAST or places[end] != places[end - 1] + 1:
        return False
    if not _KATAKANA.fullmatch(text):
        return False
    sizes = range(PHRASE_LETTERS_MIN, PHRASE_LETTERS_MAX + 1)
    return not any(dense[end : end + size] in phrases for size in sizes)


def is_torn(dense: str, places: Sequence[int], *, start: int, end: int) -> bool:
    """Return whether a phrase is the end of one word and the beginning of the next: "75点  検査" has no "点検".

    A phrase that was spread, "合  計", begins and ends with blanks or marks around it.
    """
    if places[end - 1] - places[start] == end - 1 - start or not start:
        return False
    begins = places[start - 1] != places[start] - 1 or not dense[start - 1].isalnum()
    return not begins and end < len(dense) and places[end] == places[end - 1] + 1 and dense[end].isalpha()
