"""What the claim page and its messages say, by language: `texts/LANGUAGE.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib import resources
from types import MappingProxyType

from hub.web.texts import LANGUAGES


def load_texts() -> Mapping[str, Mapping[str, str]]:
    """Return all languages; each has every text."""
    folder = resources.files("hub.claims").joinpath("texts")
    return MappingProxyType(
        {code: tomllib.loads(folder.joinpath(f"{code}.toml").read_text("utf-8")) for code, _ in LANGUAGES}
    )


def day_text(day: date, text: Mapping[str, str]) -> str:
    """Return a day as people of the language write it, from its `months` and `date`."""
    months = text["months"].split()
    return text["date"].format(day=day.day, month=months[day.month - 1], year=day.year)
