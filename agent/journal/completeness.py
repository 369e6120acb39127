"""How much of a day was captured, from this store's journal alone: Z reports beside the sales that are here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

DayKey = tuple[str, str]
"""Workstation and business day."""


@dataclass(slots=True, kw_only=True)
class Captured:
    """What is in the journal of one lane and day."""

    sales: int = 0
    total: Decimal = Decimal(0)
    cash: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneDay:
    """One lane and day. `told` is None without a Z report: nobody knows what the lane sold."""

    workstation_id: str
    business_day: str
    captured: Captured
    told: Mapping[str, Any] | None = None
    missing_numbers: tuple[str, ...] = field(default=())

    @property
    def share_percent(self) -> Decimal | None:
        """How many of the sales told were captured; None where no count was told, 100 for a day without sales."""
        told = None if self.told is None else self.told.get("sales")
        if told is None:
            return None
        return (Decimal(100) * self.captured.sales / told).quantize(Decimal("0.01")) if told else Decimal(100)

    @property
    def difference(self) -> dict[str, int | Decimal | None]:
        """Captured less told; None where nothing was told."""
        told = self.told or {}
        return {
            "sales": None if told.get("sales") is None else self.captured.sales - int(told["sales"]),
            "total": None if told.get("total") is None else self.captured.total - Decimal(told["total"]),
            "cash": None if told.get("cash") is None else self.captured.cash - Decimal(told["cash"]),
        }

    @property
    def is_complete(self) -> bool | None:
        """Whether all that was told agrees and no number is missing; None without a report."""
        if self.told is None:
            return None
        return not self.missing_numbers and not any(self.difference.values())

    def to_json(self) -> dict[str, Any]:
        """Return the line as an object; amounts are decimal texts."""
        told = self.told or {}
        return {
            "workstation_id": self.workstation_id,
            "business_day": self.business_day,
            "captured": {
                "sales": self.captured.sales,
                "total": f"{self.captured.total:f}",
                "cash": f"{self.captured.cash:f}",
            },
            "told": None if self.told is None else {name: told.get(name) for name in ("sales", "total", "cash")},
            "share_percent": None if self.share_percent is None else str(self.share_percent),
            "difference": {
                name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in self.difference.items()
            },
            "missing_numbers": list(self.missing_numbers),
            "missing_count": len(self.missing_numbers),
            "complete": self.is_complete,
        }


def lane_days(
    sales: Iterable[tuple[str, str, Decimal, Decimal]], closed: Iterable[tuple[str, str, Mapping[str, Any]]]
) -> list[LaneDay]:
    """Return a line for each lane and day that anybody knows of, newest day first.

    `sales` are (workstation, day, total, cash), `closed` the contents of `day.closed`, oldest first: of two for one
    lane and day the later counts.
    """
    captured: dict[DayKey, Captured] = {}
    for lane, day, total, cash in sales:
        here = captured.setdefault((lane, day), Captured())
        here.sales += 1
        here.total += total
        here.cash += cash
    told = {(lane, day): content for lane, day, content in closed}
    lines = [
        LaneDay(
            workstation_id=key[0],
            business_day=key[1],
            captured=captured.get(key, Captured()),
            told=told[key].get("told") if key in told else None,
            missing_numbers=tuple(map(str, told[key].get("missing_numbers", ()))) if key in told else (),
        )
        for key in captured.keys() | told.keys()
    ]
    return sorted(sorted(lines, key=lambda line: line.workstation_id), key=lambda line: line.business_day, reverse=True)
