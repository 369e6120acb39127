"""Lines in words that nobody explained and that may say that a document is no sale: it is parked, not taken.

Phrases that name a training slip, a quote or a copy are known in many wordings, never in all. What the words of a line
say is read in `doubtful_words`; here is asked where it stands. Words that speak of such papers count wherever they are
printed, all others where no slogan stands: among stars, between the receipt's date or number and its goods, between its
goods and their payment. Of a sentence only what several words say together counts: no paper is called by one.
What stands in an honest place of a sale, or is explained by what stands beside it, raises no doubt. Contract: pure.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from itertools import chain
from typing import Final, NamedTuple

from pos_adapters.reading.addresses import is_address
from pos_adapters.reading.doubtful_words import Doubts
from pos_adapters.reading.folding import WIDE
from pos_adapters.reading.honest_places import (
    HONEST_PLACES,
    Page,
    heads_framed_group,
    name_above,
    name_below_heads,
    name_further_out,
    named_above,
    names_shop,
)
from pos_adapters.reading.labels import Label
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.names_kind import is_also_receipt, is_nothing
from pos_adapters.reading.overruled import tells_what_is_left
from pos_adapters.reading.polite_sentences import is_polite, serves, tells_who_does_what
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.sentences import is_of_sentence, lines_of_sentence
from pos_adapters.reading.sheet import Entry, Part
from retail.transaction import DocumentKind

SENTENCE_WORDS_MIN: Final = 5  # of a slogan or a term; "Your card was declined." is shorter
_LETTERS_MIN: Final = 3  # of a line: shorter ones are codes, but in scripts without spaces words
_WORD: Final = re.compile(r"[^\W\d_]+")
_WITH_GOODS: Final = re.compile(r" *[-+>] ?[^\W\d_].*[^\s\-=*+>]")
_FRAMED: Final = re.compile(  # as titles are, in scripts without spaces
    rf"\s*(?:[<\[\u3008\u300a\u3010\u3014].*{WIDE.pattern}.*[>\]\u3009\u300b\u3011\u3015]|\*.*{WIDE.pattern}.*\*)\s*"
)
_TAGGED: Final = re.compile(  # "KIOSK SUED        NACHDR.": apart from the name, at the end of its line
    r"\s*[^\W\d_][^\d:]* {3,}(?:[^\W\d_]{2,12}\.|[(\[\uff08\u3010][^\W\d_]{1,2}\.?[)\]\uff09\u3011])\s*"
)
_FACT_ROLES: Final = frozenset((Role.DATE, Role.CASHIER, Role.WORKSTATION, Role.DOCUMENT_NUMBER))
_SUMMED_UP: Final = frozenset((Role.TAX, Role.TAX_BASE, Role.SUBTOTAL, Role.TOTAL))
_TAKEN_OFF: Final = frozenset((Role.VOID_LINE, Role.RETURN_LINE))  # "VOID MILK 2.99" speaks of one line


class _Sale(NamedTuple):
    """Where the parts of a sale stand on its paper, by lines."""

    page: Page
    goods: int  # the first, with its name
    facts_end: int  # the last above the goods that tells date, number or cashier; `goods` without any
    name: int | None  # of the first goods, above them
    total: int
    paid: bool
    payment: int  # the first tender below the goods; the total without any
    solution: Solution


def doubted_line(
    lines: Sequence[LineFacts],
    labels: Sequence[Label | None],
    *,
    doubts: Doubts,
    solution: Solution,
    declined: Container[int],
) -> str | None:
    """Return the first line, none of goods, that raises a doubt about the sale; None without any.

    Lines that say that a payment was `declined` are judged elsewhere.
    """
    sale = _sale_of(lines, labels, solution)
    for line in chain(range(sale.goods), range(sale.page.last + 1, len(lines))):
        facts = lines[line]
        if (facts.letters < _LETTERS_MIN and not WIDE.search(facts.text)) or is_nothing(facts):
            continue
        doubtful, strange = _found_in(sale.page, line, doubts)
        doubtful = doubtful and not (_is_nought(facts) and not doubts.find(facts).alone)
        if (
            (doubtful or strange)
            and ((doubtful and line not in declined) or (strange and _may_head(sale, line)))
            and not any(excuse(sale, line) for excuse in _EXCUSES)
            and not _is_of_terms(lines, line, doubts)
        ):
            return facts.text.strip()
    return None


def _sale_of(lines: Sequence[LineFacts], labels: Sequence[Label | None], solution: Solution) -> _Sale:
    owed, first = solution.owed, solution.owed[0][0]
    goods = min((first.line, *first.described))
    named = named_above(lines, labels, [entry.line for entry, _, _ in owed])
    if named and all(entry.described in ((), (entry.line,)) for entry, _, _ in owed):
        goods -= named
    lone = goods if _names_first_alone(owed) else None
    goods = first.line if lone is not None else goods
    last = max([entry.line for entry, part, _ in owed if part is not Part.TAX])
    return _Sale(
        page=Page(lines, labels, last),
        goods=goods,
        facts_end=next((line for line in range(goods - 1, -1, -1) if _is_fact(lines[line], labels[line])), goods),
        name=lone
        or name_above(lines, labels, first)
        or name_further_out(lines, labels, [entry.line for entry, _, _ in owed])
        or name_below_heads(lines, labels, [entry.line for entry, part, _ in owed if part is Part.ITEM]),
        total=solution.total.line,
        paid=bool(solution.tenders),
        payment=min([paid.line for paid in solution.tenders if paid.line > last], default=solution.total.line),
        solution=solution,
    )


def _names_first_alone(owed: Sequence[tuple[Entry, Part, int]]) -> bool:
    """Whether only the first of several goods seems to have a name, above its line: it may be the paper's title."""
    goods = [entry for entry, part, _ in owed if part is Part.ITEM]
    named = [bool(entry.described) for entry in goods]
    return len(goods) > 1 and named[0] and min(goods[0].described) < goods[0].line and not any(named[1:])


def _found_in(page: Page, line: int, doubts: Doubts) -> tuple[bool, bool]:
    """Return whether the line's words are doubtful, and whether strange; of a sentence, several of them together."""
    facts = page.lines[line]
    if facts.starred and (names_shop(page, line) or heads_framed_group(page, line)):
        facts = facts._replace(starred=False)
    found = doubts.find(facts)
    if (found.doubtful or found.strange) and is_of_sentence(page.lines, line):
        sentence = lines_of_sentence(page.lines, line) or range(line, line + 1)
        words = sum(len(_WORD.findall(page.lines[at].text)) for at in sentence)
        return found.told or (found.alone and words < SENTENCE_WORDS_MIN), False
    if (found.doubtful or found.strange) and WIDE.search(facts.text):
        if is_polite(page.lines, line):
            return found.told or (found.alone and not serves(page.lines, line)), False
        return found.doubtful, found.strange and not tells_who_does_what(facts.text)
    return found.doubtful, found.strange


def _may_head(sale: _Sale, line: int) -> bool:
    """Whether words of any kind, in no honest place of a sale, may be a title: between its facts and its payment."""
    page = sale.page
    framed = line < sale.goods and _FRAMED.fullmatch(page.lines[line].text) is not None and not names_shop(page, line)
    tagged = line < sale.goods and _TAGGED.fullmatch(page.lines[line].text) is not None
    return (
        (framed or tagged or sale.facts_end < line < sale.payment)
        and line != sale.name
        and page.labels[line] is None
        and not page.lines[line].decimals
        and not any(place(page, line) for place in HONEST_PLACES)
    )


def _is_nought(facts: LineFacts) -> bool:
    """Whether a line ends in no money: "left to pay 0.00" says that nothing is."""
    return bool(facts.right) and facts.numbers[facts.right[0]].value == 0


def _is_fact(facts: LineFacts, label: Label | None) -> bool:
    """Whether the line tells the receipt's date, number, till or cashier: no slogan of the shop stands below."""
    if facts.dated or label is None:
        return facts.dated
    dateless = label.role is Role.DATE and not any(map(str.isdigit, facts.text))  # "LE BALTO" is a bar
    return label.role in _FACT_ROLES and not dateless


def _heads_sums(sale: _Sale, line: int) -> bool:
    """Whether a line below the goods is "Summary" and the next one is of taxes or a sum."""
    facts, below = sale.page.lines[line], sale.page.lines[line + 1 : line + 2]
    if line <= sale.page.last or facts.unknown or facts.numbers or len(facts.hits) != 1:
        return False
    heads = any(sense.kind is DocumentKind.REPORT and sense.role is Role.HEADLINE for sense in facts.hits[0].senses)
    return heads and any(sense.role in _SUMMED_UP for each in below for hit in each.hits for sense in hit.senses)


def _says_paid_total(sale: _Sale, line: int) -> bool:
    """Whether a line is the total that was paid, "TOTAL A REGLER 31,77": nothing is left to pay."""
    label = sale.page.labels[line]
    total = label is not None and label.role is Role.TOTAL and not sale.page.lines[line].unknown
    return total and line == sale.total and sale.paid


def _takes_off(sale: _Sale, line: int) -> bool:
    """Whether a line that speaks of a void or a return has an amount, or a negative one below: it is of that one."""
    label = sale.page.labels[line]
    if label is None or label.role not in _TAKEN_OFF:
        return False
    below = sale.page.lines[line + 1 : line + 2]
    return bool(sale.page.lines[line].right) or any(
        facts.right and facts.numbers[facts.right[0]].value < 0 for facts in below
    )


def _adds_to_goods(sale: _Sale, line: int) -> bool:
    """Whether all that stands below the last goods up to a line is "- no onions"."""
    below = sale.page.lines[sale.page.last + 1 : line + 1]
    return bool(below) and all(_WITH_GOODS.fullmatch(facts.text) for facts in below)


def _is_of_nothing(sale: _Sale, line: int) -> bool:
    """Whether the only figure of a line below the payment is an amount of nil, "Pendiente 0,00": nothing is left."""
    facts = sale.page.lines[line]
    nil = len(facts.numbers) == 1 and bool(facts.right and facts.decimals) and facts.numbers[0].value == 0
    return nil and sale.paid and line > sale.payment and not facts.starred


def _tells_what_is_left(sale: _Sale, line: int) -> bool:
    """Whether a line between two payments only tells what the first left to the others."""
    return tells_what_is_left(sale.page.lines[line], line, sale.solution)


def _is_address(sale: _Sale, line: int) -> bool:
    """Whether a line above the goods tells the shop's street and house."""
    return line < sale.goods and is_address(sale.page.lines[line].text)


def _is_receipt_too(sale: _Sale, line: int) -> bool:
    """Whether a paid paper calls itself a receipt beside what else it is."""
    return sale.paid and is_also_receipt(sale.page.lines[line])


def _is_of_terms(lines: Sequence[LineFacts], line: int, doubts: Doubts) -> bool:
    """Whether the line is part of a sentence over several, and others of it speak of a shop's terms."""
    return any(doubts.find(lines[at]).harmless for at in lines_of_sentence(lines, line))


_EXCUSES: Final = (
    _heads_sums, _says_paid_total, _takes_off, _adds_to_goods, _is_of_nothing, _is_address, _is_receipt_too,
    _tells_what_is_left,
)  # fmt: skip
"""What else a line means beside what stands around it, whatever its words."""
