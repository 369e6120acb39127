"""The words of receipts as a speaker writes them (`pos_adapters/profiles/words/*.toml`), and the lexicon of them all.

Contract: pure but for the data, which are read when they are first asked for. Raises ConfigurationError where a file
names a role or a kind that nobody knows.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from pos_adapters.reading.amounts import CURRENCIES, currencies
from pos_adapters.reading.lexicon import Lexicon, Role, Sense, Tables, tables_of
from pos_adapters.reading.packed_words import kept
from pos_adapters.reading.word_keys import check_keys
from retail.shipped import read_shipped
from retail.transaction import DocumentKind

_WORDS: Final = Path(__file__).parent.parent / "profiles" / "words"
PACKED: Final = _WORDS / "all.json"
"""Where a frozen program has its words folded (`packed_words`)."""

_WORD_ROLES = frozenset(role.value for role in Role) - {"kind", "headline", "neutral", "filler"}
_OF_POINTS = (Role.POINTS_EARNED, Role.POINTS_SPENT)
_TAX_LETTERS = (3, 4)  # of a tax that is called by its initials
_GERMAN_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@functools.cache
def standard_lexicon() -> Lexicon:
    """Return the lexicon of all languages that the product ships; reads the package's data on the first call."""
    return Lexicon(_standard_phrases, _languages(), kept(PACKED, sources()))


def made_tables() -> Tables:
    """Return the tables of that lexicon, made of the files of words."""
    return tables_of(_standard_phrases())


def sources() -> list[Path]:
    """Return the files that they are made of."""
    return [*_words_files(), CURRENCIES]


def _words_files() -> list[Path]:
    return sorted(_WORDS.glob("*.toml"))


def _languages() -> tuple[str, ...]:
    return tuple(file.name.removesuffix(".toml") for file in _words_files())


def _standard_phrases() -> Iterator[tuple[str, Sense]]:
    """Yield the product's phrases one file after the other, so that only one at a time is held as text."""
    languages = _languages()
    for number, file in enumerate(_words_files()):
        words = read_shipped(file)
        assert words["language"] == languages[number], f"{file.name} is named after its language"
        check_keys(file.name, words, roles=_WORD_ROLES)
        for text, sense in phrases_of(words, 1 << number):
            yield text, sense
            if words["language"] == "de" and text != text.translate(_GERMAN_UMLAUTS):
                yield text.translate(_GERMAN_UMLAUTS), sense
            if sense.role is Role.TAX and len(text) in _TAX_LETTERS and text.isalpha():
                yield " ".join(text), sense  # "I.G.V."
    everywhere = Sense(Role.FILLER, None, (1 << len(languages)) - 1)
    yield from ((word, everywhere) for word in currencies()["words"])


def phrases_of(words: Mapping[str, object], language_bit: int) -> Iterable[tuple[str, Sense]]:
    """Return the phrases of one words file; `words` is its parsed TOML."""
    for section in ("money", "meta"):
        for role, texts in _table(words, section).items():
            sense, of_points = (Sense(each, None, language_bit) for each in (Role(role), Role.POINTS))
            for text in texts:
                yield text, sense
                if role in _OF_POINTS:
                    yield text, of_points
    for section, role in (("kind", Role.KIND), ("headline", Role.HEADLINE)):
        for kind, texts in _table(words, section).items():
            sense = Sense(role, DocumentKind(kind), language_bit)
            for text in texts:
                yield text, sense
    for section, role in (("neutral", Role.NEUTRAL), ("filler", Role.FILLER)):
        sense = Sense(role, None, language_bit)
        for text in _table(words, section).get("words", ()):
            yield text, sense


def _table(words: Mapping[str, object], section: str) -> dict[str, list[str]]:
    table = words.get(section, {})
    assert isinstance(table, dict), f"[{section}] of a words file is a table"
    return table
