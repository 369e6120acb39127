"""Which campaigns to offer now, and why: a pure function, the same on agent and hub, the same at every repeat.

A campaign passes through gates in this order, and the first that stops it is its outcome:

1. its days, its channel, its rule                                      -> not_matched
2. staff, papers that carry nothing personal, no paper offers, restricted goods -> excluded
3. caps of customer, household, day, store, budget                      -> capped
4. its stacking group, in order of rank                                 -> excluded
5. the number of offers on one paper                                    -> capped
6. the chain's holdout, its control group                               -> withheld

A withheld offer keeps its place on the paper and in its group, so that control and participants differ in that one
offer and in nothing else. Service messages pass only the gates 1 and 2 (staff get them too) and take no place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from retail.facts import Facts
from retail.money import Money
from retail.offers.campaign import Campaign, Channel, StackingMode
from retail.offers.control import is_held_out, is_in_control
from retail.offers.index import CampaignIndex, Considered, Entry, Outcome
from retail.offers.ledger import OfferLedger
from retail.offers.worth import value_for, worth_of
from retail.transaction import DocumentKind

OFFERS_PER_RECEIPT = 2
"""More than two offers are not read (product.md: a receipt is rarely read at all)."""

SERVICE_MESSAGES_MAX = 2
"""Service messages are outside caps, but paper is not endless."""

_PERSONAL_DOCUMENTS = frozenset({DocumentKind.SALE, DocumentKind.RETURN})
"""Nothing personal stands on a gift receipt, a pre-bill, a copy: somebody else will read them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPolicy:
    """The chain's and the country's rules beside every campaign.

    `restricted_keys`: keys of goods that may not be spoken of; `restricted_allowed`: classes that may.
    """

    offers_per_receipt: int = OFFERS_PER_RECEIPT
    holdout_percent: Decimal = Decimal(0)
    restricted_keys: frozenset[str] = frozenset()
    restricted_allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionInput:
    """Everything a decision depends on; equal inputs give equal decisions."""

    facts: Facts
    index: CampaignIndex
    channel: Channel = Channel.RECEIPT
    document_kind: DocumentKind = DocumentKind.SALE
    ledger: OfferLedger = field(default_factory=OfferLedger)
    policy: OfferPolicy = field(default_factory=OfferPolicy)
    mirror_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """One campaign offered to one person: what is given, until when, and what it may cost us."""

    campaign: Campaign
    value: Decimal
    cost: Money
    valid_until: date
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to offer, ranked, and what became of every campaign that could have held.

    `withheld` are the offers that control or holdout kept back: they are journalled at this same point.
    """

    rewards: tuple[Reward, ...] = ()
    withheld: tuple[Reward, ...] = ()
    considered: tuple[Considered, ...] = ()
    channel: Channel = Channel.RECEIPT
    mirror_version: str = ""
    campaigns_version: str = ""


class _Gate(StrEnum):
    """Reasons that stand beside every campaign, in words."""

    STAFF = "staff get no offers"
    NOT_PERSONAL = "nothing personal is printed on this kind of document"
    NO_PAPER = "the customer wants no paper offers"
    RESTRICTED = "restricted goods are not spoken of here"


@dataclass(slots=True)
class _Candidate:
    """A campaign whose rule holds, on its way through the other gates."""

    entry: Entry
    reward: Reward
    forbidden: _Gate | None


def decide(question: DecisionInput) -> Decision:
    """Return what to offer now and what became of each campaign that the index could not rule out."""
    return _decide(question, question.index.candidates(question.facts), in_full=False)


def explain(question: DecisionInput) -> Decision:
    """Return the same decision with every campaign of the index in `considered`, its rule told fact by fact."""
    return _decide(question, question.index.entries, in_full=True)


def _decide(question: DecisionInput, entries: Iterable[Entry], *, in_full: bool) -> Decision:
    outcomes: dict[int, Considered] = {}
    matched: list[_Candidate] = []
    for entry in entries:
        refused = _mismatch(entry, question, in_full=in_full)
        if refused is None:
            matched.append(_candidate(entry, question))
        else:
            outcomes[entry.position] = refused
    placed = list(_placed(matched, question, outcomes))
    offered = tuple(reward for reward, outcome in placed if outcome is Outcome.OFFERED)
    withheld = tuple(reward for reward, outcome in placed if outcome is Outcome.WITHHELD)
    return Decision(
        rewards=offered,
        withheld=withheld,
        considered=tuple(outcomes[position] for position in sorted(outcomes)),
        channel=question.channel,
        mirror_version=question.mirror_version,
        campaigns_version=question.index.version,
    )


def _mismatch(entry: Entry, question: DecisionInput, *, in_full: bool) -> Considered | None:
    """Return why a campaign does not match at all, None when it does."""
    campaign, facts = entry.campaign, question.facts
    if not campaign.is_live(facts.today):
        return _considered(campaign, Outcome.NOT_MATCHED, f"runs from {campaign.starts} to {campaign.ends}")
    if question.channel not in campaign.where:
        return _considered(campaign, Outcome.NOT_MATCHED, f"not for the {question.channel.value}")
    for clause in entry.clauses:
        if not clause.is_true(facts):
            if in_full:
                return _considered(campaign, Outcome.NOT_MATCHED, clause.rule.holds(facts).why)
            return clause.failed
    return None


def _candidate(entry: Entry, question: DecisionInput) -> _Candidate:
    campaign, facts = entry.campaign, question.facts
    value = value_for(campaign.benefit, facts)
    reward = Reward(
        campaign=campaign,
        value=value,
        cost=worth_of(campaign.benefit, value, facts.basket),
        valid_until=campaign.valid_until(facts.today),
        why=tuple(clause.rule.holds(facts).why for clause in entry.clauses),
    )
    return _Candidate(entry, reward, _forbidden(campaign, question))


def _forbidden(campaign: Campaign, question: DecisionInput) -> _Gate | None:
    account = question.facts.account
    if question.document_kind not in _PERSONAL_DOCUMENTS:
        return _Gate.NOT_PERSONAL
    applies_to = campaign.benefit.applies_to
    if applies_to in question.policy.restricted_keys or (
        campaign.restricted and campaign.restricted not in question.policy.restricted_allowed
    ):
        return _Gate.RESTRICTED
    if account is None or campaign.is_service:
        return None
    if account.employee:
        return _Gate.STAFF
    if question.channel is Channel.RECEIPT and not account.paper_offers:
        return _Gate.NO_PAPER
    return None


def _rank(candidate: _Candidate) -> tuple[bool, int, Decimal, str]:
    """Order candidates: service first, then priority, worth to the customer, id: order is never an accident."""
    reward = candidate.reward
    campaign = reward.campaign
    return (not campaign.is_service, -campaign.priority, -reward.cost.amount, campaign.campaign_id)


def _placed(
    matched: list[_Candidate], question: DecisionInput, outcomes: dict[int, Considered]
) -> Iterator[tuple[Reward, Outcome]]:
    """Take candidates by rank through the remaining gates; yield those that get a place, offered or withheld."""
    matched.sort(key=_rank)
    best = _best_of_groups(matched, question)
    taken: list[Campaign] = []
    services = 0
    for candidate in matched:
        campaign = candidate.reward.campaign
        verdict = _stopped(candidate, question, taken, best)
        if verdict is None and campaign.is_service:
            services += 1
            if services > SERVICE_MESSAGES_MAX:
                verdict = (Outcome.CAPPED, f"at most {SERVICE_MESSAGES_MAX} service messages on one paper")
        if verdict is None:
            verdict = _group(campaign, question)
            if not campaign.is_service:
                taken.append(campaign)
            yield candidate.reward, verdict[0]
        outcome, why = verdict
        outcomes[candidate.entry.position] = Considered(
            campaign.campaign_id, outcome, (*candidate.reward.why, *([why] if why else []))
        )


def _stopped(
    candidate: _Candidate, question: DecisionInput, taken: list[Campaign], best: dict[str, str]
) -> tuple[Outcome, str] | None:
    """Return what stops a candidate that matches, None when it gets a place."""
    campaign = candidate.reward.campaign
    if candidate.forbidden is not None:
        return Outcome.EXCLUDED, candidate.forbidden.value
    if campaign.is_service:
        return None
    if full := _used_up(candidate.reward, question):
        return Outcome.CAPPED, full
    if loses := _loses(campaign, taken, best):
        return Outcome.EXCLUDED, loses
    limits = [question.policy.offers_per_receipt, *(each.caps.receipt for each in (*taken, campaign))]
    places = min(limit for limit in limits if limit is not None)
    if len(taken) >= places:
        return Outcome.CAPPED, f"at most {places} offers on one paper"
    return None


def _used_up(reward: Reward, question: DecisionInput) -> str:
    """Return which cap is used up, empty when there is room under all."""
    caps, ledger = reward.campaign.caps, question.ledger
    key, account = reward.campaign.campaign_id, question.facts.account
    elsewhere = account.contacts.get(key, 0) if account else 0
    counted = (
        ("customer", caps.customer, ledger.customer.get(key, 0) + elsewhere),
        ("household", caps.household, ledger.household.get(key, 0) + elsewhere),
        ("day", caps.day, ledger.day.get(key, 0)),
        ("store", caps.store, ledger.store.get(key, 0)),
    )
    for name, cap, count in counted:
        if cap is not None and count >= cap:
            return f"cap of {cap} a {name} reached: {count}"
    spent = ledger.spent.get(key, Decimal(0))
    if caps.budget is not None and spent + reward.cost.amount > caps.budget:
        return f"budget of {caps.budget} reached: {spent} spent, {reward.cost.amount} more"
    return ""


def _best_of_groups(matched: list[_Candidate], question: DecisionInput) -> dict[str, str]:
    """Return, for every best-of group, the campaign worth most among those that may be offered at all."""
    best: dict[str, tuple[Decimal, str]] = {}
    for candidate in matched:
        campaign = candidate.reward.campaign
        stacking = campaign.stacking
        if stacking is None or stacking.mode is not StackingMode.BEST_OF:
            continue
        if candidate.forbidden is not None or campaign.is_service or _used_up(candidate.reward, question):
            continue
        worth = candidate.reward.cost.amount
        if stacking.group not in best or worth > best[stacking.group][0]:
            best[stacking.group] = (worth, campaign.campaign_id)
    return {group: winner for group, (_worth, winner) in best.items()}


def _loses(campaign: Campaign, taken: list[Campaign], best: dict[str, str]) -> str:
    """Return what a campaign loses against in stacking, empty when nothing."""
    for other in taken:
        if other.stacking is not None and other.stacking.mode is StackingMode.EXCLUSIVE:
            return f"{other.campaign_id} goes alone"
    stacking = campaign.stacking
    if stacking is None:
        return ""
    match stacking.mode:
        case StackingMode.EXCLUSIVE:
            return f"goes alone, and {taken[0].campaign_id} ranks higher" if taken else ""
        case StackingMode.BEST_OF:
            winner = best.get(stacking.group, campaign.campaign_id)
            return "" if winner == campaign.campaign_id else f"{winner} is worth more in group {stacking.group}"
        case StackingMode.SEQUENTIAL:
            return ""


def _group(campaign: Campaign, question: DecisionInput) -> tuple[Outcome, str]:
    """Return whether a campaign that has its place is offered, or kept back for control or holdout."""
    account = question.facts.account
    if account is None or campaign.is_service:
        return Outcome.OFFERED, ""
    subject = account.shares_with
    if is_held_out(subject=subject, percent=question.policy.holdout_percent):
        return Outcome.WITHHELD, f"global holdout of {question.policy.holdout_percent} %"
    if is_in_control(campaign_id=campaign.campaign_id, subject=subject, percent=campaign.control_percent):
        return Outcome.WITHHELD, f"control group of {campaign.control_percent} %"
    return Outcome.OFFERED, ""


def _considered(campaign: Campaign, outcome: Outcome, why: str) -> Considered:
    return Considered(campaign.campaign_id, outcome, (why,))
