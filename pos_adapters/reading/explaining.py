"""Line by line: which role each line of a document got, and which equation proved it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pos_adapters.reading.labels import Label
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.sheet import Sheet
from pos_adapters.reading.values import LineRole

ITEMS_EQUATION = "items = total"
TENDERS_EQUATION = "tenders - change = total"


def line_roles(
    lines: Sequence[LineFacts], labels: Sequence[list[Label]], read: tuple[Sheet, Solution | None] | None
) -> tuple[LineRole, ...]:
    """Return one role for each printed line; without a solution, what its words and place suggest."""
    roles: dict[int, LineRole] = {}
    for line, facts in enumerate(lines):
        unlabelled = "date" if facts.days is not None else "text"
        name = "rule" if facts.rule else labels[line][0].role.value if labels[line] else unlabelled
        roles[line] = LineRole(line=line, role=name)
    if read is None:
        return tuple(roles.values())
    sheet, solution = read
    for entry in sheet.entries:
        name = "voided" if entry.voided else entry.part.value
        roles[entry.line] = LineRole(line=entry.line, role=name, amount=_decimal(entry.amount))
    if solution is not None:
        _add_solution(roles, solution)
    return tuple(roles[line] for line in sorted(roles))


def _add_solution(roles: dict[int, LineRole], solution: Solution) -> None:
    for entry, part, amount in solution.owed:
        for line in entry.described:
            roles[line] = LineRole(line=line, role=f"{part.value} name", equation=ITEMS_EQUATION)
        roles[entry.line] = LineRole(line=entry.line, role=part.value, amount=_decimal(amount), equation=ITEMS_EQUATION)
    total = solution.total
    if total.entry is not None:
        paid = solution.is_paid
        equations = f"{ITEMS_EQUATION}; {TENDERS_EQUATION}" if paid else ITEMS_EQUATION
        roles[total.entry.line] = LineRole(
            line=total.entry.line, role="total", amount=_decimal(total.amount), equation=equations
        )
    for tender in solution.tenders:
        roles[tender.line] = LineRole(
            line=tender.line,
            role="change" if tender.amount < 0 < total.amount else f"tender ({tender.role.value})",
            amount=_decimal(tender.amount),
            equation=TENDERS_EQUATION,
        )


def _decimal(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-3)
