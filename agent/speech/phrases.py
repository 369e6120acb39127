"""Our own words in each language: one file a language in `agent/speech/texts/`, the same keys in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from retail.shipped import read_shipped

_TEXTS = Path(__file__).parent / "texts"

LANGUAGES = ("en", "de", "ru")
"""Languages that have a file; another language is spoken to in the store's, else in the first of these."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words of one language, by `section.key`."""

    language: str
    texts: Mapping[str, str]

    def say(self, key: str, **words: str) -> str:
        """Return a phrase with its words filled in; KeyError for a phrase that does not exist is our mistake."""
        return self.texts[key].format(**words)


def load_phrases() -> dict[str, Phrases]:
    """Read all languages, once, at start."""
    return {language: Phrases(language, _texts(language)) for language in LANGUAGES}


def _texts(language: str) -> dict[str, str]:
    tables = read_shipped(_TEXTS / f"{language}.toml")
    return {f"{section}.{key}": text for section, table in tables.items() for key, text in table.items()}
