"""Which digits are a payment card's number: the ranges of issuers, Luhn, and groups of digits that make up a number.

Contract: pure. `cards_among` looks at groups of digits in their order, as they stand beside each other on paper or in a
stream: a number begins and ends with a group. Its time grows with the number of digits, whatever they are: Luhn's sum
of any stretch is the difference of two running sums.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

DIGITS_MIN: Final = 12
DIGITS_MAX: Final = 19  # ISO/IEC 7812-1: up to 19; nothing under 12 is in circulation
KEPT_HEAD: Final = 6
KEPT_TAIL: Final = 4  # PCI DSS 3.4: first six and last four at most
_ARTICLE_DIGITS: Final = (12, 13)

# Issuer identification ranges in force (first digits, lengths): Visa, Mastercard, Amex, Diners, Discover, JCB,
# UnionPay, Maestro, Mir, Troy, RuPay, UzCard/Humo. Within these lie Elo, Hipercard, Dankort, Verve and girocard.
_ISSUERS: Final = (
    (re.compile("4"), frozenset((13, 16, 18, 19))),
    (re.compile("5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), frozenset((16,))),
    (re.compile("3[47]"), frozenset((15,))),
    (re.compile("30[0-5]|309|36|3[89]"), frozenset(range(14, 20))),
    (re.compile("6011|64[4-9]|65"), frozenset(range(16, 20))),
    (re.compile("35(?:2[89]|[3-8])"), frozenset(range(16, 20))),
    (re.compile("62|81"), frozenset(range(16, 20))),
    (re.compile("5[06-9]|6[0-9]"), frozenset(range(12, 20))),
    (re.compile("220[0-4]"), frozenset(range(16, 20))),
    (re.compile("9792|8600|9860"), frozenset((16,))),
)
IN_USE: Final = re.compile("[0-9]{16}|3[47][0-9]{13}|62[0-9]{17}")
"""What is embossed on nearly all cards; the other lengths that issuers may use would join numbers by chance."""
EXPIRY_FIGURES: Final = 4
_WITH_EXPIRY: Final = re.compile(
    "(?:[0-9]{16}|3[47][0-9]{13})(?:(?:0[1-9]|1[0-2])[23][0-9]|[23][0-9](?:0[1-9]|1[0-2]))"
)
_FIRST_DIGITS: Final = frozenset("2345689")
_PREFIX_DIGITS: Final = 4  # of the longest prefix above
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")
_AS_FIGURES: Final = bytes.maketrans(b"0123456789", bytes(range(10)))


class Card(NamedTuple):
    """A number found among groups: from group `first` to group `last`, without so many noughts it is filled up with."""

    first: int
    last: int
    noughts: int


def cards_among(groups: Sequence[str], is_spared: Callable[[str], bool], *, filled_up: bool = False) -> list[Card]:
    """Return the card numbers that groups of digits make up, the longest from the first group on, and so forth.

    `is_spared`: whether a number is one of the store's own. `filled_up`: noughts may stand before one in its group.
    """
    digits = "".join(groups)
    if len(digits) < DIGITS_MIN:
        return []
    if not digits.isascii():
        digits = "".join([str(int(digit)) for digit in digits])  # figures of other scripts
    starts = [0, *accumulate(map(len, groups))]
    group_ending_at = {end: index for index, end in enumerate(starts[1:])}
    sums = _running_sums(digits)

    def end_of_card(begin: int) -> int:
        """Return where the longest number that begins here ends; 0 for none."""
        for length in _lengths_of(digits[begin : begin + _PREFIX_DIGITS]):
            end = begin + length
            if end in group_ending_at and not (sums[end & 1][end] - sums[end & 1][begin]) % 10:
                number = digits[begin:end]
                if not is_article_number(number) and not is_spared(number):
                    return end
        return 0

    found = []
    first, count = 0, len(groups)
    while first < count:
        begin, noughts = starts[first], 0
        end = end_of_card(begin) if digits[begin] in _FIRST_DIGITS else 0
        if filled_up and digits[begin] == "0" and len(groups[first]) > DIGITS_MIN:
            group = digits[begin : starts[first + 1] - 1]
            noughts = len(group) - len(group.lstrip("0"))
            end = end_of_card(begin + noughts)
        if end:
            found.append(Card(first, group_ending_at[end], noughts))
            first = group_ending_at[end]
        first += 1
    return found


def _running_sums(digits: str) -> tuple[list[int], list[int]]:
    """Return Luhn's running sums for numbers that end before an even place, and before an odd one."""
    plain = digits.encode().translate(_AS_FIGURES)
    doubled = digits.translate(_DOUBLED).encode().translate(_AS_FIGURES)
    before_even, before_odd = bytearray(plain), bytearray(doubled)
    before_even[::2], before_odd[::2] = doubled[::2], plain[::2]
    return [0, *accumulate(before_even)], [0, *accumulate(before_odd)]


def is_card_number(digits: str) -> bool:
    """Whether bare digits start like an issuer's numbers, have its length and pass Luhn."""
    known = digits[:1] in _FIRST_DIGITS and len(digits) in _lengths_of(digits[:_PREFIX_DIGITS])
    return known and passes_luhn(digits) and not is_article_number(digits)


def ends_with_expiry(digits: str) -> bool:
    """Whether bare digits are as many as those of a card with the month and year behind them that it ends in."""
    return _WITH_EXPIRY.fullmatch(digits) is not None


@functools.lru_cache(maxsize=10_000)  # as many as there are beginnings
def _lengths_of(head: str) -> tuple[int, ...]:
    """Return how long the numbers are of the issuers whose numbers start like this, the longest first."""
    lengths = frozenset[int]().union(*(lengths for prefix, lengths in _ISSUERS if prefix.match(head)))
    return tuple(sorted(lengths, reverse=True))


def is_article_number(digits: str) -> bool:
    """A GTIN-12 or -13 whose own check digit holds; cards of 12 and 13 digits have not been issued for decades."""
    if len(digits) not in _ARTICLE_DIGITS:
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))) % 10 == 0


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: double every second digit from the right, cast out nines."""
    figures = digits[::-2] + digits[-2::-2].translate(_DOUBLED)
    return (sum(figures.encode()) - ord("0") * len(figures)) % 10 == 0


def hidden_places(places: Sequence[int]) -> Sequence[int]:
    """Return those of a number's places whose digits must not be kept."""
    return places[KEPT_HEAD:-KEPT_TAIL]
