"""Lines that are printed again with other figures: what makes two lines alike, and the figures of the second.

Contract: pure. Lines with one key (`figures_alike`) have their digits at the same places; where `figures_of` told those
of the first line's numbers, `Reprinted` reads the numbers of any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from pos_adapters.reading.amounts import DIGITS, MILLI, Number, value_of

CENTS = 10  # thousandths in one
_ALL_ONES = bytes.maketrans(b"23456789", b"11111111")


def figures_alike(lines: Sequence[str]) -> list[str]:
    """Return each line with one digit for all; a nought stays where a number begins with it, which makes an id."""
    keys = _alike("\n".join(lines)).split("\n")
    return keys if len(keys) == len(lines) else [_alike(line) for line in lines]  # no paper has a line feed in a line


def _alike(text: str) -> str:
    if text.isascii():
        text = text.encode("ascii").translate(_ALL_ONES).decode("ascii")
    else:
        for digit in "23456789":
            text = text.replace(digit, "1")
    while "10" in text:
        text = text.replace("10", "11")
    return text


class Figures(NamedTuple):
    """Where the digits of a number stand, to read another printing of them with the same marks at the same places."""

    first: int
    last: int
    scale: int  # thousandths of a unit of the last place: plain digits 1000, "1.20" 10; 0 for other marks
    negative: bool
    start: int  # this and what follows is of the number (`Number`), whatever its digits
    end: int
    decimals: int
    grouped: int
    currency: str
    use: str


def figures_of(text: str, number: Number) -> Figures | None:
    """Return where the digits of `number` stand; None where another printing of them could not be read alike.

    Zero has no sign to keep, and groups parted by spaces may be two numbers.
    """
    match = DIGITS.search(text, number.start)
    if match is None or number.value == 0 or number.last_group >= 0:
        return None
    digits = match.group()
    value, decimals, grouped = value_of(digits)
    if (value, decimals, grouped) != (abs(number.value), number.decimals, number.grouped):
        return None
    scale = MILLI if digits.isdigit() else CENTS if decimals == 2 and digits[:-3].isdigit() else 0
    start, end, _, _, _, currency, use, _ = number
    return Figures(match.start(), match.end(), scale, number.value < 0, start, end, decimals, grouped, currency, use)


def reprinted(figures: Figures, text: str) -> Number:
    """Return the number with the digits that `text` has in its place."""
    first, last, scale, negative, start, end, decimals, grouped, currency, use = figures
    if scale == CENTS:
        value = int(text[first : last - 3] + text[last - 2 : last]) * CENTS
    elif scale:
        value = int(text[first:last]) * MILLI
    else:
        value, decimals, grouped = value_of(text[first:last])  # "1.234" may be 1234 or not
    fields = (start, end, -value if negative else value, decimals, grouped, currency, use, -1)
    return tuple.__new__(Number, fields)  # what Number(...) does, at half its cost


class Reprinted(Sequence[Number]):
    """The numbers of a line, read when they are asked for: of most goods, nobody asks for any but the amount."""

    __slots__ = ("_figures", "_numbers", "_text")

    def __init__(self, figures: tuple[Figures, ...], text: str) -> None:
        self._figures = figures
        self._text = text
        self._numbers: tuple[Number, ...] | None = None

    def all(self) -> tuple[Number, ...]:
        """Return them, left to right."""
        numbers = self._numbers
        if numbers is None:
            text = self._text
            numbers = self._numbers = tuple([reprinted(each, text) for each in self._figures])
        return numbers

    def thousandths(self, index: int) -> int:
        """Return the value of one of them, and leave the others unread."""
        figures, text = self._figures[index], self._text
        first, last, scale, negative = figures[:4]
        if scale != CENTS:
            return reprinted(figures, text).value
        value = int(text[first : last - 3] + text[last - 2 : last]) * CENTS
        return -value if negative else value

    @overload
    def __getitem__(self, index: int) -> Number: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Number, ...]: ...
    def __getitem__(self, index: int | slice) -> Number | tuple[Number, ...]:
        return self.all()[index]

    def __len__(self) -> int:
        return len(self._figures)

    def __iter__(self) -> Iterator[Number]:
        return iter(self.all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self.all())

    def __repr__(self) -> str:
        return repr(self.all())
