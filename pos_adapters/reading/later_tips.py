"""Tips that were added when all was paid: "TOTAL 30.00, VISA 30.00, Tip 5.00, Total 35.00".

Contract: pure. What the customer owed is then one thing for the till and another for the card, and no sum says which
the shop counts: such a document is parked. Amounts that are only proposed ("18 %: tip 5.40, total 35.40") say nothing.
"""

from __future__ import annotations

from pos_adapters.reading.readings import Solution
from pos_adapters.reading.sheet import Entry, Part, Sheet


def tipped_later(sheet: Sheet, solution: Solution) -> bool:
    """Return whether below the total a tip and a greater total stand that it makes."""
    total = solution.total
    tips = {
        entry.amount: entry.line
        for entry in sheet.opened
        if entry.part is Part.TIP and entry.amount > 0 and entry.line > total.line and not _is_proposed(entry)
    }
    return bool(tips) and any(
        entry.part is Part.TOTAL
        and entry.line > tips.get(entry.amount - total.amount, entry.line)
        and not _is_proposed(entry)
        for entry in sheet.opened
    )


def _is_proposed(entry: Entry) -> bool:
    return any(number.use == "%" for number in entry.facts.numbers)
