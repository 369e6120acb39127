"""The text form of rules: `best and not (employee or bought category:coffee within 60 days)`.

`parse_rule` reads it into the values of `retail/segments.py`; whoever mistypes is told the column and the nearest word
that would have fitted. Keywords are understood in any case; segments, tiers and workstations are taken as written,
keys of goods (`category:…`) in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from types import MappingProxyType

from retail.conditions.condition import FIRST_WORDS, Comparison, Condition
from retail.conditions.of_member import (
    Bought,
    Counted,
    Counter,
    Due,
    Entered,
    Happening,
    InSegment,
    Interest,
    IsKnown,
    LongAgo,
    MemberState,
    Within,
)
from retail.conditions.of_sale import (
    WEEKDAYS,
    Attribute,
    BasketSize,
    BasketTotal,
    InBasket,
    OneOf,
    TimeOfDay,
)
from retail.errors import ConfigurationError
from retail.identifiers import SegmentId
from retail.segments import And, Everybody, Not, Or, Rule

RULE_CHARS_MAX = 8_000
"""Longest rule: some 200 conditions, ten times what the longest rule of a marketing department we saw needs."""

RULE_DEPTH_MAX = 100
"""Deepest nesting: nobody reads ten levels, and each level costs us frames of Python's stack (1,000)."""

COUNT_MAX = 1_000_000_000
"""Largest number of days, items, points or purchases in a rule; beyond it somebody pasted a card number."""

KEY_KINDS = ("category", "item", "need", "brand", "gtin")
"""What goods may be called by in a rule: `category:coffee`."""

_TOKEN = re.compile(r'\s*(?:(?P<mark>[()]|<=|>=|<|>|=|,)|"(?P<quoted>[^"]*)"|(?P<word>[^\s()"<>=,]+)|(?P<bad>\S))')
_END = "the end"


class RuleError(ConfigurationError):
    """A rule cannot be read. `column` counts from 1; `suggestion` is the nearest word that would fit, or empty."""

    def __init__(self, message: str, *, rule: str, column: int, suggestion: str = "") -> None:
        hint = f"did you mean {suggestion!r}?" if suggestion else "see the rule language in docs/campaigns.md"
        super().__init__(f"{message} at column {column} of the rule {rule[:200]!r}", fix=hint, code="rule")
        self.column = column
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    column: int
    kind: str

    @property
    def shown(self) -> str:
        return f"{self.text!r}" if self.kind != "end" else _END

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.lower() in words


def parse_rule(text: str, *, segments: Collection[str] | None = None) -> Rule:
    """Read a rule from its text; RuleError tells column and suggestion when it cannot be read.

    `segments`: the chain's segments, where they are known: any other name is then refused as mistyped.
    """
    return _Parser(text, segments).rule()


class _Parser:
    """Recursive descent over the tokens of one rule; a level is a method, as in the grammar of `segments.py`."""

    def __init__(self, text: str, segments: Collection[str] | None) -> None:
        self._text = text
        if len(text) > RULE_CHARS_MAX:
            raise self._error_at(RULE_CHARS_MAX, f"more than {RULE_CHARS_MAX} characters")
        self._segments = segments
        self._tokens = tuple(self._scan())
        self._position = 0
        self._depth = 0

    def _scan(self) -> Iterable[_Token]:
        place = 0
        while match := _TOKEN.match(self._text, place):
            kind = match.lastgroup or ""
            token = _Token(match[kind], match.start(kind) + 1, kind)
            if kind == "bad":
                raise self._error(token, "a quotation mark without its partner")
            yield token
            place = match.end()
        yield _Token("", len(self._text) + 1, "end")

    def rule(self) -> Rule:
        """Read the whole text."""
        if self._next.kind == "end":
            raise self._error(self._next, "an empty rule", candidates=("everybody",))
        rule = self._either()
        if self._next.kind != "end":
            raise self._unexpected("'and', 'or' or the end", candidates=("and", "or", "within", *FIRST_WORDS))
        return rule

    def _either(self) -> Rule:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self) -> Rule:
        parts = [self._opposite()]
        while self._take("and"):
            parts.append(self._opposite())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _opposite(self) -> Rule:
        self._depth += 1
        if self._depth > RULE_DEPTH_MAX:
            raise self._error(self._next, f"a rule nested deeper than {RULE_DEPTH_MAX}")
        try:
            if self._take("not"):
                return Not(self._opposite())
            if self._take_mark("("):
                inside = self._either()
                if not self._take_mark(")"):
                    raise self._unexpected("'and', 'or' or ')'", candidates=("and", "or", "within"))
                return inside
            return self._condition()
        finally:
            self._depth -= 1

    def _condition(self) -> Rule:
        token = self._advance()
        if token.kind not in {"word", "quoted"} or token.is_word("and", "or"):
            raise self._error(token, f"expected a segment or a condition, found {token.shown}")
        read = _CONDITIONS.get(token.text.lower()) if token.kind == "word" else None
        return read(self, token.text.lower()) if read else self._segment(token)

    def _bought(self, _word: str) -> Condition:
        return Bought(self._key(), self._window_if_any())

    def _due(self, _word: str) -> Condition:
        key = self._key()
        self._expect("after")
        days = self._count()
        self._expect("days", "day")
        return Due(key, days)

    def _entered(self, _word: str) -> Condition:
        token = self._advance()
        if token.kind not in {"word", "quoted"}:
            raise self._error(token, f"expected a segment, found {token.shown}")
        return Entered(self._known_segment(token), self._window())

    def _interest(self, _word: str) -> Condition:
        return Interest(self._key(), self._window_if_any())

    def _within(self, word: str) -> Condition:
        return Within(Happening(word), self._window())

    def _counted(self, word: str) -> Condition:
        return Counted(Counter(word), self._comparison(), self._count())

    def _segment(self, token: _Token) -> Condition:
        if ":" in token.text and token.kind == "word":
            raise self._error(
                token, f"{token.text!r} says goods: write what about them", candidates=(f"bought {token.text}",)
            )
        segment = self._known_segment(token)
        if self._segments is None and self._next.kind in {"word", "quoted"} and not self._next.is_word("and", "or"):
            raise self._two_words(token, self._next)
        return InSegment(segment)

    def _two_words(self, first: _Token, second: _Token) -> RuleError:
        """Return which of two words is mistyped: the first only where the second goes with what it may have meant."""
        meant = _nearest(first.text, _SECOND_WORDS)
        seconds = _SECOND_WORDS.get(meant, ())
        if meant and (
            seconds is _ANYTHING or second.text.lower() in seconds or (seconds is _GOODS and ":" in second.text)
        ):
            return self._error(first, f"{first.text!r} followed by {second.shown}", candidates=(meant,))
        return self._unexpected("'and', 'or' or the end", candidates=("and", "or"))

    def _known_segment(self, token: _Token) -> SegmentId:
        if not token.text or token.text != token.text.strip():
            raise self._error(token, "an empty segment name")
        if self._segments is not None and token.text not in self._segments:
            candidates = (*self._segments, *FIRST_WORDS)
            raise self._error(token, f"there is no segment {token.text!r}", candidates=candidates)
        return SegmentId(token.text)

    def _key(self) -> str:
        token = self._advance()
        kind, colon, name = token.text.partition(":")
        if token.kind not in {"word", "quoted"} or not colon or not name.strip():
            raise self._error(token, f"expected goods such as category:coffee, found {token.shown}")
        if kind.lower() not in KEY_KINDS:
            raise self._error(token, f"goods have no {kind!r}", candidates=KEY_KINDS)
        return token.text.lower()

    def _basket(self, _word: str) -> Condition:
        token = self._advance()
        if token.is_word("has"):
            return InBasket(self._key())
        if token.is_word("total"):
            return BasketTotal(self._comparison(), self._amount())
        if token.is_word("items"):
            return BasketSize(self._comparison(), self._count())
        raise self._error(
            token, f"expected 'has', 'total' or 'items', found {token.shown}", candidates=("has", "total", "items")
        )

    def _time_of_day(self, _word: str) -> Condition:
        self._expect("between")
        start = self._time()
        self._expect("and")
        return TimeOfDay(start, self._time())

    def _time(self) -> time:
        token = self._advance()
        match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", token.text, re.ASCII)
        if match is None:
            raise self._error(token, f"expected a time such as 08:00, found {token.shown}")
        return time(int(match[1]), int(match[2]))

    def _one_of(self, word: str) -> Condition:
        attribute = Attribute(word)
        self._expect("in", "is")
        values = [self._value(attribute)]
        while self._take_mark(","):
            values.append(self._value(attribute))
        return OneOf(attribute, tuple(values))

    def _value(self, attribute: Attribute) -> str:
        token = self._advance()
        if token.kind not in {"word", "quoted"} or not token.text.strip():
            raise self._error(token, f"expected a {attribute.value}, found {token.shown}")
        if attribute is not Attribute.WEEKDAY:
            return token.text
        if token.text.lower() not in WEEKDAYS:
            raise self._error(token, f"{token.text!r} is no weekday", candidates=WEEKDAYS)
        return token.text.lower()

    def _last_visit(self, _word: str) -> Condition:
        self._expect("visit")
        if self._next.is_word("within"):
            return Within(Happening.LAST_VISIT, self._window())
        self._expect("over", also=("within",))
        days = self._count()
        self._expect("days", "day")
        self._expect("ago")
        return LongAgo(Happening.LAST_VISIT, days)

    def _window_if_any(self) -> int | None:
        return self._window() if self._next.is_word("within") else None

    def _window(self) -> int:
        self._expect("within")
        days = self._count()
        self._expect("days", "day")
        return days

    def _comparison(self) -> Comparison:
        token = self._advance()
        if token.kind != "mark" or token.text not in set(Comparison):
            raise self._error(token, f"expected >=, <=, >, < or =, found {token.shown}")
        return Comparison(token.text)

    def _count(self) -> int:
        token = self._advance()
        if not re.fullmatch(r"\d{1,10}", token.text, re.ASCII) or int(token.text) > COUNT_MAX:
            raise self._error(token, f"expected a whole number up to {COUNT_MAX}, found {token.shown}")
        return int(token.text)

    def _amount(self) -> Decimal:
        token = self._advance()
        try:
            amount = Decimal(token.text if re.fullmatch(r"\d{1,10}(\.\d{1,4})?", token.text, re.ASCII) else "")
        except InvalidOperation:
            raise self._error(token, f"expected an amount such as 20.00, found {token.shown}") from None
        return amount

    @property
    def _next(self) -> _Token:
        return self._tokens[self._position]

    def _advance(self) -> _Token:
        token = self._next
        if token.kind != "end":
            self._position += 1
        return token

    def _take(self, word: str) -> bool:
        taken = self._next.is_word(word)
        self._position += taken
        return taken

    def _take_mark(self, mark: str) -> bool:
        taken = self._next.kind == "mark" and self._next.text == mark
        self._position += taken
        return taken

    def _expect(self, *words: str, also: tuple[str, ...] = ()) -> None:
        if not self._next.is_word(*words):
            raise self._unexpected(" or ".join(repr(word) for word in (*words[:1], *also)), candidates=(*words, *also))
        self._position += 1

    def _unexpected(self, wanted: str, *, candidates: Collection[str]) -> RuleError:
        return self._error(self._next, f"expected {wanted}, found {self._next.shown}", candidates=candidates)

    def _error(self, token: _Token, message: str, *, candidates: Collection[str] = ()) -> RuleError:
        return self._error_at(token.column, message, suggestion=_nearest(token.text, candidates))

    def _error_at(self, column: int, message: str, *, suggestion: str = "") -> RuleError:
        return RuleError(message, rule=self._text, column=column, suggestion=suggestion)


_CONDITIONS: dict[str, Callable[[_Parser, str], Rule]] = {
    "everybody": lambda _parser, _word: Everybody(),
    **dict.fromkeys((state.value for state in MemberState), lambda _parser, word: IsKnown(MemberState(word))),
    **dict.fromkeys((attribute.value for attribute in Attribute), _Parser._one_of),  # noqa: SLF001 - same module
    **dict.fromkeys((counter.value for counter in Counter), _Parser._counted),  # noqa: SLF001
    **dict.fromkeys(("birthday", "visited"), _Parser._within),  # noqa: SLF001
    "bought": _Parser._bought,  # noqa: SLF001
    "interest": _Parser._interest,  # noqa: SLF001
    "basket": _Parser._basket,  # noqa: SLF001
    "time": _Parser._time_of_day,  # noqa: SLF001
    "due": _Parser._due,  # noqa: SLF001
    "entered": _Parser._entered,  # noqa: SLF001
    "last": _Parser._last_visit,  # noqa: SLF001
}
"""What each first word begins."""


_GOODS = (":",)
"""Stands for a key of goods, in which there is a colon."""

_ANYTHING = ("",)
"""Stands for whatever a segment may be called."""

_SECOND_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("bought", "interest", "due"), _GOODS),
        **dict.fromkeys((attribute.value for attribute in Attribute), ("in", "is")),
        **dict.fromkeys(("birthday", "visited"), ("within",)),
        **dict.fromkeys(("not", "entered"), _ANYTHING),
        "basket": ("has", "total", "items"),
        "time": ("between",),
        "last": ("visit",),
    }
)
"""What goes on after a first word: tells whether the first word or the second one is mistyped."""


def _nearest(word: str, candidates: Collection[str]) -> str:
    """Return the candidate that `word` was most likely meant to be; the only one there is, where nothing is near.

    One with the same letters comes first: letters that changed places are the commonest slip of two hands.
    """
    swapped = [each for each in sorted(candidates) if sorted(each.lower()) == sorted(word.lower())]
    near = swapped or get_close_matches(word.lower(), sorted(candidates), n=1, cutoff=0.6)
    if near:
        return near[0]
    return next(iter(candidates)) if len(candidates) == 1 else ""
