"""What doctor says, in the language of whoever asked: sentences by key, with their words filled in at the end.

The texts are one file a language (`texts/`), with the same keys and the same words in each. What a printer, a hub or
the operating system told stands in a sentence as it was told. English is what `str` gives: JSON is for support.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "ru")

_TEXTS = Path(__file__).parent / "texts"


@cache
def sentences(language: str) -> Mapping[str, str]:
    """Return the texts of a language, English for one that has none."""
    name = language if language in LANGUAGES else LANGUAGES[0]
    told: Mapping[str, str] = tomllib.loads((_TEXTS / f"{name}.toml").read_text("utf-8"))
    return told


def language_of(environment: Mapping[str, str]) -> str:
    """Return the language that an environment asks for (POSIX: LC_ALL, LC_MESSAGES, LANG), where it is spoken here."""
    wanted = next(filter(None, (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")[:2]
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def own_language() -> str:
    """Return the language of whoever started this program."""
    return language_of(os.environ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A text by its key, and the words to fill in; a word may be a sentence again."""

    key: str
    words: Mapping[str, object] = field(default_factory=dict)

    def in_language(self, language: str) -> str:
        """Return the text in a language."""
        words = {name: spoken(word, language) for name, word in self.words.items()}
        return sentences(language)[self.key].format(**words)

    def __str__(self) -> str:
        """Return the text in English."""
        return self.in_language(LANGUAGES[0])


def say(key: str, **words: object) -> Sentence:
    """Return a sentence."""
    return Sentence(key=key, words=words)


def spoken(told: object, language: str) -> object:
    """Return a sentence's text in a language, anything else as it is."""
    return told.in_language(language) if isinstance(told, Sentence) else told
