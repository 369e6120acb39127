"""What goods are called, how many there are and what one costs: told beside an amount that the sums have proved. Pure.

No sum stands on what is told here, so that it is believed only as far as it fits the amount: "4X125G" is a size,
"500ml @9.5 x2" are two, and a price "1,399" of a litre has three decimals where thousands would be a fortune.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from pos_adapters.reading.amounts import MILLI, Number, in_fashion
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.quantities import USUAL_DECIMALS, factors, round_half_up
from pos_adapters.reading.read_lines import name_in
from pos_adapters.reading.sheet import Entry, Sheet
from retail.line_items import LineItem, ReturnLineItem, SaleLineItem

ONE = Decimal(1)
FITS_TIMES = 3  # so many times more or less than the amount is no product with a discount, but a size or a number
MOST_SHARE = (2, 3)  # of the goods begin with a figure where figures are counts
_TIMES = "xXхХ*"
_LETTERS = re.compile(r"[^\W\d_]")
_FACTORS = re.compile(r"[\d\s.,xXхХ*×@]+")
_FACTOR = re.compile(r"(\d{1,6})(?:[.,](\d{2,3}))?(?![\d.,])")
_LEFT_OVER = re.compile(r"^ *[xXхХ*] +|[ @(\[]+$")
_NAMELESS = re.compile(  # "39.00 L x", "pcs. x"
    r"\d[\d.,]* ?(?:[^\W\d_]{1,4}\.?)? ?[xXхХ*]?|(?:[^\W\d_]{1,4}\.? )?[xXхХ*]"
)
_SIGNED = re.compile(r"(\d{1,3}) ?[xXхХ×*] +(?=\(?[^\W\d_])")
_WEIGHED = re.compile(r"(\d{1,3})[.,](\d{3}) ?(?:kg|KG|Kg|кг|КГ)\.? +(?=[^\W\d_])")
_BARE = re.compile(r"(\d{1,2}) (?=\(?[^\W\d_]{3})")


class Counted(NamedTuple):
    """How many of which price, as printed and as meant; what was not printed, or does not fit, is None."""

    quantity: Number
    price: Number | None
    pieces: Decimal
    each: Decimal | None


def counted(entry: Entry, amount: int, decimals: int) -> Counted | None:
    """Return how many an entry's line tells, and what one costs, where they fit its amount (thousandths)."""
    quantity, price = entry.quantity, entry.price
    if quantity is None or not quantity.value:
        return None
    if price is None:
        if _is_size(entry.facts.text, quantity) and quantity in entry.facts.numbers:
            return _by_glued_price(entry, amount, decimals) or _by_columns(entry.facts, amount, decimals)
        return Counted(quantity, None, next(_meanings(quantity)), None)
    return _fitting(quantity, price, amount, decimals) or _by_columns(entry.facts, amount, decimals)


def _is_size(text: str, number: Number) -> bool:
    """`4X125G`, `10x15`: a figure stands directly behind the sign."""
    return number.use == "x" and text[number.end - 1] in _TIMES and text[number.end : number.end + 1].isdigit()


def _by_glued_price(entry: Entry, amount: int, decimals: int) -> Counted | None:
    """`2x5,98`, "9.90x2", "@98x12": what stands behind the sign is a factor where the product is the amount."""
    first = entry.quantity
    match = None if first is None else _FACTOR.match(entry.facts.text, first.end)
    if first is None or match is None:
        return None
    places = len(match[2] or "")
    value = int(match[1] + (match[2] or "")) * 10 ** (3 - places)
    if round_half_up(first.value * value, USUAL_DECIMALS) != abs(amount):
        return None
    second = first._replace(start=match.start(), end=match.end(), value=value, decimals=places, use="")
    is_price = first.decimals == USUAL_DECIMALS != places or (first.decimals == places == 0 and first.value > value)
    return _fitting(second, first, amount, decimals) if is_price else _fitting(first, second, amount, decimals)


def _by_columns(facts: LineFacts, amount: int, decimals: int) -> Counted | None:
    """Return the two numbers on a line whose product is its amount: "500ml    @9.5 x2   19.0"."""
    for index in facts.right:
        if index > 1 and in_fashion(facts.numbers[index], decimals) == abs(amount):
            plain = [number._replace(use="") if number.use == "x" else number for number in facts.numbers]
            found = factors(plain, index, decimals)
            if found is not None:
                return _fitting(*found, amount, decimals)
    return None


def _fitting(quantity: Number, price: Number, amount: int, decimals: int) -> Counted | None:
    """Return quantity and price as they come closest to the amount; None where that is far from it."""
    ways = [(pieces, each) for pieces in _meanings(quantity) for each in _meanings(price)]
    target = Decimal(abs(amount)) / MILLI
    pieces, each = min(ways, key=lambda way: abs(abs(way[0] * way[1]) - target))
    if (each == ONE and pieces == target) or (
        not (decimals or quantity.use) and each != int(each) and pieces == int(pieces)
    ):
        quantity, price, pieces, each = price, quantity, each, pieces  # "5,980 x1" is one, "1,240 x 890" some kilograms
    made = abs(pieces * each)
    if made != target and each == target and pieces > ONE:
        return Counted(quantity, None, pieces, None)  # "2 x Tea   2.50" tells no price of one
    if made and target and not target <= made * FITS_TIMES <= target * FITS_TIMES**2:
        return None
    return Counted(quantity, price, pieces, each)


def _meanings(number: Number) -> Iterator[Decimal]:
    """Yield a number as its decimals say, and "1.234" as thousands."""
    if number.decimals == 0:
        yield Decimal(number.value // MILLI)
    else:
        yield Decimal(number.value).scaleb(-3).quantize(ONE.scaleb(-min(number.decimals, 3)))
    if number.grouped >= 0:
        yield Decimal(number.grouped // MILLI)


def described(entry: Entry, found: Counted | None, sheet: Sheet) -> str:
    """Return the words that name an item: its line up to the amounts, with the bare names above."""
    lines = sheet.facts
    if found is None and len(entry.described) <= 1:
        return lines[entry.described[0]].name if entry.described else entry.facts.name
    names = []
    for line in entry.described or (entry.line,):
        facts = lines[line]
        beside = facts.right and found is not None and not {found.quantity, found.price}.isdisjoint(facts.numbers)
        names.append(_beside(facts, found) if beside and found is not None else facts.name)
    name = " ".join(each for each in names if each)
    return (_name_above(entry.line, sheet) or name) if found is not None and _NAMELESS.fullmatch(name) else name


def _name_above(line: int, sheet: Sheet) -> str:
    """Return the name on the line above, should it hold nothing else: "Diesel" above "42,12 L x   1,399   58,93"."""
    above = sheet.facts[line - 1] if line else None
    if above is None or not above.named or above.right or above.dated or sheet.labels[line - 1] is not None:
        return ""
    return above.name


def _beside(facts: LineFacts, found: Counted) -> str:
    """Return the name on a line that also says how many: before the figures, else behind them."""
    text, end = facts.text, facts.numbers[facts.right[-1]].start
    at = behind = end
    for number in (found.quantity, found.price):
        if number is None or number not in facts.numbers or number.start >= end:
            continue
        if not _FACTORS.fullmatch(text, 0, number.start) and _LETTERS.search(text, 0, number.start):
            at = min(at, number.start)
        elif behind == end or number.end > behind:
            behind = number.end
    name = name_in(text[:at].rstrip(" ([@"))
    if found.price is not None and behind < at and _LETTERS.search(text, behind, at):
        return name_in(_LEFT_OVER.sub("", text[behind:at])) or name
    return name


def with_counts(items: list[LineItem]) -> list[LineItem]:
    """Take what says how many away from before the names: "2 x Tea", "0,512 kg Pears", and "2 Tea" among such."""
    if not any(map(str.isdigit, [each.description[:1] for each in items])):
        return items
    goods = [each for each in items if isinstance(each, (SaleLineItem, ReturnLineItem))]
    all_count = _begin_with_counts(goods)
    return [
        _without_count(each, all_count=all_count) if isinstance(each, (SaleLineItem, ReturnLineItem)) else each
        for each in items
    ]


def _begin_with_counts(goods: Sequence[SaleLineItem | ReturnLineItem]) -> bool:
    """Whether figures before names are counts: most goods have one, and they do not number the lines.

    A line of its own ("7 Up") proves nothing but "1 Tea"; what another figure on a line proves must be the same.
    """
    found = [(int(match[1]), each) for each in goods if (match := _BARE.match(each.description))]
    if len(found) * MOST_SHARE[1] < len(goods) * MOST_SHARE[0]:
        return False
    if any(
        each.quantity not in (ONE, number) or (each.unit_price and each.quantity != number) for number, each in found
    ):
        return False
    numbers = [number for number, _ in found]
    proved = any(each.unit_price and number > 1 for number, each in found)
    return proved or set(numbers) == {1} or (len(found) > 1 and numbers != list(range(1, len(found) + 1)))


def _without_count(item: SaleLineItem | ReturnLineItem, *, all_count: bool) -> SaleLineItem | ReturnLineItem:
    name = item.description
    match = _SIGNED.match(name) or _WEIGHED.match(name) or _BARE.match(name)
    if match is None:
        return item
    count = Decimal(".".join(match.groups()))
    told = item.quantity == count and item.unit_price is not None and count != ONE
    if match.re is _BARE and not (all_count or told):
        return item
    if item.quantity != count and (item.quantity != ONE or item.unit_price is not None):
        return item  # its columns say otherwise
    return replace(item, description=name[match.end() :], quantity=count)
