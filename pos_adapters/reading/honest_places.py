"""Where words stand that nobody explained and that are no title of a paper: in honest places of a sale.

What is sold is named above or below its amount, a line too narrow goes on below, columns are headed, facts are told in
pairs, and the shop's own name may stand among stars. Contract: pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pos_adapters.reading.labels import Label
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.sheet import Entry

_FIGURE: Final = re.compile(r"\d")
_DETAIL_INDENT_MAX: Final = 4  # columns: further in stand titles
_TELEPHONE_LETTERS_MAX: Final = 3  # "Tel"
_PAIR: Final = re.compile(r" {0,6}\S+(?: \S+)? {2,}\S+(?: \S+)? *")  # "Product  PLUS"
_VALUE: Final = re.compile(r" {0,6}[^\W\d_][^\d]{1,20} {2,}\S*\d\S* *")  # "Pump  11"
_MASKED_NUMBER: Final = re.compile(r"\W*[*xX\u2022#]{4,}[ -]?\d{2,4}\W*")
_TELEPHONE_FIGURES_MIN: Final = 7
_PLACE: Final = r"[^\W\d_][a-z\u0430-\u04ff\u00e0-\u024f]+(?:[- ][^\W\d_]+)?"
_JOURNEY: Final = re.compile(rf"\s*{_PLACE} (?:-|->|[\u2013\u2014\u2192]) {_PLACE}\s*")  # "Podolsk - Moskva-Kurskaya"
_QUOTED: Final = re.compile(
    r"\s*(?:\"[^\"]{3,}\"|\u00ab[^\u00bb]{3,}\u00bb|\u201e[^\u201c\u201d]{3,}[\u201c\u201d])\s*[^\W\d_]*\s*"
)
_OF_SHOPS: Final = frozenset((Role.PHONE, Role.TAX_ID))
_COLUMNS_MIN: Final = 2  # words on a line that make it the heading of columns
_NAME_LINES_MAX: Final = 2  # above what goods cost: what they are called, and which size
_NUMBERS_MIN: Final = 2  # how many, and what it comes to


def names_shop(lines: Sequence[LineFacts], labels: Sequence[Label | None], line: int) -> bool:
    """Whether a line among stars is the shop's name: the paper begins with it, its telephone or tax number follows."""
    if not lines[line].starred or any(facts.letters for facts in lines[:line]) or line + 1 >= len(lines):
        return False
    label, below = labels[line + 1], lines[line + 1]
    figures = len(_FIGURE.findall(below.text)) >= _TELEPHONE_FIGURES_MIN and below.letters <= _TELEPHONE_LETTERS_MAX
    return figures if label is None else label.role in _OF_SHOPS


def details_goods(facts: LineFacts, goods: LineFacts, width: int) -> bool:
    """Whether a line directly below the last goods details them: a little further in, and far from the middle."""
    further = 0 < facts.indent - goods.indent <= _DETAIL_INDENT_MAX
    middle = facts.indent + (len(facts.text) - facts.indent) / 2
    return further and not facts.starred and abs(middle - width / 2) > _DETAIL_INDENT_MAX


def named_above(lines: Sequence[LineFacts], labels: Sequence[Label | None], owed: Sequence[int]) -> int:
    """Return how many lines of words stand above all goods: their names, where none stands below the last."""
    if len(owed) == 1 or owed[1] - owed[0] == 1:
        return 0
    apart = {below - above for above, below in pairwise(owed)}
    after = owed[-1] + 1
    if len(apart) != 1 or not (after < len(lines) and (labels[after] is not None or lines[after].rule)):
        return 0
    above = min(apart.pop() - 1, _NAME_LINES_MAX)
    names = [line - at for line in owed for at in range(1, above + 1)]
    return above if all(line >= 0 and _is_name(lines[line], labels[line]) for line in names) else 0


def name_above(lines: Sequence[LineFacts], labels: Sequence[Label | None], first: Entry) -> int | None:
    """Return the line above the first goods where it names them: theirs begins with figures, as no other name does."""
    own, above = lines[first.line], first.line - 1
    if above < 0 or len(own.numbers) < _NUMBERS_MIN or first.described not in ((), (first.line,)):
        return None
    figures = own.text.lstrip()[:1].isdigit() and own.indent > lines[above].indent
    return above if (figures or not own.named) and _is_name(lines[above], labels[above]) else None


def _is_name(facts: LineFacts, label: Label | None) -> bool:
    return label is None and facts.named and not (facts.rule or facts.decimals or facts.starred)


def heads_columns(facts: LineFacts) -> bool:
    """Whether two words of a line head columns: the others do, too, however they are cut off."""
    return sum(any(sense.role is Role.HEADING for sense in hit.senses) for hit in facts.hits) >= _COLUMNS_MIN


def goes_on(above: LineFacts, facts: LineFacts, width: int) -> bool:
    """Whether the line is the end of the one above, which the paper was too narrow for: "Waiter:", "Ramesh"."""
    if facts.indent or not above.text:
        return False
    return above.text.rstrip().endswith(":") or (len(above.text) == width and above.text[-1].isalnum())


def names_value(lines: Sequence[LineFacts], line: int) -> bool:
    """Whether a line tells a fact in two columns beside others, or names the masked number below: no paper's title.

    "Product  PLUS" stands below "Pump  11"; "PLUS CUSTOMER" above "*******1234".
    """
    beside = [lines[at] for at in (line - 1, line + 1) if 0 <= at < len(lines)]
    if _PAIR.fullmatch(lines[line].text) and any(_VALUE.fullmatch(each.text) for each in beside):
        return True
    return line + 1 < len(lines) and _MASKED_NUMBER.fullmatch(lines[line + 1].text) is not None


def names_journey_or_show(facts: LineFacts) -> bool:
    """Whether a line is from where to where, or a name within quotes: tickets and shops are called so, no papers."""
    if facts.hits:
        return False
    return _JOURNEY.fullmatch(facts.text) is not None or _QUOTED.fullmatch(facts.text) is not None
