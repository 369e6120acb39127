"""Segment rules: AND, OR, NOT to any depth over hub segments and over facts known only in the store.

    rule     = either ;
    either   = both { "or" both } ;
    both     = opposite { "and" opposite } ;
    opposite = "not" opposite | "(" either ")" | condition ;

A condition is one of `retail/rule_words.py`, and any other word is a segment. Rules are values: equal rules are
equal, and `parse_rule(str(rule)) == rule`. A fact that is not known is not so: no rule holds of a stranger because
something about them is missing, except through NOT.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from retail.conditions.condition import NO_NEEDS, Condition, KeyKind, Needs, Verdict
from retail.conditions.of_member import Entered, InSegment, MemberState
from retail.facts import Facts
from retail.identifiers import CustomerId, SegmentId


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple[Rule, ...]

    def is_true(self, facts: Facts) -> bool:
        """Return whether all parts hold."""
        for part in self.parts:  # noqa: SIM110 - a plain loop is a third faster than all() of a generator
            if not part.is_true(facts):
                return False
        return True

    def holds(self, facts: Facts) -> Verdict:
        """Return whether all parts hold; the first that does not is the reason."""
        verdicts = [part.holds(facts) for part in self.parts]
        failed = next((verdict for verdict in verdicts if not verdict.holds), None)
        return failed or Verdict(holds=True, why="; ".join(verdict.why for verdict in verdicts))

    def needs(self) -> Needs:
        """Need what any part needs: each is a necessary condition by itself."""
        return tuple(alternative for part in self.parts for alternative in part.needs())

    def __str__(self) -> str:
        return " and ".join(_in_parentheses(part, And, Or) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Rule, ...]

    def is_true(self, facts: Facts) -> bool:
        """Return whether any part holds."""
        for part in self.parts:  # noqa: SIM110 - as above
            if part.is_true(facts):
                return True
        return False

    def holds(self, facts: Facts) -> Verdict:
        """Return whether any part holds; the first that does is the reason."""
        verdicts = [part.holds(facts) for part in self.parts]
        passed = next((verdict for verdict in verdicts if verdict.holds), None)
        return passed or Verdict(holds=False, why="; ".join(verdict.why for verdict in verdicts))

    def needs(self) -> Needs:
        """Need one of what all parts need together; nothing, if any part needs nothing."""
        alternatives = [part.needs() for part in self.parts]
        if not all(alternatives):
            return NO_NEEDS
        smallest = (min(needs, key=len) for needs in alternatives)
        return (frozenset().union(*smallest),)

    def __str__(self) -> str:
        return " or ".join(_in_parentheses(part, Or) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Rule

    def is_true(self, facts: Facts) -> bool:
        """Return whether the part does not hold."""
        return not self.part.is_true(facts)

    def holds(self, facts: Facts) -> Verdict:
        """Return the opposite of the part, for the part's own reason."""
        verdict = self.part.holds(facts)
        return Verdict(not verdict.holds, verdict.why)

    def needs(self) -> Needs:
        """Need nothing: what must be absent is no key to look up."""
        return NO_NEEDS

    def __str__(self) -> str:
        return f"not {_in_parentheses(self.part, And, Or)}"


@dataclass(frozen=True, slots=True)
class Everybody:
    """Holds of everybody, members and strangers alike; written as `everybody`."""

    def is_true(self, facts: Facts) -> bool:  # noqa: ARG002 - that is its meaning
        """Return True."""
        return True

    def holds(self, facts: Facts) -> Verdict:  # noqa: ARG002 - that is its meaning
        """Return that it holds."""
        return Verdict(holds=True, why="everybody: yes")

    def needs(self) -> Needs:
        """Need nothing."""
        return NO_NEEDS

    def __str__(self) -> str:
        return "everybody"


Rule = And | Or | Not | Everybody | Condition


def segments_in(rule: Rule) -> Iterator[SegmentId]:
    """Yield every segment that a rule names, in the order they are written."""
    match rule:
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from segments_in(part)
        case Not(part=part):
            yield from segments_in(part)
        case InSegment(segment=segment) | Entered(segment=segment):
            yield segment
        case _:
            return


def keys_of(facts: Facts) -> Iterator[tuple[KeyKind, Iterable[str]]]:
    """Yield every key of these facts that a condition's `needs()` may name, kind by kind."""
    account = facts.account
    yield KeyKind.SEGMENT, facts.segments
    yield KeyKind.BOUGHT, facts.bought
    yield KeyKind.BASKET, facts.basket.amounts
    yield KeyKind.INTEREST, facts.interests
    if account is None:
        yield KeyKind.STATE, (MemberState.STRANGER.value,)
        return
    yield KeyKind.TIER, (account.tier,)
    yield KeyKind.STATE, (MemberState.MEMBER.value, *([MemberState.EMPLOYEE.value] if account.employee else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One stay of one customer in one segment. It has an end: segments burn out in about a month.

    `since` and `until` are both days of membership; `until` is None while nobody has said when it ends. The history
    of memberships answers "how many loyal customers did we have half a year ago?".
    """

    customer_id: CustomerId
    segment: SegmentId
    since: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Return whether the customer was in the segment on that day."""
        return self.since <= day and (self.until is None or day <= self.until)


def members_on(memberships: tuple[Membership, ...], segment: SegmentId, day: date) -> frozenset[CustomerId]:
    """Return who was in a segment on a day, each customer once, however many stays overlap."""
    return frozenset(stay.customer_id for stay in memberships if stay.segment == segment and stay.covers(day))


def _in_parentheses(part: Rule, *kinds: type[And | Or]) -> str:
    return f"({part})" if isinstance(part, kinds) else str(part)
