"""Blocks that are lent to taps: each is printed at its cut without asking, unless core has taken it back before.

A lent block rests on what others may change. Whoever is about to change such a thing takes the block back first, at
once and without waiting (`pos_adapters/taps/right.py`). Where the tap was faster, so was its cut: it is taken as it was
lent, and only then the change. All that ends a lending:

    the lane's scans, wishes for paper, doubts, time      Floor          before_lane
    whatever else the lane's tap says                     LaneAhead      end
    a paper of the lane's that comes late, by its spool   Counter        before_lane
    rows of the ledger that its worth rests on            ValueBook      overtaking
    what is remembered of its member and household, and
    the first count of a campaign that was looked at      StoreMemory    before_people
    what a member allows                                  Permissions    before_person
    a sale at another lane that would change such a thing Counter        before_sale, before_people
    its own number, told by another paper                 KnownSales     before_number
    mirror, campaigns, rules, stops                       Core.swap      before_everything
    a person's erasure                                    Counter.forget (each lane's `forget`)
    a second                                              LaneAhead      end

Two lent blocks never rest on each other: where one's sale would change what the other was worked out from, it is not
lent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

from agent.intake.taken import Foreseen
from agent.offering.watching import rests_on
from agent.value.book import Row, What
from agent.value.rehearsal import Rehearsed
from pos_adapters.taps.right import Right
from retail.identifiers import CampaignId

Rows = Mapping[tuple[What, str], Row | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lent:
    """A block that a tap may print. `on_used` takes its cut, as it was lent; it does not raise."""

    foreseen: Foreseen
    right: Right
    number: int
    on_used: Callable[[], None]

    @property
    def lane(self) -> str:
        """The workstation whose tap has it."""
        return self.foreseen.place.workstation_id

    def is_of_sale(self, transaction_id: str) -> bool:
        """Whether it is printed on the receipt of this sale."""
        sale = self.foreseen.told.sale
        return sale is not None and str(sale.transaction_id) == transaction_id

    def rests_on_rows(self, before: Rows, after: Rows) -> bool:
        """Whether the sale's worth was worked out from any of these rows, which are about to change."""
        value = self.foreseen.value
        return value is not None and value.seen.would_differ(before, after)

    def rests_on_people(self, people: Collection[str], campaigns: Collection[CampaignId]) -> bool:
        """Whether the offer was decided on by memories of these people, or by whether these campaigns have spoken."""
        offer = self.foreseen.offer
        return not _people(self.foreseen).isdisjoint(people) or (
            offer is not None and rests_on(offer.ledger, campaigns)
        )

    def is_touched_by(self, other: Foreseen) -> bool:
        """Whether either sale would change what the other was worked out from."""
        return (
            self.lane == other.place.workstation_id
            or not _people(self.foreseen).isdisjoint(_people(other))
            or _changes_worth(self.foreseen.value, other.value)
            or _changes_worth(other.value, self.foreseen.value)
        )


def _changes_worth(one: Rehearsed | None, other: Rehearsed | None) -> bool:
    """Whether one sale would change what the other's worth was worked out from."""
    return one is not None and other is not None and other.seen.would_differ(one.entry.before, one.entry.after)


def _people(foreseen: Foreseen) -> frozenset[str]:
    """Return whose memories an offer rests on: the member's and their household's."""
    account = foreseen.offer.question.account if foreseen.offer is not None else None
    return frozenset((account.customer_id, account.shares_with)) if account is not None else frozenset()


class Lendings:
    """All lanes'; used by core's loop only."""

    def __init__(self) -> None:
        self._lent: list[Lent] = []
        self._last = 0
        self.used = 0
        """How many cuts their taps answered."""

    def lend(self, foreseen: Foreseen, right: Right, *, on_used: Callable[[], None]) -> Lent | None:
        """Let a tap print what was foreseen; None where another lane's block may be printed that would change it."""
        lent = Lent(foreseen=foreseen, right=right, number=self._last + 1, on_used=on_used)
        if any(other.is_touched_by(foreseen) for other in self._lent) or not right.give(lent.number):
            return None
        self._last = lent.number
        self._lent.append(lent)
        return lent

    def has(self, lent: Lent) -> bool:
        """Whether it is with its tap, as far as anybody knows."""
        return lent in self._lent

    def end(self, lent: Lent) -> None:
        """Take a block back; where its tap has printed it, take its cut. A repeat changes nothing."""
        if lent in self._lent and not self._taken_back(lent):
            self._use(lent)

    def told_used(self, lent: Lent) -> None:
        """Take the cut of a block whose tap says that it has printed it. A repeat changes nothing."""
        if lent in self._lent:
            self._lent.remove(lent)
            self._use(lent)

    def before_lane(self, workstation_id: str) -> None:
        """Take back what rests on a lane that is about to change."""
        for lent in [each for each in self._lent if each.lane == workstation_id]:
            self.end(lent)

    def before_everything(self) -> None:
        """Take everything back."""
        for lent in list(self._lent):
            self.end(lent)

    def before_sale(self, foreseen: Foreseen) -> None:
        """Take back what another lane's sale would change, before it is found to stand."""
        for lent in [each for each in self._lent if each.is_touched_by(foreseen)]:
            self.end(lent)

    def before_number(self, transaction_id: str) -> None:
        """Take back the very sale that is about to be known otherwise."""
        for lent in [each for each in self._lent if each.is_of_sale(transaction_id)]:
            self.end(lent)

    def before_people(self, people: Collection[str], campaigns: Collection[CampaignId]) -> None:
        """Take back what rests on memories that are about to change."""
        for lent in [each for each in self._lent if each.rests_on_people(people, campaigns)]:
            self.end(lent)

    def before_person(self, customer_id: str) -> None:
        """Take back what rests on a person's word."""
        self.before_people((customer_id,), ())

    def overtaking(self, before: Rows, after: Rows) -> tuple[Callable[[], None], ...]:
        """Take back what rests on rows that a decision has changed; return the cuts that came before it after all."""
        minding = [each for each in self._lent if each.rests_on_rows(before, after)]
        return tuple(partial(self._use, each) for each in minding if not self._taken_back(each))

    def _use(self, lent: Lent) -> None:
        self.used += 1
        lent.on_used()

    def _taken_back(self, lent: Lent) -> bool:
        self._lent.remove(lent)
        return lent.right.take() == lent.number
