"""Ends of compounds, pieces of words and phrases that lines are known by, where no list of whole words holds them.

Contract: pure but for the words, which are data (`pos_adapters/profiles/word_parts.toml`) and are read once, when a
line first asks for them. Each function returns the expression of one section.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pos_adapters.reading.folding import WIDE, fold
from retail.shipped import read_shipped

_FILE: Final = Path(__file__).parent.parent / "profiles" / "word_parts.toml"


@functools.cache
def discount_part() -> re.Pattern[str]:
    """Return what finds the name of something that takes off; a compound, or what a line begins with."""
    words = _section("discount")
    goods = _any(word.removeprefix(start) for word in words["goods"] for start in words["beginnings"])
    return re.compile(
        rf"[^\W\d_]{{3,}}-?{_any(words['ends'])}\b"
        rf"|[^\W\d_]{{2,}}{''.join(f'(?<!{word})' for word in words['not_behind'])}{_any(words['ideographic_ends'])}\b"
        rf"|-{_any(words['behind_dash'])}\b"
        rf"|^\s*(?:{_any(words['first_words'])}\s|{_any(words['beginnings'])}(?!{goods})-?[^\W\d_])",
        re.IGNORECASE,
    )


@functools.cache
def given_part() -> re.Pattern[str]:
    """Return what finds something that a shop gives."""
    words = _section("given")
    return re.compile(rf"{_any(words['ends'])}\b|\b{_any(words['phrases'])}\b", re.IGNORECASE)


@functools.cache
def no_goods_back() -> re.Pattern[str]:
    """Return what finds the heading of a paper on which no goods come back, its letters apart or not."""
    headings = _section("no_goods_back")["headings"]
    apart = (" {1,3}".join(" ?".join(map(re.escape, word)) for word in heading.split()) for heading in headings)
    return re.compile(rf"\b(?:{'|'.join(apart)})\b", re.IGNORECASE)


@functools.cache
def hours_part() -> re.Pattern[str]:
    """Return what finds a shop's hours at the beginning of what is left of a line."""
    words = _section("hours")
    return re.compile(
        rf"\W*{_any(words['open'])}\W* (?:24 ?{_any(words['around'])}"
        rf"|\d{{1,2}} ?{_any(words['morning'])}?-\d{{1,2}} ?{_any(words['evening'])}?\W*$)",
        re.IGNORECASE,
    )


@functools.cache
def term_of_days() -> re.Pattern[str]:
    """Return what finds a time in days: "Returns: 30 days" are a shop's terms in every language."""
    return re.compile(rf"\b\d{{1,3}}[ -]?{_any(_section('terms')['days'])}(?![^\W\d_]{{3}})", re.IGNORECASE)


@functools.cache
def denied_part() -> re.Pattern[str]:
    """Return what matches the rest of a line that says that there is none of what it names: "Void: none"."""
    return re.compile(rf"\s*[:=]\s*{_any(_section('terms')['none'])}\s*$", re.IGNORECASE)


@functools.cache
def credit_part() -> re.Pattern[str]:
    """Return what finds a word for a card of credit in a folded line."""
    return re.compile(_any(_section("credit")["pieces"]))


@functools.cache
def fee_part() -> re.Pattern[str]:
    """Return what matches a name that ends as a fee's does."""
    return re.compile(rf"\s*[^\W\d]*{_any(_section('fee')['ends'])}(?![^\W\d])")


@functools.cache
def included_part() -> re.Pattern[str]:
    """Return what matches a line that says what is within the goods above."""
    words = _section("included")
    money = _any(words["money"])
    return re.compile(
        rf"\s*{_any(words['before'])}\b|.*\b{_any(words['behind'])}[.:]? *{money}? *\d[\d.,]* *{money}?\s*$",
        re.IGNORECASE,
    )


@functools.cache
def open_part() -> re.Pattern[str]:
    """Return what finds, in a folded line, that money is still to come."""
    return re.compile(_words_of("open"))


@functools.cache
def due_part() -> re.Pattern[str]:
    """Return what finds, in a folded line, a sum that is due: the total's own words, where its amount is another."""
    return re.compile(_words_of("due"))


def _words_of(name: str) -> str:
    words = [fold(word) for word in _section("owed")[name]]
    plain = [word for word in words if not WIDE.search(word)]
    wide = [word for word in words if WIDE.search(word)]
    return rf"(?<![^\W\d_]){_any(plain)}(?![^\W\d_])|{_any(wide)}"


def _section(name: str) -> dict[str, list[str]]:
    section: dict[str, list[str]] = read_shipped(_FILE)[name]
    return section


def _any(words: Iterable[str]) -> str:
    """Return the expression for one of the words; most places are passed over by what they would begin with."""
    found = list(words)
    firsts = "".join(sorted({re.escape(word[0]) for word in found}))
    return f"(?=[{firsts}])(?:{'|'.join(map(re.escape, found))})".join(("(?:", ")"))
