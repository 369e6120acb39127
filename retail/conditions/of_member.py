"""What a rule may ask about the customer: segments, membership, past purchases and visits, birthday, numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from retail.conditions.condition import Comparison, Condition, KeyKind, Needs, ago, is_within, quoted, window
from retail.facts import Facts
from retail.identifiers import SegmentId


@dataclass(frozen=True, slots=True)
class InSegment(Condition):
    """The member is in a segment, and the membership has not ended."""

    segment: SegmentId

    def is_true(self, facts: Facts) -> bool:
        """Return whether the account is in the segment on the day of the decision."""
        return self.segment in facts.segments

    def detail(self, facts: Facts) -> str:
        """Say when the membership ended, where it did."""
        until = facts.account.segments.get(self.segment) if facts.account else None
        return f"ended {until}" if until is not None and facts.today > until else ""

    def needs(self) -> Needs:
        """Need the segment's own key."""
        return (frozenset(((KeyKind.SEGMENT, self.segment),)),)

    def __str__(self) -> str:
        return f'"{self.segment}"' if ":" in self.segment else quoted(self.segment)  # plain, it would say goods


class MemberState(StrEnum):
    """What somebody is to the programme, beside every segment."""

    EMPLOYEE = "employee"
    MEMBER = "member"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class IsKnown(Condition):
    """Who stands there: a member of staff, anybody with an account, nobody we know."""

    state: MemberState

    def is_true(self, facts: Facts) -> bool:
        """Return whether the customer is what the condition says."""
        account = facts.account
        match self.state:
            case MemberState.EMPLOYEE:
                return account is not None and account.employee
            case MemberState.MEMBER:
                return account is not None
            case MemberState.STRANGER:
                return account is None

    def needs(self) -> Needs:
        """Need the account's state, which every set of facts has as a key."""
        return (frozenset(((KeyKind.STATE, self.state.value),)),)

    def __str__(self) -> str:
        return self.state.value


@dataclass(frozen=True, slots=True)
class Bought(Condition):
    """Something answering to `key` was bought, in this basket, here or anywhere, at most `days` days ago."""

    key: str
    days: int | None = None

    def is_true(self, facts: Facts) -> bool:
        """Return whether the last purchase is recent enough."""
        return is_within(facts.bought.get(self.key), facts.today, self.days)

    def detail(self, facts: Facts) -> str:
        """Say how long ago it was bought."""
        return ago(facts.bought.get(self.key), facts.today)

    def needs(self) -> Needs:
        """Need the thing to have been bought at all."""
        return (frozenset(((KeyKind.BOUGHT, self.key),)),)

    def __str__(self) -> str:
        return f"bought {quoted(self.key)}{window(self.days)}"


@dataclass(frozen=True, slots=True)
class Due(Condition):
    """Something is about due again: last bought `days` ago or more, but not yet twice as long ago.

    After twice the time it is no replenishment any more but a customer lost to it. `need:…` keys count substitutes.
    """

    key: str
    days: int

    def is_true(self, facts: Facts) -> bool:
        """Return whether the last purchase lies in that window."""
        day = facts.bought.get(self.key)
        return day is not None and self.days <= (facts.today - day).days < 2 * max(self.days, 1)

    def detail(self, facts: Facts) -> str:
        """Say how long ago it was bought."""
        return ago(facts.bought.get(self.key), facts.today)

    def needs(self) -> Needs:
        """Need the thing to have been bought at all."""
        return (frozenset(((KeyKind.BOUGHT, self.key),)),)

    def __str__(self) -> str:
        return f"due {quoted(self.key)} after {self.days} days"


@dataclass(frozen=True, slots=True)
class Entered(Condition):
    """The member came into a segment at most `days` days ago (and is still in it)."""

    segment: SegmentId
    days: int

    def is_true(self, facts: Facts) -> bool:
        """Return whether the membership is that young; one whose beginning the hub did not send is not."""
        return self.segment in facts.segments and is_within(self._since(facts), facts.today, self.days)

    def detail(self, facts: Facts) -> str:
        """Say how long ago it began."""
        return ago(self._since(facts), facts.today)

    def _since(self, facts: Facts) -> date | None:
        return facts.account.entered.get(self.segment) if facts.account else None

    def needs(self) -> Needs:
        """Need the segment's own key."""
        return (frozenset(((KeyKind.SEGMENT, self.segment),)),)

    def __str__(self) -> str:
        return f"entered {quoted(self.segment)}{window(self.days)}"


class Happening(StrEnum):
    """Something with a day, whose distance from today a rule may ask."""

    LAST_VISIT = "last visit"
    BIRTHDAY = "birthday"
    KIOSK_VISIT = "visited"


@dataclass(frozen=True, slots=True)
class Within(Condition):
    """It happened at most `days` days ago; a birthday may also lie as many days ahead."""

    what: Happening
    days: int

    def is_true(self, facts: Facts) -> bool:
        """Return whether it lies within the window; what never happened does not."""
        if self.what is Happening.BIRTHDAY:
            birthday = facts.account.birthday if facts.account else None
            return birthday is not None and abs(birthday.days_away(facts.today)) <= self.days
        return is_within(_day_of(self.what, facts), facts.today, self.days)

    def detail(self, facts: Facts) -> str:
        """Say how long ago it was; how far a birthday is stays between us and the member."""
        return "" if self.what is Happening.BIRTHDAY else ago(_day_of(self.what, facts), facts.today)

    def __str__(self) -> str:
        return f"{self.what.value}{window(self.days)}"


@dataclass(frozen=True, slots=True)
class LongAgo(Condition):
    """It happened, but more than `days` days ago (for the last visit: win-back at the next one)."""

    what: Happening
    days: int

    def is_true(self, facts: Facts) -> bool:
        """Return whether it lies further back than the window; what never happened is not long ago."""
        day = _day_of(self.what, facts)
        return day is not None and (facts.today - day).days > self.days

    def detail(self, facts: Facts) -> str:
        """Say how long ago it was."""
        return ago(_day_of(self.what, facts), facts.today)

    def __str__(self) -> str:
        return f"{self.what.value} over {self.days} days ago"


@dataclass(frozen=True, slots=True)
class Interest(Condition):
    """The customer looked something up at the kiosk or put it on a list, at most `days` days ago."""

    key: str
    days: int | None = None

    def is_true(self, facts: Facts) -> bool:
        """Return whether the interest is recent enough."""
        return is_within(facts.interests.get(self.key), facts.today, self.days)

    def detail(self, facts: Facts) -> str:
        """Say how long ago it was."""
        return ago(facts.interests.get(self.key), facts.today)

    def needs(self) -> Needs:
        """Need the interest to have been shown at all."""
        return (frozenset(((KeyKind.INTEREST, self.key),)),)

    def __str__(self) -> str:
        return f"interest {quoted(self.key)}{window(self.days)}"


class Counter(StrEnum):
    """A number about the member, as the mirror has it."""

    POINTS = "points"
    PURCHASES = "purchases"


@dataclass(frozen=True, slots=True)
class Counted(Condition):
    """A number about the member compared with a limit; for a stranger, and where it is not known, it never holds."""

    counter: Counter
    comparison: Comparison
    limit: int

    def is_true(self, facts: Facts) -> bool:
        """Return whether the comparison holds."""
        value = self._value(facts)
        return value is not None and self.comparison.holds(Decimal(value), Decimal(self.limit))

    def detail(self, facts: Facts) -> str:
        """Say what the number is."""
        value = self._value(facts)
        return "not known" if value is None else str(value)

    def _value(self, facts: Facts) -> int | None:
        if facts.account is None:
            return None
        return facts.account.points if self.counter is Counter.POINTS else facts.account.purchases

    def __str__(self) -> str:
        return f"{self.counter.value} {self.comparison.value} {self.limit}"


def _day_of(what: Happening, facts: Facts) -> date | None:
    match what:
        case Happening.LAST_VISIT:
            return facts.last_visit()
        case Happening.KIOSK_VISIT:
            return facts.last_kiosk_visit
        case Happening.BIRTHDAY:
            return None
