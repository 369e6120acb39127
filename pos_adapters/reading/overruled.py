"""Words that name a kind of document and mean something else, because the sums and what stands around them say so.

Contract: pure. "Net sales" is a line of reports, and of receipts that print their subtotal under that name: it names no
report where it is exactly what the goods make, the whole is paid, and the document speaks to a customer - gives change,
shows their card masked, or thanks them. A report does none of these; without them a bare "X" or "Totals" heads one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pos_adapters.reading.amounts import in_fashion
from pos_adapters.reading.branded_tenders import MASKED_CARD, names_bottle_slip, tells_balance
from pos_adapters.reading.folding import WIDE
from pos_adapters.reading.kinds import Naming, says_completed
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.sheet import Part, Sheet
from retail.transaction import DocumentKind

_LEFT_OVER: Final = frozenset((DocumentKind.DEPOSIT, DocumentKind.QUOTE))
_TITLE_SHARE: Final = 0.85  # of a line's letters: less are words within a sentence
_MARKS_A_LINE: Final = frozenset((DocumentKind.VOID, DocumentKind.RETURN, DocumentKind.SUSPENDED))
_POINTS_REACH_LINES: Final = 3  # a card's number and the transaction's may stand above them
_NUMBERED: Final = re.compile(r"\s*[^\W\d_]+ ?(?:nr|no|#)?\.? ?: *[\w /-]*\d[\w/-]*\s*", re.IGNORECASE)


def overruled(named: Sequence[Naming], sheet: Sheet, solution: Solution, *, active: int) -> list[Naming]:
    """Return the namings that stand in a document whose sums hold and which was paid."""
    named = [
        naming
        for naming in named
        if not _is_deposit_on_goods(naming, solution)
        and not _pays_as_slip(naming, sheet, solution)
        and not _takes_bottles_off(naming, sheet, solution)
        and not _numbers_what_was_reserved(naming, sheet, solution)
        and not _names_goods(naming, solution)
        and not _gives_change(naming, solution)
        and not _is_told_between_payments(naming, sheet, solution)
        and not _heads_what_came_back(naming, solution)
        and not _tells_what_card_holds(naming, sheet, solution)
        and not _heads_points(naming, sheet, solution)
    ]
    reports = [naming for naming in named if naming.kind is DocumentKind.REPORT]
    if not reports:
        return list(named)
    if not speaks_to_customer(sheet, solution, active=active):
        return [naming._replace(soft=naming.soft and naming not in reports) for naming in named]
    if not all(_is_subtotal(naming, sheet, solution) for naming in reports):
        return list(named)
    return [naming for naming in named if naming.kind is not DocumentKind.REPORT]


def speaks_to_customer(sheet: Sheet, solution: Solution, *, active: int) -> bool:
    """Whether change was given, or the customer's card is masked, or they are thanked or told that they bought."""
    if solution.gives_change or any(label is not None and label.role is Role.THANKS for label in sheet.labels):
        return True
    return any(MASKED_CARD.search(facts.text) or says_completed(facts, active) for facts in sheet.facts)


def _names_goods(naming: Naming, solution: Solution) -> bool:
    """Whether a line is the name of goods, between other goods and their price: a title stands above their name."""
    if naming.kind in _MARKS_A_LINE:
        return False
    goods = [entry for entry, part, _ in solution.owed[1:] if part is Part.ITEM and entry.line != naming.line]
    names = [[line for line in entry.described if line != entry.line] for entry in goods]
    return any(lines and naming.line == lines[-1] for lines in names)


def _is_deposit_on_goods(naming: Naming, solution: Solution) -> bool:
    """Whether what names a deposit is sold beside other goods (a bottle) as part of a total that was paid."""
    if naming.kind is not DocumentKind.DEPOSIT:
        return False
    goods = {entry.line: amount for entry, part, amount in solution.owed if part is Part.ITEM}
    deposit = goods.pop(naming.line, None)
    return deposit is not None and deposit < sum(goods.values())


def _pays_as_slip(naming: Naming, sheet: Sheet, solution: Solution) -> bool:
    """Whether what names a slip for bottles is one that was handed in: its amount is part of what was paid."""
    paid = solution.tenders
    handed_in = naming.kind is DocumentKind.OTHER and names_bottle_slip(sheet.facts[naming.line])
    return handed_in and len(paid) > 1 and any(each.line == naming.line for each in paid)


def _takes_bottles_off(naming: Naming, sheet: Sheet, solution: Solution) -> bool:
    """Whether what names a slip for bottles takes their deposit off other goods: "RETURNED DEPOSIT 1 x 4.50 -4.50"."""
    if naming.kind is not DocumentKind.OTHER or not names_bottle_slip(sheet.facts[naming.line]):
        return False
    taken = sum(amount for entry, _, amount in solution.owed if entry.line == naming.line)
    return taken < 0 < solution.total.amount


def _tells_what_card_holds(naming: Naming, sheet: Sheet, solution: Solution) -> bool:
    """Whether what names a question for a card's balance tells it below the payment: "GIFT CARD BALANCE: 12.40"."""
    if naming.kind is not DocumentKind.OTHER or not solution.tenders:
        return False
    facts = sheet.facts[naming.line]
    below = naming.line > max(each.line for each in solution.tenders)
    return below and bool(facts.right) and tells_balance(facts)


def _heads_points(naming: Naming, sheet: Sheet, solution: Solution) -> bool:
    """Whether what names another paper only heads the points that a sale in cash has earned, below its change."""
    change = [each.line for each in solution.tenders if each.amount < 0]
    if naming.kind is not DocumentKind.OTHER or not change or naming.line < max(change):
        return False
    below = sheet.labels[naming.line + 1 : naming.line + 1 + _POINTS_REACH_LINES]
    return any(label is not None and label.role is Role.POINTS for label in below)


def _gives_change(naming: Naming, solution: Solution) -> bool:
    """Whether what names a return is the change: "TERUGGAVE 8,00" below the cash is what was given back of it."""
    given = [paid for paid in solution.tenders if paid.line == naming.line and paid.amount < 0]
    return naming.kind is DocumentKind.RETURN and bool(given) and solution.total.amount > 0


def _heads_what_came_back(naming: Naming, solution: Solution) -> bool:
    """Whether what names a return stands right above the first line, a negative one, of goods that were bought."""
    (first, _, amount), *others = solution.owed
    above = naming.kind is DocumentKind.RETURN and naming.line == min((first.line, *first.described)) - 1
    return above and amount < 0 < solution.total.amount and all(other > 0 for _, _, other in others)


def _is_told_between_payments(naming: Naming, sheet: Sheet, solution: Solution) -> bool:
    """Whether what names a deposit or an open bill is no more than what one payment left to the next."""
    return naming.kind in _LEFT_OVER and tells_what_is_left(sheet.facts[naming.line], naming.line, solution)


def tells_what_is_left(facts: LineFacts, line: int, solution: Solution) -> bool:
    """Whether a line between two payments only tells what the first left to the others: "Restbetrag 21,87"."""
    above = [each for each in solution.tenders if each.line < line and each.amount > 0]
    left = sum(each.amount for each in solution.tenders if each.line > line)
    return bool(above) and left > 0 and [number.value for number in facts.numbers] == [left]


def _numbers_what_was_reserved(naming: Naming, sheet: Sheet, solution: Solution) -> bool:
    """Whether a line below the payment only numbers what was picked up: "Reservation: WEB 27395"."""
    facts = sheet.facts[naming.line]
    below = naming.line > max((each.line for each in solution.tenders), default=0)
    if naming.kind is not DocumentKind.DEPOSIT or facts.decimals or not below:
        return False
    return _NUMBERED.fullmatch(facts.text) is not None


def _is_subtotal(naming: Naming, sheet: Sheet, solution: Solution) -> bool:
    """Whether the line that names a report says what all goods come to, between them and a total of its own."""
    goods = [amount for _, part, amount in solution.owed if part is not Part.TAX]
    amounts = [in_fashion(number, sheet.decimals) for number in sheet.facts[naming.line].numbers]
    last = max(entry.line for entry, part, _ in solution.owed if part is not Part.TAX)
    return amounts == [sum(goods)] and last < naming.line < solution.total.line


def deposit_before_quote(named: list[Naming], sheet: Sheet) -> list[Naming]:
    """A deposit with its amount is a deposit, whatever is "left to pay" below it."""
    if not named or named[0].kind is not DocumentKind.QUOTE:
        return named
    paid = {entry.line for entry in sheet.entries if entry.amount > 0}
    first = next((each for each in named if each.kind is DocumentKind.DEPOSIT and each.line in paid), None)
    if first is None:
        return named
    return [first, *(each for each in named if each is not first)]


def only_deposits(solution: Solution) -> bool:
    """Whether all that was sold is called a deposit, maybe one on something: the goods themselves come later."""
    sold = False
    for entry, part, amount in solution.owed:
        if part is Part.ITEM or amount < 0 > solution.total.amount:
            sold = True
            hits = entry.facts.hits
            if entry.facts.unknown:  # "DEPOSIT BICYCLE", no "RIOJA RESERVA"
                text = entry.facts.text
                ends = WIDE.search(text) and hits  # "自行车押金": where words are glued, the last says what it is
                hits = hits[-1:] if ends else tuple(hit for hit in hits[:1] if not _has_letters(text[: hit.start]))
            if not any(sense.kind is DocumentKind.DEPOSIT for hit in hits for sense in hit.senses):
                return False
    return sold


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def only_remarked(naming: Naming, lines: Sequence[LineFacts], solution: Solution) -> bool:
    """Whether nothing but words within a line below a positive total name a return: maybe a shop's terms."""
    facts = lines[naming.line]
    if naming.kind is not DocumentKind.RETURN:
        return False
    if solution.total.amount < 0 or naming.line <= solution.total.line or facts.decimals:
        return False
    named = sum(hit.letters for hit in facts.hits if any(sense.kind is naming.kind for sense in hit.senses))
    return named < _TITLE_SHARE * facts.letters


def deposit_taken_off(named: Sequence[Naming], sheet: Sheet) -> bool:
    """Whether all that names a deposit is an amount taken off: paid before, it refuses no sale, and is none of it."""
    lines = {naming.line for naming in named if naming.kind is DocumentKind.DEPOSIT}
    if not lines or len(lines) != len(named):
        return False
    return lines <= {entry.line for entry in sheet.entries if entry.amount < 0}
