"""Whether a cut may be answered by what was foreseen of it: the one list of all that this rests on.

The block may leave when what it means is on disk, put by, and nothing has changed that it was worked out from: what is
on the paper, the trading day and that nobody knows the sale yet, whose it is, what the till has set on the printer,
campaigns, rules, stops, the counts and rows that were looked at. Only asks, and changes nothing: what follows the
answer is done as for every cut. In any doubt it says no, and the cut is decided as if nothing had been foreseen.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.intake.attribution import Attribution
from agent.intake.deciding import Deciding
from agent.intake.documents import DocumentClerk
from agent.intake.kept_ahead import is_done
from agent.intake.taken import Foreseen, Taken, Whose
from agent.journal.batch import Batch
from agent.offering.offering import Place
from agent.ports import People
from pos_adapters.reading.values import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whom that is asked; used by core's loop only."""

    clerk: DocumentClerk
    belongs: Attribution
    people: People
    deciding: Deciding

    def stands(self, foreseen: Foreseen, reading: Reading, place: Place) -> bool:
        """Whether the cut of a document means in every part what was foreseen of it.

        The very reading of the preview is given back only for a paper of the very lines and codes of the preview.
        """
        if reading is not foreseen.preview.reading or foreseen.kept is None or not is_done(foreseen.kept):
            return False
        origin, whose = foreseen.origin, foreseen.whose
        expected = Taken(
            origin=origin, batch=Batch(), told=foreseen.told, whose=whose, place=place,
            operator=reading.cashier_printed or "", foreseen=foreseen,
        )  # fmt: skip
        return (
            self.clerk.would_tell(foreseen.told, origin)
            and self.belongs.would_be(whose, origin)
            and self._is_known(whose, printed_code_of(reading))
            and self.deciding.stands(expected)
        )

    def _is_known(self, whose: Whose | None, printed_code: str | None) -> bool:
        """Whether nobody has to be looked up: not the scan, and not the number that the receipt itself carries."""
        if whose is None:
            return not printed_code
        is_asked = bool(printed_code) and is_doubted(whose, printed_code or "", self.people)
        return self.people.pending(whose.scan_id) is None and not is_asked


def is_doubted(whose: Whose | None, printed_code: str, people: People) -> bool:
    """Whether a sale would name somebody whose scanned code is not the one that its receipt carries."""
    is_named = whose is not None and whose.account is not None and not whose.flagged
    return is_named and whose is not None and people.is_another(whose.scan_id, printed_code)


def printed_code_of(reading: Reading) -> str | None:
    """Return the member number that a receipt carries."""
    return reading.transaction.loyalty_code_printed if reading.transaction else None
