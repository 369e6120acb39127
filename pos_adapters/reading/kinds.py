"""Which kind of document this is, from the words that refuse a sale.

Adding up does not make a sale: training slips, quotes, layaways and suspended slips add up too. A strong phrase
refuses wherever it stands, a common word ("copy", "return") only as a headline: on a line that consists of it, not in
"Returns within 30 days" and not as goods ("Copy paper A4 5.99").
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import NamedTuple

from pos_adapters.reading.addresses import is_address
from pos_adapters.reading.amounts import MILLI
from pos_adapters.reading.folding import WIDE
from pos_adapters.reading.lexicon import Hit, Role, Sense
from pos_adapters.reading.lines import LineFacts, Telling
from pos_adapters.reading.names_kind import (
    HEADLINE_SHARE,
    MARKS_A_LINE,
    NUMBERED,
    is_numbered,
    is_priced,
    is_type_told,
    names_kind,
)
from pos_adapters.reading.sentences import is_of_sentence, is_torn_order
from pos_adapters.reading.spoken_chinese import speaks_to_customer
from pos_adapters.reading.stays import tells_stay, tells_when_left
from retail.transaction import DocumentKind

# When several kinds are named, the first of these counts: a copy of a refund is a copy, a voided quote a quote.
_ORDER = (
    DocumentKind.TRAINING, DocumentKind.COPY, DocumentKind.REPORT, DocumentKind.SUSPENDED, DocumentKind.QUOTE,
    DocumentKind.GIFT_RECEIPT, DocumentKind.DEPOSIT, DocumentKind.ACCOUNT_PAYMENT, DocumentKind.VOID,
    DocumentKind.PAY_IN, DocumentKind.PAY_OUT, DocumentKind.OTHER, DocumentKind.RETURN, DocumentKind.DRAWER,
    DocumentKind.KITCHEN, DocumentKind.CARD_SLIP,
)  # fmt: skip
_SOFT = frozenset((DocumentKind.KITCHEN, DocumentKind.DRAWER, DocumentKind.CARD_SLIP))
_SOFT_AS_HEADLINE = frozenset((DocumentKind.REPORT,))
_COUNTS_ELSE = NUMBERED | {Role.COUNT, Role.MEMBER}
SALES_MIN, SALES_MAX = 5, 100_000  # fewer are pieces of one sale, more are a number of something
_COUNTED = re.compile(r"\s*\d{1,2} ?[xX]? +[^\W\d_]{2,}")
_BRACKETED = re.compile(r" *\([^()]*\) *")  # below goods, "(ON THE HOUSE)" speaks of them
_CROSSED_OUT = "****"  # a card's figures
_REMARKED = frozenset((DocumentKind.VOID, DocumentKind.TRAINING, DocumentKind.COPY, DocumentKind.SUSPENDED))
_REMARK_LETTERS_MAX = 28  # a longer line is a sentence about what may happen
_REMARK_SHARE = 0.3
TERMS_REACH_LINES = 2  # the terms of return stand directly below their heading
_NUMBERED_LETTERS_MIN = 8  # fewer are "Refund 30", a shop's terms
_TERMS_LETTERS_MIN = 8  # a sentence, not a shop's address
_WIDE_TICKET_LETTERS = 3  # a place and what is printed there: the kitchen's copy
_WIDE_KITCHEN = re.compile(r"\W*(?:[后後]|中|热|熱|冷|出品|传菜|傳菜)?[厨廚](?:房|部|打|师|師)?\W*")


class Naming(NamedTuple):
    """A kind that the words name. A `soft` one gives way to a sale that its tenders prove."""

    kind: DocumentKind
    soft: bool
    line: int


def namings(telling: Sequence[Telling], active: int, goods: range, *, lines: Sequence[LineFacts] = ()) -> list[Naming]:
    """Return every kind named, the weightiest first; `goods` are the lines from the first item to the total.

    `telling` are those of the document's `lines` that may name one.

    Within `goods`, "VOID" and "RETURN" mark the line below them, not the document.
    """
    found = []
    for line, facts in telling:
        for hit in facts.hits:
            for sense in hit.senses:
                if not sense.languages & active:
                    continue
                counted = sense.role is Role.SALES_COUNT and _counts_sales(facts, hit, below=line >= goods.stop)
                if counted and (line not in goods or _prints_cents(lines, goods)):
                    found.append(Naming(DocumentKind.REPORT, soft=False, line=line))
                if sense.kind is None or is_torn_order(facts, hit, sense):
                    continue
                marks = sense.kind in MARKS_A_LINE and (
                    facts.right or not lines or (_has_goods_beside(lines, line, goods) and not is_type_told(facts, hit))
                )
                if line in goods and (
                    marks
                    or is_priced(facts)
                    or _names_goods_below(lines, line, goods)
                    or (sense.kind is DocumentKind.OTHER and _BRACKETED.fullmatch(facts.text))
                ):
                    continue
                foot = sense.role is Role.HEADLINE and sense.kind is DocumentKind.RETURN and line >= goods.stop
                left = (sense.kind is DocumentKind.REPORT and tells_when_left(lines, line)) or (
                    sense.role is Role.HEADLINE and tells_stay(lines, line, sense.kind)
                )
                if names_kind(facts, hit, sense) and not foot and not left:
                    found.append(Naming(sense.kind, _is_soft(hit, sense, facts.text), line))
    found = [naming for naming in found if not _pays_back(naming, found)]
    found = [naming for naming in found if not _numbers_refund(naming, found, lines, goods)]
    found = [naming for at, naming in enumerate(found) if not _repeated(found[:at], naming)]
    if found and lines and goods:
        found = [naming for naming in found if naming.line >= goods.start or not is_address(lines[naming.line].text)]
    found.sort(key=lambda naming: (naming.soft, _ORDER.index(naming.kind)))
    return found


def _pays_back(naming: Naming, found: Sequence[Naming]) -> bool:
    """Whether a line that may name money paid out or goods brought back names these: another line names them alone."""
    if naming.kind is not DocumentKind.PAY_OUT:
        return False
    returns = {other.line for other in found if other.kind is DocumentKind.RETURN}
    paid_out = {other.line for other in found if other.kind is DocumentKind.PAY_OUT}
    return naming.line in returns and paid_out <= returns and returns - paid_out != set()


def _numbers_refund(naming: Naming, found: Sequence[Naming], lines: Sequence[LineFacts], goods: range) -> bool:
    """Whether a return's card slip numbers what it gave back: "REFUND" at the head, "Approval cancelled 99812233"."""
    if naming.kind is not DocumentKind.VOID or naming.line < goods.stop or not lines or lines[naming.line].dated:
        return False
    headed = any(other.kind is DocumentKind.RETURN and other.line < goods.start for other in found)
    told = {sense.role for hit in lines[naming.line].hits for sense in hit.senses}
    return headed and Role.TERMINAL in told and any(map(str.isdigit, lines[naming.line].text))


def _has_goods_beside(lines: Sequence[LineFacts], line: int, goods: range) -> bool:
    """Whether goods stand below a mark "VOID", or negative ones above it: else it is the title of the payment."""
    above = next((lines[at] for at in range(line - 1, goods.start - 1, -1) if lines[at].right), None)
    taken_off = above is not None and above.numbers[above.right[0]].value < 0
    return taken_off or any(lines[at].right for at in range(line + 1, goods.stop))


def _names_goods_below(lines: Sequence[LineFacts], line: int, goods: range) -> bool:
    """Whether a line between goods names those below it, "Gift bag" above "35.00 * 2   70.00": it heads nothing."""
    if not lines or not lines[line].unknown or not lines[line + 1 : line + 2]:
        return False
    below = lines[line + 1]
    return (
        below.times is not None
        and bool(below.right)
        and not below.named
        and any(facts.right for facts in lines[goods.start : line])
    )


def return_at_foot(lines: Sequence[LineFacts], telling: Sequence[Telling], *, active: int, after: int) -> bool:
    """Whether a line below the goods consists of "REFUND" and heads no words about a shop's terms of return."""
    for line, facts in telling:
        for hit in facts.hits if line >= after else ():
            alone = hit.letters >= facts.letters or is_type_told(facts, hit)
            numbered = hit.letters >= _NUMBERED_LETTERS_MIN and not facts.decimals  # "Refund of receipt 118"
            if not alone or (facts.numbers and not numbered) or is_of_sentence(lines, line):
                continue
            if any(
                sense.role is Role.HEADLINE and sense.kind is DocumentKind.RETURN and sense.languages & active
                for sense in hit.senses
            ):
                near = lines[line + 1 : line + 1 + TERMS_REACH_LINES]
                return not any(each.unknown >= _TERMS_LETTERS_MIN for each in near)
    return False


def is_for_shop(lines: Sequence[LineFacts], telling: Sequence[Telling], active: int, *, goods: range) -> bool:
    """Whether "MERCHANT COPY" speaks of the whole paper: it heads the goods, or no card's slip is there to copy.

    `goods` are the lines from their first one to the total; what heads them has no amount of a card's slip below it.
    """
    said = lines_saying(telling, active, Role.SHOP_COPY)
    headed = [line for line in said if line < goods.start]
    if headed and not any(facts.decimals for facts in lines[headed[-1] : goods.start]):
        return True
    if any(line in goods for line in said):
        return True
    below = any(line >= goods.stop for line in said)
    return below and not any(_CROSSED_OUT in facts.text for facts in lines)


def names_kitchen(telling: Sequence[Telling], active: int, *, above: int) -> bool:
    """Whether a line above the goods names where they are made ready, as the heads of orders do."""
    return any(
        sense.kind is DocumentKind.KITCHEN
        and sense.languages & active
        and (not facts.unknown or names_kind(facts, hit, sense))  # "BAR  Table 5"
        for line, facts in telling
        if line < above
        for hit in facts.hits
        for sense in hit.senses
    )


def _repeated(before: Sequence[Naming], naming: Naming) -> bool:
    """On one line the first kind counts: "GUEST CHECK - NOT A RECEIPT" is a guest check."""
    return any(other.line == naming.line and not other.soft for other in before)


def half_named(telling: Sequence[Telling], active: int, goods: range) -> DocumentKind | None:
    """Return a kind of which a short line beside the goods speaks without naming it: "VOIDED BY MANAGER"."""
    for line, facts in telling:
        if line in goods or facts.letters > _REMARK_LETTERS_MAX:
            continue
        if any(number.decimals or number.currency for number in facts.numbers):
            continue
        for hit in facts.hits:
            if hit.letters < _REMARK_SHARE * facts.letters or speaks_to_customer(facts.text):
                continue
            for sense in hit.senses:
                tested = sense.kind is DocumentKind.TRAINING and sense.role is Role.HEADLINE  # "PRINTER TEST"
                told = tested or is_numbered(facts, hit, sense)
                if sense.kind in _REMARKED and sense.languages & active and not told:
                    if line < goods.start and is_address(facts.text):
                        continue
                    return sense.kind
    return None


def lines_saying(telling: Sequence[Telling], active: int, role: Role) -> list[int]:
    """Return the lines with a word of `role` and, beside amounts, nothing that could be a name of goods.

    Without any figures other words may follow: "DECLINED - CALL YOUR BANK".
    """
    return [
        line
        for line, facts in telling
        if any(
            sense.role is role
            and sense.languages & active
            and (facts.unknown <= 1 or (not facts.numbers and not facts.text[: hit.start].strip(" *#-.:")))
            for hit in facts.hits
            for sense in hit.senses
        )
    ]


def looks_like_kitchen(lines: Sequence[LineFacts], roles: Container[Role]) -> bool:
    """An order without prices: quantities before names, and a word of the dining room (table, waiter, order)."""
    if not {Role.CASHIER, Role.DOCUMENT_NUMBER, Role.ID}.intersection(role for role in Role if role in roles):
        return False
    priced = any(number.decimals or number.currency for facts in lines for number in facts.numbers)
    return not priced and any(_COUNTED.match(facts.text) and not facts.dated for facts in lines)


def says_completed(facts: LineFacts, active: int) -> bool:
    """Whether the line says that the sale ended: a phrase of several words, or a word that is the whole line.

    With an amount beside it ("PAID 0.00", "PAID 5.00") it is a payment, which the sums judge.
    """
    if not facts.telling or any(number.value == 0 or number.decimals or number.currency for number in facts.numbers):
        return False
    return any(
        sense.role is Role.COMPLETED
        and sense.languages & active
        and (hit.letters >= HEADLINE_SHARE * facts.letters or " " in facts.text[hit.start : hit.end])
        for hit in facts.hits
        for sense in hit.senses
    )


def _counts_sales(facts: LineFacts, hit: Hit, *, below: bool) -> bool:
    """`Transactions 45`, or "41 TICKETS" `below` goods: only a report counts them. "Tickets 2" may be a cinema's."""
    if (
        hit.letters < facts.letters
        or len(facts.numbers) != 1
        or any(sense.role in _COUNTS_ELSE for sense in hit.senses)
    ):
        return False
    number = facts.numbers[0]
    plain = number.decimals == 0 and not number.currency and number.use == "" and (below or number.start >= hit.end)
    return plain and SALES_MIN * MILLI <= number.value < SALES_MAX * MILLI


def _prints_cents(lines: Sequence[LineFacts], goods: range) -> bool:
    """Whether the amounts there have cents: then a whole number among them is none."""
    return any(facts.right and facts.numbers[facts.right[-1]].decimals for facts in lines[goods.start : goods.stop])


def _is_soft(hit: Hit, sense: Sense, text: str) -> bool:
    if sense.kind is DocumentKind.KITCHEN and sense.role is Role.KIND:
        phrase = text[hit.start : hit.end]
        if " " in phrase or (WIDE.match(phrase) and hit.letters >= _WIDE_TICKET_LETTERS):
            return False  # "Grill" may be the restaurant's name, "kitchen copy" is not
        if _WIDE_KITCHEN.fullmatch(text):
            return False  # no guest's slip is headed so, whatever the restaurant is called
    if sense.kind in _SOFT:
        return True
    if sense.role is not Role.HEADLINE:
        return False
    if sense.kind is DocumentKind.OTHER and not any(map(str.isdigit, text)):
        return False  # "QUEUE NUMBER" heads a slip for a queue, "Queue number 47" may stand on any sale
    return sense.kind in _SOFT_AS_HEADLINE or any(other.role in NUMBERED for other in hit.senses)
