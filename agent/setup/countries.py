"""What is proposed for a country, and why: data in `countries.toml`; proposals only, the person decides."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agent.config import PrintProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """One country's proposals; `print_profile` is None where nobody looked at its law."""

    code: str
    names: tuple[str, ...]
    language: str
    timezone: str
    currency: str
    print_profile: PrintProfile | None
    reason: Mapping[str, str]


@cache
def countries() -> Mapping[str, Country]:
    """Return all that have proposals, by code."""
    tables = tomllib.loads(files("agent.setup").joinpath("countries.toml").read_text(encoding="utf-8"))
    return {
        code: Country(
            code=code,
            names=tuple(each["names"]),
            language=each["language"],
            timezone=each["timezone"],
            currency=each["currency"],
            print_profile=PrintProfile(each["print_profile"]) if "print_profile" in each else None,
            reason=each.get("reason", {}),
        )
        for code, each in tables.items()
    }


def country_code(text: str) -> str:
    """Return the code of a country that was typed as code or name. Raises ValueError with the nearest one."""
    typed = text.strip()
    known = countries()
    if len(typed) == 2 and typed.isascii() and typed.isalpha():  # noqa: PLR2004 - ISO 3166 alpha 2
        return typed.upper()
    by_name = {name.casefold(): code for code, each in known.items() for name in each.names}
    if (code := by_name.get(typed.casefold())) is not None:
        return code
    near = difflib.get_close_matches(typed.casefold(), by_name, n=1, cutoff=0.5)
    hint = f"{by_name[near[0]]} ({known[by_name[near[0]]].names[0]})?" if near else "DE, FR, GB, ..."
    raise ValueError(hint)
