"""Papers that add up and are paid, and on which nothing else speaks of a sale: some are none.

What is paid into an account, kept in the safe, given as a deposit or counted by departments is printed like the barest
of sales: a name, a heading, amounts, a total, "cash". No list of words holds every such heading. But tills that sell
print more than sums: taxes, subtotals, how many of what, discounts, points, terms of return. A paper without any of
these is parked where words that nobody explained stand as a heading does, or where all that was sold is called by
papers ("Invoice 4711"). Contract: pure.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from pos_adapters.reading.addresses import names_district
from pos_adapters.reading.amounts import MILLI
from pos_adapters.reading.doubtful_words import Doubts
from pos_adapters.reading.entries import HEADINGS_MIN
from pos_adapters.reading.folding import WIDE
from pos_adapters.reading.goods_groups import names_group
from pos_adapters.reading.labels import FACTS, Label
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from pos_adapters.reading.readings import Solution
from pos_adapters.reading.sheet import Entry, Part, Sheet

TAX_COLUMNS_MIN: Final = 3  # a rate, what it is of, and the tax
_OF_SALES: Final = frozenset(
    (Role.TAX, Role.TAX_BASE, Role.SUBTOTAL, Role.COUNT, Role.DISCOUNT, Role.SAVINGS, Role.PRICE_INFO, Role.POINTS)
)
"""What only tills which sell count, below the goods."""
_OF_PAYMENTS: Final = frozenset(
    (
        Role.CASH, Role.ACCOUNT, Role.RECEIVED, Role.TOTAL, Role.TOTAL_WEAK, Role.SUBTOTAL, Role.CHANGE, Role.BALANCE,
        Role.STORED_VALUE, Role.VOUCHER, Role.TENDER_OTHER, Role.WORKSTATION, Role.TAX, Role.SURCHARGE, Role.TIP,
    )
)  # fmt: skip
"""What a heading may speak of, without any figure: no shop writes so of itself."""
_NAMED_BESIDE: Final = frozenset((Role.CASHIER, Role.DATE, Role.THANKS, Role.PHONE, Role.TAX_ID, Role.FISCAL))
"""Labels that names may follow."""
_SIGNED: Final = frozenset((Role.THANKS, Role.FISCAL))
_OF_PAPERS: Final = FACTS | {Role.ACCOUNT}
_LETTERS_MIN: Final = 3  # of a heading, or of a name: fewer are codes, but in scripts without spaces words
_TAX_LETTER: Final = re.compile(r"\s*\*?[^\W\d_]{1,2}\s*")
_SEVERAL: Final = re.compile(r"\s*(?:[2-9]|[1-9]\d) ?[xX]? +[^\W\d_]{3}")  # "2 Adults 7.80"
_SIZE: Final = re.compile(r"\d ?(?:[gG]|[kK][gG]|[mMcC]?[lL]|[cCmM][mM])\b")  # "WATER 50CL"
_RATES: Final = re.compile(r"(?:\s*\d{1,2}(?:[.,]\d{1,2})? ?%:? +\d+[.,]\d\d)+\s*")
_ARTICLE: Final = re.compile(r"\bart(?:icles?|ikel)?\b[ .]*\d|§ *\d", re.IGNORECASE)
_ODD_FIGURES_MIN: Final = 3  # of an amount that is not round
_FIGURE: Final = re.compile(r"\d")


def doubt_about_slip(sheet: Sheet, solution: Solution, *, doubts: Doubts, active: int) -> str | None:
    """Return why a paid paper could be a slip of another kind than a sale; None where nothing says so."""
    heading = _heading(sheet, solution, doubts=doubts)
    sold = [entry for entry, part, _ in solution.owed if part in (Part.ITEM, Part.IMPLICIT)]
    named = any(
        _has_name(sheet.facts[line], sheet.labels[line]) for entry in sold for line in entry.described or (entry.line,)
    )
    named = named or all(_is_priced_below_name(sheet, entry.line) for entry in sold)
    named = named or (solution.gives_change and all(names_group(entry.facts.name) for entry in sold))
    of_day = _is_paid_as_days_are(solution)
    if (heading is None and named and not of_day) or _sells(sheet, solution, active):
        return None
    if of_day:
        return "nothing speaks of a sale, and it was paid in cash and by card, odd parts, as days are"
    if heading is None:
        return "nothing speaks of a sale, and all that was sold is called by papers"
    return f"nothing speaks of a sale, and words that no file explains may name another paper: {heading}"


def _is_paid_as_days_are(solution: Solution) -> bool:
    """Whether cash and cards make the total without change, no part of it round: who splits a bill rounds one."""
    paid = {each.role for each in solution.tenders}
    if Role.CASH not in paid or paid.isdisjoint((Role.CREDIT, Role.DEBIT)) or solution.gives_change:
        return False
    return all(len(str(each.amount).rstrip("0")) >= _ODD_FIGURES_MIN for each in solution.tenders)


def _heading(sheet: Sheet, solution: Solution, *, doubts: Doubts) -> str | None:
    """Return the first line below the shop's name and address that stands where a heading does; None without any."""
    first = solution.owed[0][0]
    goods = min((first.line, *first.described))
    below: list[int] = []
    addressed = False
    for line in range(goods - 1, -1, -1):
        facts, label = sheet.facts[line], sheet.labels[line]
        if facts.decimals:  # a card's slip ends here
            break
        addressed = _is_address(facts, label)
        if addressed:
            break
        if not _is_worded(facts) or _is_of_card_slip(facts, label):
            continue
        below.append(line)
    for line in reversed(below if addressed else below[:-1]):  # without an address, the first line is the name
        if _may_head(sheet.facts[line], sheet.labels[line], doubts):
            return sheet.facts[line].text.strip()
    return None


def _is_worded(facts: LineFacts) -> bool:
    return facts.letters >= _LETTERS_MIN or WIDE.search(facts.text) is not None


def _is_of_card_slip(facts: LineFacts, label: Label | None) -> bool:
    """Whether a card's slip above the receipt says this."""
    return label is not None and label.role is Role.TERMINAL and not facts.unknown


def _is_address(facts: LineFacts, label: Label | None) -> bool:
    """Whether the line has a number of a street, a telephone or a taxpayer."""
    if names_district(facts.text):
        return True
    if facts.dated or _FIGURE.search(facts.text) is None:
        return False
    return _is_worded(facts) if label is None else label.role in (Role.PHONE, Role.TAX_ID)


def _may_head(facts: LineFacts, label: Label | None, doubts: Doubts) -> bool:
    columns = sum(any(sense.role is Role.HEADING for sense in hit.senses) for hit in facts.hits)
    if columns >= HEADINGS_MIN or _FIGURE.search(facts.text) is not None:
        return False
    if label is not None and label.role in _OF_PAYMENTS:
        return True
    found = doubts.find(facts)
    return (found.strange or found.short) and not (label is not None and label.leads and label.role in _NAMED_BESIDE)


def _has_name(facts: LineFacts, label: Label | None) -> bool:
    """Whether goods are called by more than what tills call papers and accounts."""
    return label is None or label.role not in _OF_PAPERS or facts.unknown >= _LETTERS_MIN


def _is_priced_below_name(sheet: Sheet, line: int) -> bool:
    """Whether a line tells price and amount, by its lot or serial number, and what that is called stands above it."""
    priced = sum(number.decimals > 0 for number in sheet.facts[line].numbers) > 1
    above = sheet.facts[line - 1] if line else None
    return priced and above is not None and above.named and not above.decimals and sheet.labels[line - 1] is None


def _sells(sheet: Sheet, solution: Solution, active: int) -> bool:
    """Whether anything beside sums and payment speaks of goods that were sold."""
    first = solution.owed[0][0].line
    told = zip(sheet.facts[first:], sheet.labels[first:], strict=True)
    return (
        any(part is not Part.ITEM or _is_counted(entry) or _is_coded(entry) for entry, part, _ in solution.owed)
        or any(label is not None and label.role in _OF_SALES and _is_figured(facts, label) for facts, label in told)
        or _spends_balance(sheet, solution)
        or any(_tells_taxes(sheet, line) for line in range(first, len(sheet.facts)))
        or any(_is_said_to_buyer(facts, active) for facts in sheet.facts)
    )


def _spends_balance(sheet: Sheet, solution: Solution) -> bool:
    """Whether what a card holds became less by the total: "Balance before 34,10", "Balance now 24,70"."""
    held = [entry for entry in sheet.entries if entry.role is Role.BALANCE and entry.line > solution.total.line]
    return any(before.amount - now.amount == solution.total.amount for before, now in pairwise(held))


def _is_figured(facts: LineFacts, label: Label) -> bool:
    """Whether a line tells its figure: "TVA non applicable, art. 293 B" tells an article of law, and none of a tax."""
    if label.role not in (Role.TAX, Role.TAX_BASE):
        return bool(facts.numbers)
    return bool(facts.numbers) and _ARTICLE.search(facts.text) is None


def _tells_taxes(sheet: Sheet, line: int) -> bool:
    """Whether a line below the goods tells taxes in bare figures: "9% 1,98", or below "MWST% TOTAL MWST"."""
    facts, head = sheet.facts[line], sheet.labels[line - 1]
    if facts.letters > 1 or not facts.decimals:
        return False
    below = head is not None and head.role is Role.TAX and not sheet.facts[line - 1].unknown
    return (below and len(facts.numbers) >= TAX_COLUMNS_MIN) or _RATES.fullmatch(facts.text) is not None


def _is_counted(entry: Entry) -> bool:
    """Whether goods have a name and a quantity that is not one, or a size in it; coins are counted without names."""
    quantity = entry.quantity
    if quantity is None:
        return entry.facts.named and (_SEVERAL.match(entry.facts.text) or _SIZE.search(entry.facts.name)) is not None
    return quantity.value != MILLI and (entry.facts.named or bool(entry.described))


def _is_coded(entry: Entry) -> bool:
    """Whether the goods have a tax letter behind their amount, or the number of their bar code."""
    facts = entry.facts
    if facts.gtin is not None:
        return True
    return bool(facts.right) and _TAX_LETTER.fullmatch(facts.text, facts.numbers[facts.right[0]].end) is not None


def _is_said_to_buyer(facts: LineFacts, active: int) -> bool:
    """Whether a phrase tells a shop's terms, thanks for buying, or names what the tax office signs of a sale."""
    for hit in facts.hits:
        roles = {sense.role for sense in hit.senses if sense.languages & active}
        if Role.NEUTRAL in roles or (Role.COMPLETED in roles and roles & _SIGNED):
            return True
    return False
