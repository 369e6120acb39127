"""A Z or X report as a till prints it: how many sales, how much, by which tenders. For completeness checks only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from pos_adapters.reading.folding import fold
from pos_adapters.reading.labels import TENDERS
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.sheet import Part, Sheet
from pos_adapters.reading.transactions import TENDER_TYPES
from pos_adapters.reading.values import DayReport
from retail.line_items import TenderType

_INTERIM = re.compile(r"(?<![^\W\d_])[xх](?![^\W\d_])", re.IGNORECASE)
_CLOSING = re.compile(r"(?<![^\W\d_])z(?![^\W\d_])", re.IGNORECASE)
# Stems that say "closed for the day", folded; a shift that opens, and a cashier's own report, close nothing.
_CLOSING_STEMS = (
    "end of day", "day end", "day close", "abschluss", "cloture", "fin de journee", "cierre", "corte z", "chiusura",
    "fecho", "fechamento", "reducao z", "закрыт", "закритт", "закрити", "с гашением", "жабу", "dobowy",
    "zamkniecie dnia",
    "gun sonu", "dagafsluiting", "uzaverk", "zaverk", "精算", "日締", "日结", "日結", "정산", "마감",
)  # fmt: skip
_NUMBER = re.compile(r"(?<![^\W\d_])z\b\D{0,20}?(\d{1,6})\b", re.IGNORECASE)
_SHIFT = re.compile(
    r"(?<![^\W\d_])(?:смен\w{0,2}|змін\w{0,2}|ауысым|vardiya|shift|nr|no|n°|№)[ .:№#]{0,4}(\d{1,6})\b", re.IGNORECASE
)
_HEAD_LINES = 12  # what the report is stands at its head


def day_report(lines: Sequence[LineFacts], sheet: Sheet | None) -> DayReport:
    """Return what the report tells; what it does not print stays None. A tender printed twice counts once."""
    head = "\n".join(facts.text for facts in lines[:_HEAD_LINES])
    number = _NUMBER.search(head) or _SHIFT.search(head)
    return DayReport(
        closes_day=_closes(head),
        number=number.group(1) if number is not None else None,
        transaction_count=_count(lines),
        total=_total(sheet),
        tenders=_tenders(sheet),
    )


def _closes(head: str) -> bool:
    folded = fold(head)
    if _CLOSING.search(folded):
        return True
    return not _INTERIM.search(folded) and any(stem in folded for stem in _CLOSING_STEMS)


def _count(lines: Sequence[LineFacts]) -> int | None:
    for facts in lines:
        for hit in facts.hits:
            if any(sense.role is Role.SALES_COUNT for sense in hit.senses):
                for number in facts.numbers:
                    if number.start >= hit.end and number.decimals == 0 and not number.currency:
                        return number.value // 1000
    return None


def _total(sheet: Sheet | None) -> Decimal | None:
    totals = [entry.amount for entry in sheet.entries if entry.part is Part.TOTAL] if sheet is not None else []
    return _decimal(totals[0], sheet.decimals) if totals and sheet is not None else None


def _decimal(amount: int, decimals: int) -> Decimal:
    return Decimal(amount).scaleb(-3).quantize(Decimal(1).scaleb(-decimals))


def _tenders(sheet: Sheet | None) -> tuple[tuple[TenderType, Decimal], ...]:
    """Return what was taken by kind. `CASH 12 700,00` is twelve sales where only that makes the report's total."""
    if sheet is None:
        return ()
    found: dict[TenderType, int] = {}
    counted: dict[TenderType, int] = {}
    for entry in sheet.entries:
        if entry.role in TENDERS and entry.role is not None:
            tender = TENDER_TYPES.get(entry.role, TenderType.OTHER)
            found.setdefault(tender, entry.amount)
            groups = [number.last_group for number in entry.facts.numbers if number.last_group >= 0]
            counted.setdefault(tender, groups[-1] if groups else entry.amount)
    totals = {entry.amount for entry in sheet.entries if entry.part is Part.TOTAL}
    if sum(found.values()) not in totals and sum(counted.values()) in totals:
        found = counted
    return tuple((tender, _decimal(amount, sheet.decimals)) for tender, amount in found.items())
