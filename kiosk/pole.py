"""Pole displays: two lines of twenty characters over a serial line, from the same events that pages live on. Pure.

Two command languages cover what is sold: CD5220 (`ESC Q A` and `ESC Q B`, each line ended by CR) and Epson's ESC/POS
for customer displays (`US $ x y` moves, text is written where the cursor is). Both clear with `CLR` (0x0C) and choose
a code page with `ESC t n`. Text that we write carries no control byte: what the code page lacks becomes `?`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from kiosk.events import EventName
from kiosk.ports import JsonObject

COLUMNS = 20
LINES = 2

CLEAR = b"\x0c"
INITIALISE = b"\x1b@"
CODE_PAGES: Mapping[str, tuple[int, str]] = {"ru": (17, "cp866"), "de": (19, "cp858"), "en": (0, "cp437")}
"""Language -> (n of `ESC t n`, codec); Epson's numbers, which CD5220 displays of today share."""


class PoleLanguage(StrEnum):
    """Which commands a display understands."""

    CD5220 = "cd5220"
    ESCPOS = "escpos"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoleWords:
    """What a pole says by itself, in the store's language; `{name}` is a first name."""

    welcome: str
    hello: str
    total: str
    thanks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pole:
    """What a pole display shows: two lines, each at most COLUMNS long."""

    upper: str
    lower: str


def pole_after(shown: Pole, name: EventName, data: JsonObject, *, words: PoleWords) -> Pole:
    """Return what a pole shows after an event; what does not concern it changes nothing."""
    match name:
        case EventName.CUSTOMER:
            return _greeting(data, words) if data.get("known") else shown
        case EventName.SALE:
            is_over = data.get("again") and shown.upper != _fit(words.thanks)
            return shown if is_over else _sale(data, words)
        case EventName.CLEAR:
            return shown if shown.upper == _fit(words.thanks) else welcome(words)
        case EventName.OFFERS | EventName.TROUBLE | EventName.STALE:
            return shown
        case _:
            assert_never(name)


def welcome(words: PoleWords) -> Pole:
    """Return what a pole shows while nobody is there."""
    return Pole(upper=_fit(words.welcome), lower="")


def initialise(*, language: str) -> bytes:
    """Return the bytes that make a display ready for texts of a language."""
    number, _ = CODE_PAGES.get(language, CODE_PAGES["en"])
    return INITIALISE + b"\x1bt" + bytes([number]) + CLEAR


def encode(pole: Pole, *, commands: PoleLanguage, language: str) -> bytes:
    """Return the bytes that show two lines, whatever was shown before."""
    upper, lower = (_bytes(line, language) for line in (pole.upper, pole.lower))
    match commands:
        case PoleLanguage.CD5220:
            return b"\x1bQA" + upper + b"\r" + b"\x1bQB" + lower + b"\r"
        case PoleLanguage.ESCPOS:
            return b"\x1f$\x01\x01" + upper + b"\x1f$\x01\x02" + lower
        case _:
            assert_never(commands)


def _greeting(data: JsonObject, words: PoleWords) -> Pole:
    first_name = str(data.get("first_name") or "")
    upper = words.hello.format(name=first_name) if first_name else words.welcome
    return Pole(upper=_fit(upper), lower="")


def _sale(data: JsonObject, words: PoleWords) -> Pole:
    total = _pair(words.total, str(data.get("total") or ""))
    if data.get("state") == "completed":
        return Pole(upper=_fit(words.thanks), lower=total)
    if data.get("state") == "voided":
        return welcome(words)
    lines = data.get("lines") or []
    last = lines[-1] if lines else {}
    return Pole(upper=_pair(str(last.get("description") or ""), str(last.get("amount") or "")), lower=total)


def _pair(left: str, right: str) -> str:
    """Return a line with `right` at its right end; what is too long is cut on the left."""
    right = _fit(right)
    room = COLUMNS - len(right) - 1
    return f"{left[: max(room, 0)]:<{max(room, 0)}} {right}"[:COLUMNS]


def _fit(text: str) -> str:
    return text[:COLUMNS]


def _bytes(text: str, language: str) -> bytes:
    """Return exactly COLUMNS printable bytes."""
    _, codec = CODE_PAGES.get(language, CODE_PAGES["en"])
    printable = "".join(each if each.isprintable() else "?" for each in text)
    return printable.encode(codec, "replace")[:COLUMNS].ljust(COLUMNS)
