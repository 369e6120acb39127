"""The keys that a file of words may have, so that a mistyped one is an error and never a table nobody reads.

Contract: pure; `check_keys` returns nothing or raises `ConfigurationError` with file, key and the nearest known key.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Final

from retail.errors import ConfigurationError
from retail.transaction import DocumentKind

NEAREST_CUTOFF: Final = 0.5  # "quotes" is near "quote"; less alike are two different words
_KINDS: Final = frozenset(kind.value for kind in DocumentKind)
_WORDS: Final = frozenset(("words",))


def check_keys(name: str, words: Mapping[str, object], *, roles: Collection[str]) -> None:
    """Raise where the file of words `name` has a key that means nothing; `roles` may stand in [money] and [meta]."""
    known: dict[str, Collection[str]] = {
        "money": roles, "meta": roles, "kind": _KINDS, "headline": _KINDS, "neutral": _WORDS, "filler": _WORDS,
    }  # fmt: skip
    for section, table in words.items():
        if section == "language":
            continue
        _check(f"{name}: [{section}]", section, known)
        if not isinstance(table, Mapping):
            raise ConfigurationError(f"{name}: [{section}] is no table")
        for key, phrases in table.items():
            _check(f"{name}: [{section}] {key}", key, known[section])
            if not isinstance(phrases, list) or not all(isinstance(phrase, str) for phrase in phrases):
                raise ConfigurationError(f"{name}: [{section}] {key} is no list of phrases")


def _check(where: str, key: str, known: Collection[str]) -> None:
    if key in known:
        return
    nearest = difflib.get_close_matches(key, sorted(known), n=1, cutoff=NEAREST_CUTOFF)
    hint = f"; nearest known key: {nearest[0]}" if nearest else ""
    raise ConfigurationError(f"{where} is no known key{hint}")
