"""Where words stand that nobody explained and that are no title of a paper: in honest places of a sale.

What is sold is named above or below its amount, a line too narrow goes on below, columns are headed, facts are told in
pairs, and the shop's own name may stand among stars. Contract: pure; each of `HONEST_PLACES` is asked of a page and one
of its lines, and only where a doubt stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from pos_adapters.reading.labels import Label
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.sheet import Entry

_GROUP: Final = re.compile(r" *[^\W\d_]+(?: [^\W\d_]+)? ?: *")  # "Fenna:"
_PERSON: Final = re.compile(
    r" *(?:Frau|Herrn?|Fam(?:ilie|\.)|Mme|Mlle|Madame|Monsieur|M\.|Mevr(?:ouw|\.)|Dhr\.?|Mr\.?|Mrs\.?|Ms\.?|Miss"
    r"|Dr\.?|Sra?\.?)"
    r" (?:[^\W\d_]\. ?){0,2}[^\W\d_]+(?:[ -][^\W\d_]+)? *",
    re.IGNORECASE,
)
_CHOICE: Final = re.compile(r" *[-+\u2514\u3134] ?[^\W\d_]")  # "- ICE": what the customer chose
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
_QUOTE: Final = re.compile('["\u00ab\u00bb\u201c-\u201f]')
_CUSTOMER: Final = re.compile(r".*[^\W\d_].* ?(?:様|さま|御中|殿|귀하)\s*|.*[가-힣]{2,} ?(?<!손)(?<!고객)님\s*")
_MARKED: Final = re.compile(r"\s*([^\w\s\"'(]{1,4}) ?[^\W\d_]")  # ">>>> DAIRY"
_OF_SHOPS: Final = frozenset((Role.PHONE, Role.TAX_ID))
_BELOW_NAMES: Final = frozenset((Role.ID, Role.PRICE_INFO))
_COLUMNS_MIN: Final = 2  # words on a line that make it the heading of columns
_NAME_LINES_MAX: Final = 2  # above what goods cost: what they are called, and which size
_NUMBERS_MIN: Final = 2  # how many, and what it comes to


class Page(NamedTuple):
    """The lines of a paper, with what labels them, and the last one of its goods."""

    lines: Sequence[LineFacts]
    labels: Sequence[Label | None]
    last: int

    def width(self) -> int:
        """Return how many characters the longest line has."""
        return max([len(facts.text) for facts in self.lines])


def names_shop(page: Page, line: int) -> bool:
    """Whether a line among stars is the shop's name: the paper begins with it, its telephone or tax number follows."""
    lines, labels = page.lines, page.labels
    if any(facts.letters for facts in lines[:line]) or line + 1 >= len(lines):
        return False
    label, below = labels[line + 1], lines[line + 1]
    figures = len(_FIGURE.findall(below.text)) >= _TELEPHONE_FIGURES_MIN and below.letters <= _TELEPHONE_LETTERS_MAX
    return figures if label is None else label.role in _OF_SHOPS


def named_above(lines: Sequence[LineFacts], labels: Sequence[Label | None], owed: Sequence[int]) -> int:
    """Return how many lines of words stand above all goods: their names, where none stands below the last."""
    after = owed[-1] + 1
    if len(owed) == 1 or not (after < len(lines) and (labels[after] is not None or _is_apart(lines[after]))):
        return 0
    names = _NAME_LINES_MAX
    for above, line in zip((-1, *owed), owed, strict=False):
        names = min(names, _names_above(lines, labels, line, above))
        if not names:
            break
    return names


def _names_above(lines: Sequence[LineFacts], labels: Sequence[Label | None], line: int, above: int) -> int:
    """Return how many lines of words stand directly above a line of goods, below those `above`."""
    names = 0
    while (
        names < _NAME_LINES_MAX
        and line - names - 1 > above
        and _is_name(lines[line - names - 1], labels[line - names - 1])
    ):
        names += 1
    return names


def _is_apart(facts: LineFacts) -> bool:
    return facts.rule or not (facts.letters or facts.numbers)


def name_above(lines: Sequence[LineFacts], labels: Sequence[Label | None], first: Entry) -> int | None:
    """Return the line above the first goods where it names them: theirs begins with figures, as no other name does."""
    own, above = lines[first.line], first.line - 1
    told_below = first.price is not None and first.price not in own.numbers  # as pumps do, "数量 40.36L", "単価 169.0"
    if above < 0 or (len(own.numbers) < _NUMBERS_MIN and not told_below) or first.described not in ((), (first.line,)):
        return None
    label = labels[first.line]
    coded = label is not None and label.role in _BELOW_NAMES and label.leads  # "SKU 8821-0091", "定價 1,290  1  1,290"
    figures = coded or (own.text.lstrip()[:1].isdigit() and own.indent > lines[above].indent)
    return above if (figures or not own.named) and _is_name(lines[above], labels[above]) else None


def name_further_out(lines: Sequence[LineFacts], labels: Sequence[Label | None], owed: Sequence[int]) -> int | None:
    """Return the line above the first goods that names them: theirs is further in, and other goods begin where it does.

    "中古エレキギター", "  管理番号 U-10082  30,800", "弦セット 2,200": no title has goods of its own below it. What was
    chosen may stand between, each choice behind a dash.
    """
    first = owed[0]
    above = first - 1
    while above > 0 and _CHOICE.match(lines[above].text) and lines[above].indent == lines[first].indent:
        above -= 1
    if above < 0 or not _is_name(lines[above], labels[above]) or lines[first].indent <= lines[above].indent:
        return None
    beside = any(lines[line].indent == lines[above].indent for line in owed[1:])
    return above if beside else None


def name_below_heads(lines: Sequence[LineFacts], labels: Sequence[Label | None], owed: Sequence[int]) -> int | None:
    """Return the line above the first goods that begins their name, too long for its column: heads stand above it.

    "Item  Qty  Price  Amount", "South Indian", "Thali  2  195.00  390.00": no title stands within a table, at its edge.
    """
    first, above = (owed[0], owed[0] - 1) if owed else (0, 0)
    if above < 1 or not _is_name(lines[above], labels[above]) or len(lines[first].numbers) < _NUMBERS_MIN:
        return None
    heads = above - 1
    while heads > 0 and lines[heads].rule:
        heads -= 1
    table = _heads_columns(Page(lines, labels, first), heads) and not lines[heads].decimals
    edge = lines[heads].indent
    return above if table and all(lines[line].indent == edge for line in (above, *owed)) else None


def _is_name(facts: LineFacts, label: Label | None) -> bool:
    return label is None and facts.named and not (facts.rule or facts.decimals or facts.starred)


def _heads_columns(page: Page, line: int) -> bool:
    """Whether two words of a line head columns: the others do, too, however they are cut off."""
    hits = page.lines[line].hits
    return sum(any(sense.role is Role.HEADING for sense in hit.senses) for hit in hits) >= _COLUMNS_MIN


def _names_journey_or_show(page: Page, line: int) -> bool:
    """Whether a line is from where to where, or a name within quotes: tickets and shops are called so, no papers."""
    facts = page.lines[line]
    return not facts.hits and any(called.fullmatch(facts.text) for called in (_JOURNEY, _QUOTED))


def _goes_on(page: Page, line: int) -> bool:
    """Whether the line is the end of the one above, which the paper was too narrow for: "Waiter:", "Ramesh".

    A quotation that was opened above ends here: `Place: Kiosk "33`, `penguins"`; so does a fact, in small letters.
    """
    above, text = page.lines[line - 1].text if line else "", page.lines[line].text
    if page.lines[line].indent or not above:
        return False
    if len(above) + len(text.split()[0]) >= page.width():
        quoted = len(_QUOTE.findall(above)) % 2 == len(_QUOTE.findall(text)) % 2 == 1
        if quoted or (":" in above and text[0].islower()):
            return True
    return above.rstrip().endswith(":") or (above[-1].isalnum() and len(above) == page.width())


def _names_value(page: Page, line: int) -> bool:
    """Whether a line tells a fact in two columns beside others: "Product  PLUS" below "Pump  11"."""
    if not _PAIR.fullmatch(page.lines[line].text):
        return False
    beside = (line - 1, line + 1)
    return any(_VALUE.fullmatch(page.lines[at].text) for at in beside if 0 <= at < len(page.lines))


def _names_masked_number(page: Page, line: int) -> bool:
    """Whether the next line is a masked number: "PLUS CUSTOMER" above "*******1234"."""
    return any(_MASKED_NUMBER.fullmatch(facts.text) for facts in page.lines[line + 1 : line + 2])


def _names_customer(page: Page, line: int) -> bool:
    """Whether a line ends as customers are addressed: "患者氏名 田中 花子 様"."""
    return _CUSTOMER.fullmatch(page.lines[line].text) is not None


def _details_goods(page: Page, line: int) -> bool:
    """Whether a line directly below the last goods details them: a little further in, and far from the middle."""
    facts, goods = page.lines[line], page.lines[page.last]
    if line != page.last + 1 or facts.starred or not 0 < facts.indent - goods.indent <= _DETAIL_INDENT_MAX:
        return False
    middle = (facts.indent + len(facts.text)) / 2
    return abs(middle - page.width() / 2) > _DETAIL_INDENT_MAX


def _names_person(page: Page, line: int) -> bool:
    """Whether a line is a title and a name, "Mme FERRAND": whom it is for, or who serves."""
    return _PERSON.fullmatch(page.lines[line].text) is not None


def _heads_group(page: Page, line: int) -> bool:
    """Whether a line is one or two words and a colon, and goods stand further in below: "Fenna:", "  Cutting 32,50"."""
    facts, below = page.lines[line], page.lines[line + 1 : line + 2]
    if not _GROUP.fullmatch(facts.text):
        return False
    return any(each.named and each.decimals and page.labels[line + 1] is None for each in below) and (
        below[0].indent > facts.indent
    )


def heads_framed_group(page: Page, line: int) -> bool:
    """Whether a line among dashes heads a group of goods: it stands directly above some, another one above others."""
    heads = [at for at in range(line, page.last) if page.lines[at].starred and page.lines[at + 1].decimals]
    return line in heads and any(page.labels[at] is None for at in heads[1:])


def _heads_marked_group(page: Page, line: int) -> bool:
    """Whether a line begins with a mark that stands above other goods, too: ">>>> DAIRY", ">>>> FRUIT"."""
    mark = _MARKED.match(page.lines[line].text)
    if mark is None or _is_marked(page, line + 1):
        return False
    priced = next((at for at in range(line + 1, page.last) if page.lines[at].decimals), page.last)
    others = [_MARKED.match(page.lines[at].text) for at in range(priced, page.last) if not page.lines[at].decimals]
    return any(other is not None and other[1] == mark[1] for other in others)


def _is_marked(page: Page, line: int) -> bool:
    return line < len(page.lines) and _MARKED.match(page.lines[line].text) is not None


HONEST_PLACES: Final = (
    _heads_columns, _names_journey_or_show, _goes_on, _names_value, _names_masked_number, _details_goods,
    _heads_group, heads_framed_group, _heads_marked_group, _names_person, _names_customer,
)  # fmt: skip
"""What tells that a line is no title of a paper."""
