"""Lines that are printed again with other figures and names: what all lines of one shape say, and what each says anew.

Contract: pure. `shape_of` tells what a line that was read shares with every other of its shape; `refilled` and
`GoodsLine` say of such another line what reading it would have said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from pos_adapters.reading.amounts import Number
from pos_adapters.reading.folding import WIDE
from pos_adapters.reading.lexicon import Hit, Role
from pos_adapters.reading.quantities import USUAL_DECIMALS, Goods, GoodsPlan, goods_by, plan_of
from pos_adapters.reading.read_lines import DATED, LONG_RUN, NAME_EDGES, ReadLine, days_on, gtin_in, name_in
from pos_adapters.reading.reprints import CENTS, Figures, Reprinted, figures_of

_MAY_BE_A_TIME: Final = re.compile(r"\d:\d\d(?!\d)")
_MEASURES: Final = frozenset((Role.UNIT, Role.FILLER))  # words that make nothing of a line but goods
_FIRST_SHARED, _AFTER_SHARED = ReadLine._fields.index("right"), ReadLine._fields.index("days")
_SHARED = ReadLine._fields[_FIRST_SHARED:_AFTER_SHARED]
_RIGHT, _HITS, _VOTES, _LETTERS, _UNKNOWN, _DATED_SHARED, _INDENT, _SIGNS = (
    _SHARED.index(name) for name in ("right", "hits", "votes", "letters", "unknown", "dated", "indent", "signs")
)


class GoodsPlace(NamedTuple):
    """Where name and amount stand on a line that `GoodsLine` may hold."""

    name: int
    name_end: int
    amount: int  # two decimals, and nothing between its digits but their mark
    amount_end: int
    speaks: bool  # as in `ReadLine`; here it is known that no date stands there


class Shape(NamedTuple):
    """What every line with these letters at these places says; its figures are read anew."""

    shared: tuple[Any, ...]  # its fields that are alike on every such line
    days: tuple[None, None] | None  # as on every such line ...
    may_be_date: bool  # ... but where figures stand in the form of a date and these decide
    dated: bool | None  # as on every such line; None where a time may stand there, which the figures decide
    figures: tuple[Figures, ...]  # where the digits of each number stand
    name: tuple[int, int] | None  # where the name stands; None where it is more than a piece of the line
    name_end: int | None  # where the amount begins, before which the name stands; None without an amount
    plan: GoodsPlan | None  # where amount and quantity stand on a line of goods
    long: bool  # a run of digits may be an article number
    key: str
    goods: GoodsPlace | None  # on a line that is goods by name and amount and whose words say no more


class GoodsLine:
    """A line that is goods by name and amount and whose words say no more, as little as the sums ask for.

    It says what its `ReadLine` says; a receipt has thirty, and few are asked for more than name and amount.
    """

    __slots__ = ("amount", "like", "name", "speaks", "text")
    text: str
    name: str
    amount: int  # thousandths
    speaks: bool
    like: Shape

    times: None = None  # what no such line has, and what each has
    gtin: None = None
    telling = rule = starred = dated = False
    named = True
    decimals = USUAL_DECIMALS

    def whole(self) -> ReadLine:
        """Return all that the line says."""
        line = refilled(self.like, self.text)
        assert line is not None
        return line

    @property
    def numbers(self) -> Sequence[Number]:
        """See `ReadLine`, as of all that follow."""
        return Reprinted(self.like.figures, self.text)

    @property
    def right(self) -> tuple[int, ...]:
        """See `ReadLine`."""
        right: tuple[int, ...] = self.like.shared[_RIGHT]
        return right

    @property
    def hits(self) -> tuple[Hit, ...]:
        """See `ReadLine`."""
        hits: tuple[Hit, ...] = self.like.shared[_HITS]
        return hits

    @property
    def votes(self) -> tuple[tuple[int, int], ...]:
        """See `ReadLine`."""
        votes: tuple[tuple[int, int], ...] = self.like.shared[_VOTES]
        return votes

    @property
    def letters(self) -> int:
        """See `ReadLine`."""
        letters: int = self.like.shared[_LETTERS]
        return letters

    @property
    def unknown(self) -> int:
        """See `ReadLine`."""
        unknown: int = self.like.shared[_UNKNOWN]
        return unknown

    @property
    def indent(self) -> int:
        """See `ReadLine`."""
        indent: int = self.like.shared[_INDENT]
        return indent

    @property
    def signs(self) -> tuple[str, ...]:
        """See `ReadLine`."""
        signs: tuple[str, ...] = self.like.shared[_SIGNS]
        return signs

    @property
    def days(self) -> tuple[None, None] | None:
        """See `ReadLine`."""
        return self.like.days

    @property
    def goods(self) -> Goods:
        """See `ReadLine`."""
        return Goods(self.amount, None, None)

    @property
    def shape(self) -> str:
        """See `ReadLine`."""
        return self.like.key

    def _replace(self, **changes: Any) -> ReadLine:
        return self.whole()._replace(**changes)

    def __eq__(self, other: object) -> bool:
        return self.whole() == (other.whole() if isinstance(other, GoodsLine) else other)

    def __hash__(self) -> int:
        return hash(self.whole())

    def __repr__(self) -> str:
        return repr(self.whole())


def shape_of(facts: ReadLine, printed: str, key: str) -> Shape | None:
    """Return what a line's shape says; None where the figures decide, or cleaning moved them."""
    text = facts.text
    if facts.rule or not (facts.numbers or facts.dated) or text != printed.rstrip():
        return None
    if "%" in text and WIDE.search(text):
        return None  # "8%対象" is a word
    found = tuple(figures_of(text, number) for number in facts.numbers)
    figures = tuple(each for each in found if each is not None)
    if len(figures) != len(found):
        return None
    name_end = facts.numbers[facts.right[-1]].start if facts.right else None
    long = LONG_RUN.search(text) is not None
    place = None if long else _place_of(facts.name, text[:name_end])
    plan = plan_of(facts.goods, facts.numbers, facts.right)
    return Shape(
        facts[_FIRST_SHARED:_AFTER_SHARED],
        None if facts.days is None else (None, None),
        facts.days is not None,
        None if _MAY_BE_A_TIME.search(text) else facts.dated,
        figures,
        place,
        name_end,
        plan,
        long,
        key,
        None if plan is None or place is None else _goods_place(facts, plan, place, figures),
    )


def _goods_place(
    facts: ReadLine, plan: GoodsPlan, place: tuple[int, int], figures: Sequence[Figures]
) -> GoodsPlace | None:
    """Return where name and amount stand on a line of which no more is to be told; None where there is more."""
    if plan.quantity is not None or plan.multiplies or facts.decimals != USUAL_DECIMALS or not facts.named:
        return None
    if facts.telling or facts.starred or _MAY_BE_A_TIME.search(facts.text):
        return None
    if any(sense.role not in _MEASURES for hit in facts.hits for sense in hit.senses):
        return None
    first, last, scale, *_ = figures[plan.amount]
    return GoodsPlace(*place, first, last, bool(facts.hits or facts.signs)) if scale == CENTS else None


def as_goods(shape: Shape, place: GoodsPlace, printed: str) -> GoodsLine:
    """Return a line of a shape whose goods stand at `place`."""
    first, last, start, end, speaks = place
    line = _new(GoodsLine)
    line.text = printed.rstrip()
    line.name = printed[first:last]
    line.amount = int(printed[start : end - 3] + printed[end - 2 : end]) * CENTS
    line.speaks = speaks
    line.like = shape
    return line


def _place_of(name: str, text: str) -> tuple[int, int] | None:
    """Return where a name stands, whatever its letters; None where spaces were taken out of it."""
    last = len(text.rstrip(NAME_EDGES))
    first = last - len(text[:last].lstrip(NAME_EDGES))
    return (first, last) if text[first:last] == name else None


def refilled(shape: Shape, printed: str) -> ReadLine | None:
    """Return the facts of a line of known shape: the same words, its own figures; None where these decide otherwise."""
    shared, days, may_be, dated, figures, place, name_end, plan, long, key, _ = shape
    text = printed.rstrip()
    if dated is None and (DATED.search(text) is not None) is not shared[_DATED_SHARED]:
        return None
    numbers = Reprinted(figures, text)
    fields = (
        text,
        numbers if plan is not None else numbers.all(),
        *shared,
        days_on(text) if may_be else days,
        text[place[0] : place[1]] if place is not None else name_in(text[:name_end]),
        None if plan is None else goods_by(plan, text, numbers),
        gtin_in(text) if long else None,
        key,
    )
    return _make(ReadLine, fields)


_make = tuple.__new__  # what ReadLine(...) does, at half its cost
_new = object.__new__
