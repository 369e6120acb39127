"""Lines that speak of the document itself in words that nobody explained: a sale beside one is parked, not taken.

Phrases that name a training slip, a quote or a copy are known in many wordings, never in all. But whoever prints that a
document is no sale must speak of it: that something is practised, offered, held, repeated, undone, refused or not yet
paid, and such words have few beginnings. A line with one that no phrase explains is a doubt; so is a line that denies
what a sale is made of. Shops' terms and offers are left out by words of their own. The words are data
(`pos_adapters/profiles/doubts.toml`).
Contract: pure but for bounded memos and the data, which are read once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pos_adapters.reading.folding import WIDE, fold
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from retail.shipped import read_shipped

MEMO_LINES_MAX: Final = 8192  # the headers and footers of a busy store's day
MEMO_WORDS_MAX: Final = 20_000  # a store prints a few thousand different words
_WORD: Final = re.compile(r"[^\W\d_]+")
_ADDRESS: Final = re.compile(r"www\.|https?:|@|\w\.(?:com|net|org|example|[a-z]{2})\b")
_LETTERS_MIN: Final = 3  # of a line: shorter ones are codes

_NUMBERED: Final = re.compile(r"\b(?:no|nr)s?\b[.:# ]*(?=[\d:#.]|$)")  # "Bill No: 12" denies nothing
_ALONE, _HARMLESS = range(2)
_GROUPS: Final = (("alone", _ALONE), ("harmless", _HARMLESS))


class _Word(NamedTuple):
    """A beginning, a piece or a whole of a word, and what it is part of."""

    text: str
    begins: bool
    inside: bool
    mark: int


class Doubts:
    """The doubtful words of some languages, as a look-up."""

    def __init__(self, languages: Iterable[str]) -> None:
        words: list[_Word] = []
        self._together: list[frozenset[int]] = []
        mark = len(_GROUPS)
        for table in filter(None, map(_tables().get, languages)):
            for group, number in _GROUPS:
                words += (_word_of(text, number) for text in table.get(group, ()))
            words += (_word_of(text, mark) for text in table.get("denials", ()))
            words += (_word_of(text, mark + 1) for text in table.get("denied", ()))
            self._together.append(frozenset((mark, mark + 1)))
            mark += 2
            for phrase in table.get("together", ()):
                parts = [_word_of(text, mark + at) for at, text in enumerate(phrase.split())]
                words += parts
                self._together.append(frozenset(part.mark for part in parts))
                mark += len(parts)
        self._whole: dict[str, set[int]] = {}
        self._begins: dict[str, set[int]] = {}
        for word in words:
            if not word.inside:
                (self._begins if word.begins else self._whole).setdefault(word.text, set()).add(word.mark)
        self._lengths = sorted({len(text) for text in self._begins})
        self._inside = tuple((word.text, word.mark) for word in words if word.inside and not WIDE.match(word.text))
        self._wide = tuple((word.text, word.mark) for word in words if word.inside and WIDE.match(word.text))
        self._memo: dict[str, frozenset[int]] = {}

    def speak_in(self, facts: LineFacts, active: int) -> bool:
        """Whether the line speaks of the document in words that no phrase of the `active` languages explains."""
        text = _NUMBERED.sub(lambda run: "#" * len(run.group()), fold(facts.text))
        if facts.letters < _LETTERS_MIN or _ADDRESS.search(text):
            return False
        explained = _explained(facts, active)
        if explained is None:
            return False
        marks: set[int] = set()
        alone = False
        for match in _WORD.finditer(text):
            found = self._memo.get(match.group())
            if found is None:
                found = self._look_up(match.group())
            if found:
                marks |= found
                alone = alone or (_ALONE in found and not any(a <= match.start() < b for a, b in explained))
        if self._wide and WIDE.search(text):
            dense = text.replace(" ", "")
            wide = {mark for piece, mark in self._wide if piece.replace(" ", "") in dense}
            marks |= wide
            alone = alone or _ALONE in wide
        if _HARMLESS in marks:
            return False
        return alone or any(together <= marks for together in self._together)

    def _look_up(self, word: str) -> frozenset[int]:
        found = set(self._whole.get(word, ()))
        for length in self._lengths:
            if length > len(word):
                break
            found |= self._begins.get(word[:length], set())
        found.update(mark for piece, mark in self._inside if piece in word)
        if len(self._memo) >= MEMO_WORDS_MAX:
            self._memo.clear()
        self._memo[word] = frozenset(found)
        return self._memo[word]


def _explained(facts: LineFacts, active: int) -> Sequence[tuple[int, int]] | None:
    """Return where phrases stand that name no kind of document; None where one says that the line means nothing."""
    found = []
    for hit in facts.hits:
        senses = [sense for sense in hit.senses if sense.languages & active]
        if any(sense.role is Role.NEUTRAL for sense in senses):
            return None
        if senses and not any(sense.kind is not None for sense in senses):
            found.append((hit.start, hit.end))
    return found


def _word_of(text: str, mark: int) -> _Word:
    plain = fold(text.strip("*"))
    return _Word(plain, text.endswith("*"), text.startswith("*") or WIDE.match(plain) is not None, mark)


@functools.cache
def _tables() -> dict[str, dict[str, list[str]]]:
    table: dict[str, dict[str, list[str]]] = read_shipped(Path(__file__).parent.parent / "profiles" / "doubts.toml")
    return table


@functools.lru_cache(maxsize=256)  # sets of languages that receipts of a store seem to speak
def doubts_of(languages: tuple[str, ...]) -> Doubts:
    """Return the doubtful words of these languages."""
    return Doubts(languages)
