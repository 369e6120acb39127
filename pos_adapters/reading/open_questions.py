"""What is left open about a sale whose sums hold and which was paid: each answer parks it, never guesses.

The questions stand in the order they are told in: what known words say of another kind of document, what the sums leave
open, and last, for they cost most, what words say that nobody explained. Contract: pure; none is asked after the first
that is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from pos_adapters.reading.bare_slips import doubt_about_slip
from pos_adapters.reading.doubtful_words import doubts_of
from pos_adapters.reading.doubts import doubted_line
from pos_adapters.reading.folding import fold
from pos_adapters.reading.gathered import Gathered
from pos_adapters.reading.goods_groups import counts_money, sells_groups
from pos_adapters.reading.kinds import half_named, is_for_shop, lines_saying, names_kitchen, return_at_foot
from pos_adapters.reading.later_tips import tipped_later
from pos_adapters.reading.left_open import leaves_open
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.overruled import speaks_to_customer
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.settlement import charged_to_account, refused_below
from pos_adapters.reading.sheet import Part, Sheet
from pos_adapters.reading.spoken_chinese import speaks_to_customer as is_addressed
from pos_adapters.reading.unnamed import could_be_goods_back, could_be_payment
from pos_adapters.reading.values import FiscalIdentity
from retail.transaction import DocumentKind


class Asked(NamedTuple):
    """The sale that is asked about, and what was gathered of its lines."""

    sheet: Sheet
    solution: Solution
    gathered: Gathered
    active: int  # languages (bits)
    fiscal: FiscalIdentity | None
    declined: Sequence[int]  # lines that say that a payment was

    @property
    def goods(self) -> int:
        """The first line of the goods, or of their name."""
        first = self.solution.owed[0][0]
        return min((first.line, *first.described))


def open_questions(sale: Asked) -> Iterator[str]:
    """Yield a sentence for each question that is open."""
    total = sale.solution.total.line
    remarked = half_named(sale.gathered.telling, sale.active, range(sale.goods, total + 1))
    if remarked is not None:
        yield f"a line speaks of a {remarked.value} without naming the document one"
    for is_open, sentence in _QUESTIONS:
        if is_open(sale):
            yield sentence
    yield from _unexplained(sale)


def _unexplained(sale: Asked) -> Iterator[str]:
    sheet, solution = sale.sheet, sale.solution
    doubts = doubts_of(sale.gathered.lexicon, sale.active)
    doubted = doubted_line(sale.gathered.lines, sheet.labels, doubts=doubts, solution=solution, declined=sale.declined)
    if doubted is not None:
        yield f"words that no file explains stand where they may say that this is no sale: {doubted}"
    slip = doubt_about_slip(sheet, solution, doubts=doubts, active=sale.active) if sale.fiscal is None else None
    if slip is not None:
        yield slip


def _is_for_shop(sale: Asked) -> bool:
    gathered, goods = sale.gathered, range(sale.goods, sale.solution.total.line)
    return is_for_shop(gathered.lines, gathered.telling, sale.active, goods=goods)


def _returns_at_foot(sale: Asked) -> bool:
    gathered = sale.gathered
    return return_at_foot(gathered.lines, gathered.telling, active=sale.active, after=sale.solution.total.line)


_GIFTS: Final = (Role.STORED_VALUE, Role.VOUCHER, Role.COUPON)


def _exchanges_for_one_sign(sale: Asked) -> bool:
    lines, total = sale.gathered.lines, sale.solution.total.line
    said = lines_saying(sale.gathered.telling, sale.active, Role.EXCHANGE)
    labels = sale.sheet.labels  # a gift card that was exchanged for goods only pays
    pays = {line for line in said if line > total and (label := labels[line]) is not None and label.role in _GIFTS}
    headed = [line for line in said if line not in pays and not is_addressed(lines[line].text)]
    return any(not lines[line].numbers and (line < total or lines[line].unknown <= 1) for line in headed) and all(
        amount >= 0 for _, _, amount in sale.solution.owed
    )


def _may_be_report(sale: Asked) -> bool:
    if sale.fiscal is not None or not (sells_groups(sale.solution) or counts_money(sale.solution)):
        return False
    return not speaks_to_customer(sale.sheet, sale.solution, active=sale.active)


_NO_GOODS: Final = frozenset((DocumentKind.TRAINING, DocumentKind.OTHER))


def _sells_trials(sale: Asked) -> bool:
    """Whether all that was sold is called by a word for a trial or no sale, and nothing else: "TEST 1,00", "RELOAD"."""
    sold = False
    for entry, part, _ in sale.solution.owed:
        if part is Part.ITEM:
            facts, sold = entry.facts, True
            if facts.unknown > 1 or not any(sense.kind in _NO_GOODS for hit in facts.hits for sense in hit.senses):
                return False  # as the first goods of nearly every receipt
    return sold


def _totals_refund(sale: Asked) -> bool:
    """Whether a word of the total's is one for goods brought back, "TOTAL REFUND 64.00", and nothing else is."""
    at = sale.solution.total.line
    label = sale.sheet.labels[at]
    if sale.solution.total.entry is None or label is None:
        return False
    words = fold(sale.sheet.facts[at].text[label.start : label.end]).split()
    return len(words) > 1 and any(
        sense.role is Role.RETURN_LINE or sense.kind is DocumentKind.RETURN
        for word in words
        for hit in sale.gathered.lexicon.find(word, sale.active)[0]
        for sense in hit.senses
    )


def _gives_all_back(sale: Asked) -> bool:
    """Whether all goods are called returned, "RTN BREAD 2.50", or a line below says that all was: "Refunded -13.50"."""
    total = sale.solution.total
    goods = (entry for entry, part, _ in sale.solution.owed if part in (Part.ITEM, Part.RETURN))
    return all(entry.part is Part.RETURN and entry.facts.unknown > 1 for entry in goods) or any(
        entry.part is Part.RETURN and entry.line > total.line and abs(entry.amount) == total.amount
        for entry in sale.sheet.opened
    )


_OF_SHOPS: Final = frozenset(
    (
        Role.TAX_ID, Role.PHONE, Role.FISCAL, Role.TAX, Role.TAX_BASE, Role.SUBTOTAL, Role.DISCOUNT, Role.POINTS,
        Role.TERMINAL,
    )
)  # fmt: skip
"""What a customer's receipt tells, and no order that a kitchen gets."""

_OF_TABLES: Final = frozenset((Role.CASHIER, Role.ID, Role.DOCUMENT_NUMBER))


def _may_be_order(sale: Asked) -> bool:
    """Whether it is headed by a kitchen or a bar, and nothing on it is told to a customer."""
    if not names_kitchen(sale.gathered.telling, sale.active, above=sale.goods) or sale.fiscal is not None:
        return False
    told = {label.role for label in sale.sheet.labels if label is not None}
    if told & _OF_SHOPS or not told & _OF_TABLES:
        return False
    return not speaks_to_customer(sale.sheet, sale.solution, active=sale.active)


def _sells_its_total(sale: Asked) -> bool:
    """Whether all that was sold is called a total, "總計 4點 2,370": goods above it may not have been understood."""
    sold = False
    for entry, part, _ in sale.solution.owed:
        if part is Part.ITEM:
            label, sold = sale.sheet.labels[entry.line], True
            if label is None or not label.leads or label.role is not Role.TOTAL:
                return False
    return sold


_QUESTIONS: Final[tuple[tuple[Callable[[Asked], bool], str], ...]] = (
    (_is_for_shop, "a line says that this is the shop's copy"),
    (
        lambda sale: refused_below(sale.solution.settlement, sale.declined),
        "a payment was refused below all that settle the sale",
    ),
    (
        lambda sale: leaves_open(sale.sheet, sale.solution),
        "a line below the payment says that money is still owed",
    ),
    (_totals_refund, "its total is called a refund, its amounts are those of a sale"),
    (_gives_all_back, "its goods are called returned, its amounts are those of a sale"),
    (_returns_at_foot, "its foot names a return, its amounts are those of a sale"),
    (
        lambda sale: charged_to_account(sale.sheet, sale.solution.settlement),
        "a line charges an account, and something else pays",
    ),
    (lambda sale: sale.solution.gives_back, "money was given back for goods, and nothing calls it a return"),
    (_exchanges_for_one_sign, "an exchange whose lines all have one sign"),
    (
        lambda sale: tipped_later(sale.sheet, sale.solution),
        "a tip was added to what had been paid: the total above it or the one below may be what counts",
    ),
    (
        _may_be_report,
        "all that was sold is called by groups of goods, and nothing speaks to a customer: maybe a report",
    ),
    (_sells_its_total, "all that was sold is called a total: goods above it may not have been understood"),
    (_sells_trials, "all that was sold is called by a word for a trial or no sale"),
    (_may_be_order, "it is headed by where goods are made ready, and nothing speaks to a customer: maybe an order"),
    (
        lambda sale: could_be_goods_back(sale.sheet, sale.solution),
        "an amount that is taken off without a word that says why: a discount, or goods given back",
    ),
    (
        lambda sale: could_be_payment(sale.sheet, sale.solution),
        "a voucher between what the goods come to and what was to pay: it may have paid, or made them cheaper",
    ),
)
"""What makes a question open, and the sentence that a person reads."""
