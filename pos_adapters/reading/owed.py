"""What is owed, proved as soon as the total is printed: when the payment comes, it is all that is left to prove.

A till prints the payment last, often together with the cut. By then the goods above have made the total, nothing is
open about them, and what becomes of them is made (`owed_of`). `Owed.paid` settles that total with the lines below and
gives the sale's draft. It is strict, as drafts are: where goods and total leave any question, or more than payment and
lines without a say stand below, it gives none, and the whole document is read.
"""

from __future__ import annotations

from typing import Final

from pos_adapters.reading.documents import DocumentEnd, DocumentReading
from pos_adapters.reading.draft import Draft, Mark, in_usual_fashion, says_nothing
from pos_adapters.reading.foreign_tenders import is_foreign
from pos_adapters.reading.gathered import Gathered
from pos_adapters.reading.money_signs import currency_of, shown
from pos_adapters.reading.readings import Solution, readings_of
from pos_adapters.reading.settlement import Settlement, settle
from pos_adapters.reading.sheet import Entry, Part, Sheet
from pos_adapters.reading.transactions import Proved, paid_items
from pos_adapters.reading.values import StoreFacts

PAYMENT_LINES_MAX: Final = 40  # below the total: a card slip has twenty
_OFFERED: Final = frozenset((Part.TENDER, Part.RECEIVED))
_PAYMENT: Final = _OFFERED | {Part.CHANGE}
_GOODS: Final = frozenset((Part.ITEM, Part.IMPLICIT, Part.RETURN, Part.MODIFICATION))
_BESIDE: Final = _PAYMENT | {Part.ROUNDING, Part.TIP}  # what would ask for more than one sum


class Owed:
    """Goods that make a printed total, of a document that goes on with how it is paid."""

    def __init__(self, document: DocumentReading, sheet: Sheet, solution: Solution, proved: Proved) -> None:
        self._document = document
        self._sheet = sheet
        self._solution = solution
        self._proved = proved
        self._mark = Mark.of(document.gathered)

    def paid(self, gathered: Gathered) -> Draft | None:
        """Return the sale where all that was gathered since, and has a say, is the payment of what is owed."""
        mark, solution = self._mark, self._solution
        payment = gathered.usual.entries[mark.entries :]
        parts = {entry.part for entry in payment}
        if not (parts & _OFFERED and parts <= _PAYMENT) or gathered.active != mark.active:
            return None
        if len(gathered.lines) - mark.lines > PAYMENT_LINES_MAX or not in_usual_fashion(gathered):
            return None
        settlement = self._settled(gathered, payment)
        if settlement is None:
            return None
        begins = min([paid.line for paid in settlement.tenders])
        lines = [entry.line for entry in payment]
        if not says_nothing(gathered, mark, total=solution.total.line, payment=lines, paid_from=begins):
            return None
        if len(gathered.signs) > mark.signs and not self._is_in_its_currency(gathered):
            return None
        owed, total, currency, decimals = self._proved
        proved = Proved((*owed, *paid_items(settlement, currency, decimals)), total, currency, decimals)
        return Draft(self._document, total=solution.total, proved=proved, mark=Mark.of(gathered))

    def _settled(self, gathered: Gathered, payment: list[Entry]) -> Settlement | None:
        """Return how the total was paid; None where something is left over, or more than amounts decides."""
        total, sheet = self._solution.total, self._sheet
        assert total.entry is not None
        below = Sheet(gathered.lines, gathered.usual.labels, sheet.decimals)
        below.first_total = sheet.first_total
        below.entries = below.opened = [total.entry, *payment]
        if any(is_foreign(below, entry) for entry in payment if entry.part in _OFFERED):
            return None
        settlement, _ = settle(below, total.amount, after=total.until, show=lambda amount: shown(amount, 2))
        return settlement if settlement is not None and settlement.proven and not settlement.given_back else None

    def _is_in_its_currency(self, gathered: Gathered) -> bool:
        """Whether the signs beside the payment leave the currency as it was."""
        document = self._document
        currency = currency_of(
            self._sheet,
            self._solution,
            signs=gathered.signs,
            store=document.store,
            languages=document.languages,
        )
        return currency == self._proved.currency


def total_line(gathered: Gathered) -> int | None:
    """Return the line of the only total, where the amounts above it seem to make it; None where there is none."""
    made, found = 0, None
    for entry in gathered.usual.entries:
        if entry.part is Part.TOTAL:
            if found is not None or entry.amount != made or made <= 0:
                return None
            found = entry.line
        elif found is None and entry.part in _GOODS:
            made += entry.amount
    return found


def owed_of(gathered: Gathered, store: StoreFacts) -> Owed | None:
    """Return what is owed by a document whose last line is its total; None where anything about it is open.

    It takes over what was gathered.
    """
    document = DocumentReading(gathered, store, DocumentEnd(()))
    proved = document.owed()
    if proved is None or document.explained is None:
        return None
    sheet, solution = document.explained
    if sheet is not gathered.usual or solution is None or not in_usual_fashion(gathered) or sheet.carried is not None:
        return None
    if sheet.opened is sheet.entries or any(entry.part in _BESIDE for entry in sheet.opened):
        return None
    totals = [entry for entry in sheet.opened if entry.part is Part.TOTAL]
    if totals != [solution.total.entry] or solution.open_choice or len(readings_of(sheet, solution.total)) != 1:
        return None
    return Owed(document, sheet, solution, proved)
