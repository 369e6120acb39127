"""Lines that are a street and a house: a shop may stand in "Teststraße 5" or, on a vendor's sample, in "C/ Ejemplo 1".

Only forms that no title of a paper has: the word for a street beside a name, and a figure. Contract: pure but for the
words for streets, which are data (`pos_adapters/profiles/streets.toml`) and are read once.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

from retail.shipped import read_shipped

_STREETS: Final = Path(__file__).parent.parent / "profiles" / "streets.toml"
_WORD: Final = r"[^\W\d_][\w'.-]*"
_NAME: Final = rf"(?:{_WORD},? ){{1,4}}"
_TOWN: Final = (
    rf"(?:(?:(?:[^\W\d_]+ ){{0,2}}[^\W\d_]+: *)?\d{{5,6}},? (?:{_WORD}[, ] ?){{1,4}})?"  # "Address: 127006, Moscow, "
)
_WIDE: Final = r".{0,12}[路街道町丁]\d+[号號番-]|.{2,12}[市区區]\d+-\d+|[가-힣 ]{1,12}[로길] ?\d+"
_IDEOGRAPH: Final = r"[一-龥ぁ-んァ-ヶー々]"
_DISTRICT: Final = re.compile(  # in Japan, of which shops often print no more
    rf"\s*(?:[一-龥]{{2,3}}[都道府県]{_IDEOGRAPH}{{1,6}}[市区郡町村]|{_IDEOGRAPH}{{1,5}}市(?!場){_IDEOGRAPH}{{0,4}}[区町村]){_IDEOGRAPH}{{0,10}}\s*"
)
_LETTERS_MAX: Final = 60  # of a line of an address


def is_address(text: str) -> bool:
    """Whether a line begins as a street and a house do."""
    return len(text) <= _LETTERS_MAX and _address().match(text) is not None


def names_district(text: str) -> bool:
    """Whether a line is no more than a town in Japan and a part of it: "福岡市中央区天神"."""
    return _DISTRICT.fullmatch(text) is not None


@functools.cache
def _address() -> re.Pattern[str]:
    """Return what an address looks like in all languages."""
    words: dict[str, list[str]] = read_shipped(_STREETS)
    before, after, glued, behind, numbered, articles, houses = (
        f"(?:{'|'.join(map(_pattern, words[place]))})"
        for place in ("before", "after", "glued", "behind", "numbered", "articles", "houses")
    )
    house = rf"[,.]? *{houses}? *\d{{1,4}} ?[a-zа-я]?\b(?![.,]\d\d\b)"
    return re.compile(
        rf"\s*(?:"
        rf"{_TOWN}{before}(?![^\W\d_]) *(?:{_WORD},? ?){{1,4}}{house}"
        rf"|\d{{1,5}}[a-z]?,? (?:{numbered} {articles}*[^\W\d_]|{_NAME}{after}\b)"
        rf"|(?:[^\W\d_]+[ -]?)?{glued} ?{house}"
        rf"|{_NAME}{behind}.*\d"
        rf"|{_WIDE})",
        re.IGNORECASE,
    )


def _pattern(word: str) -> str:
    """Return what a word of the file looks like: its full stop may be missing, but not behind a single letter."""
    return re.escape(word[:-1]) + r"\.?" if word.endswith(".") and len(word) > len("r.") else re.escape(word)
