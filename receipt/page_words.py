"""Words of receipts that tell a code page where there are too few letters to count: "Dêuga" is no word, "Długa" is.

Contract: pure. The words are data (`page_words.toml`), a list a language, in small letters. `known_words` counts those
in a text that have letters beyond ASCII; a text that is read by a wrong page has none but by rare accident.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_DOTTED: Final = "i\u0307"  # what Python makes of the Turkish capital I with a dot


def known_words(text: str) -> tuple[int, int]:
    """Return how many of the words with letters beyond ASCII in a text are known ones, and how many there are."""
    small = text.lower().replace(_DOTTED, "i")
    foreign = [word for word in _WORD.findall(small) if not word.isascii()]
    known = _known()
    return sum(word in known for word in foreign), len(foreign)


@cache
def _known() -> frozenset[str]:
    table = tomllib.loads((resources.files("receipt") / "page_words.toml").read_text("utf-8"))
    return frozenset(word for words in table.values() for word in words)
