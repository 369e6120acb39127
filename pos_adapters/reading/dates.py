"""Dates as receipts print them: figures in any order, ideographs, month names of every language."""

from __future__ import annotations

import functools
import re
from datetime import date
from pathlib import Path

from pos_adapters.reading.folding import fold
from retail.shipped import read_shipped

_MONTHS = Path(__file__).parent.parent / "profiles" / "months.toml"

_YEAR_MIN, _YEAR_MAX = 2000, 2099

_NUMERIC_DATE = re.compile(r"(?<![\d.:/-])(\d{1,4})([./-])(\d{1,2})\2(\d{2,4})(?![\d/-])")
_WIDE_DATE = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]")
_NAMED_DATE = re.compile(
    r"(?<!\d)(?:(\d{1,2})(?:st|nd|rd|th|er|º)?[ .\-/]{0,2}(?:de )?([^\W\d_]{3,12})[ .\-/']{0,3}(?:de )?(\d{4}|\d{2})"
    r"|([^\W\d_]{3,12})[ .\-/]{1,2}(\d{1,2})(?:st|nd|rd|th)?[ ,.\-/]{1,3}(\d{4}|\d{2}))(?!\d)"
)


@functools.cache
def _months() -> dict[str, int]:
    months: dict[str, int] = {}
    for names in read_shipped(_MONTHS).values():
        for number, spellings in enumerate(names, 1):
            for name in spellings.split():
                months[fold(name)] = number
    return months


def looks_dated(text: str) -> bool:
    """Whether figures or words stand in the form of a date, be it one of the calendar or not."""
    return bool(_NUMERIC_DATE.search(text) or _WIDE_DATE.search(text) or _NAMED_DATE.search(text))


def may_be_date(text: str) -> bool:
    """Whether what looks like a date (`looks_dated`) is one, should its figures fit: no month is called "Receipt"."""
    return bool(
        _NUMERIC_DATE.search(text)
        or _WIDE_DATE.search(text)
        or any(_month_named(match[2] or match[4]) for match in _NAMED_DATE.finditer(text))
    )


def date_in(text: str, *, month_first: bool) -> date | None:
    """Return the first date on a line, in any of the usual forms."""
    wide = None if text.isascii() else _WIDE_DATE.search(text)
    if wide:
        return _date(int(wide[1]), int(wide[2]), int(wide[3]))
    for match in _NUMERIC_DATE.finditer(text):
        found = _numeric(match[1], match[3], match[4], match[2], month_first=month_first)
        if found is not None:
            return found
    for match in _NAMED_DATE.finditer(text):
        day, name, year = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
        month = _month_named(name)
        if month:
            found = _date(_full_year(year), month, int(day))
            if found is not None:
                return found
    return None


def _month_named(name: str) -> int | None:
    folded = fold(name)
    return _months().get(folded) or _months().get(folded[:3])


def _numeric(first: str, second: str, third: str, mark: str, *, month_first: bool) -> date | None:
    if len(first) == 4:
        return _date(int(first), int(second), int(third)) if len(third) <= 2 else None
    if len(first) > 2 or len(third) == 3:
        return None
    if month_first and mark in "/-" and int(first) <= 12:
        return _date(_full_year(third), int(first), int(second))
    found = _date(_full_year(third), int(second), int(first))
    if found is None and mark in "/-":
        found = _date(_full_year(third), int(first), int(second))
    return found


def _full_year(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _date(year: int, month: int, day: int) -> date | None:
    if not _YEAR_MIN <= year <= _YEAR_MAX:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
