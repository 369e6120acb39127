"""How much of a day was captured: what the tills' Z reports told beside what arrived, per lane and business day.

This is the figure that a chain's auditor asks for. A lane without a Z report has no share: nobody knows what it sold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from hub.ingest.projections import E4
from hub.storage.ports import Database

UNIT_E4 = int(E4)
NUMBERS_SHOWN = 50  # missing numbers of one lane and day that are listed; the count tells how many there are

Lane = tuple[str, str, str]
"""Store, workstation, business day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Sales of one lane and day: how many, how much, how much of it in cash; None where nobody told."""

    sales: int | None = None
    total_e4: int | None = None
    cash_e4: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """One lane and day: what was captured, what the till told, and what is missing between them."""

    store_id: str
    workstation_id: str
    business_day: str
    captured: Figures
    told: Figures | None
    missing_numbers: tuple[str, ...] = ()

    @property
    def share_percent(self) -> Decimal | None:
        """How many of the sales told were captured; None without a report, 100 for a day without sales."""
        if self.told is None or self.told.sales is None:
            return None
        if not self.told.sales:
            return Decimal(100)
        return (Decimal(100) * (self.captured.sales or 0) / self.told.sales).quantize(Decimal("0.01"))

    @property
    def is_complete(self) -> bool | None:
        """Whether all figures that were told agree with what was captured; None without a report."""
        if self.told is None:
            return None
        pairs = (
            (self.told.sales, self.captured.sales),
            (self.told.total_e4, self.captured.total_e4),
            (self.told.cash_e4, self.captured.cash_e4),
        )
        return all(told is None or told == (captured or 0) for told, captured in pairs) and not self.missing_numbers

    def to_json(self) -> dict[str, Any]:
        """Return the line as a JSON object; amounts are decimal strings, differences are captured less told."""
        told = self.told or Figures()
        return {
            "store_id": self.store_id,
            "workstation_id": self.workstation_id,
            "business_day": self.business_day,
            "captured": _told(self.captured),
            "told": None if self.told is None else _told(self.told),
            "share_percent": None if self.share_percent is None else str(self.share_percent),
            "difference": {
                "sales": _less(self.captured.sales, told.sales),
                "total": _amount(_less(self.captured.total_e4, told.total_e4)),
                "cash": _amount(_less(self.captured.cash_e4, told.cash_e4)),
            },
            "missing_numbers": list(self.missing_numbers[:NUMBERS_SHOWN]),
            "missing_count": len(self.missing_numbers),
            "complete": self.is_complete,
        }


def compare(captured: Mapping[Lane, Figures], told: Mapping[Lane, tuple[Figures, tuple[str, ...]]]) -> list[DayLine]:
    """Return a line for each lane and day that anybody knows of, newest day first."""
    lines = [
        DayLine(
            store_id=lane[0],
            workstation_id=lane[1],
            business_day=lane[2],
            captured=captured.get(lane, Figures(sales=0, total_e4=0, cash_e4=0)),
            told=told[lane][0] if lane in told else None,
            missing_numbers=told[lane][1] if lane in told else (),
        )
        for lane in captured.keys() | told.keys()
    ]
    return sorted(lines, key=lambda line: (_descending(line.business_day), line.store_id, line.workstation_id))


def completeness(database: Database, tenant_id: str, *, first_day: date, last_day: date) -> list[DayLine]:
    """Return how complete the days from `first_day` to and with `last_day` are."""
    span = {"tenant_id": tenant_id, "first_day": first_day.isoformat(), "last_day": last_day.isoformat()}
    with database.reading() as session:
        captured = {
            (row[0], row[1], row[2]): Figures(
                sales=int(row[3]), total_e4=row[4] * UNIT_E4 + row[5], cash_e4=row[6] * UNIT_E4 + row[7]
            )
            for row in session.rows("captured_days", **span)
        }
        told = _newest(session.rows("told_days", **span))
    return compare(captured, told)


def _newest(rows: Iterable[tuple[Any, ...]]) -> dict[Lane, tuple[Figures, tuple[str, ...]]]:
    told: dict[Lane, tuple[Figures, tuple[str, ...]]] = {}
    for store_id, workstation_id, business_day, sales, total_e4, cash_e4, missing in rows:
        numbers = tuple(number for number in missing.split(",") if number)
        told[store_id, workstation_id, business_day] = (
            Figures(sales=sales, total_e4=total_e4, cash_e4=cash_e4),
            numbers,
        )
    return told


def _descending(business_day: str) -> tuple[int, ...]:
    return tuple(-ord(character) for character in business_day)


def _told(figures: Figures) -> dict[str, Any]:
    return {"sales": figures.sales, "total": _amount(figures.total_e4), "cash": _amount(figures.cash_e4)}


def _less(captured: int | None, told: int | None) -> int | None:
    return None if told is None else (captured or 0) - told


def _amount(e4: int | None) -> str | None:
    if e4 is None:
        return None
    amount = Decimal(e4) / E4
    cents = amount.quantize(Decimal("0.01"))
    return str(cents) if cents == amount else f"{amount:f}"
