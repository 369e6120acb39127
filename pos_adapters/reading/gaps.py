"""Words with letters missing: a till or its library that lacks a letter prints `?` in its place.

`GapIndex.matching` finds the known words that a gapped one may be: each `?` stands for one letter, `??` also for one
letter of two bytes, a last `?` also for the mark itself. `is_legible` says whether enough of a phrase is left to go by.
Pure and quick: the letters that are left choose the few words that are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

GAP = "?"
GAPPED_WORD = re.compile(r"[^\W\d_]+(?:\?+[^\W\d_]+)*\?*|\?+[^\W\d_]+(?:\?+[^\W\d_]+)*\?*|\?{2,}")
_LOST = re.compile(r"\?[^\W\d_]|\?\?|\ufffd")  # a question mark ends its word, alone
LETTERS_LEFT_MIN = 3  # "s?t" may be a tax or milk
WORD_LETTERS_MAX = 40  # a longer run is noise


class GapIndex:
    """The first words of all phrases, by length, place and letter. Immutable."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_letter: dict[tuple[int, int, str], list[str]] = {}
        self._stem_by_letter: dict[tuple[int, int, str], list[str]] = {}
        lengths = set()
        for word in words:
            stem = word[-1] == "*"
            text = word[:-1] if stem else word
            index = self._stem_by_letter if stem else self._by_letter
            if stem:
                lengths.add(len(text))
            for place, letter in enumerate(text):
                index.setdefault((len(text), place, letter), []).append(word)
        self._stem_lengths = sorted(lengths, reverse=True)

    def matching(self, gapped: str) -> list[str]:
        """Return the words (stems with their `*`) that `gapped` may stand for."""
        found: dict[str, None] = {}
        for seen in variants(gapped):
            found.update(dict.fromkeys(_compared(self._by_letter, seen)))
            for length in self._stem_lengths:
                if length < len(seen):
                    found.update(dict.fromkeys(_compared(self._stem_by_letter, seen[:length])))
        return list(found)


def _compared(index: dict[tuple[int, int, str], list[str]], seen: str) -> list[str]:
    left = [(place, letter) for place, letter in enumerate(seen) if letter != GAP]
    near = min((index.get((len(seen), place, letter), []) for place, letter in left), key=len, default=[])
    return [word for word in near if _same_letters(word, seen)]


def variants(gapped: str) -> tuple[str, ...]:
    """Return the ways to read the gaps of a word."""
    if len(gapped) > WORD_LETTERS_MAX:
        return ()
    ways = dict.fromkeys((gapped, gapped.replace(GAP * 2, GAP)))
    ways.update(dict.fromkeys([way.rstrip(GAP) for way in ways]))
    return tuple(way for way in ways if way)


def may_be(expected: str, gapped: str) -> bool:
    """Whether a gapped word may be the word, or begin with the stem, that a phrase expects."""
    for seen in variants(gapped):
        if expected[-1] == "*":
            stem = expected[:-1]
            if len(stem) <= len(seen) and _same_letters(stem, seen[: len(stem)]):
                return True
        elif len(expected) == len(seen) and _same_letters(expected, seen):
            return True
    return False


def _same_letters(word: str, seen: str) -> bool:
    return all(letter in (GAP, known) for letter, known in zip(seen, word, strict=False))


def is_legible(printed: str) -> bool:
    """Whether enough letters are left of a phrase to know it by: half of them, and three."""
    gaps = printed.replace(GAP * 2, GAP).count(GAP)
    return not gaps or len(printed) - printed.count(GAP) >= max(LETTERS_LEFT_MIN, gaps)


def has_gaps(text: str) -> bool:
    """Whether letters are missing from a printed line."""
    return (GAP in text or "\ufffd" in text) and _LOST.search(text) is not None
