"""Tax letters that read as units: `3,65 L` is a coffee at the low rate on a Dutch receipt, and elsewhere litres.

One line cannot tell; the document can. Where other amounts have other letters in the same column, or a rate is printed
beside the letter, it is a tax's, and what stands before it an amount. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pos_adapters.reading.folding import column_of
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.quantities import USUAL_DECIMALS, goods_on
from pos_adapters.reading.read_lines import name_in

_STARRED: Final = re.compile(r".*\d[.,]\d\d {1,3}\*([1-9])")  # "49,99 *1": the second star multiplies nothing
_LETTERED: Final = re.compile(r".*\d[.,]\d\d {1,3}([A-Z])")
STARRED_MIN: Final = 2  # lines that end so: goods and their tax, or two goods
_UNIT_LETTERS: Final = ("L", "M", "G")  # litres, metres, grams
_RATED: Final = re.compile(r"(?<![^\W_])([LMG])[ :=]{1,12}\d{1,2}(?:[.,]\d{1,2})? ?%")  # "L  21%", "BTW L  9%"


def amounts_before_letters(lines: Sequence[LineFacts]) -> list[LineFacts] | None:
    """Return the lines with their amounts where a letter behind them is a tax's; None where no letter is."""
    starred = [at for at, facts in enumerate(lines) if _STARRED.fullmatch(facts.text) and facts.times is not None]
    if len(starred) >= STARRED_MIN:
        read = [*lines]
        for at in starred:
            read[at] = _without_star(lines[at])
        return read
    if not any(facts.text.endswith(_UNIT_LETTERS) for facts in lines):
        return None
    lettered = [(at, match) for at, facts in enumerate(lines) if (match := _LETTERED.fullmatch(facts.text))]
    units = [(at, match[1]) for at, match in lettered if match[1] in _UNIT_LETTERS and _measures(lines[at])]
    if not units:
        return None
    rated = {match[1] for facts in lines for match in _RATED.finditer(facts.text)}
    columns = {column_of(match[0], match.start(1)) for _, match in lettered if match[1] not in _UNIT_LETTERS}
    read = [*lines]
    for at, letter in units:
        if letter in rated or column_of(lines[at].text, len(lines[at].text) - 1) in columns:
            read[at] = _as_amount(lines[at])
    return read if any(new is not old for new, old in zip(read, lines, strict=True)) else None


def _without_star(facts: LineFacts) -> LineFacts:
    """Return the facts of a line whose last number is a tax's, behind its amount and a star."""
    numbers = tuple(facts.numbers[:-1])
    amount = numbers[-1]
    right = (len(numbers) - 1,)
    return facts._replace(
        numbers=numbers,
        right=right,
        times=None,
        decimals=amount.decimals,
        name=name_in(facts.text[: amount.start]),
        goods=goods_on(facts.text, numbers, right),
    )


def _measures(facts: LineFacts) -> bool:
    """Whether the last number of a line is a measure in the unit behind it, and nothing before it is multiplied."""
    return facts.numbers[-1].use == "u" and facts.numbers[-1].decimals == USUAL_DECIMALS and not facts.right


def _as_amount(facts: LineFacts) -> LineFacts:
    """Return the facts of a line whose last number is an amount with a tax letter behind it."""
    *before, measure = facts.numbers
    amount = measure._replace(end=len(facts.text[:-1].rstrip()), use="")
    numbers, right = (*before, amount), (len(before),)
    free = facts.times is None and not facts.dated
    return facts._replace(
        numbers=numbers,
        right=right,
        letters=facts.letters - 1,
        decimals=amount.decimals,
        name=name_in(facts.text[: amount.start]),
        goods=goods_on(facts.text, numbers, right) if free else None,
    )
