"""An offer worked out while the receipt is still being printed, and whether it is still the one to make at the cut.

    foresee(question)          what `OfferDesk.offer` would return now; None where that had told a trouble
    stands(foreseen, question) whether the desk would return the same again

Nothing is counted, issued or told: an offer that does not stand is thrown away. It stands as long as everything that it
was decided on is the same - the sale, the member, the place, the day, campaigns, rules, stops, what the store remembers
of the member, and those counts that the decision has looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.offering.memory import StoreMemory
from agent.offering.offering import OfferDesk, Offering, Place
from agent.offering.watching import is_unchanged, watched
from retail.facts import Basket
from retail.loyalty import Account
from retail.offers.ledger import OfferLedger
from retail.transaction import DocumentKind, RetailTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an offer is asked for; equal questions on equal grounds have equal answers."""

    sale: RetailTransaction
    kind: DocumentKind
    account: Account | None
    basket: Basket
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeseenOffer:
    """An offer, and what it rests on."""

    question: Question
    offering: Offering
    grounds: tuple[object, ...]
    standing: tuple[object, int]
    ledger: OfferLedger


class Foreseeing:
    """Used by core's loop only."""

    def __init__(self, desk: OfferDesk, memory: StoreMemory) -> None:
        self._desk = desk
        self._memory = memory

    def foresee(self, question: Question, now: datetime) -> ForeseenOffer | None:
        """Return the offer of this moment, not yet drawn; None where nothing can be foreseen. Never raises."""
        ledger = watched(self._memory.ledger(question.account, self._desk.today(now)))
        with self._desk.troubles.kept_back() as troubles:
            try:
                offering = self._desk.offer(
                    question.sale,
                    question.kind,
                    question.account,
                    basket=question.basket,
                    place=question.place,
                    now=now,
                    ledger=ledger,
                )
            except Exception:  # noqa: BLE001 - whatever it is happens again at the cut, where it is told
                return None
        if troubles:
            return None
        return ForeseenOffer(
            question=question,
            offering=offering,
            grounds=self._desk.grounds(now),
            standing=self._memory.standing(question.account),
            ledger=ledger,
        )

    def draw(self, foreseen: ForeseenOffer) -> bool:
        """Draw the slip, which is kept with the offer; False where that had told a trouble: it is then of no use."""
        with self._desk.troubles.kept_back() as troubles:
            foreseen.offering.draw()
        return not troubles

    def stands(self, foreseen: ForeseenOffer, question: Question, now: datetime) -> bool:
        """Whether the desk would make this very offer now."""
        account = question.account
        return (
            foreseen.question == question
            and _is_set_alike(foreseen.question.place, question.place)
            and foreseen.grounds == self._desk.grounds(now)
            and foreseen.standing == self._memory.standing(account)
            and is_unchanged(foreseen.ledger, self._memory.ledger(account, self._desk.today(now)))
        )


def _is_set_alike(before: Place, now: Place) -> bool:
    """Whether the printer's settings, which the slip must bring back, are what they were."""
    return before.state is now.state or (before.state is not None and before.state.is_like(now.state))
