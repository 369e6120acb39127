"""Whether a cut may be answered by what was foreseen of it: the one list of all that this rests on.

The block may leave when what it means is on disk, put by, and nothing has changed that it was worked out from: what is
on the paper, the trading day and that nobody knows the sale yet, whose it is, what the till has set on the printer,
campaigns, rules, stops, the counts and rows that were looked at. Only asks, and changes nothing: what follows the
answer is done as for every cut. In any doubt it says no, and the cut is decided as if nothing had been foreseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from agent.clock import Clock
from agent.intake.attribution import Attribution
from agent.intake.deciding import Deciding
from agent.intake.documents import DocumentClerk
from agent.intake.kept_ahead import is_done
from agent.intake.lending import Lendings
from agent.intake.taken import Foreseen, Taken, Whose
from agent.journal.batch import Batch
from agent.offering.offering import OfferDesk, Place
from agent.ports import People
from agent.value.rules import ValueRules
from pos_adapters.reading.values import Reading
from pos_adapters.taps.lent import LENT_FOR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whom that is asked; used by core's loop only."""

    clerk: DocumentClerk
    belongs: Attribution
    people: People
    deciding: Deciding
    offers: OfferDesk
    rules: ValueRules
    clock: Clock
    lendings: Lendings

    def may_leave(self, foreseen: Foreseen, reading: Reading, place: Place) -> bool:
        """Whether the block of a document's cut may leave as foreseen, or has; it is remembered (`has_stood`)."""
        if not foreseen.has_stood:
            self.lendings.before_sale(foreseen)
            foreseen.has_stood = self.stands(foreseen, reading, place)
        return foreseen.has_stood

    def stays(self, foreseen: Foreseen, place: Place) -> bool:
        """Whether a cut that comes here means what was foreseen, also while other lanes print what is lent to them.

        What they print may not count against it, and no day may end meanwhile.
        """
        now = self.clock.now()
        offers = foreseen.offering.content["offers"] if foreseen.offering.content else ()
        campaigns = [self.rules.campaign_named(each["campaign_id"]) for each in offers]
        return (
            all(campaign is not None and not campaign.caps.are_of_the_store for campaign in campaigns)
            and self.offers.today(now) == self.offers.today(now + timedelta(seconds=2 * LENT_FOR_S))
            and self.stands(foreseen, foreseen.preview.reading, place)
        )

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
