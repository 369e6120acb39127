"""How many and at which price: the numbers that stand before the amount on a line of goods. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

from pos_adapters.reading.amounts import MILLI, Number, in_fashion
from pos_adapters.reading.reprints import Reprinted

USUAL_DECIMALS = 2  # of most currencies: lines are read as goods in this fashion while they stream in
_PIECES_MAX = 999
_GLUED = re.compile(r"[xх]@?単?(\d{1,6})(?![\d.,])", re.IGNORECASE)  # behind the first figure
_COUNT_CLOSE = re.compile(r"(\d{1,3}) (?=\d+(?:[.,]\d+)?(?!\d| \d))")
_REMARK = re.compile(r" *\([^()]*[^\W\d_]{2}[^()]*\)")


class Goods(NamedTuple):
    """A line as goods and nothing else, in the usual fashion; `amount` in thousandths."""

    amount: int
    quantity: Number | None
    price: Number | None


def goods_on(text: str, numbers: tuple[Number, ...], right: tuple[int, ...]) -> Goods | None:
    """Return the line as goods in the usual fashion; None where its amount is negative or none, or only a remark."""
    if is_remark(text):
        return None
    for index in right:
        amount = in_fashion(numbers[index], USUAL_DECIMALS)
        if amount is not None:
            if amount < 0:
                return None
            return Goods(amount, *quantity_and_price(text, numbers, index, decimals=USUAL_DECIMALS))
    return None


def is_remark(text: str) -> bool:
    """`(includes eco tax 0.05)`: a line in brackets tells what the goods above it hold."""
    return text[-1:] == ")" and _REMARK.fullmatch(text) is not None


class GoodsPlan(NamedTuple):
    """Where lines of one shape, whatever their figures, have their amount and their quantity."""

    amount: int  # index of its number
    quantity: int | None
    multiplies: bool  # figures may be a price: the product decides


def plan_of(goods: Goods | None, numbers: Sequence[Number], right: tuple[int, ...]) -> GoodsPlan | None:
    """Return where `goods_on` found its numbers; None where the line is no goods."""
    if goods is None:
        return None
    amount = next(index for index in right if in_fashion(numbers[index], USUAL_DECIMALS) is not None)
    multiplies = amount > 1 and any(in_fashion(number, USUAL_DECIMALS) is not None for number in numbers[:amount])
    return GoodsPlan(amount, None if goods.quantity is None else numbers.index(goods.quantity), multiplies)


def goods_by(plan: GoodsPlan, text: str, numbers: Reprinted) -> Goods:
    """Return what `goods_on` would of a line whose shape has a plan."""
    amount, at, multiplies = plan
    value = numbers.thousandths(amount)
    if multiplies:
        return Goods(value, *quantity_and_price(text, numbers, amount, decimals=USUAL_DECIMALS))
    return tuple.__new__(Goods, (value, None if at is None else numbers[at], None))  # as Goods(...), at half its cost


def quantity_and_price(
    text: str, numbers: Sequence[Number], index: int, *, decimals: int
) -> tuple[Number | None, Number | None]:
    """Return the quantity and the unit price before the amount `numbers[index]` of a line that does not multiply."""
    if not index:
        return None, None
    close = numbers[index - 1]
    if close.last_group >= 0:
        found = _count_before_price(text, close, numbers[index])
        if found is not None:
            return found
    if index > 1:
        found = factors(numbers, index, decimals)
        if found is not None:
            return found
    if not decimals:
        glued = _glued_factors(text, numbers[:index], numbers[index])
        if glued is not None:
            return glued
    for number in numbers[:index]:
        if number.use == "x":
            return number, None
    return _in_column(text, numbers[index - 1], numbers[index]), None


def _glued_factors(text: str, before: Sequence[Number], amount: Number) -> tuple[Number, Number] | None:
    """Return quantity and price where a price without decimals is glued to how many: "(98x3)  294", "3コX98  294".

    Only where the two make the amount: of "10x15" no figure counts.
    """
    for number in before:
        glued = _GLUED.match(text, number.end - (number.use == "x"))
        if glued is not None and number.value * int(glued[1]) == amount.value:
            other = number._replace(start=glued.start(1), end=glued.end(1), value=int(glued[1]) * MILLI, use="")
            return (other, number) if prices_first(number, other) else (number, other)
    return None


def factors(numbers: Sequence[Number], index: int, decimals: int) -> tuple[Number, Number] | None:
    """Columns of quantity and price: the two numbers whose product is the amount."""
    values = [in_fashion(number, decimals) for number in numbers[: index + 1]]
    amount = values.pop()
    if all(value is None for value in values):
        return None
    for at, other in itertools.combinations(range(index), 2):
        ways = ((at, other), (other, at))
        for quantity, price in ways[:: 1 if decimals or not prices_first(numbers[at], numbers[other]) else -1]:
            value = values[price]
            if value is not None and round_half_up(numbers[quantity].value * value, decimals) == amount:
                return numbers[quantity], numbers[price]
    return None


def _count_before_price(text: str, close: Number, amount: Number) -> tuple[Number, Number] | None:
    """Return both where "2 195.00   390.00" is two at 195.00 in columns that stand close, not two thousands."""
    head = _COUNT_CLOSE.match(text, close.start)
    if head is None or int(head[1]) * close.last_group != amount.value:
        return None
    count = close._replace(end=head.end(1), value=int(head[1]) * MILLI, decimals=0, currency="", use="", last_group=-1)
    return count, close._replace(start=head.end(), value=close.last_group, last_group=-1)


def prices_first(first: Number, second: Number) -> bool:
    """Whether, where amounts have no decimals, `490  2` is two at 490: few cost much oftener than many little."""
    if "u" in (first.use, second.use) or second.currency:
        return second.use == "u"
    return (first.grouped if first.grouped >= 0 else first.value) > max(second.value, second.grouped)


def _in_column(text: str, number: Number, amount: Number) -> Number | None:
    """Return a bare count before the amount, in a column of its own."""
    start, end, value, decimals, _, currency, use, _ = number
    if decimals or currency or use not in ("", "u") or not 0 < value <= _PIECES_MAX * MILLI:
        return None
    if text[max(0, start - 2) : start].strip() or text[end : amount.start].strip():
        return None  # "Item 3" is a name, not three
    return number


def product_of(quantity: Number, price: Number, decimals: int) -> int:
    """Return what so many at this price come to, rounded as the fashion is; without decimals "2,380" is a thousand."""
    each = price.grouped if decimals == 0 and price.grouped >= 0 else price.value
    return round_half_up(quantity.value * each, decimals)


def round_half_up(product: int, decimals: int) -> int:
    """Round a product of two thousandths (a millionth) to thousandths of the fashion's last place."""
    step = MILLI * 10 ** (3 - decimals)
    rounded: int = ((abs(product) + step // 2) // step) * (step // MILLI)
    return -rounded if product < 0 else rounded
