"""Counts that remember what was asked of them, so that a decision taken early is known to stand at the cut.

A decision looks at a handful of the store's counts. As long as those answer the same, every other sale of the store may
count what it likes: the decision is what it would be if it were taken now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar, cast

from retail.identifiers import CampaignId
from retail.offers.ledger import OfferLedger

T = TypeVar("T")


class WatchedCounts(Mapping[CampaignId, T]):
    """A mapping that looks like another one, and notes what was looked up; None stands for what was not there."""

    def __init__(self, counts: Mapping[CampaignId, T]) -> None:
        self._counts = counts
        self._answers: dict[CampaignId, T | None] = {}
        self._presence: dict[CampaignId, bool] = {}

    def __repr__(self) -> str:
        return f"<WatchedCounts {self._answers}>"

    def __getitem__(self, key: CampaignId) -> T:
        found = self._answers[key] = self._counts.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        """Say whether something is counted, and note no more than that: how much it is may change."""
        found = self._presence[cast("CampaignId", key)] = key in self._counts
        return found

    def __iter__(self) -> Iterator[CampaignId]:
        for key in list(self._counts):
            self._answers[key] = self._counts.get(key)
            yield key

    def __len__(self) -> int:
        return sum(1 for _key in self)

    def would_notice(self, key: CampaignId) -> bool:
        """Whether what was asked may be answered otherwise once this campaign is counted again."""
        return key in self._answers or self._presence.get(key) is False

    def is_as_in(self, counts: Mapping[CampaignId, T]) -> bool:
        """Whether all that was asked would be answered the same by these counts."""
        return all(counts.get(key) == answer for key, answer in self._answers.items()) and all(
            (key in counts) is found for key, found in self._presence.items()
        )


def watched(ledger: OfferLedger) -> OfferLedger:
    """Return a ledger whose counts are watched."""
    return OfferLedger(
        customer=WatchedCounts(ledger.customer),
        household=WatchedCounts(ledger.household),
        day=WatchedCounts(ledger.day),
        store=WatchedCounts(ledger.store),
        spent=WatchedCounts(ledger.spent),
    )


def rests_on(seen: OfferLedger, campaigns: Collection[CampaignId]) -> bool:
    """Whether a decision that has seen a watched ledger may be another one once these campaigns are counted again."""
    return any(
        isinstance(counts, WatchedCounts) and counts.would_notice(each)
        for counts in (seen.day, seen.store, seen.spent)
        for each in campaigns
    )


def is_unchanged(seen: OfferLedger, ledger: OfferLedger) -> bool:
    """Whether a decision that has seen a watched ledger would have been answered the same by this one."""
    pairs = (
        (seen.customer, ledger.customer),
        (seen.household, ledger.household),
        (seen.day, ledger.day),
        (seen.store, ledger.store),
        (seen.spent, ledger.spent),
    )
    return all(isinstance(before, WatchedCounts) and before.is_as_in(now) for before, now in pairs)
