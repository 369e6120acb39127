"""Dates as receipts print them: figures in any order, ideographs, month names of every language."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pos_adapters.reading.folding import fold
from retail.shipped import read_shipped

_MONTHS = Path(__file__).parent.parent / "profiles" / "months.toml"

_YEAR_MIN, _YEAR_MAX = 2000, 2099
_ROC, ROC_FIGURES = 1911, 3  # years of Taiwan are counted from there
ABBREVIATED = 3  # letters of a month
DAYS_MAX = 256  # remembered as printed: a till prints today's, some goods those until which they keep

_NUMERIC_DATE = re.compile(  # "Date:22-11-26"; "2026. 11. 15." as in Korea, "20.11. 2026" as in Bohemia
    r"(?<![\d/-])(?<!\d[.:])(?:(\d{1,4})([./-])(\d{1,2})\2(\d{2,4})"
    r"|(\d{4})\. ?(\d\d?)\. ?(\d\d?)|(\d\d?)\. ?(\d\d?)\. (\d{4}))(?![\d/-])"
)
_WIDE_DATE = re.compile(r"(\d{4}|(令和|R|民[國国])? ?(\d{1,3})) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]")
_ERAS = {"令和": 2018, "R": 2018, "民國": _ROC, "民国": _ROC}  # the year before their first
_NAMED_DATE = re.compile(
    r"(?<!\d)(?:(\d{1,2})(?:st|nd|rd|th|er|º)?[ .\-/]{0,2}(?:de )?([^\W\d_]{3,12})[ .\-/']{0,3}(?:de )?(\d{4}|\d{2})"
    r"|([^\W\d_]{3,12})[ .\-/]{0,2}(\d{1,2})(?:st|nd|rd|th)?(?:[ ,.\-/]{2,3}|[ \-/']|[.,](?=\d{4}))(\d{4}|\d{2}))(?!\d)"
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
        or any(_month_named(match[2] or match[4]) for match in _named_dates(text))
    )


def dates_in(text: str) -> tuple[date, date] | None:
    """Return the first date on a line, in any of the usual forms, day first and month first; None without any."""
    found: date | None
    wide = None if text.isascii() else _WIDE_DATE.search(text)
    if wide:
        era = 0 if wide[3] is None else _ERAS.get(wide[2], _ROC if len(wide[3]) == ROC_FIGURES else 2000)
        found = _date(era + int(wide[3] or wide[1]), int(wide[4]), int(wide[5]))
        return None if found is None else (found, found)
    for match in _NUMERIC_DATE.finditer(text):
        if match[1] is None:
            spaced = match.groups()[4:7] if match[5] else match.groups()[7:]
            numeric = _numeric(*spaced, mark=".")
        else:
            numeric = _numeric(match[1], match[3], match[4], mark=match[2])
        if numeric is not None:
            return numeric
    for match in _named_dates(text):
        day, name, year = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
        month = _month_named(name)
        found = _date(_full_year(year), month, int(day)) if month else None
        if found is not None:
            return found, found
    return None


def _named_dates(text: str) -> Iterator[re.Match[str]]:
    """Yield what may be a date with its month's name, also where one begins within another: "Staff 44   21-Nov-26"."""
    match = _NAMED_DATE.search(text)
    while match is not None:
        yield match
        match = _NAMED_DATE.search(text, match.end(1) if match[1] else match.end(4))


@functools.lru_cache(maxsize=DAYS_MAX)
def _month_named(name: str) -> int | None:
    """Return the month whose name, or one letter less of it, this is or begins: "Septemb", "январь", not "Bread"."""
    folded = fold(name)
    known = _months()
    if folded in known:
        return known[folded]
    begun = folded if len(folded) == ABBREVIATED else folded[:-1]
    return next((number for month, number in known.items() if month.startswith(begun)), None)


@functools.lru_cache(maxsize=DAYS_MAX)
def _numeric(first: str, second: str, third: str, *, mark: str) -> tuple[date, date] | None:
    """Return what figures say day first and month first; a mark "." stands behind a day."""
    if len(first) >= 3:
        era = _ROC if len(first) == 3 else 0  # 115-11-20
        found = _date(era + int(first), int(second), int(third)) if len(third) <= 2 else None
        return None if found is None else (found, found)
    if len(third) == 3:
        return None
    year, one, other = _full_year(third), int(first), int(second)
    day_first = _date(year, other, one)
    month_first = _date(year, one, other) if mark in "/-" and one <= 12 else None
    if day_first is None or month_first is None:
        found = day_first or month_first
        return None if found is None else (found, found)
    return day_first, month_first


def _full_year(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _date(year: int, month: int, day: int) -> date | None:
    if not _YEAR_MIN <= year <= _YEAR_MAX:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
