"""Campaigns arranged so that a decision looks only at those that can hold for these facts.

Each campaign's rule names keys without one of which it cannot hold (`needs()`); the index posts it under the rarest
alternative. A campaign whose rule needs no key is looked at always. With 1,000 campaigns over 200 segments, a member
of ten segments meets some 50 of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from retail.facts import Facts
from retail.identifiers import CampaignId
from retail.offers.campaign import Campaign
from retail.segments import And, Rule, keys_of


class Outcome(StrEnum):
    """What became of a campaign in a decision.

    WITHHELD is the control group's: it would have been offered. EXCLUDED: a rule beside the campaign's own forbids it
    (staff, a stronger offer of its stacking group, restricted goods, no paper offers).
    """

    OFFERED = "offered"
    WITHHELD = "withheld"
    CAPPED = "capped"
    NOT_MATCHED = "not_matched"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Considered:
    """What became of one campaign, and why, in words for people."""

    campaign_id: CampaignId
    outcome: Outcome
    why: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the shape of `tillstream offers explain` (contracts)."""
        return {"campaign_id": self.campaign_id, "outcome": self.outcome.value, "why": list(self.why)}


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a rule's outermost AND, with what to say when it fails, made once and not at the till."""

    rule: Rule
    is_true: Callable[[Facts], bool]
    failed: Considered


@dataclass(frozen=True, slots=True)
class Entry:
    """One campaign of the index, its rule taken apart."""

    position: int
    campaign: Campaign
    clauses: tuple[Clause, ...]


class CampaignIndex:
    """All campaigns of one version of the feed; immutable once made."""

    def __init__(self, campaigns: Iterable[Campaign] = (), *, version: str = "") -> None:
        self.version = version
        self.entries = tuple(_entry(position, campaign) for position, campaign in enumerate(campaigns))
        self._always: tuple[int, ...] = ()
        self._posted: dict[str, list[int]] = {}
        self._post()

    def __len__(self) -> int:
        return len(self.entries)

    def _post(self) -> None:
        needs = [entry.campaign.who.needs() for entry in self.entries]
        often = Counter(key for alternatives in needs for alternative in alternatives for key in alternative)
        always = []
        for position, alternatives in enumerate(needs):
            if not alternatives:
                always.append(position)
                continue
            rarest = min(alternatives, key=lambda keys: sum(often[key] for key in keys))
            for key in rarest:
                self._posted.setdefault(key, []).append(position)
        self._always = tuple(always)

    def candidates(self, facts: Facts) -> list[Entry]:
        """Return the campaigns whose rule may hold for these facts, in the order of the file, each once."""
        positions = set(self._always)
        posted = self._posted
        for key in keys_of(facts):
            if key in posted:
                positions.update(posted[key])
        entries = self.entries
        return [entries[position] for position in sorted(positions)]


def _entry(position: int, campaign: Campaign) -> Entry:
    parts = campaign.who.parts if isinstance(campaign.who, And) else (campaign.who,)
    return Entry(
        position,
        campaign,
        tuple(
            Clause(part, part.is_true, Considered(campaign.campaign_id, Outcome.NOT_MATCHED, (f"not so: {part}",)))
            for part in parts
        ),
    )
