"""The usual triggers as rules, with the rhythms that CRM houses report; the numbers are defaults to be edited.

A trigger's rule is text of the rule language with `{days}` and `{goods}` to fill in, so that a marketer gets a rule to
read and change, and nothing is hidden in code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from retail.errors import ConfigurationError
from retail.rule_words import parse_rule
from retail.segments import Rule


class Trigger(StrEnum):
    """What makes us speak to somebody now. Four kinds: a product, a time, an event, a segment."""

    WELCOME = "welcome"
    BIRTHDAY = "birthday"
    REPLENISHMENT = "replenishment"
    ACCESSORIES = "accessories"
    SERVICE_RATING = "service_rating"
    PRODUCT_REVIEW = "product_review"
    REPLACEMENT = "replacement"
    WIN_BACK = "win_back"
    LAST_WIN_BACK = "last_win_back"
    ENTERED_SEGMENT = "entered_segment"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A trigger's rule, its usual days and why they are what they are."""

    rule: str
    days: int
    why: str

    @property
    def needs_goods(self) -> bool:
        """Whether the rule speaks of goods or a segment, which somebody must name."""
        return "{goods}" in self.rule


RHYTHMS: dict[Trigger, Rhythm] = {
    Trigger.WELCOME: Rhythm(
        "purchases = 1 and last visit within {days} days", 30, "the repeat sale earns what the first one cost"
    ),
    Trigger.BIRTHDAY: Rhythm(
        "birthday within {days} days", 7, "a present is kept for the next visit, a week either way"
    ),
    Trigger.REPLENISHMENT: Rhythm(
        "due {goods} after {days} days", 50, "median time between purchases of consumables is two months; ask before it"
    ),
    Trigger.ACCESSORIES: Rhythm("due {goods} after {days} days", 5, "known after five days of use"),
    Trigger.SERVICE_RATING: Rhythm("due {goods} after {days} days", 3, "still remembered"),
    Trigger.PRODUCT_REVIEW: Rhythm("due {goods} after {days} days", 14, "used, and not yet forgotten"),
    Trigger.REPLACEMENT: Rhythm("due {goods} after {days} days", 90, "the next model is out"),
    Trigger.WIN_BACK: Rhythm(
        "last visit over {days} days ago and not last visit over 180 days ago", 90, "0.6 % come back at three months"
    ),
    Trigger.LAST_WIN_BACK: Rhythm(
        "last visit over {days} days ago and not last visit over 270 days ago",
        180,
        "1.2 % come back at six months, none at nine",
    ),
    Trigger.ENTERED_SEGMENT: Rhythm("entered {goods} within {days} days", 7, "segments burn out in about a month"),
}
"""Defaults, out of five talks on repeat sales."""

_WORD = re.compile(r'[^"]{1,200}')


def rule_text(trigger: Trigger, *, days: int | None = None, goods: str = "") -> str:
    """Return the rule of a trigger; `goods` is a key such as `need:4711`, or the segment that was entered.

    ConfigurationError when goods are needed and not named, or the result is no rule.
    """
    rhythm = RHYTHMS[trigger]
    if rhythm.needs_goods and not _WORD.fullmatch(goods):
        raise ConfigurationError(
            f"the trigger {trigger.value} needs goods or a segment", fix="name e.g. need:4711", code="trigger"
        )
    named = f'"{goods}"' if " " in goods else goods
    text = rhythm.rule.format(days=rhythm.days if days is None else days, goods=named)
    parse_rule(text)
    return text


def trigger_rule(trigger: Trigger, *, days: int | None = None, goods: str = "") -> Rule:
    """Return the rule of a trigger as a value (see `rule_text`)."""
    return parse_rule(rule_text(trigger, days=days, goods=goods))
