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

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from retail.facts import Facts
from retail.money import Money, rounded
from retail.offers.campaign import Campaign, Channel, StackingMode
from retail.offers.control import is_held_out, is_in_control
from retail.offers.index import CampaignIndex, Considered, CountedPer, Entry, Outcome
from retail.offers.ledger import OfferLedger
from retail.offers.worth import value_for, worth_of
from retail.transaction import DocumentKind

OFFERS_PER_RECEIPT = 2
"""More than two offers are not read (product.md: a receipt is rarely read at all)."""

SERVICE_MESSAGES_MAX = 2
"""Service messages are outside caps, but paper is not endless."""

_PERSONAL_DOCUMENTS = frozenset({DocumentKind.SALE, DocumentKind.RETURN})
"""Nothing personal stands on a gift receipt, a pre-bill, a copy: somebody else will read them."""


_ALSO_ELSEWHERE = frozenset({CountedPer.CUSTOMER, CountedPer.HOUSEHOLD})
"""Caps that also count the contacts made in other channels and stores, as the mirror knows them."""

_NOTHING = Decimal(0)


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
    document_kind: DocumentKind = DocumentKind.SALE
    mirror_version: str = ""
    campaigns_version: str = ""


class _Gate(StrEnum):
    """Reasons that stand beside every campaign, in words."""

    STAFF = "staff get no offers"
    NOT_PERSONAL = "nothing personal is printed on this kind of document"
    NO_PAPER = "the customer wants no paper offers"
    RESTRICTED = "restricted goods are not spoken of here"


def decide(question: DecisionInput) -> Decision:
    """Return what to offer now and what became of each campaign that the index could not rule out."""
    return _Deciding(question, in_full=False).decision(question.index.candidates(question.facts, question.channel))


def explain(question: DecisionInput) -> Decision:
    """Return the same decision with every campaign of the index in `considered`, its rule told fact by fact."""
    return _Deciding(question, in_full=True).decision(question.index.entries)


class _Deciding:
    """One decision in the making; what it works out for a campaign it works out once."""

    __slots__ = (
        "_best",
        "_counts",
        "_gate",
        "_goes_alone",
        "_in_full",
        "_limit",
        "_outcomes",
        "_placed",
        "_question",
        "_taken",
        "_worth",
    )

    def __init__(self, question: DecisionInput, *, in_full: bool) -> None:
        self._question = question
        self._in_full = in_full
        self._outcomes: dict[int, Considered] = {}
        self._taken: list[Campaign] = []
        self._limit = question.policy.offers_per_receipt
        self._placed: list[tuple[Entry, Outcome]] = []
        self._worth: dict[int, Decimal] = {}
        self._best: dict[str, int] = {}
        self._counts = question.ledger.counts()
        self._gate = _gate_for_all(question)
        self._goes_alone = ""

    def decision(self, entries: Iterable[Entry]) -> Decision:
        """Take all entries through all gates."""
        open_entries = self._through_standing_gates(self._matching(entries))
        self._best = self._best_of_groups(open_entries)
        waiting = _by_priority(open_entries)
        while waiting and len(self._taken) < self._limit:
            self._give_places(waiting.pop(0))
        for same_priority in waiting:
            self._turn_away(same_priority)
        question = self._question
        return Decision(
            rewards=tuple(self._reward(entry) for entry, outcome in self._placed if outcome is Outcome.OFFERED),
            withheld=tuple(self._reward(entry) for entry, outcome in self._placed if outcome is Outcome.WITHHELD),
            considered=tuple(self._outcomes[position] for position in sorted(self._outcomes)),
            channel=question.channel,
            document_kind=question.document_kind,
            mirror_version=question.mirror_version,
            campaigns_version=question.index.version,
        )

    def _matching(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return the entries whose days, channel and rule hold; note why the others do not."""
        facts, channel, outcomes = self._question.facts, self._question.channel, self._outcomes
        today = facts.today
        matching = []
        for entry in entries:
            campaign = entry.campaign
            if not campaign.starts <= today <= campaign.ends:
                self._note(entry, Outcome.NOT_MATCHED, f"runs from {campaign.starts} to {campaign.ends}")
            elif channel not in campaign.where:
                self._note(entry, Outcome.NOT_MATCHED, f"not for the {channel.value}")
            else:
                for is_true, failed, rule in entry.clauses:
                    if not is_true(facts):
                        outcomes[entry.position] = failed
                        if self._in_full:
                            self._note(entry, Outcome.NOT_MATCHED, rule.holds(facts).why)
                        break
                else:
                    matching.append(entry)
        return matching

    def _through_standing_gates(self, matching: list[Entry]) -> list[Entry]:
        """Return the entries that nothing beside other offers forbids; note why the others do not pass."""
        kept = []
        for entry in matching:
            gate = self._forbidden(entry)
            if gate is not None:
                self._stop(entry, Outcome.EXCLUDED, gate.value)
            elif entry.is_service:
                self._serve(entry)
            elif full := self._used_up(entry):
                self._stop(entry, Outcome.CAPPED, full)
            else:
                kept.append(entry)
        return kept

    def _forbidden(self, entry: Entry) -> _Gate | None:
        campaign, policy = entry.campaign, self._question.policy
        if self._gate is not None and (not entry.is_service or self._gate is _Gate.NOT_PERSONAL):
            return self._gate
        if campaign.benefit.applies_to in policy.restricted_keys:
            return _Gate.RESTRICTED
        if campaign.restricted and campaign.restricted not in policy.restricted_allowed:
            return _Gate.RESTRICTED
        return None

    def _serve(self, entry: Entry) -> None:
        """Give a service message its place beside all offers, while there is paper."""
        if len(self._placed) >= SERVICE_MESSAGES_MAX:
            self._stop(entry, Outcome.CAPPED, f"at most {SERVICE_MESSAGES_MAX} service messages on one paper")
        else:
            self._place(entry, Outcome.OFFERED, "")

    def _used_up(self, entry: Entry) -> str:
        """Return which cap is used up, empty when there is room under all."""
        key, ledger, account = entry.campaign.campaign_id, self._question.ledger, self._question.facts.account
        budget = entry.campaign.caps.budget
        if not entry.limits and budget is None:
            return ""  # and nothing was asked that another till's offer would change
        elsewhere = account.contacts.get(key, 0) if account else 0
        is_silent_so_far = not elsewhere and entry.cap_min > 0 and not ledger.has_heard_of(key)
        if is_silent_so_far and (budget is None or self._is_ample(budget, entry)):
            return ""  # the usual case
        for per, cap in entry.limits:
            count = self._counts[per].get(key, 0)
            if elsewhere and per in _ALSO_ELSEWHERE:
                count += elsewhere
            if count >= cap:
                return f"cap of {cap} a {per.value} reached: {count}"
        if budget is not None:
            spent = ledger.spent.get(key, _NOTHING)
            if not self._is_ample(budget - spent, entry) and spent + (more := self._worth_of(entry)) > budget:
                return f"budget of {budget} reached: {spent} spent, {more:.2f} more"
        return ""

    def _is_ample(self, left: Decimal, entry: Entry) -> bool:
        """Return whether what is left of a budget covers an offer whatever it is worth: nothing need be reckoned."""
        return left >= 0 and left >= self._question.facts.basket.total.amount and left >= entry.fixed_worth_max

    def _worth_of(self, entry: Entry) -> Decimal:
        worth = self._worth.get(entry.position)
        if worth is None:
            benefit, facts = entry.campaign.benefit, self._question.facts
            worth = self._worth[entry.position] = worth_of(benefit, value_for(benefit, facts), facts.basket)
        return worth

    def _best_of_groups(self, entries: list[Entry]) -> dict[str, int]:
        """Return, for every best-of group, the entry worth most; of equals the one that ranks first."""
        best: dict[str, Entry] = {}
        rivals: dict[str, list[Entry]] = {}
        for entry in entries:
            if entry.best_of:
                rivals.setdefault(entry.best_of, []).append(entry)
        for group, of_group in rivals.items():
            best[group] = of_group[0] if len(of_group) == 1 else max(of_group, key=self._merit)
        return {group: entry.position for group, entry in best.items()}

    def _merit(self, entry: Entry) -> tuple[Decimal, int, int]:
        return (self._worth_of(entry), entry.campaign.priority, -entry.position)

    def _give_places(self, entries: list[Entry]) -> None:
        """Give places to entries of one priority: what is worth more first, while there are places."""
        if len(entries) > 1:
            entries.sort(key=lambda entry: (-self._worth_of(entry), entry.position))
        for entry in entries:
            campaign = entry.campaign
            places = self._limit if campaign.caps.receipt is None else min(self._limit, campaign.caps.receipt)
            if loses := self._loses(entry):
                self._stop(entry, Outcome.EXCLUDED, loses)
            elif len(self._taken) >= places:
                self._stop(entry, Outcome.CAPPED, f"at most {places} offers on one paper")
            else:
                self._taken.append(campaign)
                self._limit = places
                self._goes_alone = campaign.campaign_id if _is_exclusive(campaign) else ""
                self._place(entry, *self._group(campaign))

    def _turn_away(self, entries: list[Entry]) -> None:
        """Note of entries for which no place is left what they would have lost against."""
        full = f"at most {self._limit} offers on one paper"
        for entry in entries:
            loses = self._loses(entry) if entry.campaign.stacking is not None or self._goes_alone else ""
            self._stop(entry, Outcome.EXCLUDED if loses else Outcome.CAPPED, loses or full)

    def _loses(self, entry: Entry) -> str:
        """Return what a campaign loses against in stacking, empty when nothing."""
        if self._goes_alone:
            return f"{self._goes_alone} goes alone"
        if entry.best_of:
            winner = self._best[entry.best_of]
            if winner == entry.position:
                return ""
            best = self._question.index.entries[winner].campaign.campaign_id
            return f"{best} is worth more in group {entry.best_of}"
        if _is_exclusive(entry.campaign) and self._taken:
            return f"goes alone, and {self._taken[0].campaign_id} ranks higher"
        return ""

    def _group(self, campaign: Campaign) -> tuple[Outcome, str]:
        """Return whether a campaign that has its place is offered, or kept back for control or holdout."""
        account, policy = self._question.facts.account, self._question.policy
        if account is None:
            return Outcome.OFFERED, ""
        subject = account.shares_with
        if is_held_out(subject=subject, percent=policy.holdout_percent):
            return Outcome.WITHHELD, f"global holdout of {policy.holdout_percent} %"
        if is_in_control(campaign_id=campaign.campaign_id, subject=subject, percent=campaign.control_percent):
            return Outcome.WITHHELD, f"control group of {campaign.control_percent} %"
        return Outcome.OFFERED, ""

    def _place(self, entry: Entry, outcome: Outcome, why: str) -> None:
        self._placed.append((entry, outcome))
        reasons = self._reasons(entry)
        self._outcomes[entry.position] = Considered(
            entry.campaign.campaign_id, outcome, (*reasons, why) if why else reasons
        )

    def _stop(self, entry: Entry, outcome: Outcome, why: str) -> None:
        reasons = self._reasons(entry)
        self._outcomes[entry.position] = Considered(entry.campaign.campaign_id, outcome, (*reasons, why))

    def _note(self, entry: Entry, outcome: Outcome, why: str) -> None:
        self._outcomes[entry.position] = Considered(entry.campaign.campaign_id, outcome, (why,))

    def _reasons(self, entry: Entry) -> tuple[str, ...]:
        if not self._in_full:
            return entry.reasons
        return tuple(clause.rule.holds(self._question.facts).why for clause in entry.clauses)

    def _reward(self, entry: Entry) -> Reward:
        campaign, facts = entry.campaign, self._question.facts
        cost = Money(self._worth_of(entry), facts.basket.total.currency)
        return Reward(
            campaign=campaign,
            value=value_for(campaign.benefit, facts),
            cost=rounded(cost),
            valid_until=campaign.valid_until(facts.today),
            why=self._outcomes[entry.position].why,
        )


def _gate_for_all(question: DecisionInput) -> _Gate | None:
    """Return what forbids every offer of this decision, None when nothing does."""
    account = question.facts.account
    if question.document_kind not in _PERSONAL_DOCUMENTS:
        return _Gate.NOT_PERSONAL
    if account is not None and account.employee:
        return _Gate.STAFF
    if account is not None and question.channel is Channel.RECEIPT and not account.paper_offers:
        return _Gate.NO_PAPER
    return None


def _is_exclusive(campaign: Campaign) -> bool:
    return campaign.stacking is not None and campaign.stacking.mode is StackingMode.EXCLUSIVE


def _by_priority(entries: list[Entry]) -> list[list[Entry]]:
    """Return the entries of each priority, the highest priority first."""
    groups: dict[int, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.campaign.priority, []).append(entry)
    return [groups[priority] for priority in sorted(groups, reverse=True)]
