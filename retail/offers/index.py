"""Campaigns arranged so that a decision looks only at those that can hold for these facts.

Each campaign's rule names keys without one of which it cannot hold (`needs()`); the index posts it under the rarest
alternative. A rule that needs no key is gated by the first condition that it cannot hold without (win-back after 90
days...), which is asked once for all campaigns that share it; only what has neither is looked at always. With 1,000
campaigns over 200 segments, a member of eight segments meets some 40 of them. Everything that can be said of a
campaign beforehand is made here, once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from retail.conditions.condition import Condition, KeyKind
from retail.facts import Facts
from retail.identifiers import CampaignId
from retail.offers.campaign import Campaign, Channel, StackingMode
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


class Considered(NamedTuple):
    """What became of one campaign, and why, in words for people."""

    campaign_id: CampaignId
    outcome: Outcome
    why: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the shape of `tillstream offers explain` (contracts)."""
        return {"campaign_id": self.campaign_id, "outcome": self.outcome.value, "why": list(self.why)}


class Clause(NamedTuple):
    """One part of a rule's outermost AND, with what to say when it fails."""

    is_true: Callable[[Facts], bool]
    failed: Considered
    rule: Rule


class CountedPer(StrEnum):
    """What a cap counts offers by."""

    CUSTOMER = "customer"
    HOUSEHOLD = "household"
    DAY = "day"
    STORE = "store"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One campaign of the index, its rule taken apart.

    `reasons` are the texts of the clauses, `limits` its caps that are set, `cap_min` the least of them,
    `best_of` the stacking group in which the best one wins (empty: none), `fixed_worth_max` what it may be worth in
    an empty basket.
    """

    position: int
    campaign: Campaign
    clauses: tuple[Clause, ...]
    reasons: tuple[str, ...]
    limits: tuple[tuple[CountedPer, int], ...]
    cap_min: int
    is_service: bool
    best_of: str
    fixed_worth_max: Decimal


class CampaignIndex:
    """All campaigns of one version of the feed; immutable once made."""

    def __init__(self, campaigns: Iterable[Campaign] = (), *, version: str = "") -> None:
        self.version = version
        self.entries = tuple(_entry(position, campaign) for position, campaign in enumerate(campaigns))
        self._postings = {channel: _Postings(self.entries, channel) for channel in Channel}

    def __len__(self) -> int:
        return len(self.entries)

    def candidates(self, facts: Facts, channel: Channel) -> list[Entry]:
        """Return the channel's campaigns whose rule may hold for these facts, in the order of the file, each once."""
        entries = self.entries
        return [entries[position] for position in sorted(self._postings[channel].positions(facts))]


class _Postings:
    """Where the campaigns of one channel are found by the keys of facts."""

    def __init__(self, entries: tuple[Entry, ...], channel: Channel) -> None:
        needs = {e.position: e.campaign.who.needs() for e in entries if channel in e.campaign.where}
        often = Counter(key for alternatives in needs.values() for keys in alternatives for key in keys)
        self._posted: dict[KeyKind, dict[str, list[int]]] = {kind: {} for kind in KeyKind}
        self._gated: dict[Condition, list[int]] = {}
        self._always: list[int] = []
        for position, alternatives in needs.items():
            if alternatives:
                rarest = min(alternatives, key=lambda keys: sum(often[key] for key in keys))
                for kind, key in rarest:
                    self._posted[kind].setdefault(key, []).append(position)
            elif gate := _gate(entries[position].campaign.who):
                self._gated.setdefault(gate, []).append(position)
            else:
                self._always.append(position)

    def positions(self, facts: Facts) -> set[int]:
        found = set(self._always)
        for kind, keys in keys_of(facts):
            posted = self._posted[kind]
            if posted:
                for key in keys:
                    if key in posted:
                        found.update(posted[key])
        for gate, positions in self._gated.items():
            if gate.is_true(facts):
                found.update(positions)
        return found


def _gate(rule: Rule) -> Condition | None:
    """Return a condition without which a rule cannot hold, None when each of its parts is an OR or a NOT."""
    parts = rule.parts if isinstance(rule, And) else (rule,)
    return next((part for part in parts if isinstance(part, Condition)), None)


def _entry(position: int, campaign: Campaign) -> Entry:
    parts = campaign.who.parts if isinstance(campaign.who, And) else (campaign.who,)
    caps = campaign.caps
    counted = ((per, getattr(caps, per.value)) for per in CountedPer)
    limits = tuple((per, cap) for per, cap in counted if cap is not None)
    benefit, stacking = campaign.benefit, campaign.stacking
    values = (benefit.value, *(depth.value for depth in benefit.depths), benefit.cost_max or Decimal(0))
    return Entry(
        position=position,
        campaign=campaign,
        clauses=tuple(
            Clause(part.is_true, Considered(campaign.campaign_id, Outcome.NOT_MATCHED, (f"not so: {part}",)), part)
            for part in parts
        ),
        reasons=tuple(f"so: {part}" for part in parts),
        limits=limits,
        cap_min=min((cap for _per, cap in limits), default=1),
        is_service=campaign.is_service,
        best_of=stacking.group if stacking is not None and stacking.mode is StackingMode.BEST_OF else "",
        fixed_worth_max=max(values),
    )
