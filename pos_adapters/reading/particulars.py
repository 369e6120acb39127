"""What a receipt tells beside its amounts: when, by whom, where, under which number, for which member."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from pos_adapters.reading.dates import dates_in
from pos_adapters.reading.document_numbers import bank_card_labels
from pos_adapters.reading.folding import fold
from pos_adapters.reading.labels import Label, Mark
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts, Telling

_TIME = re.compile(
    r"(?<![\d.,])(?<!\d:)(\d{1,2})(?::|[hH](?=\d)|時|시 ?|点)(\d{2})(?:(?::|分|분 ?)(\d{2}))?(?!\d)"
    r"\s*([AaPp])?\.?([Mm]?)"
)
_DOTTED_TIME = re.compile(r"(?<![\d.,])([01]?\d|2[0-3])\.([0-5]\d)(?:\.([0-5]\d))?(?![\d.,])")
_COMPACT = re.compile(r"(?<!\d)(20\d{2})(\d{2})(\d{2})[T ]?(\d{2})(\d{2})(\d{2})?(?!\d)")
_EIGHT_DIGITS = re.compile(r"\d{8}")
_HALF_DAY = {"午後": 12, "下午": 12, "오후": 12, "午前": 0, "上午": 0, "오전": 0}
_CODE = re.compile(r"[A-Za-zА-Яа-я]{0,4}[-/]?\d[\dA-Za-z/\-.]*")
_LONG_CODE = re.compile(r"(?<![\d*xX.,/-])(?<!\d:)[\d*xX]{2,}(?: ?[\d*xX]+){0,6}(?![\d*xX/:]|[.,-]\d)")
_MASK = re.compile(r"[*xX]{2}(?=.*\d)|\d.*[*xX]{2}")
_GOES_ON = re.compile(r" {3,}\d{2,4}(?!\S)")
_BANK_CARD = re.compile(r"\d{4,6}[*xX]{4,10}\d{4}")
MEMBER_DIGITS_MIN, MASKED_MIN = 6, 4


class When(NamedTuple):
    """A printed date and time; `at` is naive local time. A date without a time is no moment: `at` is None."""

    at: datetime | None
    day: date | None


def when(lines: Sequence[LineFacts], dated: Sequence[int], *, month_first: bool) -> When:
    """Return the moment printed on the receipt: the first date that has a time near it, else the first date.

    `dated` are the lines with a date; `month_first`: what "03/04/2024" means where neither number is over 12 (United
    States).
    """
    days: list[tuple[int, date]] = []
    for line in dated:
        facts = lines[line]
        if facts.days is None:
            continue
        compact = _COMPACT.search(facts.text)
        if compact:
            moment = _moment_of(compact)
            if moment is not None:
                return When(moment, moment.date())
        day = facts.days[month_first]
        if day is not None:
            days.append((line, day))
    if not days:
        return When(None, None)
    day, clock = _timed(days, lines) or (days[0][1], _only_time(lines))
    return When(None if clock is None else datetime(day.year, day.month, day.day, *clock), day)  # noqa: DTZ001


def _timed(days: Sequence[tuple[int, date]], lines: Sequence[LineFacts]) -> tuple[date, tuple[int, int, int]] | None:
    """Return the first date with a time on its line, else with one near it."""
    for distances in ((0,), (1, -1, 2)):
        for line, day in days:
            for near in (line + distance for distance in distances):
                clock = _time_in(lines[near].text, dotted=near == line) if 0 <= near < len(lines) else None
                if clock is not None:
                    return day, clock
    return None


def _only_time(lines: Sequence[LineFacts]) -> tuple[int, int, int] | None:
    """Return the time of the only line with one: far from its date, as at the foot of Polish receipts.

    Two on a line are hours of a shop, a guest or a room.
    """
    timed = [facts.text for facts in lines if facts.dated and ":" in facts.text and _TIME.search(facts.text)]
    return _time_in(timed[0], dotted=False) if len(timed) == 1 and len(_TIME.findall(timed[0])) == 1 else None


def is_dated(facts: LineFacts) -> bool:
    """Whether `when` has to look at a line that looks dated: a date is on it, or a long run of figures may be one."""
    return facts.days is not None and (facts.days != (None, None) or _EIGHT_DIGITS.search(facts.text) is not None)


def _moment_of(match: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second = (int(group or 0) for group in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - printed local time has no zone yet
    except ValueError:
        return None


def _time_in(text: str, *, dotted: bool) -> tuple[int, int, int] | None:
    for match in _TIME.finditer(text):
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        if match[4] and match[5]:
            hour = hour % 12 + (12 if match[4] in "pP" else 0)
        for word, shift in () if text.isascii() else _HALF_DAY.items():
            if word in text:
                hour = hour % 12 + shift
        if hour < 24 and minute < 60 and second < 60:
            return hour, minute, second
    if dotted:
        for match in _DOTTED_TIME.finditer(text):
            if "." in text[match.end() : match.end() + 1]:
                continue
            return int(match[1]), int(match[2]), int(match[3] or 0)
    return None


def value_after(facts: LineFacts, label: Label) -> str | None:
    """Return the number or code that follows a label: "Receipt No: 0012-34" gives "0012-34"."""
    match = _CODE.search(facts.text, label.end)
    if match is None:
        return None
    code = match.group().strip(".-/")
    if not match.group().isdigit() and dates_in(match.group()) is not None:
        return None
    return code or None


def labelled_value(lines: Sequence[LineFacts], marks: Iterable[Mark]) -> str | None:
    """Return the first value printed with one of these labels, which are of one role, on its line."""
    for line, label in marks:
        value = value_after(lines[line], label)
        if value is not None:
            return value
    return None


def named_value(lines: Sequence[LineFacts], marks: Iterable[Mark]) -> str | None:
    """Return the words printed behind one of these labels, which are of one role, e.g. the cashier's name."""
    for line, label in marks:
        if label.leads:
            words = lines[line].text[label.end :].strip(" :.#-")
            words = re.split(r"\s{2,}", words)[0]
            if words:
                return words
    return None


def member_code(lines: Sequence[LineFacts], marks: Iterable[Mark]) -> str | None:
    """Return the number at one of these labels of members, digits and masking stars only; None when there is none.

    A bank card's number, masked as the card companies ask, is none, unless its label speaks of a member.
    """
    for line, label in marks:
        for near in (line, line + 1):
            if near >= len(lines) or (near != line and lines[line].numbers):
                break
            facts = lines[near]
            match = _LONG_CODE.search(facts.text, label.end if near == line else 0)
            if match is None:
                continue
            code = match.group().replace(" ", "")
            bank = _BANK_CARD.fullmatch(code) and fold(lines[line].text[label.start : label.end]) in bank_card_labels()
            if bank or not _is_code(code) or _is_date_or_amount(facts, match):
                break
            if not _GOES_ON.match(facts.text, match.end()):  # "627598      1183": its middle was masked
                return code
    return None


def _is_code(code: str) -> bool:
    """Whether it is long enough to be a member's, or masked; a single "x" multiplies."""
    masked = len(code) > MASKED_MIN and _MASK.search(code) is not None
    return masked or (code.isdigit() and len(code) >= MEMBER_DIGITS_MIN)


def _is_date_or_amount(facts: LineFacts, match: re.Match[str]) -> bool:
    if facts.days is not None and dates_in(facts.text[match.start() : match.end() + 6]) is not None:
        return True
    amounts = (facts.numbers[at] for at in facts.right)
    return any(each.start < match.end() <= each.end and (each.decimals or each.currency) for each in amounts)


class PrintedPoints(NamedTuple):
    """Points that a receipt says were earned in its transaction, or spent (negative), with the words for them."""

    described: str
    points: Decimal


def points_of(telling: Sequence[Telling], active: int) -> list[PrintedPoints]:
    """Return the points earned and spent as printed; a balance is neither."""
    found = []
    for _, facts in telling:
        for hit in facts.hits:
            signs = {_POINTS_SIGN.get(sense.role, 0) for sense in hit.senses if sense.languages & active}
            number = next((number for number in facts.numbers if number.start >= hit.end), None)
            if len(signs - {0}) == 1 and number is not None and number.value and not number.currency:
                value = number.grouped if number.decimals == 3 and number.grouped >= 0 else abs(number.value)
                points = Decimal(sum(signs) * value).scaleb(-3).normalize()
                found.append(PrintedPoints(facts.name or facts.text.strip(), Decimal(f"{points:f}")))
                break
    return found


def suspension_number(
    lines: Sequence[LineFacts], marks: Mapping[Role, Sequence[Mark]], codes: Sequence[tuple[str, str]]
) -> str | None:
    """Return the number under which a suspended sale is called up again: its code, else its printed number."""
    for _, data in codes:
        if data.strip():
            return data.strip()
    numbered = labelled_value(lines, marks.get(Role.DOCUMENT_NUMBER, ()))
    return numbered or labelled_value(lines, marks.get(Role.ID, ()))


_POINTS_SIGN = {Role.POINTS_EARNED: 1, Role.POINTS_SPENT: -1}
