"""What the hub's pages say, by language: `texts/LANGUAGE.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

LANGUAGES: tuple[tuple[str, str], ...] = (
    ("en", "English"),
    ("ru", "\u0420\u0443\u0441\u0441\u043a\u0438\u0439"),
    ("de", "Deutsch"),
)


def load_texts() -> Mapping[str, Mapping[str, str]]:
    """Return all texts by language; every language has the same names."""
    folder = resources.files("hub.web").joinpath("texts")
    return MappingProxyType(
        {code: tomllib.loads(folder.joinpath(f"{code}.toml").read_text("utf-8")) for code, _ in LANGUAGES}
    )


def language_of(asked: str, accept_language: str) -> str:
    """Return a language that we have: the one asked for, else the browser's first, else English."""
    known = {code for code, _ in LANGUAGES}
    wanted = [asked, *(part.partition(";")[0].strip().partition("-")[0] for part in accept_language.split(","))]
    return next((code for code in wanted if code in known), "en")
